"""``inspect``: what the editor's eye reads out of a story, and why. It stores nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.errors import UsageError

if TYPE_CHECKING:
    from syndicate.cli.context import Context

KINDS = ("page", "body", "html")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--batch", is_flag=True, help="One JSON object a line on standard input, one a line on standard output."
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What the files hold; by their suffix otherwise.",
)
@click.option("--lang", help="The stories' language, as a BCP 47 tag.")
@click.pass_obj
def inspect(
    context: Context, files: tuple[Path, ...], batch: bool, kind: str | None, lang: str | None
) -> int:
    """Show what is read out of each FILE, and why.

    A .txt file is a page's text, .html markup, .md front matter and Markdown,
    .json an object as --batch takes it.
    """
    if batch == bool(files):
        raise UsageError(
            "inspect needs FILE… or --batch",
            fix="name files, or give --batch and write to its standard input",
        )
    from syndicate.cli.reading import inspected

    return inspected(context, files, kind, lang, batch=batch)
