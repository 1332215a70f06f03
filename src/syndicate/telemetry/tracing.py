"""A story's way as spans, by OpenTelemetry where that is installed and an exporter is named; else nothing.

The id that follows a story through journal and log is its trace's id (W3C Trace
Context), so that a partner who keeps the ``traceparent`` of a push and we speak
of the same thing. Without OpenTelemetry the header is sent all the same.

A poll brings many stories and each goes its own way, so a story's trace does not
hang below the poll's: it links to the step it began in, as OpenTelemetry has it for
messages that come in batches. What is done for the poll itself, reading, is below it.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

CLOSING_SECONDS = 3.0
"""So long a process that ends waits for a collector that does not answer."""
_ID = re.compile(r"[0-9a-f]{32}")
_WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_tracer: Any = None
_made: Any = None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One step on a story's way; ``traceparent`` is what a request of it carries."""

    traceparent: str | None = None


def configure(environment: Mapping[str, str] = os.environ, *, provider: Any = None) -> bool:
    """Send spans where the environment names an exporter; whether that is so. ``provider``: instead of it."""
    global _tracer, _made
    _tracer = _made = None
    if provider is None and not any(environment.get(name) for name in _WANTED):
        return False
    try:
        provider = _made = provider or _provider()
    except ImportError:
        return False
    _tracer = provider.get_tracer("syndicate")
    return True


def _provider() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Else the interpreter waits for it at its end, as long as a collector that is away lets it.
    made = TracerProvider(resource=Resource.create({"service.name": "syndicate"}), shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def close(seconds: float = CLOSING_SECONDS) -> bool:
    """Send the spans that are left, for so long at most; whether that came to its end."""
    global _tracer, _made
    provider, _tracer, _made = _made, None, None
    if provider is None:
        return True
    sending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    sending.start()
    sending.join(seconds)
    if sending.is_alive():
        fix = "see whether the collector that OTEL_EXPORTER_OTLP_ENDPOINT names is there"
        log.warning("traces_not_sent", seconds=seconds, reason="the collector does not answer", fix=fix)
    return not sending.is_alive()


@contextmanager
def step(name: str, trace: str | None = None, **attributes: str | int | None) -> Iterator[Step]:
    """One step; with a story's ``trace`` it belongs to that. Costs a check where nothing is traced."""
    known = trace if trace and _ID.fullmatch(trace) and int(trace, 16) else None
    if _tracer is None:
        yield Step(f"00-{known}-{secrets.token_hex(8)}-00" if known else None)
        return
    begun = {"context": _context(known), "links": _here()} if known else {}
    with _tracer.start_as_current_span(name, **begun) as span:
        for key, value in attributes.items():
            if value is not None:
                span.set_attribute(f"syndicate.{key}", value)
        at = span.get_span_context()
        yield Step(f"00-{at.trace_id:032x}-{at.span_id:016x}-{int(at.trace_flags):02x}")


def carried(act: Callable[..., T]) -> Callable[..., T]:
    """The same act for another thread; steps in it stand below the one it was asked for in."""
    return act if _tracer is None else partial(copy_context().run, act)


def _here() -> list[Any]:
    """A link to the step that another trace begins or goes on in, if any."""
    from opentelemetry import trace as api

    at = api.get_current_span().get_span_context()
    return [api.Link(at)] if at.is_valid else []


def _context(trace: str) -> Any:
    from opentelemetry import trace as api

    root = api.SpanContext(
        trace_id=int(trace, 16),
        span_id=int(trace[:16], 16) or 1,
        is_remote=True,
        trace_flags=api.TraceFlags(api.TraceFlags.SAMPLED),
    )
    return api.set_span_in_context(api.NonRecordingSpan(root))
