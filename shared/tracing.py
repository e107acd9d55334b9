"""Traces by OpenTelemetry: from `POST /benchmark` to the call upstream.

Off, and not even imported, unless the environment names an OTLP endpoint and the extra
`otel` is installed. A place in a trace is handed on as the text of a `traceparent`
header (W3C Trace Context): in the run's record, and in each request upstream.
"""

import logging
import os
import re
from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan

log = logging.getLogger("tracing")

Value = str | int | float | bool

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_FLUSH_S = 5.0
"""Spans that are not sent by then are lost: a collector that is away keeps no process
from ending."""

_provider: "TracerProvider | None" = None


def setup(service: str) -> None:
    """Trace from now on, if the environment asks for it. `OTEL_...` variables are the
    library's own: `OTEL_SERVICE_NAME` wins over `service`."""
    global _provider
    env = os.environ
    named = [name for name in _ENDPOINTS if env.get(name)]
    off = env.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not named or off or env.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning(
            "%s is set, and nothing is traced: pip install 'llmbench[otel]'", named[0]
        )
        return
    env.setdefault("OTEL_SERVICE_NAME", service)
    _provider = TracerProvider(resource=Resource.create(), shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(_provider)  # FastAPI looks there


def close() -> None:
    """Tell the collector what it has not been told, and trace no more."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        flushing = Thread(target=provider.shutdown, daemon=True)
        flushing.start()
        flushing.join(_FLUSH_S)


def current() -> str | None:
    """The span that we are in, as a `traceparent`; None while nothing is traced."""
    if _provider is None:
        return None
    from opentelemetry import trace

    span = trace.get_current_span()
    return _text(span) if span.get_span_context().is_valid else None


def received(said: str | None) -> str | None:
    """Where a request stands in a trace: the span that it has here, else its caller's
    (`said`, its `traceparent`), for a worker that traces though we do not."""
    return current() or (said if said and _TRACEPARENT.fullmatch(said) else None)


def headers(traceparent: str | None) -> dict[str, str]:
    """What a request upstream carries; nothing while nothing is traced."""
    return {} if traceparent is None else {"traceparent": traceparent}


class Span:
    """A span of ours, and those below it that are over already."""

    def __init__(self, span: "OtelSpan") -> None:
        self._span = span
        self.traceparent = _text(span)
        self.is_recorded = span.is_recording()
        """False: whoever began the trace, or a sampler, wants it not to be told."""

    def add(
        self,
        name: str,
        begin_s: float,
        end_s: float,
        attributes: Mapping[str, Value],
        events: Mapping[str, float],
    ) -> None:
        """A call that is over, as a span below; an `error.type` makes it a failure.

        begin_s, end_s, and the moments of `events`: Unix seconds.
        """
        from opentelemetry import trace

        if _provider is None:
            return
        span = _provider.get_tracer("llmbench").start_span(
            name,
            trace.set_span_in_context(self._span),
            trace.SpanKind.CLIENT,
            attributes,
            start_time=_ns(begin_s),
        )
        for event, at_s in events.items():
            span.add_event(event, timestamp=_ns(at_s))
        if "error.type" in attributes:
            span.set_status(trace.StatusCode.ERROR)
        span.end(_ns(end_s))

    def end(self) -> None:
        """It is over."""
        self._span.end()


def begin(
    name: str, parent: str | None, attributes: Mapping[str, Value]
) -> Span | None:
    """A span below `parent` (a `traceparent`; None: the first of a trace of its own).

    None while nothing is traced.
    """
    if _provider is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import (
        TraceContextTextMapPropagator,
    )

    context = TraceContextTextMapPropagator().extract(headers(parent))
    tracer = _provider.get_tracer("llmbench")
    return Span(tracer.start_span(name, context, attributes=attributes))


def _text(span: "OtelSpan") -> str:
    at = span.get_span_context()
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"


def _ns(at_s: float) -> int:
    return int(at_s * 1e9)
