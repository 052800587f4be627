"""Who may ask a service, and what a refused caller sees."""

import hashlib
import time

import pytest

from overture.runtime.errors import Mistake
from overture.runtime.serving.auth import Auth, Jwt

from .test_service_over_http import ROW

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own


def hashed(*keys):
    return ", ".join(hashlib.sha256(key.encode()).hexdigest() for key in keys)


@pytest.fixture
def guarded(make_project, opened, monkeypatch):
    """A client of a service that wants a key."""
    monkeypatch.setenv("KEYS", hashed("old", "new"))
    root = make_project("binary")
    text = (root / "service.py").read_text()
    text = text.replace("import bentoml\n", "import bentoml\nfrom overture.runtime.serving import Auth\n", 1)
    text = text.replace("http_service(", 'http_service(auth=Auth(keys_env="KEYS"), cors=["https://a.example"], ')
    (root / "service.py").write_text(text)
    with opened(root) as client:
        yield client


def test_every_key_of_a_rotation_is_let_in_and_no_other(guarded):
    ask = {"json": {"rows": [ROW]}}
    for key in ("old", "new"):
        assert guarded.post("/predict", **ask, headers={"authorization": f"Bearer {key}"}).status_code == 200
        assert guarded.post("/predict", **ask, headers={"x-api-key": key}).status_code == 200
    for headers in ({}, {"x-api-key": "other"}, {"authorization": "Basic b2xk"}, {"x-api-key": hashed("old")}):
        response = guarded.post("/predict", **ask, headers=headers)
        assert response.status_code == 401
        assert list(response.json()) == ["error"]
        assert response.headers["x-request-id"]


def test_the_probes_need_no_key_and_the_rest_does(guarded):
    assert [guarded.get(path).status_code for path in ("/livez", "/readyz")] == [200, 200]
    assert {guarded.get(path).status_code for path in ("/metrics", "/model", "/docs.json", "/", "/nowhere")} == {401}


def test_pages_of_a_named_origin_may_ask(guarded):
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    assert guarded.options("/predict", headers=asked).status_code == 200
    assert guarded.options("/predict", headers={**asked, "origin": "https://b.example"}).status_code == 400


def test_a_token_is_let_in_while_it_is_valid(monkeypatch):
    import jwt

    secret = "s" * 32
    monkeypatch.setenv("SECRET", secret)
    refusal = Auth(jwt=Jwt("SECRET", ["HS256"], audience="churn")).checked()

    def asked(**claims):
        token = jwt.encode({"aud": "churn", "exp": time.time() + 60, **claims}, secret, "HS256")
        return refusal("/predict", {b"authorization": f"Bearer {token}".encode()})

    assert asked() is None
    assert asked(exp=time.time() - 60) == asked(aud="other") == "this key is not valid"
    assert refusal("/predict", {b"authorization": b"Bearer a.b.c"}) == "this key is not valid"


@pytest.mark.parametrize("value", ["", "a key itself", hashed("a") + " x"])
def test_hashes_that_are_none_let_nobody_start(monkeypatch, value):
    monkeypatch.setenv("KEYS", value)
    with pytest.raises(Mistake, match="KEYS"):
        Auth("KEYS").checked()


def test_terse_answers_repeat_no_value(make_project, opened):
    root = make_project("binary")
    text = (root / "service.py").read_text()
    (root / "service.py").write_text(text.replace("http_service(", 'http_service(errors="terse", '))
    with opened(root) as client:
        response = client.post("/predict", json={"rows": [{**ROW, "tenure": 4711, "Contract": "secret"}]})
    assert response.status_code == 400
    assert "4711" not in response.text
    assert "secret" not in response.text
    assert response.json()["detail"][0]["msg"] == "must be 120 or less"
