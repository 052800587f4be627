"""The access log: the lines that Python's logging would write, only many at once, and none of them lost unsaid."""

import io
import logging

import pytest

from overture.runtime.serving.access_log import AccessLog, Line

SHOWN = dict.fromkeys(
    ("request_content_type", "request_content_length", "response_content_type", "response_content_length"), True
)


def line(place, moment=1_700_000_000.25):
    return Line(moment, ("10.0.0.1", place), "http", "POST", "/predict", b"application/json", b"17", 200, 99, 0.0012345)


class TraceRecordFilter(logging.Filter):
    """As BentoML's: it adds to a record and lets it through."""

    def filter(self, record):
        record.component = "[churn:1]"
        return True


def logger(datefmt, *filters):
    stream = io.StringIO()
    stream_handler = logging.StreamHandler(stream)
    stream_handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(component)s %(message)s!", datefmt))
    for it in filters:
        stream_handler.addFilter(it)
    found = logging.Logger("access", logging.INFO)
    found.addHandler(stream_handler)
    return found, stream


@pytest.mark.parametrize("datefmt", ["%Y-%m-%dT%H:%M:%S%z", None], ids=["whole seconds", "with milliseconds"])
def test_many_lines_at_once_are_what_each_would_be(datefmt):
    lines = [line(1), line(2), line(3, 1_700_000_003.5), line(4, 1_700_000_003.75)]
    texts = []
    for at_once in (True, False):
        made, stream = logger(datefmt, TraceRecordFilter())
        log = AccessLog(SHOWN, made)
        for it in lines:
            (log.put if at_once else log.write)(it)
        log.close()
        texts.append(stream.getvalue())
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 4
    told = "(scheme=http,method=POST,path=/predict,type=application/json,length=17) (status=200,type=application/json,length=99)"
    assert f"[INFO] [churn:1] 10.0.0.1:1 {told} 1.234ms!" in texts[0]


def test_a_filter_of_ones_own_is_asked_for_each_line():
    class Odd(TraceRecordFilter):
        def filter(self, record):
            return super().filter(record) and ":2 " not in record.getMessage()

    made, stream = logger("%H:%M:%S", Odd())
    log = AccessLog({}, made)
    for place in (1, 2, 3):
        log.put(line(place))
    log.close()
    assert stream.getvalue().count("\n") == 2


def test_lines_beyond_what_may_wait_are_counted(monkeypatch):
    from overture.runtime.serving import access_log

    monkeypatch.setattr(access_log, "MOST", 0)
    made, stream = logger("%H:%M:%S", TraceRecordFilter())
    log = AccessLog({}, made)
    log.put(line(1))
    log.put(line(2))
    log.close()
    assert "2 lines of the access log were dropped" in stream.getvalue()
