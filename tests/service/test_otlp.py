"""What a collector gets: the real exporter, and a receiver that reads its protobuf."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from apps import configured, partner
from syndicate.daemon.app import App
from syndicate.installed import load_settings
from syndicate.telemetry import tracing

MORE = '[network]\nallow = ["127.0.0.0/8"]\n[log]\nformat = "json"\n'


class Collector:
    """A collector at ``/v1/traces``, and the partner at ``/in``."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        self.parents: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = b""
                if self.path == "/v1/traces":
                    outer.take(decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
                    answer = ExportTraceServiceResponse().SerializeToString()
                elif self.path == "/in":
                    outer.parents.append(self.headers["traceparent"])
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            named = {a.key: a.value.string_value for a in resource.resource.attributes}
            self.services.add(named["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str, **attributes: str) -> Any:
        """The one span of this name that has these attributes."""
        wanted = {f"syndicate.{key}": value for key, value in attributes.items()}
        (found,) = [
            span
            for span in self.spans
            if span.name == name
            and wanted.items() <= {a.key: a.value.string_value for a in span.attributes}.items()
        ]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    yield
    tracing.configure({})


def newsroom(folder: Path, url: str) -> Path:
    return configured(folder, MORE + partner(f"{url}in"))


def write(folder: Path, name: str) -> None:
    text = f"---\ntitle: Story {name}\n---\nThe bridge {name} was opened on Sunday.\n"
    (folder / f"stories/{name}.md").write_text(text)


@pytest.mark.anyio
async def test_a_storys_way_reaches_a_collector(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    file = newsroom(tmp_path, collector.url)
    async with App(load_settings(file)) as app:
        await app.publish_all()
        write(tmp_path, "a")
        write(tmp_path, "b")
        assert tracing.configure()
        with structlog.testing.capture_logs() as lines:
            await app.once()
        await asyncio.to_thread(tracing._tracer.span_processor.force_flush)

    assert collector.services == {"syndicate"}
    poll, publish = collector.named("poll", source="desk"), collector.named("publish")
    for name in ("a", "b"):
        (stored,) = [x for x in lines if x["event"] == "story_published" and x["item"] == f"{name}.md"]
        (pushed,) = [
            x for x in lines if x["event"] == "push_delivered" and x.get("article") == stored["article"]
        ]
        read = collector.named("read", item=f"{name}.md")
        store = collector.named("store", item=f"{name}.md")
        push = collector.named("push", article=stored["article"], lane="gazette/main")
        assert store.trace_id == push.trace_id == bytes.fromhex(stored["trace"])
        assert pushed["trace"] == stored["trace"]
        assert f"00-{stored['trace']}-{push.span_id.hex()}-01" in collector.parents
        assert (read.trace_id, read.parent_span_id) == (poll.trace_id, poll.span_id)
        assert [link.span_id for link in store.links] == [poll.span_id]
        begun = [span.start_time_unix_nano for span in (poll, read, store, publish, push)]
        assert begun == sorted(begun)
    assert publish.trace_id not in (
        poll.trace_id,
        *(bytes.fromhex(p.split("-")[1]) for p in collector.parents),
    )
    assert len(collector.parents) == 2


class Deaf:
    """A collector that takes spans and does not answer, until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.ended = False

    def shutdown(self) -> None:
        self.go_on.wait()
        self.ended = True


def test_a_collector_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = Deaf()
    monkeypatch.setattr(tracing, "_made", deaf)
    with structlog.testing.capture_logs() as lines:
        assert not tracing.close(0.05)
    assert not deaf.ended
    (told,) = lines
    assert (told["event"], told["log_level"]) == ("traces_not_sent", "warning")
    deaf.go_on.set()
    assert tracing.close(), "there is nothing more to send"


def test_the_command_ends_though_the_collector_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        file = configured(tmp_path, MORE)
        write(tmp_path, "a")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SYNDICATE_"))}
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        done = subprocess.run(
            [sys.executable, "-m", "syndicate", "--config", str(file), "run", "--once"],
            env={**kept, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "600"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert "traces_not_sent" in done.stderr


def test_the_command_leaves_nothing_unsent(tmp_path: Path, collector: Collector) -> None:
    file = newsroom(tmp_path, collector.url)
    write(tmp_path, "a")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SYNDICATE_"))}
    done = subprocess.run(
        [sys.executable, "-m", "syndicate", "--config", str(file), "run", "--once"],
        env={**kept, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (stored,) = [line for line in lines if line["event"] == "story_published"]
    assert collector.named("store", item="a.md").trace_id == bytes.fromhex(stored["trace"])
    assert {"poll", "read", "store", "publish"} <= {span.name for span in collector.spans}
