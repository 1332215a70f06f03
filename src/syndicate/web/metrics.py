"""``/metrics`` on the operators' listener: Prometheus' text, or OpenMetrics for who asks for it."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.telemetry.metrics import REGISTRY


def metrics_route(own: CollectorRegistry) -> Route:
    """The route. ``own``: what is looked up in this daemon, beside what the process counts."""

    async def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        body = await asyncio.to_thread(lambda: _joined(encode(REGISTRY), encode(own)))
        headers = {"content-type": kind, "cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(body, headers=headers)

    return Route("/metrics", metrics)


def _joined(first: bytes, second: bytes) -> bytes:
    """Two registries' text as one; OpenMetrics ends but once."""
    return first.removesuffix(b"# EOF\n") + second
