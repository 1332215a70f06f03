"""``partners``: who may take stories, and how they get them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.distribute.rehearsal import Answer
    from syndicate.offering import Offer
    from syndicate.storage import Storage


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@click.group()
def partners() -> None:
    """The outlets that may take stories."""


@partners.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def secret(context: Context, file: Path) -> None:
    """Make a secret that signs pushes, in a FILE that only you can read; one that is there is kept."""
    import base64
    import os

    from syndicate.errors import ConfigError

    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"{file} is there already", fix="name another file: a secret in use is never replaced"
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write("whsec_" + base64.b64encode(os.urandom(32)).decode("ascii") + "\n")
    if context.json:
        context.emit({"file": str(file)})
        return
    context.console.print(
        f'written: {file}; in the settings: secrets = [{{ file = "{file}" }}]', markup=False
    )


@partners.command("list")
@click.pass_obj
def list_partners(context: Context) -> None:
    """Who they are, what they may have, and how their endpoints are doing."""
    from syndicate.cli.common import storage_of, table
    from syndicate.reports.dossiers import partner_view
    from syndicate.reports.lane_views import lanes_named

    settings = context.settings
    names = [f"{name}/{key}" for name, partner in settings.partners.items() for key in partner.endpoints]
    with storage_of(context) as storage, storage.read() as tx:
        lanes = lanes_named(tx, settings, names)
    found = [partner_view(name, partner, lanes) for name, partner in settings.partners.items()]
    if context.json:
        context.emit(found)
        return
    rows = [
        (
            p["partner"],
            p["name"],
            ", ".join(p["feeds"]),
            p["content"],
            p["delay"],
            ", ".join(_endpoint(e) for e in p["endpoints"]) or "takes them itself",
            p["contact"],
        )
        for p in found
    ]
    columns = ("partner", "name", "feeds", "content", "delay", "endpoints", "contact")
    table(context, columns, rows, empty="no partner is configured: see [partners] in docs/settings.md")


@partners.command()
@click.argument("name")
@click.pass_obj
def show(context: Context, name: str) -> None:
    """One partner: its terms, tokens and endpoints, what it was offered, took and confirmed."""
    from syndicate.cli.common import storage_of
    from syndicate.cli.partner_file import lines
    from syndicate.errors import NotFound
    from syndicate.reports.dossiers import partner_file, partner_view
    from syndicate.reports.lane_views import lanes_named

    partner = context.settings.partners.get(name)
    if partner is None:
        known = ", ".join(context.settings.partners) or "none"
        raise NotFound(f"there is no partner {name!r}", fix=f"the configured partners: {known}")
    with storage_of(context) as storage, storage.read() as tx:
        lanes = lanes_named(tx, context.settings, [f"{name}/{key}" for key in partner.endpoints])
        view = partner_view(name, partner, lanes)
        found = partner_file(tx, name, utc_now())
    if context.json:
        context.emit({**view, **found})
        return
    for line in lines(view, found):
        context.console.print(line, markup=False)


@partners.command("test")
@click.argument("name", metavar="PARTNER")
@click.option("--endpoint", help="Only this one of its endpoints.")
@click.pass_obj
def test_partner(context: Context, name: str, endpoint: str | None) -> int:
    """Send a rehearsal: new, update, correction, kill, right-to-left, no picture. All of it is withdrawn.

    Nothing of it is stored here. Exit status 1: a push was not taken.
    """
    import asyncio

    from syndicate.model import Verdict

    answers = asyncio.run(_rehearse(context, name, endpoint))
    failed = [a for a in answers if a.outcome.verdict is not Verdict.DELIVERED]
    if context.json:
        context.emit([{"lane": a.lane, "step": a.step, **_outcome(a)} for a in answers])
    else:
        context.console.print(f"{len(answers) - len(failed)} of {len(answers)} pushes were taken")
        if failed:
            context.console.print("what each answer means stands in docs/receiving.md", markup=False)
    return 1 if failed else 0


@partners.command("offer")
@click.argument("name", metavar="PARTNER")
@click.option("--since", required=True, metavar="WHEN", help="Published since: '30d', or a date.")
@click.option("--until", metavar="WHEN", help="Published before that; without it until now.")
@click.option("--endpoint", metavar="NAME", help="Only by this endpoint, or 'journal'.")
@click.option("--apply", "make_it_so", is_flag=True, help="Offer them.")
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 1000),
    default=2,
    show_default=True,
    help="Stories a second that an endpoint is sent.",
)
@click.pass_obj
def offer_past(
    context: Context,
    name: str,
    since: str,
    until: str | None,
    endpoint: str | None,
    make_it_so: bool,
    rate: float,
) -> None:
    """Offer a partner stories from before it came, or that were filled in. Without --apply: which these are.

    What it was offered before is left out. An endpoint is sent them at a bounded rate and after what is
    new; a partner that pulls finds them in its journal.
    """
    from syndicate import offering
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.words import moment

    zone = context.settings.publisher.timezone
    start, end = moment(since, zone), moment(until, zone) if until else utc_now()
    with storage_of(context) as storage:
        with storage.read() as tx:
            chosen = offering.ways(tx, context.settings, name, endpoint)
        found = offering.look(storage, chosen, start, end)
        done = _offered(context, storage, found, start, end, rate) if make_it_so else {}
        if context.json:
            context.emit([_offer(one, done) for one in found])
            return
        for one in found:
            _tell_offer(context, one, done, rate)
        if done:
            say_who_acts(context, storage)


def _offered(
    context: Context, storage: Storage, found: list[Offer], since: datetime, until: datetime, rate: float
) -> dict[str, int]:
    from syndicate.cli.progress import counting
    from syndicate.offering import Offering
    from syndicate.operators import at_the_keyboard

    making = Offering(storage, rate=rate, by=at_the_keyboard(), clock=utc_now)
    with counting(context, "offering") as count:
        return {one.way.name: making.run(one.way, since, until, count) for one in found}


def _offer(one: Offer, done: dict[str, int]) -> dict[str, Any]:
    shown = [{"id": i, "published": at, "headline": headline} for i, at, headline in one.shown]
    return {
        "to": one.way.name,
        "stories": one.found.stories,
        "backfilled": one.found.backfilled,
        "first": one.found.first,
        "last": one.found.last,
        "oldest": shown,
        "offered": done.get(one.way.name),
    }


def _tell_offer(context: Context, one: Offer, done: dict[str, int], rate: float) -> None:
    from syndicate.offering import SHOWN

    say, found = context.console.print, one.found
    if not found.stories or not (found.first and found.last):
        say(f"{one.way.name}: it was offered all there is of that time", markup=False)
        return
    if one.way.name not in done:
        for article_id, at, headline in one.shown:
            say(f"  {at:%Y-%m-%d} {article_id[:8]} {headline}", markup=False)
        if found.stories > SHOWN:
            say(f"  … and {found.stories - SHOWN} more")
    count = done.get(one.way.name, found.stories)
    pace = "" if one.way.endpoint is None else f", in {_span(count / rate)} at {rate:g} a second"
    verb = "offered" if one.way.name in done else "would be offered"
    say(
        f"{one.way.name}: {count} stories of {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d} "
        f"({found.backfilled} were filled in) {verb}{pace}",
        markup=False,
    )


def _span(seconds: float) -> str:
    return (
        f"{seconds / 3600:.1f} h"
        if seconds >= 5400
        else f"{seconds / 60:.0f} min"
        if seconds >= 90
        else f"{seconds:.0f} s"
    )


async def _rehearse(context: Context, name: str, endpoint: str | None) -> list[Answer]:
    from syndicate.distribute.receivers import Receivers
    from syndicate.distribute.rehearsal import rehearse
    from syndicate.editorial import Directory
    from syndicate.net.client import Client
    from syndicate.site import Site

    settings = context.settings
    site = Site(settings, Directory.build(settings.agencies))
    async with Client(settings.network, publisher_url=settings.publisher.url) as client:
        known = Receivers.of(settings, site, client).stories.values()
        found = [r for r in known if r.partner == name and endpoint in (None, r.endpoint)]
        _check(context, name, endpoint, bool(found))
        return [a for r in found for a in await rehearse(r, site, utc_now, partial(_say, context))]


def _check(context: Context, name: str, endpoint: str | None, found: bool) -> None:
    from syndicate.errors import NotFound, UsageError

    partner = context.settings.partners.get(name)
    if partner is None:
        known = ", ".join(context.settings.partners) or "none"
        raise NotFound(f"there is no partner {name!r}", fix=f"the configured partners: {known}")
    if endpoint is not None and endpoint not in partner.endpoints:
        known = ", ".join(partner.endpoints) or "none"
        raise NotFound(f"partner {name!r} has no endpoint {endpoint!r}", fix=f"its endpoints: {known}")
    if not found:
        raise UsageError(
            f"partner {name!r} has no endpoint: it takes stories itself",
            fix=f"[partners.{name}.endpoints.NAME] gives it one; without, `syndicate tokens add "
            f"--partner {name}` makes a token to look at its journal with",
        )


def _say(context: Context, answer: Answer) -> None:
    from syndicate.model import Verdict

    if not context.json:
        told = _outcome(answer)
        mark = "ok" if answer.outcome.verdict is Verdict.DELIVERED else "FAILED"
        words = f"{mark:<7} {answer.lane}  {answer.step:<26} {told['detail']}, {told['seconds']:.2f} s"
        context.console.print(words, markup=False)


def _outcome(answer: Answer) -> dict[str, Any]:
    outcome = answer.outcome
    seconds = round(outcome.seconds, 3)
    return {
        "verdict": outcome.verdict,
        "status": outcome.status,
        "seconds": seconds,
        "detail": outcome.detail,
    }


def _endpoint(found: dict[str, Any]) -> str:
    return f"{found['name']} ({found['type']} to {found['host']}, {found['state'] or 'not started yet'})"
