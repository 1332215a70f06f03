"""What people are told, as text for them and as JSON for machines. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

import orjson

from syndicate.config.notify import Mail
from syndicate.model import article_id
from syndicate.notify.alarms import Alarm
from syndicate.storage import Notice, Unconfirmed

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One digest: what is new, what still lasts, and what is over."""

    publisher: str
    at: datetime
    new: tuple[Alarm, ...] = ()
    again: tuple[Alarm, ...] = ()
    over: tuple[Notice, ...] = ()

    @property
    def subject(self) -> str:
        """One line."""
        count = len(self.new) + len(self.again)
        if not count:
            return f"[{self.publisher}] over: {len(self.over)}"
        return f"[{self.publisher}] {count} {'thing needs' if count == 1 else 'things need'} you"

    @property
    def id(self) -> str:
        """The same for the same content at the same time."""
        return "ntf_" + hashlib.sha256(self.json()).hexdigest()[:32]

    def text(self) -> str:
        """For people."""
        parts = (
            _section("New", (_lines(a) for a in self.new)),
            _section("Still so", (_lines(a) for a in self.again)),
            _section("Over", (f"- {n.words}" for n in self.over)),
        )
        return "\n".join(part for part in parts if part)

    def json(self) -> bytes:
        """For machines: ``{"publisher", "at", "new": [{kind, ref, words, fix, since}], "again", "over"}``."""
        known = {
            "publisher": self.publisher,
            "at": self.at,
            "new": [_plain(a) for a in self.new],
            "again": [_plain(a) for a in self.again],
            "over": [{"kind": n.kind, "ref": n.ref, "words": n.words, "since": n.first} for n in self.over],
        }
        return orjson.dumps(known)


def mail(message: Message, options: Mail) -> EmailMessage:
    """The digest as an e-mail to the newsroom."""
    return _letter(options, options.to, message.subject, message.text(), message.at)


def takedown_mail(
    one: Unconfirmed, publisher: str, contact: str, options: Mail, now: datetime, acks: str
) -> EmailMessage:
    """To a partner's contact. It names the story by id and address only: its words were taken back.

    ``acks``: where its system confirms by itself. An answer goes to the newsroom, and not to the sender.
    """
    uri = one.guid or f"urn:uuid:{one.article_id}"
    where = f"\n  address: {one.url}" if one.url else ""
    text = (
        f"{publisher} withdrew a story on {one.since:%Y-%m-%d %H:%M} UTC, and your system has not confirmed"
        " that it took it down.\n\n"
        f"  id: {uri}{where}\n\n"
        "Please remove it everywhere it is shown. Then let us know by answering this message, or let your\n"
        f"system confirm it: POST {acks}\n"
    )
    letter = _letter(options, (contact,), f"Please take down a story of {publisher}", text, now)
    letter["Reply-To"] = ", ".join(options.to)
    return letter


def _letter(options: Mail, to: Iterable[str], subject: str, text: str, at: datetime) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = options.sender
    letter["To"] = ", ".join(to)
    letter["Subject"] = " ".join(subject.split())
    letter["Date"] = format_datetime(at)
    host = options.sender.rpartition("@")[2]
    letter["Message-ID"] = f"<{article_id(f'tag:{host}', subject, f'{at.isoformat()} {text}')}@{host}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers it
    letter.set_content(text)
    return letter


def _section(head: str, rows: Iterator[str]) -> str:
    found = list(rows)
    if not found:
        return ""
    more = [f"  … and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([head, *found[:SHOWN], *more, ""])


def _lines(alarm: Alarm) -> str:
    since = f" (since {alarm.since:%Y-%m-%d %H:%M} UTC)" if alarm.since else ""
    return f"- {alarm.words}{since}\n  fix: {alarm.fix}"


def _plain(alarm: Alarm) -> dict[str, object]:
    return {
        "kind": alarm.kind,
        "ref": alarm.ref,
        "words": alarm.words,
        "fix": alarm.fix,
        "since": alarm.since,
    }
