"""What is counted of every request, whoever answers it, under the names that BentoML gives; labels are bounded.

Prometheus' client keeps its numbers in files that all workers share, which is dear to write: requests are counted in plain
numbers, and these are published now and then, and whenever this worker is asked for them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

PAUSE = 0.1
"""Seconds until what was counted is published."""


class Meter:
    """Counts and times requests for GET /metrics, which tells of every request that was answered before it came.

    metrics: BentoML's client of Prometheus. labels: service_name, service_version and runner_name.
    """

    others = False
    """Are there other workers, whose numbers count, too?"""

    def __init__(self, metrics: Any, namespace: str, buckets: tuple[float, ...], labels: dict[str, str]) -> None:
        names, few = ["endpoint", *labels, "http_response_code"], ["endpoint", *labels]
        self._labels = labels
        own = {"namespace": namespace}
        self._total = metrics.Counter(
            name="request_total", documentation="Requests that were answered", labelnames=names, **own
        )
        self._seconds = metrics.Histogram(
            name="request_duration_seconds",
            documentation="Seconds from a request to its answer",
            labelnames=names,
            buckets=buckets,
            **own,
        )
        livesum: dict[str, Any] = {"labelnames": few, "multiprocess_mode": "livesum", **own}
        self._inside = metrics.Gauge(
            name="request_in_progress", documentation="Requests that are being answered", **livesum
        )
        self._rows = metrics.Counter(
            namespace="overture", name="rows_total", documentation="Rows that were answered", labelnames=few
        )
        self._batch = metrics.Histogram(
            namespace="overture",
            name="batch_rows",
            documentation="Rows that one call of the model was given",
            labelnames=[],
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
        )
        self._waiting = metrics.Gauge(
            namespace="overture",
            name="requests_waiting",
            documentation="Requests whose rows wait for the model",
            labelnames=[],
            multiprocess_mode="livesum",
        )
        self._of_the_log(metrics)
        self._by_answer: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._by_path: dict[str, tuple[Any, Any]] = {}
        self._spent: dict[tuple[str, int], list[float]] = {}
        self._new_rows: Counter[str] = Counter()
        self._calls: list[int] = []
        self._left = 0
        self._now: Mapping[str, int] = {}
        self._due = False
        _known(self._batch)

    def _of_the_log(self, metrics: Any) -> None:
        """What is told of answered rows after they were answered."""
        self._logged = metrics.Counter(
            namespace="overture", name="log_rows_total", documentation="Rows that the request log holds", labelnames=[]
        )
        self._unlogged = metrics.Counter(
            namespace="overture",
            name="log_lost_rows_total",
            documentation="Answered rows that the request log has not, by reason: queue, disk, killed",
            labelnames=["reason"],
        )
        self._outcomes = metrics.Counter(
            namespace="overture",
            name="outcomes_total",
            documentation="Outcomes that POST /feedback accepted",
            labelnames=[],
        )
        self._shadowed = metrics.Counter(
            namespace="overture",
            name="shadow_rows_total",
            documentation="Answered rows that the challenger predicted, failed at, or was not shown, by outcome",
            labelnames=["outcome"],
        )

    def begun(self, inside: Mapping[str, int]) -> None:
        """A request has come; so many are inside by path, now and whenever one looks."""
        self._now = inside
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(PAUSE, self.publish)

    def done(self, path: str, status: int, seconds: float) -> None:
        """A request got its answer."""
        spent = self._spent.get((path, status))
        if spent is None:
            spent = self._spent[path, status] = []
        spent.append(seconds)

    def rows(self, path: str, rows: int) -> None:
        """So many rows were answered."""
        self._new_rows[path] += rows

    def batch(self, rows: int, waiting: int) -> None:
        """The model is given so many rows at once, and so many requests wait on."""
        self._calls.append(rows)
        self._left = waiting

    async def collected(self) -> None:
        """Somebody asks: publish, and let the other workers do so, too."""
        self.publish()
        if self.others:
            await asyncio.sleep(2 * PAUSE)

    def publish(self) -> None:
        """Write what was counted since the last time where every worker reads it."""
        self._due = False
        for (path, status), spent in self._spent.items():
            if spent:
                total, seconds = self._of_answer(path, status)
                total.inc(len(spent))
                _observe(seconds, spent)
                spent.clear()
        for path, rows in self._new_rows.items():
            self._of(path)[1].inc(rows)
        self._new_rows.clear()
        for path, inside in self._now.items():
            self._of(path)[0].set(inside)
        _observe(self._batch, self._calls)
        self._calls.clear()
        self._waiting.set(self._left)
        if any(self._now.values()):
            self.begun(self._now)

    def logged(self, rows: int) -> None:
        """So many rows were written to the request log."""
        self._logged.inc(rows)

    def unlogged(self, reason: str, rows: int) -> None:
        """So many rows are not in the request log: queue, disk or killed."""
        self._unlogged.labels(reason=reason).inc(rows)

    def outcomes(self, rows: int) -> None:
        """So many outcomes were accepted."""
        self._outcomes.inc(rows)

    def shadowed(self, outcome: str, rows: int) -> None:
        """So many answered rows were predicted by the challenger, failed or dropped."""
        self._shadowed.labels(outcome=outcome).inc(rows)

    def _of(self, path: str) -> tuple[Any, Any]:
        found = self._by_path.get(path)
        if found is None:
            labels = {"endpoint": path, **self._labels}
            found = self._by_path[path] = (self._inside.labels(**labels), self._rows.labels(**labels))
        return found

    def _of_answer(self, path: str, status: int) -> tuple[Any, Any]:
        found = self._by_answer.get((path, status))
        if found is None:
            labels = {"endpoint": path, **self._labels, "http_response_code": str(status)}
            found = self._by_answer[path, status] = (self._total.labels(**labels), self._seconds.labels(**labels))
        return found


def _known(histogram: Any) -> None:
    """Raise AttributeError where a histogram of Prometheus' client is not as `_observe` knows it."""
    histogram._sum.inc, histogram._buckets[0].inc, histogram._upper_bounds


def _observe(histogram: Any, values: list[Any]) -> None:
    """What histogram.observe does for each value, in as many steps as there are buckets."""
    if not values:
        return
    histogram._sum.inc(sum(values))
    for place, count in Counter(bisect_left(histogram._upper_bounds, value) for value in values).items():
        histogram._buckets[place].inc(count)
