"""One POST and what came of it: what all transports that push have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from syndicate.model import Outcome, Verdict
from syndicate.net.answer import Answer, Unreachable
from syndicate.transports.answers import judge
from syndicate.transports.details import Redactor

if TYPE_CHECKING:  # the HTTP library is not loaded for the sake of a type
    from syndicate.net.client import Client


@dataclass(frozen=True, slots=True, repr=False)
class Letterbox:
    """An address to POST to, with all that stays the same from one attempt to the next.

    ``cap`` bounds Retry-After, ``timeout`` the whole request; both in seconds.
    """

    client: Client
    url: str
    redactor: Redactor
    cap: float | None = None
    timeout: float | None = None

    async def post(self, content: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        """One attempt. Never raises for what a receiver or the network does."""
        try:
            answer = await self.client.post(self.url, content=content, headers=headers, timeout=self.timeout)
        except Unreachable as error:
            return unreachable(error, self.redactor)
        return self._judged(answer, now)

    def _judged(self, answer: Answer, now: datetime) -> Outcome:
        outcome = judge(answer.status, answer.headers, now, cap=self.cap)
        said = b"" if outcome.verdict is Verdict.DELIVERED else answer.body
        detail = self.redactor.detail(outcome.detail, said)
        return outcome._replace(detail=detail, seconds=answer.seconds)


def unreachable(error: Unreachable, redactor: Redactor) -> Outcome:
    """No answer at all: tried again."""
    return Outcome(verdict=Verdict.RETRY, detail=redactor.detail(error.reason), seconds=error.seconds)
