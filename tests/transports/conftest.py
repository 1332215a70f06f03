"""A client that keeps what it was asked to send, and answers what a test tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from syndicate.net.answer import Answer, Unreachable


@dataclass
class FakeClient:
    """``answers`` are taken in order; the last one stays. Keeps ``(method, url, headers, content)``."""

    answers: list[Answer | Unreachable]
    sent: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)

    def _take(self) -> Answer:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    async def get(self, url: str, *, headers: Mapping[str, str], limit: int) -> Answer:
        self.sent.append(("GET", url, dict(headers), b""))
        return self._take()

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str], timeout: float | None
    ) -> Answer:
        self.sent.append(("POST", url, dict(headers), content))
        self.timeouts.append(timeout)
        return self._take()


@pytest.fixture
def fake_client():
    return lambda *answers: FakeClient(list(answers))


@pytest.fixture
def answered():
    def make(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status=status, headers=named, body=body, seconds=0.25)

    return make
