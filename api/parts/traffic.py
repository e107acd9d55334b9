"""Requests to this process, counted by route and status, for `GET /metrics`."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import monotonic_s

# Or each series would have a second one, which says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Traffic:
    """The series of this process: its requests so far, its CPU and memory."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "llmbench_http_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "llmbench_http_request_duration_seconds",
            "From a request to the head of its answer.",
            ("method", "route"),
            registry=self.registry,
            buckets=_SECONDS,
        )

    def answered(self, scope: Scope, status: int, took_s: float) -> None:
        """Only names that are ours become labels: a stranger can send any other."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(took_s)


class CountedRequests:
    """Middleware: tells `Traffic` of each answer when its head is sent.

    Not at its end, since a stream of events may last for days.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        asked_s = monotonic_s()
        begun = False

        async def counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                took_s = monotonic_s() - asked_s
                self._traffic.answered(scope, message["status"], took_s)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if not begun:  # a bug of ours: what stands around us answers 500
                self._traffic.answered(scope, 500, monotonic_s() - asked_s)
            raise
