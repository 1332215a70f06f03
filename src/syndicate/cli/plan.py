"""``plan``: what changed terms of agencies and partners mean for what is already out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.plan import Plan
    from syndicate.storage import Storage

SHOWN = 50


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@click.command()
@click.option("--apply", "make_it_so", is_flag=True, help="Journal it: receivers are told.")
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 1000),
    default=20,
    show_default=True,
    help="With --apply: stories a second.",
)
@click.option("--all", "everything", is_flag=True, help=f"List every story, not only {SHOWN}.")
@click.pass_obj
def plan(context: Context, make_it_so: bool, rate: float, everything: bool) -> int:
    """What the configuration's terms mean for stories that are out, compared with those they went out under.

    Feeds follow new terms by themselves. What partners hold does not change
    until --apply. Exit status 1: there is something to apply.
    """
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.progress import counting
    from syndicate.plan import look

    with storage_of(context) as storage:
        with counting(context, "looking at what is out") as count:
            found = look(storage, context.settings, utc_now(), count)
        applied = _apply(context, storage, found, rate) if make_it_so and found.changes else None
        if context.json:
            context.emit(_plain(found, applied))
        else:
            limit = None if everything else SHOWN
            _tell(context, found, limit, _titles(storage, found, limit), done=applied is not None)
        if applied is not None:
            context.warn(f"{applied} stories journalled; these terms are in force now")
            say_who_acts(context, storage)
    return 1 if found.changes and applied is None else 0


def _apply(context: Context, storage: Storage, found: Plan, rate: float) -> int:
    from syndicate.cli.progress import counting
    from syndicate.operators import at_the_keyboard
    from syndicate.plan import Applying

    by = at_the_keyboard()
    applying = Applying(storage, context.settings, rate=rate, by=by, clock=utc_now, sleep=time.sleep)
    with counting(context, "journalling") as count:
        return applying.run(found, count)


def _plain(found: Plan, applied: int | None) -> dict[str, Any]:
    stories = [
        {
            "id": s.article_id,
            "headline": s.headline,
            "agency": s.agency,
            "effect": s.effect,
            "why": s.why,
            "receivers": s.receivers,
        }
        for s in found.stories
    ]
    return {"changes": found.changes, "stories": stories, "lanes": found.lanes, "applied": applied}


def _titles(storage: Storage, found: Plan, limit: int | None) -> dict[str, str]:
    """The headlines of stories that single receivers lose, as many of each as are shown."""
    ids = list(dict.fromkeys(i for lane in found.lanes for i in lane.taken_back[:limit]))
    titles: dict[str, str] = {}
    with storage.read() as tx:
        for start in range(0, len(ids), 200):
            articles = tx.articles.many(ids[start : start + 200])
            titles |= {a.id: a.story.headline for a in articles.values()}
    return titles


def _tell(context: Context, found: Plan, limit: int | None, titles: Mapping[str, str], *, done: bool) -> None:
    say = context.console.print
    if not found.changes:
        say("the terms are those under which everything is out: nothing to do")
        return
    for change in found.changes:
        say(f"{change.scope} {change.name}", markup=False)
        for name, (before, now) in change.fields.items():
            say(f"  {name}: {_value(before)} → {_value(now)}", markup=False)
    for story in found.stories[:limit]:
        say(f"{story.effect:<10} {story.article_id[:8]} {story.headline}", markup=False)
        told = f"; told: {', '.join(story.receivers)}" if story.receivers else ""
        say(f"           {story.why}{told}", markup=False)
    if limit is not None and len(found.stories) > limit:
        say(f"… and {len(found.stories) - limit} more (--all)")
    for lane in found.lanes:
        say(f"{lane.lane}: {len(lane.taken_back)} taken back, {len(lane.anew)} sent anew", markup=False)
        for article_id in lane.taken_back[:limit]:
            say(f"  taken back {article_id[:8]} {titles.get(article_id, '')}", markup=False)
        if limit is not None and len(lane.taken_back) > limit:
            say(f"  … and {len(lane.taken_back) - limit} more (--all)")
    say(
        _summary(found)
        if done
        else f"{_summary(found)}; `syndicate plan --apply` makes it so for what they hold"
    )


def _summary(found: Plan) -> str:
    counts = Counter(s.effect for s in found.stories)
    words = [f"{n} {effect}" for effect, n in sorted(counts.items())]
    back = len({article_id for lane in found.lanes for article_id in lane.taken_back})
    words += [f"{back} taken back from single receivers"] if back else []
    return ", ".join(words) or "nothing changes for receivers"


def _value(value: Any) -> str:
    """A setting for people."""
    if value is None or value == ():
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_value(inner)}" for key, inner in value.items()) or "not set"
    return ", ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)
