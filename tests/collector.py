"""An OTLP collector on a real socket: what traces were told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)


@dataclass(frozen=True)
class Told:
    """One span as it was told."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    begin_s: float
    end_s: float
    failed: bool
    attributes: dict[str, Any]
    events: dict[str, float]
    """Name -> Unix seconds."""

    @property
    def traceparent(self) -> str:
        """As a header, sampled."""
        return f"00-{self.trace}-{self.id}-01"


@dataclass
class Collector:
    """A running collector."""

    url: str
    spans: list[Told] = field(default_factory=list)

    def named(self, prefix: str) -> list[Told]:
        """The spans whose name begins so."""
        return [span for span in self.spans if span.name.startswith(prefix)]

    def hear(self, body: bytes) -> None:
        """One export."""
        for of in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _values(of.resource.attributes)["service.name"]
            for scope in of.scope_spans:
                self.spans += [_told(service, span) for span in scope.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            found.hear(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _values(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value"))
        for each in attributes
    }


def _told(service: str, span: Any) -> Told:
    return Told(
        service=service,
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        begin_s=span.start_time_unix_nano / 1e9,
        end_s=span.end_time_unix_nano / 1e9,
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_values(span.attributes),
        events={event.name: event.time_unix_nano / 1e9 for event in span.events},
    )
