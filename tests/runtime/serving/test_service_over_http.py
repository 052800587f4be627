"""What a caller of a generated service sees."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # BentoML's own

ROW = {"tenure": 12, "Senior Citizen": 1, "Contract": "Two year", "TotalCharges": 20.5, "paperless": True}
BEAN = {
    "Area (px²)": 3,
    "shop": "a",
    "colour": "red",
    "picked": "2024-02-29",
    "seen": "2024-06-30T12:00:00Z",
    "notes": None,
}


def refused(response, *expected):
    """Check that a response is a 400 with these details, (loc, type, msg) each."""
    assert response.status_code == 400
    found = [(tuple(item["loc"]), item["type"], item["msg"]) for item in response.json()["detail"]]
    assert found == list(expected)


def test_a_binary_answer_has_the_class_and_all_probabilities_in_class_order(churn):
    response = churn.post("/predict", json={"rows": [ROW, {**ROW, "tenure": 0}]})
    assert response.status_code == 200
    answer = response.json()
    assert list(answer) == ["model", "predictions"]
    assert answer["model"] == "churn:2f9c41d07be3"
    for found in answer["predictions"]:
        assert list(found) == ["prediction", "probabilities"]
        assert list(found["probabilities"]) == ["No", "Yes"]
        assert found["prediction"] == max(found["probabilities"], key=found["probabilities"].get)
        assert math.isclose(sum(found["probabilities"].values()), 1)


def test_a_multiclass_answer_keeps_the_type_of_its_classes(beans):
    (found,) = beans.post("/predict", json={"rows": [BEAN]}).json()["predictions"]
    assert found["prediction"] in (1, 2, 3)
    assert list(found["probabilities"]) == ["1", "2", "3"]


def test_a_regression_answer_is_a_number(prices):
    (found,) = prices.post("/predict", json={"rows": [{"rooms": 3, "income": 2}]}).json()["predictions"]
    assert list(found) == ["prediction"]
    assert isinstance(found["prediction"], float)


def test_contributions_sum_to_the_raw_score_and_name_derived_columns(prices):
    (found,) = prices.post("/explain", json={"rows": [{"rooms": 3, "income": 2}]}).json()["predictions"]
    assert list(found["contributions"]) == ["rooms", "income", "income_per_room"]
    assert math.isclose(found["base"] + sum(found["contributions"].values()), found["prediction"])


def test_multiclass_contributions_are_keyed_by_class(beans):
    (found,) = beans.post("/explain", json={"rows": [BEAN]}).json()["predictions"]
    assert list(found["base"]) == list(found["contributions"]) == ["1", "2", "3"]
    raw = [found["base"][label] + sum(found["contributions"][label].values()) for label in "123"]
    powers = [math.exp(value) for value in raw]
    shares = [power / sum(powers) for power in powers]
    assert shares == pytest.approx(list(found["probabilities"].values()))


def test_the_key_comes_back_as_id(churn):
    first, second = churn.post("/predict", json={"rows": [{"customerID": "7590", **ROW}, ROW]}).json()["predictions"]
    assert first["id"] == "7590"
    assert "id" not in second


def test_one_row_and_many_give_the_same_numbers(churn):
    rows = [{**ROW, "tenure": tenure} for tenure in range(50)]
    many = churn.post("/predict", json={"rows": rows}).json()["predictions"]
    single = [churn.post("/predict", json={"rows": [row]}).json()["predictions"][0] for row in rows]
    assert many == single


def test_every_fault_is_told_with_its_place_what_was_sent_and_what_is_expected(churn):
    response = churn.post("/predict", json={"rows": [ROW, {**ROW, "tenure": -3, "Contract": "One yaer"}]})
    assert response.json()["error"] == "2 values are not allowed"
    refused(
        response,
        (("rows", 1, "tenure"), "greater_than_equal", "-3: must be 0 or more"),
        (
            ("rows", 1, "Contract"),
            "literal_error",
            '"One yaer": one of Month-to-month, One year, Two year. Did you mean "One year"?',
        ),
    )


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"tenure": "abc"}, "int_type", '"abc": must be a whole number'),
        ({"tenure": "12"}, "int_type", '"12": must be a whole number'),
        ({"tenure": 1.0}, "int_type", "1.0: must be a whole number"),
        ({"tenure": True}, "int_type", "true: must be a whole number"),
        ({"tenure": None}, "int_type", "null: must be a whole number"),
        ({"tenure": 121}, "less_than_equal", "121: must be 120 or less"),
        ({"tenure": 10**400}, "int_parsing_size", "a number of more than 80 digits: must fit in 64 bits"),
        ({"Senior Citizen": True}, "literal_error", "true: one of 0, 1"),
        ({"Senior Citizen": 1.0}, "literal_error", "1.0: one of 0, 1"),
        ({"Senior Citizen": "1"}, "literal_error", '"1": one of 0, 1, as a number'),
        ({"Contract": 1}, "literal_error", "1: one of Month-to-month, One year, Two year, as text"),
        ({"Contract": {}}, "literal_error", "an object: one of Month-to-month, One year, Two year, as text"),
        ({"TotalCharges": "1"}, "float_type", '"1": must be a number'),
        ({"TotalCharges": False}, "float_type", "false: must be a number"),
        ({"paperless": 1}, "bool_type", "1: must be true or false"),
        ({"paperless": "true"}, "bool_type", '"true": must be true or false'),
    ],
)
def test_types_are_exact(churn, change, kind, message):
    refused(
        churn.post("/predict", json={"rows": [{**ROW, **change}]}), (("rows", 0, next(iter(change))), kind, message)
    )


@pytest.mark.parametrize("change", [{"TotalCharges": 20}, {"TotalCharges": None}, {"TotalCharges": -1e308}])
def test_an_integer_is_welcome_where_a_number_is_declared_and_null_where_it_may_be_missing(churn, change):
    assert churn.post("/predict", json={"rows": [{**ROW, **change}]}).status_code == 200


def test_missing_and_unknown_columns_are_faults(churn):
    row = {name: value for name, value in ROW.items() if name not in ("tenure", "TotalCharges")}
    refused(
        churn.post("/predict", json={"rows": [{**row, "Tenure": 1}]}),
        (("rows", 0, "tenure"), "missing", "missing; every row needs it"),
        (("rows", 0, "TotalCharges"), "missing", "missing; send null when it is not known"),
        (("rows", 0, "Tenure"), "extra_forbidden", 'nothing here has this name. Did you mean "tenure"?'),
    )


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"picked": "2023-02-29"}, "date_type"),
        ({"picked": "2024-02-29T00:00:00"}, "date_type"),
        ({"picked": "1709164800"}, "date_type"),
        ({"picked": 1709164800}, "date_type"),
        ({"seen": "1709164800"}, "datetime_type"),
        ({"seen": 1709164800}, "datetime_type"),
        ({"seen": "0001-01-01T00:00:00+14:00"}, "datetime_type"),
        ({"seen": "2024-03-31T02:30:00"}, "datetime_skipped"),
        ({"Area (px²)": -1}, "greater_than_equal"),
        ({"notes": 1}, "string_type"),
        ({"shop": None}, "string_type"),
    ],
)
def test_days_moments_and_texts_are_exact(beans, change, kind):
    response = beans.post("/predict", json={"rows": [{**BEAN, **change}]})
    assert response.status_code == 400
    assert [item["type"] for item in response.json()["detail"]] == [kind]


@pytest.mark.parametrize("seen", ["2024-06-30T14:00:00", "2024-06-30 14:00", "2024-06-30T14:00:00.000+02:00"])
def test_a_moment_without_a_zone_is_in_the_declared_one(beans, seen):
    zoned, other = ({"rows": [{**BEAN, "seen": moment}]} for moment in (BEAN["seen"], seen))
    assert beans.post("/predict", json=zoned).json() == beans.post("/predict", json=other).json()


def test_labels_never_seen_are_treated_as_missing_and_said(beans):
    missing, unknown = ({"rows": [{**BEAN, "colour": colour}]} for colour in (None, "blue"))
    answer, expected = (beans.post("/predict", json=body).json()["predictions"][0] for body in (unknown, missing))
    assert answer.pop("warnings") == ["colour: 'blue' was never seen; treated as missing"]
    assert answer == expected


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "missing"),
        (b"null", "model_type"),
        (b"[]", "model_type"),
        (b"{}", "missing"),
        (b'{"rows": {}}', "list_type"),
        (b'{"rows": []}', "too_short"),
        (b'{"rows": [1]}', "model_type"),
        (b'{"rows": [[]]}', "model_type"),
        (json.dumps({"rows": [ROW], "x": 1}).encode(), "extra_forbidden"),
        (json.dumps({"rows": [ROW] * 1001}).encode(), "too_long"),
        (json.dumps({"rows": [dict.fromkeys(map(str, range(1000)))]}).encode(), "too_many_keys"),
        (b"{", "json_invalid"),
        (b"\xff", "json_invalid"),
        (b'{"rows": [{"tenure": NaN}]}', "json_invalid"),
        (b'{"rows": [{"tenure": -Infinity}]}', "json_invalid"),
        (b'{"rows": [{"tenure": 1, "tenure": 2}]}', "json_invalid"),
        (b'{"rows": [{"tenure": "\\ud800"}]}', "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"1" * 5000, "json_invalid"),
    ],
)
def test_bodies_that_are_no_request_are_refused(churn, body, kind):
    response = churn.post("/predict", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert isinstance(response.json()["error"], str)
    assert [item["type"] for item in response.json()["detail"]] == [kind]


def test_an_answer_names_at_most_a_hundred_faults_and_repeats_no_long_value(churn):
    response = churn.post("/predict", json={"rows": [{"x" * 10_000: "y" * 10_000}] * 300})
    assert response.status_code == 400
    assert response.json()["error"] == "more than 100 values are not allowed; these are the first"
    assert len(response.json()["detail"]) == 100
    assert len(response.content) < 50_000


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/atk", {}, b"", 404),
        ("GET", "/static_content/atk", {}, b"", 404),
        ("GET", "/static_content/../../../etc/passwd", {}, b"", 404),
        ("POST", "/predict/", {}, b"{}", 404),
        ("GET", "/predict", {}, b"", 405),
        ("DELETE", "/model", {}, b"", 405),
        ("POST", "/predict", {"content-type": "text/csv"}, b"a", 415),
        ("POST", "/predict", {"content-type": "multipart/form-data"}, b"a", 415),
        ("POST", "/predict", {"content-type": "application/x-www-form-urlencoded"}, b"a", 415),
        ("POST", "/predict", {"content-type": "application/vnd.bentoml+pickle"}, b"a", 415),
        ("POST", "/predict", {"content-type": "application/json", "content-encoding": "gzip"}, b"a", 415),
        ("POST", "/predict", {"content-type": "application/json"}, b" " * 8_388_609, 413),
    ],
)
def test_what_the_service_does_not_do_is_refused_with_a_json_object(churn, method, path, headers, body, status):
    response = churn.request(method, path, headers=headers, content=body)
    assert response.status_code == status
    assert list(response.json()) == ["error"]


def test_a_streamed_body_is_cut_off_too(beans):
    response = beans.post("/predict", content=(b" " * 50_000 for _ in range(3)))
    assert response.status_code == 413
    assert response.json() == {"error": "the body is larger than 100,000 bytes"}


def test_a_charset_and_no_content_type_at_all_are_fine(churn):
    body = json.dumps({"rows": [ROW]}).encode()
    for headers in ({"content-type": "application/json; charset=utf-8"}, {}):
        assert churn.post("/predict", content=body, headers=headers).status_code == 200


def test_a_request_id_is_honoured_when_it_is_sane_and_always_answered(churn):
    assert churn.get("/model", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = churn.get("/atk", headers={"x-request-id": "a b\t" * 100}).headers["x-request-id"]
    assert len(made) == 32
    assert churn.post("/predict", content=b"{").headers["x-request-id"]


def test_unknown_paths_leave_no_trace_in_the_metrics(churn):
    for number in range(20):
        churn.get(f"/atk{number}")
        churn.get(f"/static_content/atk{number}")
    churn.post("/predict", json={"rows": [ROW]})
    metrics = churn.get("/metrics").text
    assert "/atk" not in metrics
    assert "static_content/atk" not in metrics
    assert "/predict" in metrics


def test_the_model_says_who_it_is(churn):
    card = churn.get("/model").json()
    assert card["version"] == "2f9c41d07be3"
    assert card["classes"] == ["No", "Yes"]
    assert card["metrics"]["log_loss"] == {"value": 0.41, "low": 0.39, "high": 0.43}
    assert list(card["schema"]["features"]) == list(ROW)


def test_the_document_shows_the_domains_own_names_and_an_example_that_works(churn, beans, prices):
    for client in (churn, beans, prices):
        document = client.get("/docs.json").json()
        for path in ("/predict", "/explain"):
            body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            answer = client.post(path, json=body["example"])
            assert answer.status_code == 200
            valid = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(answer.json(), {**valid, "components": document["components"]})
            jsonschema.validate(body["example"], {**body["schema"], "components": document["components"]})
    row = churn.get("/docs.json").json()["components"]["schemas"]["Customer"]
    assert row["properties"]["tenure"] == {
        "description": "months since signup",
        "maximum": 120,
        "minimum": 0,
        "type": "integer",
    }
    assert row["properties"]["Contract"]["enum"] == ["Month-to-month", "One year", "Two year"]
    assert row["required"] == list(ROW)


def test_the_components_of_the_document_have_the_models_own_names(beans):
    names = set(beans.get("/docs.json").json()["components"]["schemas"])
    assert names == {
        "Bean",
        "Beans",
        "Prediction",
        "Predictions",
        "MulticlassExplanation",
        "MulticlassExplanations",
        "Outcome",
        "Outcomes",
        "Accepted",
        "Error",
        "Detail",
    }


def test_the_page_loads_nothing_from_elsewhere(churn):
    page = churn.get("/").text
    assert "http" not in page.replace("http-equiv", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-initializer.js"):
        assert f"./static_content/{name}" in page
        assert churn.get(f"/static_content/{name}").status_code == 200


def test_a_fault_of_ours_is_a_500_that_gives_nothing_away(make_project, opened):
    root = make_project("regression")
    (root / "hooks.py").write_text(
        "import polars as pl\n\n\ndef features(rows):\n"
        "    if rows['income'].max() > 1e6:\n        raise KeyError('secret')\n"
        "    return rows.with_columns(income_per_room=pl.col('income') / (pl.col('rooms') + 1))\n"
    )
    with opened(root) as client:
        body = {"rows": [{"rooms": 3, "income": 2e6}]}
        response = client.post("/predict", json=body, headers={"x-request-id": "r1"})
    assert response.status_code == 500
    assert response.json() == {"error": "something went wrong here; the log has it under r1"}


def test_an_answer_that_takes_too_long_is_given_up(make_project, opened):
    root = make_project("regression")
    service = (root / "service.py").read_text()
    (root / "service.py").write_text(service.replace('{"timeout": 10}', '{"timeout": 1}'))
    (root / "hooks.py").write_text(
        "import time\n\nimport polars as pl\n\n\ndef features(rows):\n"
        "    time.sleep(1.5 if rows['income'].max() > 1e6 else 0)\n"
        "    return rows.with_columns(income_per_room=pl.col('income') / (pl.col('rooms') + 1))\n"
    )
    with opened(root) as client:
        response = client.post("/predict", json={"rows": [{"rooms": 3, "income": 2e6}]})
    assert response.status_code == 504
    assert list(response.json()) == ["error"]


def test_what_nobody_waits_for_is_not_begun(make_project, opened):
    root = make_project("regression")
    service = (root / "service.py").read_text()
    (root / "service.py").write_text(service.replace('{"timeout": 10}', '{"timeout": 1}'))
    (root / "hooks.py").write_text(
        "import time\nfrom pathlib import Path\n\nimport polars as pl\n\n\ndef features(rows):\n"
        "    if rows['income'].max() > 1e6:\n"
        "        with Path(__file__).with_name('begun').open('a') as file:\n"
        "            file.write('x')\n"
        "        time.sleep(4)\n"
        "    return rows.with_columns(income_per_room=pl.col('income') / (pl.col('rooms') + 1))\n"
    )
    with opened(root) as client:
        with ThreadPoolExecutor(3) as three:
            late = {"rows": [{"rooms": 3, "income": 2e6}]}
            sent = [three.submit(client.post, "/explain", json=late) for _ in range(3)]
            assert [it.result().status_code for it in sent] == [504, 504, 504]
        time.sleep(3.2)  # the first one ends
        assert client.post("/explain", json={"rows": [{"rooms": 3, "income": 2.0}]}).status_code == 200
    assert (root / "begun").read_text() == "x"


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_rows = st.builds(
    lambda base, drop, change: {name: value for name, value in {**base, **change}.items() if name not in drop},
    st.just(ROW),
    st.sets(st.sampled_from(list(ROW)), max_size=1),
    st.dictionaries(
        st.sampled_from([*ROW, "customerID", "x"]), _json | st.sampled_from([0, 1, "One year"]), max_size=2
    ),
)


@st.composite
def _bodies(draw):
    body = json.dumps({"rows": draw(st.lists(_rows, min_size=1, max_size=3))}).encode()
    for _ in range(draw(st.integers(0, 2))):
        cut = draw(st.integers(0, len(body)))
        body = body[:cut] + draw(st.binary(max_size=3)) + body[cut + draw(st.integers(0, 2)) :]
    return body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies(), path=st.sampled_from(["/predict", "/explain"]))
def test_no_body_makes_the_service_fail(churn, body, path):
    response = churn.post(path, content=body, headers={"content-type": "application/json"})
    answer = response.json()
    assert isinstance(answer, dict)
    if response.status_code == 200:
        assert list(answer) == ["model", "predictions"]
    else:
        assert response.status_code == 400
        assert isinstance(answer["error"], str)
        assert answer["detail"]
        assert all(set(item) == {"loc", "type", "msg"} for item in answer["detail"])
        assert not any(word in response.text for word in ("pydantic", "Customer", "Input should", "IODescriptor"))
