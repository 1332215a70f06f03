"""``feeds``: what is published, whether a document is in order, and what a move would do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.model import Finding
    from syndicate.net.answer import Answer
    from syndicate.net.client import Client
    from syndicate.publish.compare import Comparison

LIMIT = 32_000_000
"""How many bytes of a feed are read."""


@click.group()
def feeds() -> None:
    """What is published, and whether it is in order."""


@feeds.command("list")
@click.pass_obj
def list_feeds(context: Context) -> None:
    """Every configured feed with its addresses."""
    from syndicate.cli.common import storage_of, table
    from syndicate.reports.overview import feed_views

    with storage_of(context) as storage, storage.read() as tx:
        views = feed_views(tx, context.settings)
    if context.json:
        context.emit(views)
        return
    rows = [
        (v.slug, v.title, v.entries, v.version, v.updated, " ".join(v.addresses.values()) or "not built yet")
        for v in views
    ]
    columns = ("slug", "title", "stories", "version", "newest change", "addresses")
    table(context, columns, rows, empty="no feed is configured: see [feeds] in docs/settings.md")


@feeds.command("validate")
@click.argument("where", metavar="FILE|URL")
@click.pass_obj
def validate_document(context: Context, where: str) -> int:
    """Whether an RSS, Atom or JSON Feed document is in order. Exit status 1: it is not."""
    from syndicate.formats.validate import validate

    if _is_address(where):
        kind, findings = _validate_address(context, where)
    else:
        kind, findings = validate(_file(where), datetime.now(UTC))
    errors = sum(f.severity == "error" for f in findings)
    if context.json:
        context.emit({"document": where, "kind": kind, "errors": errors, "findings": findings})
        return 1 if errors else 0
    for finding in findings:
        _say(context, finding)
    verdict = "in order" if not errors else f"not in order, {errors} errors"
    context.console.print(f"{where}: {kind or 'no feed'}, {verdict}", markup=False)
    return 1 if errors else 0


def _validate_address(context: Context, url: str) -> tuple[str | None, list[Finding]]:
    """The document at an address, the headers it came with, and whether a second poll is spared."""
    import asyncio

    from syndicate.formats.checks import headers
    from syndicate.formats.validate import hubs_of, validate

    answer, again = asyncio.run(_polled_twice(context, url))
    kind, findings = validate(answer.body, datetime.now(UTC), url)
    said = headers.check(kind, url, answer.headers, hubs_of(answer.body))
    return kind, [*findings, *said, *(headers.conditional(again) if again else ())]


async def _polled_twice(context: Context, url: str) -> tuple[Answer, int | None]:
    answer = await _fetched(context, url)
    etag = answer.headers.get("etag")
    if etag is None:
        return answer, None
    async with _client(context) as client:
        return answer, (await client.get(url, headers={"if-none-match": etag}, limit=LIMIT)).status


def _say(context: Context, f: Finding) -> None:
    place = f"line {f.line}: " if f.line else ""
    context.console.print(f"{place}{f.severity} {f.rule}: {f.message}", markup=False)
    if f.fix:
        context.console.print(f"  fix: {f.fix}", markup=False)


def _is_address(where: str) -> bool:
    return where.startswith(("http://", "https://"))


def _document(context: Context, where: str) -> bytes:
    """A document by its address or from a file. Raises NotFound, SourceError."""
    import asyncio

    return asyncio.run(_fetched(context, where)).body if _is_address(where) else _file(where)


def _file(where: str) -> bytes:
    from syndicate.errors import NotFound, SourceError

    try:
        with Path(where).open("rb") as file:
            document = file.read(LIMIT + 1)
    except OSError as error:
        raise NotFound(f"{where} cannot be read: {error.strerror}", fix="give a file or an address") from None
    if len(document) > LIMIT:
        raise SourceError(f"the document has more than {LIMIT:,} bytes")
    return document


def _client(context: Context) -> Client:
    from syndicate.config.settings import Network
    from syndicate.net.client import Client

    settings = context.optional_settings
    return Client(settings.network if settings else Network())


async def _fetched(context: Context, url: str) -> Answer:
    from syndicate.errors import SourceError

    async with _client(context) as client:
        answer = await client.get(url, limit=LIMIT)
    if answer.status != 200:
        moved = answer.headers.get("location")
        fix = f"it leads to {moved}: give that address" if moved else None
        raise SourceError(f"the address answers {answer.status}", fix=fix)
    if answer.truncated:
        raise SourceError(f"the document has more than {LIMIT:,} bytes")
    return answer


@feeds.command("compare")
@click.argument("old", metavar="OLD")
@click.argument("slug", metavar="SLUG")
@click.pass_obj
def compare_feeds(context: Context, old: str, slug: str) -> int:
    """What subscribers of an old feed (a file or an address) would see again as new in feed SLUG.

    Exit status 1: there is something.
    """
    from syndicate.cli.common import storage_of
    from syndicate.editorial import Directory
    from syndicate.errors import NotFound
    from syndicate.formats.entries import entries
    from syndicate.publish.compare import compare, shown_entries

    settings = context.settings
    if slug not in settings.feeds:
        raise NotFound(f"there is no feed {slug!r}", fix=f"the feeds: {', '.join(settings.feeds) or 'none'}")
    before = entries(_document(context, old))
    with storage_of(context) as storage, storage.read() as tx:
        now = shown_entries(tx, settings, Directory.build(settings.agencies), slug)
    found = compare(before, now)
    if context.json:
        context.emit(found)
    else:
        _tell(context, found, slug)
    return 1 if found.again else 0


def _tell(context: Context, found: Comparison, slug: str) -> None:
    for one in found.again:
        context.console.print(f"again as new (same {one.matched_by}): {one.title}", markup=False)
        context.console.print(f"  {one.old_id} → {one.new_id}", markup=False)
    context.console.print(
        f"{found.same} keep their id, {len(found.again)} would be seen again as new, {found.new} are new,"
        f" {found.gone} of the old feed are not in {slug!r}",
        markup=False,
    )
    if found.again:
        for source in dict.fromkeys(one.source for one in found.again):
            context.console.print(
                f'  fix: [sources.{source}] ids = "source", before its stories are taken,'
                " and there the old ids (front matter: id)",
                markup=False,
            )
