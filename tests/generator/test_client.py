"""client.py when the service does not answer as it should: what is sent again, and what is told."""

import asyncio
import datetime as dt
import importlib.util
import json
import sys

import httpx
import pytest

from overture.generator.project import wanted

ROW = {"age": 30, "city": "Oslo", "income": None}
GOOD = {"model": "churn:1", "predictions": [{"prediction": "no", "probabilities": {"no": 0.9, "yes": 0.1}}]}


@pytest.fixture
def client(make_project, tmp_path, monkeypatch):
    (tmp_path / "asked.py").write_text(wanted(make_project())["client.py"].text)
    spec = importlib.util.spec_from_file_location("asked", tmp_path / "asked.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "asked", module)
    spec.loader.exec_module(module)
    return module


class Server:
    """Answers with what it was told to, one after the other; an exception is raised instead."""

    def __init__(self, *answers):
        self.answers, self.seen = list(answers), []

    def __call__(self, request):
        self.seen.append(request)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def both(client, server_of, **options):
    """What the two clients give or raise, and the requests that each made."""
    results = []
    for ask in (_sync, _async):
        server = server_of()
        try:
            results.append((ask(client, server, options), server))
        except client.ServiceError as error:
            results.append((error, server))
    return results


def _sync(client, server, options):
    with client.Client(transport=httpx.MockTransport(server), **options) as asked:
        return asked.predict([client.ChurnRow(**ROW)])


def _async(client, server, options):
    async def ask():
        async with client.AsyncClient(transport=httpx.MockTransport(server), **options) as asked:
            return await asked.predict([client.ChurnRow(**ROW)])

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "first",
    [
        lambda: httpx.Response(503, json={"error": "not ready"}),
        lambda: httpx.Response(429, json={"error": "busy"}, headers={"retry-after": "0"}),
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.ConnectTimeout("slow"),
    ],
)
def test_what_was_never_worked_on_is_sent_again_under_the_same_id(client, first):
    for found, server in both(client, lambda: Server(first(), httpx.Response(200, json=GOOD))):
        assert found.predictions[0].probabilities == {"no": 0.9, "yes": 0.1}
        assert len({request.headers["x-request-id"] for request in server.seen}) == 1
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (lambda: httpx.ReadTimeout("slow"), "Unavailable", None),
        (lambda: httpx.RemoteProtocolError("closed"), "Unavailable", None),
        (lambda: httpx.Response(504, json={"error": "the answer took too long"}), "Unavailable", 504),
        (lambda: httpx.Response(500, json={"error": "something went wrong"}), "ServiceError", 500),
        (lambda: httpx.Response(400, json={"error": "1 value is not allowed", "detail": []}), "Refused", 400),
        (lambda: httpx.Response(401, json={"error": "who are you?"}), "Refused", 401),
        (lambda: httpx.Response(413, html="<h1>too large</h1>"), "Refused", 413),
        (lambda: httpx.Response(200, html="<h1>a login page</h1>"), "ServiceError", 200),
        (lambda: httpx.Response(200, json=[1]), "ServiceError", 200),
    ],
)
def test_what_may_have_been_worked_on_or_cannot_get_better_is_asked_once(client, answer, kind, status):
    for found, server in both(client, lambda: Server(answer())):
        assert type(found).__name__ == kind
        assert found.status == status
        assert str(found)
        assert len(server.seen) == 1


def test_an_end_is_made_of_trying(client):
    for found, server in both(client, lambda: Server(*(httpx.ConnectError("refused") for _ in range(9))), retries=1):
        assert type(found).__name__ == "Unavailable"
        assert len(server.seen) == 2


def test_a_service_of_tomorrow_may_say_more(client):
    more = {**GOOD, "new": 1, "predictions": [{**GOOD["predictions"][0], "new": 1}]}
    for found, server in both(client, lambda: Server(httpx.Response(200, json=more)), headers={"X-Key": "k"}):
        assert found.model == "churn:1"
        assert server.seen[0].headers["x-key"] == "k"


def test_outcomes_are_sent_with_the_key_that_the_service_wants(client):
    when = dt.datetime(2024, 12, 31, 23, 59, tzinfo=dt.UTC)
    outcomes = [client.Outcome("A-1", "yes"), client.Outcome(7, "no", when)]
    sync, coroutine = (Server(httpx.Response(200, json={"accepted": 2})) for _ in range(2))
    with client.Client(key="secret", transport=httpx.MockTransport(sync)) as asked:
        assert asked.feedback(outcomes) == 2

    async def ask():
        async with client.AsyncClient(key="secret", transport=httpx.MockTransport(coroutine)) as asked:
            return await asked.feedback(outcomes)

    assert asyncio.run(ask()) == 2
    for (sent,) in (sync.seen, coroutine.seen):
        assert sent.url.path == "/feedback"
        assert sent.headers["authorization"] == "Bearer secret"
        assert json.loads(sent.content)["rows"] == [
            {"id": "A-1", "outcome": "yes", "time": None},
            {"id": 7, "outcome": "no", "time": "2024-12-31T23:59:00+00:00"},
        ]
