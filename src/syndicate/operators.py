"""What operators do, by command or on the pages: each act and its line in the audit log, in one transaction.

No rule stands here; the acts are ``ingest.desk``'s and ``distribute.operate``'s.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate import timebook
from syndicate.distribute import operate
from syndicate.distribute.operate import Replay
from syndicate.distribute.verifying import deny
from syndicate.ingest import desk, joining
from syndicate.ingest.taking import Taken, Taking
from syndicate.lanes import Lane
from syndicate.model import Article, JournalAction
from syndicate.storage import Conduct, Pending, SubscriptionView, Transaction
from syndicate.timekeeping import Timekeeper

_ENDED = "ended by the publisher"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``via``: ``command`` or ``pages``."""

    name: str
    via: str

    def note(
        self,
        tx: Transaction,
        action: str,
        target: str,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write it down, in the transaction that does it."""
        tx.audit.note(self.name, self.via, action, target, detail or {}, now)


def at_the_keyboard() -> Actor:
    """Who calls a command: the system's name for them, and under ``sudo`` whose it really is."""
    name, real = _login(), os.environ.get("SUDO_USER")
    return Actor(f"{real} (as {name})" if real and real != name else name, "command")


def _login() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; a container whose user has no name
        return os.environ.get("USERNAME") or (f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown")


# -- stories ---------------------------------------------------------------------------


def edit(
    tx: Transaction, taking: Taking, article: Article, values: Mapping[str, Any], *, by: Actor, now: datetime
) -> JournalAction | None:
    """Override fields lastingly. The log names the fields; what they hold stands in the story's revisions."""
    by.note(tx, "edit", article.id, now, {"fields": sorted(values)})
    return desk.edit(tx, taking, article, values, now=now)


def undo(
    tx: Transaction, taking: Taking, article: Article, *, by: Actor, now: datetime
) -> JournalAction | None:
    """Let the source speak again."""
    by.note(tx, "undo edits", article.id, now)
    return desk.undo(tx, taking, article, now=now)


def correct(
    tx: Transaction, taking: Taking, article: Article, note: str, *, by: Actor, now: datetime
) -> JournalAction | None:
    """Add a correction note for everyone who was ever offered the story."""
    by.note(tx, "correct", article.id, now, {"note": note})
    return desk.correct(tx, taking, article, note, now=now)


def withdraw(
    tx: Transaction, taking: Taking, article: Article, reason: str, *, by: Actor, now: datetime
) -> JournalAction | None:
    """Take a story back until it is released."""
    by.note(tx, "withdraw", article.id, now, {"reason": reason})
    return desk.withdraw(tx, taking, article, reason, now=now)


def release(
    tx: Transaction, taking: Taking, article: Article, *, by: Actor, now: datetime
) -> JournalAction | None:
    """Let a story on hold go, or take a withdrawal back."""
    by.note(tx, "release", article.id, now, {"hold": article.hold} if article.hold else {})
    return desk.release(tx, taking, article, now=now)


def reread(tx: Transaction, article_id: str, fields: Iterable[str], *, by: Actor, now: datetime) -> None:
    """The log's line where better rules changed a story; ``ingest.reread`` calls it when it did."""
    by.note(tx, "reread", article_id, now, {"fields": sorted(fields)})


def join(
    tx: Transaction, taking: Taking, kept: Article, other: Article, *, by: Actor, now: datetime
) -> JournalAction | None:
    """Two articles are one story from now on."""
    by.note(tx, "join", kept.id, now, {"other": other.id})
    return joining.join(tx, taking, kept, other, now)


def split(
    tx: Transaction, taking_of: joining.TakingOf, article: Article, source: str, *, by: Actor, now: datetime
) -> list[tuple[str, Taken]]:
    """A source's copies of a story are stories of their own from now on."""
    by.note(tx, "split", article.id, now, {"source": source})
    return joining.split(tx, taking_of, article, source, now)


# -- sources ---------------------------------------------------------------------------


def rest(tx: Transaction, source: str, reason: str, *, by: Actor, now: datetime) -> None:
    """Ask a source no more until it is resumed."""
    by.note(tx, "pause source", source, now, {"reason": reason})
    tx.sources.treat(source, Conduct.PAUSED, now, reason)


def go_on(tx: Transaction, source: str, way: Conduct | None, *, by: Actor, now: datetime) -> None:
    """Ask a source again; ``way``: what known stories under new ids are."""
    by.note(tx, "resume source", source, now, {"as": way} if way else {})
    tx.sources.treat(source, way, now)


# -- lanes -----------------------------------------------------------------------------


def pause(tx: Transaction, lane: Lane, *, by: Actor, now: datetime) -> bool:
    """Send no more news on a lane. False where it is not active."""
    done = operate.pause(tx, lane)
    if done:
        by.note(tx, "pause lane", lane.name, now)
    return done


def resume(tx: Transaction, lane: Lane, *, by: Actor, now: datetime, host: str | None = None) -> bool:
    """Go on at once, and ask its ``host`` now. False where the configuration no longer names the lane."""
    done = operate.resume(tx, lane, now, host)
    if done:
        by.note(tx, "resume lane", lane.name, now, {"was": lane.state})
    return done


def retry(tx: Transaction, lane: Lane, *, by: Actor, now: datetime, host: str | None = None) -> int:
    """Make all that waits after a failure due now, its ``host`` too; returns how many stories that is."""
    count = operate.retry(tx, lane, now, host)
    by.note(tx, "retry lane", lane.name, now, {"stories": count})
    return count


def replay(tx: Transaction, lane: Lane, planned: Replay, *, by: Actor, now: datetime) -> None:
    """Send again, as new."""
    operate.replay(tx, lane, planned)
    known = {"after": planned.position, "stories": planned.stories, "withdrawals": planned.withdrawals}
    by.note(tx, "replay lane", lane.name, now, known)


def redrive(
    tx: Transaction,
    lane: Lane,
    *,
    by: Actor,
    now: datetime,
    article_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Give what was refused another chance; returns how many stories that is."""
    count = operate.redrive(tx, lane, now, article_id, since, until)
    if count:
        by.note(tx, "redrive", lane.name, now, {"stories": count, "article": article_id})
    return count


# -- the clock ---------------------------------------------------------------------------


def confirm_clock(tx: Transaction, keeper: Timekeeper, *, by: Actor) -> None:
    """The clock is right as it is; embargoes that waited for it may lift."""
    jump = keeper.jump()
    timebook.confirm(tx, keeper)
    by.note(tx, "confirm clock", "clock", keeper.now(), {"jumped": round(jump.by, 1)} if jump else {})


# -- our own hub -------------------------------------------------------------------------


def drop(tx: Transaction, found: Sequence[SubscriptionView], *, by: Actor, now: datetime) -> None:
    """End subscriptions; their callbacks are told."""
    tx.subscriptions.end([view.id for view in found])
    for v in found:
        of = Pending(mode="", topic=v.topic, callback=v.callback, host=v.host, created=now, due=now)
        deny(tx, of, _ENDED, now)
        by.note(tx, "drop subscription", v.host, now, {"number": v.id, "topic": v.topic})
