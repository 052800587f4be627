"""The application before the service, around small applications of these tests."""

import asyncio
import json

import pytest

from overture.runtime.serving.guard import Guard


def answered(app, *messages, path="/predict", pause=0.0, **settings):
    """What the guard sends for a POST whose body comes in these messages, the last of them after a pause."""
    sent = []
    waiting = list(messages)

    async def receive():
        if len(waiting) == 1:
            await asyncio.sleep(pause)
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "method": "POST", "headers": []}
    guard = Guard(app, lambda scope: {"POST"}, {"/predict"}, settings.get("max_bytes", 10), settings.get("seconds", 5))
    asyncio.run(guard(scope, receive, send))
    return sent


def body(content=b"", more=False):
    return {"type": "http.request", "body": content, "more_body": more}


def answering(status, content, kind=b"text/plain"):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": content[:3], "more_body": True})
        await send({"type": "http.response.body", "body": content[3:]})

    return app


async def unreachable(scope, receive, send):
    raise AssertionError


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (503, b"Service is not ready", {"error": "not ready"}),
        (400, b'[{"error": "no"}]', {"error": "the request failed"}),
        (504, b"", {"error": "the answer took too long"}),
        (400, b'{"error": "no", "detail": []}', {"error": "no", "detail": []}),
    ],
)
def test_an_error_of_the_application_becomes_a_json_object(status, content, expected):
    start, *rest = answered(answering(status, content), body())
    assert start["status"] == status
    whole = b"".join(message["body"] for message in rest)
    assert json.loads(whole) == expected
    assert dict(start["headers"])[b"content-length"] == str(len(whole)).encode()


def test_a_good_answer_passes_as_it_is():
    _, *rest = answered(answering(200, b"fine enough"), body())
    assert [message["body"] for message in rest] == [b"fin", b"e enough"]


def test_a_body_in_parts_reaches_the_application_whole():
    async def echo(scope, receive, send):
        message = await receive()
        await answering(200, message["body"])(scope, receive, send)

    _, *rest = answered(echo, body(b"ab", True), body(b"cd"), body())
    assert b"".join(message["body"] for message in rest) == b"abcd"


def test_a_body_that_never_ends_is_given_up():
    start, rest = answered(unreachable, body(b"a", True), body(b"b"), pause=1, seconds=0.02)
    assert start["status"] == 408
    assert json.loads(rest["body"]) == {"error": "the body did not arrive within 0.02 seconds"}


def test_a_caller_who_has_gone_is_not_answered():
    assert answered(unreachable, body(b"a", True), {"type": "http.disconnect"}) == []


@pytest.mark.parametrize("parts", [[b"a" * 11], [b"a" * 6, b"a" * 5]])
def test_a_body_larger_than_allowed_is_not_read_to_the_end(parts):
    messages = [body(part, True) for part in parts]
    start, _ = answered(unreachable, *messages, body(b"never read"))
    assert start["status"] == 413
