"""What operators decide about stories: edit, correct, withdraw, release, reread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syndicate.timekeeping import utc_now

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.ingest.desk import Reread
    from syndicate.ingest.poll import Ingest
    from syndicate.ingest.reread import Step
    from syndicate.ingest.taking import Taking
    from syndicate.model import Article, JournalAction
    from syndicate.storage import Storage, Transaction

    Act = Callable[[Transaction, Taking, Article, datetime], JournalAction | None]


@contextmanager
def desk_of(context: Context, storage: Storage) -> Iterator[Ingest]:
    """What stories are taken and decided under, beside a daemon."""
    from syndicate.editorial import Directory
    from syndicate.ingest.poll import Ingest
    from syndicate.timebook import open_keeper

    settings = context.settings
    keeper = open_keeper(storage, settings)
    ingest = Ingest(storage, settings, Directory.build(settings.agencies), utc_now, keeper)
    try:
        yield ingest
    finally:
        ingest.close()


def _decide(context: Context, storage: Storage, name: str, act: Act) -> int:
    """One decision in one transaction; says what came of it and who carries it out."""
    told = _done(context, storage, name, act)
    if context.json:
        context.emit(told)
    return 0


def _done(context: Context, storage: Storage, name: str, act: Act) -> dict[str, Any]:
    """The same; what is for machines is returned."""
    from syndicate.cli.common import say_who_acts
    from syndicate.ingest import record

    with desk_of(context, storage) as ingest, storage.write() as tx:
        article = tx.articles.named(name)
        action = act(tx, ingest.taking(article.source), article, utc_now())
        after = tx.articles.get(article.id) or article
        waits = record.waits_until(ingest.desk, after, utc_now())
    if not context.json:
        words = str(action) if action else "nothing to publish"
        context.console.print(f"{after.id[:8]} {after.story.headline}: {words}", markup=False)
        if after.hold:
            context.console.print(f"  still on hold: {after.hold}", markup=False)
        if waits:
            context.console.print(f"  not before {waits:%Y-%m-%d %H:%M:%S} UTC: its embargo", markup=False)
    if action:
        say_who_acts(context, storage)
    told = {"action": action, "revision": after.revision, "hold": after.hold, "embargo": waits}
    return {"id": after.id, **told}


def _span(words: str) -> float:
    from syndicate.config import parse_duration
    from syndicate.errors import UsageError

    try:
        return parse_duration(words).total_seconds()
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from None


def _said(words: str, option: str) -> str:
    from syndicate.errors import UsageError

    text = " ".join(words.split())
    if not text:
        raise UsageError(f"{option} is empty")
    return text


@click.command()
@click.argument("name", metavar="ARTICLE")
@click.option("--headline")
@click.option("--byline", multiple=True, help="A person's name; repeat it for several.")
@click.option(
    "--agency", help="Whose story it is (empty: no agency's); releases a story whose agency was in doubt."
)
@click.option("--dateline", help="As it is to be printed, such as 'KABUL (Pajhwok)'.")
@click.option("--excerpt")
@click.option("--undo", is_flag=True, help="Forget everything set here: the source speaks again.")
@click.pass_obj
def edit(context: Context, /, name: str, undo: bool, byline: tuple[str, ...], **given: str | None) -> int:
    """Override what was read, lastingly, whatever the source says later."""
    from syndicate import operators
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError

    nobody = given.get("agency") is not None and not str(given["agency"]).strip()
    values: dict[str, Any] = {"agency": ""} if nobody else {}
    values |= {k: _said(v, f"--{k}") for k, v in given.items() if v is not None and k not in values}
    if byline:
        values["byline"] = [_said(person, "--byline") for person in byline]
    if bool(values) == undo:
        raise UsageError(
            "say what to set, or --undo", fix="`syndicate articles edit --help` lists the fields"
        )

    def act(tx: Transaction, taking: Taking, article: Article, now: datetime) -> JournalAction | None:
        if undo:
            return operators.undo(tx, taking, article, by=operators.at_the_keyboard(), now=now)
        return operators.edit(tx, taking, article, values, by=operators.at_the_keyboard(), now=now)

    with storage_of(context) as storage:
        return _decide(context, storage, name, act)


@click.command()
@click.argument("name", metavar="ARTICLE")
@click.option("--note", required=True, help="What was wrong, for readers.")
@click.pass_obj
def correct(context: Context, name: str, note: str) -> int:
    """Publish a correction; it goes to everyone who was ever offered the story."""
    from syndicate import operators
    from syndicate.cli.common import storage_of

    text, by = _said(note, "--note"), operators.at_the_keyboard()
    with storage_of(context) as storage:
        return _decide(
            context,
            storage,
            name,
            lambda tx, taking, a, now: operators.correct(tx, taking, a, text, by=by, now=now),
        )


@click.command()
@click.argument("name", metavar="ARTICLE")
@click.option("--reason", required=True, help="Why, for partners and for the log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait", "patience", default="20s", show_default=True, help="How long to wait for confirmations."
)
@click.option(
    "--evidence",
    "out",
    type=click.Path(path_type=Path),
    help="The file of evidence; else one beside the database.",
)
@click.pass_obj
def withdraw(context: Context, name: str, reason: str, yes: bool, patience: str, out: Path | None) -> int:
    """Take a story back everywhere, until it is released. Shows first who has it.

    Ends with a file of evidence: who was told when, and who confirmed. `articles evidence` makes it anew.
    """
    from syndicate import operators
    from syndicate.cli.common import storage_of

    text, seconds, by = _said(reason, "--reason"), _span(patience), operators.at_the_keyboard()
    with storage_of(context) as storage:
        article_id = _show_holders(context, storage, name)
        asks = sys.stdin.isatty() and not yes and not context.json
        if asks and not click.confirm("withdraw it?", err=True):
            context.warn("nothing was withdrawn")
            return 1
        told = _done(
            context,
            storage,
            article_id,
            lambda tx, taking, a, now: operators.withdraw(tx, taking, a, text, by=by, now=now),
        )
        kept = _keep_evidence(context, storage, article_id, seconds, out)
        if context.json:
            context.emit({**told, **kept})
    return 0


def _keep_evidence(
    context: Context, storage: Storage, article_id: str, seconds: float, out: Path | None
) -> dict[str, Any]:
    """Of a story that was published: who knows by now. A file that cannot be written undoes nothing."""
    from syndicate.cli import evidence
    from syndicate.errors import StorageError

    with storage.read() as tx:
        article = tx.articles.get(article_id)
    if article is None or not article.live:
        return {"evidence": None, "settled": True}
    said: set[str] = set()
    found = evidence.wait(context, storage, article_id, seconds, said)
    try:
        file = evidence.write(context, found, out)
    except StorageError as error:
        context.warn(f"syndicate: {error}")
        return {"evidence": None, "settled": found.settled}
    if not context.json:
        evidence.tell(context, found, file, said)
    return {"evidence": str(file), "settled": found.settled}


def _show_holders(context: Context, storage: Storage, name: str) -> str:
    """Say on standard error who has the story; returns its whole id."""
    from syndicate.cli.dossier import holder

    with storage.read() as tx:
        article = tx.articles.named(name)
        holders = tx.lanes.holders(article.id)
        feeds = sorted(tx.feeds.of(article.id))
    context.warn(f"{article.id[:8]} {article.story.headline}")
    context.warn(f"  in the feeds: {', '.join(feeds) or 'none'}")
    for one in holders:
        context.warn(f"  {holder(one)}")
    if not holders:
        context.warn("  no partner was ever offered it")
    return article.id


@click.command()
@click.argument("name", metavar="ARTICLE")
@click.pass_obj
def release(context: Context, name: str) -> int:
    """Let a story on hold go, or take a withdrawal back."""
    from syndicate import operators
    from syndicate.cli.common import storage_of

    by = operators.at_the_keyboard()
    with storage_of(context) as storage:
        return _decide(
            context,
            storage,
            name,
            lambda tx, taking, a, now: operators.release(tx, taking, a, by=by, now=now),
        )


@click.command()
@click.argument("name", metavar="[ARTICLE]", required=False)
@click.option("--since", metavar="DATE", help="Every story published since then (2026-11-23, or 30d).")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.pass_obj
def reread(context: Context, name: str | None, since: str | None, dry_run: bool) -> int:
    """Read stored drafts again by today's rules.

    Exit status 1: some stories cannot be read any more; they stay as they are.
    """
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.words import moment
    from syndicate.errors import UsageError

    if (name is None) == (since is None):
        raise UsageError("name a story, or give --since DATE for many")
    start = moment(since, context.settings.publisher.timezone) if since else None
    with storage_of(context) as storage:
        steps = _steps(context, storage, name, start, dry_run)
        changed = [step.changed for step in steps if step.changed]
        problems = {step.article_id: step.problem for step in steps if step.problem}
        if context.json:
            context.emit({"dry_run": dry_run, "read": len(steps), "changed": changed, "problems": problems})
        else:
            _tell(context, len(steps), changed, dry_run)
        for article_id, problem in problems.items():
            context.warn(f"syndicate: {article_id[:8]}: {problem}")
        if changed and not dry_run:
            say_who_acts(context, storage)
    return 1 if problems else 0


def _steps(
    context: Context, storage: Storage, name: str | None, since: datetime | None, dry_run: bool
) -> list[Step]:
    from syndicate import operators
    from syndicate.cli.progress import counting
    from syndicate.ingest.reread import reread_all, reread_one

    by = operators.at_the_keyboard()

    def note(tx: Transaction, changed: Reread, now: datetime) -> None:
        operators.reread(tx, changed.article_id, changed.changes, by=by, now=now)

    noted = None if dry_run else note

    with desk_of(context, storage) as ingest, counting(context, "reading drafts again") as count:
        if name is not None:
            with storage.read() as tx:
                article = tx.articles.named(name)
            return [reread_one(storage, ingest.taking, article, now=utc_now(), note=noted)]
        assert since is not None
        kept: list[Step] = []
        found = reread_all(storage, ingest.taking, since=since, clock=utc_now, note=noted)
        for step in found:
            kept.append(step)
            count()
        return kept


def _tell(context: Context, read: int, changed: list[Reread], dry_run: bool) -> None:
    for one in changed:
        context.console.print(f"{one.article_id[:8]} {one.headline}", markup=False)
        for field, (before, after) in one.changes.items():
            context.console.print(f"  {field}: {_short(before)} → {_short(after)}", markup=False)
    verb = "would change" if dry_run else "changed"
    context.console.print(f"{read} read again, {len(changed)} {verb}")


def _short(value: Any) -> str:
    text = " ".join(str(value).split()) if value not in (None, (), "") else "-"
    return text if len(text) <= 160 else f"{text[:159]}…"
