"""``articles join`` and ``articles split``: what is one story, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syndicate.timekeeping import utc_now

if TYPE_CHECKING:
    from syndicate.cli.context import Context


@click.command()
@click.argument("kept", metavar="ARTICLE")
@click.argument("other", metavar="OTHER")
@click.pass_obj
def join(context: Context, kept: str, other: str) -> int:
    """Two articles are one story: ARTICLE stays, OTHER is withdrawn and is a copy of it from now on.

    Lasting: what OTHER's source brings later is a copy as well. `articles split` takes it back.
    """
    from syndicate import operators
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.decide import desk_of

    with storage_of(context) as storage:
        with desk_of(context, storage) as ingest, storage.write() as tx:
            tx.articles.take_turns()
            first, second = tx.articles.named(kept), tx.articles.named(other)
            action = operators.join(
                tx, ingest.taking(first.source), first, second, by=operators.at_the_keyboard(), now=utc_now()
            )
        if context.json:
            context.emit({"id": first.id, "joined": second.id, "action": action})
            return 0
        context.console.print(f"{second.id[:8]} {second.story.headline}", markup=False)
        words = f"  is a copy of {first.id[:8]} {first.story.headline} now"
        context.console.print(words + (", and is withdrawn" if action else ""), markup=False)
        say_who_acts(context, storage)
    return 0


@click.command()
@click.argument("name", metavar="ARTICLE")
@click.option("--source", required=True, help="Whose copy is a story of its own.")
@click.pass_obj
def split(context: Context, name: str, source: str) -> int:
    """A source's copy of a story is another story: it is published by itself, and is never joined again."""
    from syndicate import operators
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.decide import desk_of

    with storage_of(context) as storage:
        with desk_of(context, storage) as ingest, storage.write() as tx:
            tx.articles.take_turns()
            article = tx.articles.named(name)
            done = operators.split(
                tx, ingest.taking, article, source, by=operators.at_the_keyboard(), now=utc_now()
            )
        if context.json:
            made = [
                {"id": t.article_id, "source_id": own, "action": t.action, "hold": t.held} for own, t in done
            ]
            context.emit({"id": article.id, "split": made})
            return 0
        for own, taken in done:
            words = str(taken.action or taken.held or taken.problem or "kept")
            context.console.print(f"{taken.article_id[:8]} {own} of {source}: {words}", markup=False)
        say_who_acts(context, storage)
    return 0
