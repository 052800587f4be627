"""What is counted of every request, whoever answers it, under the names that BentoML gives; labels are bounded."""

from __future__ import annotations

from typing import Any


class Meter:
    """Counts and times requests for GET /metrics.

    metrics: BentoML's client of Prometheus. labels: service_name, service_version and runner_name.
    """

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
        self._by_answer: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._by_path: dict[str, tuple[Any, Any]] = {}

    def inside(self, path: str, requests: int) -> None:
        """So many requests for a path are being answered."""
        self._of(path)[0].set(requests)

    def done(self, path: str, status: int, seconds: float) -> None:
        """A request got its answer."""
        found = self._by_answer.get((path, status))
        if found is None:
            labels = {"endpoint": path, **self._labels, "http_response_code": str(status)}
            found = self._by_answer[path, status] = (self._total.labels(**labels), self._seconds.labels(**labels))
        found[0].inc()
        found[1].observe(seconds)

    def rows(self, path: str, rows: int) -> None:
        """So many rows were answered."""
        self._of(path)[1].inc(rows)

    def batch(self, rows: int, waiting: int) -> None:
        """The model is given so many rows at once, and so many requests wait on."""
        self._batch.observe(rows)
        self._waiting.set(waiting)

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
