"""What is counted in plain numbers comes out as Prometheus' own client would have counted it."""

import asyncio

import prometheus_client
import pytest

from overture.runtime.serving import meter as module
from overture.runtime.serving.meter import Meter

LABELS = {"service_name": "churn", "service_version": "1", "runner_name": "churn"}
SECONDS = [0.0, 0.001, 0.1, 0.25, 0.2500001, 3.0, 99.0]


class Client:
    """Prometheus' client with a registry of its own, as BentoML hands it out."""

    def __init__(self):
        self.registry = prometheus_client.CollectorRegistry()

    def __getattr__(self, name):
        return lambda **words: getattr(prometheus_client, name)(registry=self.registry, **words)


def of(client, name, **labels):
    return client.registry.get_sample_value(name, {**LABELS, **labels} if labels else {})


def test_a_histogram_filled_at_once_is_that_of_each_observation():
    client = Client()
    one, each = (
        client.Histogram(name=name, documentation=name, labelnames=[], buckets=(0.001, 0.25, 1)) for name in ("a", "b")
    )
    module._observe(one, SECONDS)
    for value in SECONDS:
        each.observe(value)
    for suffix, labels in [
        ("_sum", {}),
        ("_count", {}),
        *(("_bucket", {"le": it}) for it in ("0.001", "0.25", "+Inf")),
    ]:
        found = [client.registry.get_sample_value(f"{name}{suffix}", labels) for name in ("a", "b")]
        assert found[0] == pytest.approx(found[1])
        assert found[0] is not None


def test_numbers_are_published_by_themselves_and_when_asked(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.02)
    client = Client()
    meter = Meter(client, "bentoml_service", (0.1, 1.0), LABELS)
    inside = {"/predict": 1}
    total = {"endpoint": "/predict", "http_response_code": "200"}

    async def main():
        meter.begun(inside)
        meter.rows("/predict", 3)
        meter.batch(3, 2)
        await asyncio.sleep(0.2)
        assert of(client, "overture_rows_total", endpoint="/predict") == 3
        assert of(client, "bentoml_service_request_in_progress", endpoint="/predict") == 1
        assert of(client, "overture_requests_waiting") == 2
        inside["/predict"] = 0
        meter.done("/predict", 200, 0.5)
        meter.publish()
        assert of(client, "bentoml_service_request_total", **total) == 1
        assert of(client, "bentoml_service_request_in_progress", endpoint="/predict") == 0
        meter.publish()
        assert of(client, "bentoml_service_request_total", **total) == 1

    asyncio.run(main())
