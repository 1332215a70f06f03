"""A story's way as one trace: the same id in the journal, in spans and in what a partner is sent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from apps import configured, partner
from syndicate.daemon.app import App
from syndicate.installed import load_settings
from syndicate.telemetry import tracing

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    yield
    tracing.configure({})


async def sent(folder: Path) -> tuple[str, str]:
    """``(trace in the journal, traceparent that the partner got)`` of one story."""
    heads: list[str] = []

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(takes, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with App(load_settings(configured(folder, partner(f"http://127.0.0.1:{port}/in")))) as app:
        await app.publish_all()
        (folder / "stories/a.md").write_text("---\ntitle: One\n---\nThe bridge was opened on Sunday.\n")
        await app.once()
        with app.storage.read() as tx:
            (row,) = tx.journal.after(0, 10)
    server.close()
    found = [line.partition(": ")[2] for line in heads[0].split("\r\n") if line.startswith("traceparent:")]
    return str(row.trace), found[0]


async def test_a_push_names_the_storys_trace_without_any_library(tmp_path: Path) -> None:
    trace, parent = await sent(tmp_path)
    version, trace_id, span_id, flags = parent.split("-")
    assert (version, trace_id, flags, len(span_id)) == ("00", trace, "00", 16)


async def test_storing_and_pushing_are_spans_of_one_trace(tmp_path: Path) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    assert tracing.configure(provider=provider)
    trace, parent = await sent(tmp_path)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert {"poll", "read", "store", "publish", "push"} <= set(spans)
    assert dict(spans["poll"].attributes or {}) == {"syndicate.source": "desk"}
    assert dict(spans["read"].attributes or {}) == {"syndicate.source": "desk", "syndicate.item": "a.md"}
    for name in ("store", "push"):
        assert f"{spans[name].context.trace_id:032x}" == trace
    poll, read = spans["poll"], spans["read"]
    assert read.parent is not None
    assert read.parent.span_id == poll.context.span_id
    assert [link.context.span_id for link in spans["store"].links] == [poll.context.span_id]
    assert not spans["push"].links
    assert parent == f"00-{trace}-{spans['push'].context.span_id:016x}-01"
    assert spans["push"].attributes
    assert spans["push"].attributes["syndicate.lane"] == "gazette/main"
    assert spans["push"].end_time > spans["push"].start_time  # type: ignore[operator]


@pytest.mark.parametrize("trace", [None, "", "a3f1", "0" * 32, "x" * 32])
def test_what_is_no_trace_id_gives_no_header(trace: str | None) -> None:
    with tracing.step("push", trace) as step:
        assert step.traceparent is None


def test_nothing_is_loaded_where_nobody_asks() -> None:
    code = (
        "import sys; from syndicate.telemetry import tracing; import syndicate.daemon.app\n"
        "assert not tracing.configure({})\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
        "sys.modules['opentelemetry'] = None\n"
        "assert not tracing.configure({'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:9'})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
