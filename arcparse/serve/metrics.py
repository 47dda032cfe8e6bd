"""Counters for Prometheus, at /metrics; each application has its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
TOGETHER = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters."""

    def __init__(self) -> None:
        """Begin to count from zero."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time, open files
        self._requests = Counter(
            "arcparse_requests", "Requests that were answered.", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "arcparse_request_seconds", "Time until an answer.", ["path"], buckets=SECONDS, registry=self._registry
        )
        self.in_flight = Gauge(
            "arcparse_requests_in_flight", "Requests that are worked on or wait.", registry=self._registry
        )
        self._batch = Histogram(
            "arcparse_batch_requests", "Requests that shared a call.", buckets=TOGETHER, registry=self._registry
        )

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count an answer; `path` is one of a few."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_batch(self, requests: int) -> None:
        """Count a call for several requests."""
        self._batch.observe(requests)

    def routes(self) -> list[Route]:
        """Return the route of the counters."""
        return [Route("/metrics", self._show, methods=["GET"])]

    async def _show(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
