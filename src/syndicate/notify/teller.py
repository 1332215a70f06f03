"""Looking for what needs a person, and telling each thing once, again after a while, and when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING

import structlog

from syndicate.config import Settings
from syndicate.notify.alarms import Alarm, alarms
from syndicate.notify.message import Message, mail, takedown_mail
from syndicate.notify.ways import by_command, by_mail, by_webhook
from syndicate.storage import Notice, Storage, Unconfirmed

if TYPE_CHECKING:
    from syndicate.net.client import Client

log = structlog.get_logger(__name__)

SCOPE = "notify"


@dataclass(frozen=True, slots=True)
class _Look:
    """One look: all alarms, and the message they make, if any."""

    message: Message | None
    over: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """What came of telling people: whether the newsroom was ``reached`` by any way, and what failed."""

    reached: bool
    failures: tuple[str, ...]


async def _alone(way: Awaitable[str | None]) -> list[str | None]:
    """A way that carries the newsroom's message and nothing else."""
    return [await way]


class Teller:
    """Tells people. ``run`` as often as you like: nothing is said twice within ``[notify] repeat``."""

    def __init__(
        self, storage: Storage, settings: Settings, client: Client, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._client = client
        self._clock = clock

    def configure(self, settings: Settings) -> None:
        """Go on under another configuration."""
        self._settings = settings

    async def run(self) -> Message | None:
        """Look once, and tell what is to be told; returns that."""
        if not self._settings.notify.ways:
            return None
        look = await asyncio.to_thread(self._look)
        if look.message is None:
            await asyncio.to_thread(self._drop, look.over)
            return None
        telling = await self.tell(look.message)
        await asyncio.to_thread(self._told, look, telling)
        return look.message

    async def tell(self, message: Message) -> Telling:
        """By every way there is."""
        notify = self._settings.notify
        tasks = []
        if notify.mail:
            tasks.append(by_mail(notify.mail, self._letters(message), self._settings.network.ca_file))
        if notify.webhook:
            tasks.append(_alone(by_webhook(notify.webhook, self._client, message)))
        if notify.command:
            tasks.append(_alone(by_command(notify.command, message)))
        ways = await asyncio.gather(*tasks)
        # Each way begins with the newsroom's own message; letters to partners follow it.
        reached = any(reasons[0] is None for reasons in ways)
        failures = dict.fromkeys(reason for reasons in ways for reason in reasons if reason)
        return Telling(reached, tuple(failures))

    # -- looking -------------------------------------------------------------------------

    def _look(self) -> _Look:
        now, settings = self._clock(), self._settings
        with self._storage.read() as tx:
            found, known = alarms(tx, settings, now), tx.notices.all()
        there = {(a.kind, a.ref) for a in found}
        over = tuple(notice for key, notice in known.items() if key not in there)
        new = [a for a in found if _told_at(known, a) is None]
        again = [a for a in found if _is_old(_told_at(known, a), now, settings)]
        fresh = [a for a in new if (a.kind, a.ref) not in known]
        if fresh:
            with self._storage.write() as tx:
                for a in fresh:
                    tx.notices.keep(Notice(kind=a.kind, ref=a.ref, words=a.words, first=now))
        ended = tuple(notice for notice in over if notice.told is not None)
        if not (new or again or ended):
            return _Look(None, over)
        name = settings.publisher.name
        message = Message(publisher=name, at=now, new=tuple(new), again=tuple(again), over=ended)
        return _Look(message, over)

    def _told(self, look: _Look, telling: Telling) -> None:
        """Whoever was reached by one way was told; where every way failed it is tried again."""
        now, message, failures = self._clock(), look.message, telling.failures
        assert message is not None
        with self._storage.write() as tx:
            if telling.reached:
                tx.notices.told([(a.kind, a.ref) for a in (*message.new, *message.again)], now)
                tx.notices.drop([(n.kind, n.ref) for n in look.over])
            noted = tx.problems.refs(SCOPE)
            tx.problems.settle(SCOPE, noted - set(failures))
            for reason in failures:
                fix = "mend it; `syndicate notify test` tries every way"
                if tx.problems.note(SCOPE, reason, "people could not be told", now, fix=fix):
                    log.error("notify_failed", reason=reason)
        if telling.reached:
            log.info("notified", new=len(message.new), again=len(message.again), over=len(message.over))

    def _drop(self, over: Sequence[Notice]) -> None:
        """What came and went before anybody was told of it."""
        if over:
            with self._storage.write() as tx:
                tx.notices.drop([(n.kind, n.ref) for n in over])

    # -- letters -------------------------------------------------------------------------

    def _letters(self, message: Message) -> list[EmailMessage]:
        options = self._settings.notify.mail
        assert options is not None
        letters = [mail(message, options)]
        if self._settings.notify.tell_partners:
            letters += [
                takedown_mail(
                    a.takedown, message.publisher, contact, options, message.at, self._acks(a.takedown)
                )
                for a in (*message.new, *message.again)
                if a.takedown and (contact := self._contact(a.takedown.receiver))
            ]
        return letters

    def _acks(self, one: Unconfirmed) -> str:
        return f"{self._settings.publisher.base_url}partner/v1/{one.receiver}/acks"

    def _contact(self, receiver: str) -> str | None:
        partner = self._settings.partners.get(receiver)
        contact = partner.contact if partner else None
        return contact if contact and "@" in contact else None


def _told_at(known: dict[tuple[str, str], Notice], alarm: Alarm) -> datetime | None:
    notice = known.get((alarm.kind, alarm.ref))
    return notice.told if notice else None


def _is_old(told: datetime | None, now: datetime, settings: Settings) -> bool:
    return told is not None and now - told >= settings.notify.repeat
