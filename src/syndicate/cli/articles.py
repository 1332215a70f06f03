"""``articles``: list and show stories. What changes one stands in ``cli.decide``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syndicate.cli import decide, one_story
from syndicate.cli.evidence import evidence_command

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.model import Article
    from syndicate.storage import Problem


@click.group()
def articles() -> None:
    """List, show, mend and withdraw stories. ARTICLE is an id, its unique beginning, or an address."""


for command in (
    decide.edit,
    decide.correct,
    decide.withdraw,
    decide.release,
    decide.reread,
    one_story.join,
    one_story.split,
    evidence_command,
):
    articles.add_command(command)


@articles.command("list")
@click.option("--on-hold", is_flag=True, help="Only what waits for an editor.")
@click.option("--withdrawn", is_flag=True, help="Only what was taken back.")
@click.option("--feed", metavar="SLUG", help="Only this feed's.")
@click.option("--problems", is_flag=True, help="What could not be taken, and why, instead of stories.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_obj
def list_articles(
    context: Context, on_hold: bool, withdrawn: bool, feed: str | None, problems: bool, limit: int
) -> None:
    """The newest stories."""
    from syndicate.cli.common import storage_of

    if feed is not None:
        _known_feed(context, feed)
    with storage_of(context) as storage, storage.read() as tx:
        if problems:
            _list_problems(context, tx.problems.all(limit))
            return
        found = tx.articles.listing(on_hold=on_hold, withdrawn=withdrawn, feed=feed, limit=limit)
    _list(context, found)


def _known_feed(context: Context, slug: str) -> None:
    from syndicate.errors import NotFound

    if slug not in context.settings.feeds:
        known = ", ".join(context.settings.feeds) or "none"
        raise NotFound(f"there is no feed {slug!r}", fix=f"the configured feeds: {known}")


def _list(context: Context, found: list[Article]) -> None:
    from syndicate.cli.common import table

    if context.json:
        context.emit([_brief(article) for article in found])
        return
    rows = [
        (a.id[:8], a.published, _state(a), a.story.credit.agency, a.story.headline, a.hold or a.reason)
        for a in found
    ]
    table(context, ("id", "published", "status", "agency", "headline", "why"), rows, empty="no stories")


def _state(article: Article) -> str:
    if article.hold:
        return "on hold"
    if article.status == "usable":
        return "published" if article.live else "waiting"
    return str(article.status)


def _brief(a: Article) -> dict[str, object]:
    return {
        "id": a.id,
        "source": a.source,
        "source_id": a.source_id,
        "published": a.published,
        "revision": a.revision,
        "status": a.status,
        "live": a.live,
        "hold": a.hold,
        "reason": a.reason,
        "agency": a.story.credit.agency,
        "byline": a.story.byline,
        "headline": a.story.headline,
        "url": a.story.url,
    }


def _list_problems(context: Context, found: list[Problem]) -> None:
    from syndicate.cli.common import table

    if context.json:
        context.emit(found)
        return
    rows = [(p.scope, p.ref, "warning" if p.warning else "error", p.last, p.reason, p.fix) for p in found]
    table(context, ("where", "what", "kind", "last seen", "reason", "fix"), rows, empty="no problems")


@articles.command()
@click.argument("name", metavar="ARTICLE")
@click.pass_obj
def show(context: Context, name: str) -> None:
    """One story: its fields, who has it, what was decided about it, its history."""
    from syndicate.cli.common import storage_of
    from syndicate.cli.dossier import dossier, lines

    with storage_of(context) as storage, storage.read() as tx:
        found = dossier(tx, tx.articles.named(name))
    if context.json:
        context.emit(found)
        return
    for line in lines(found):
        context.console.print(line, markup=False)
