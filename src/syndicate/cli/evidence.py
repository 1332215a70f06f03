"""The file of evidence that a withdrawal ends with."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.timekeeping import utc_now

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.reports.evidence import Evidence
    from syndicate.storage import Storage

FOLDER = Path("var/evidence")
LOOK_EVERY = 0.5


@click.command("evidence")
@click.argument("name", metavar="ARTICLE")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file; else one in a folder beside the database."
)
@click.pass_obj
def evidence_command(context: Context, name: str, out: Path | None) -> int:
    """Who was told of a withdrawal when, and who confirmed: as a file.

    Exit status 1: somebody does not know of it yet.
    """
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError
    from syndicate.model import PubStatus
    from syndicate.reports.evidence import evidence

    with storage_of(context) as storage, storage.read() as tx:
        article = tx.articles.named(name)
        if article.status is PubStatus.USABLE:
            raise UsageError(
                f"article {article.id[:8]} is not withdrawn",
                fix=f"`syndicate articles show {article.id[:8]}` says who has it",
            )
        found = evidence(tx, context.settings, article, utc_now())
    file = write(context, found, out)
    if context.json:
        context.emit({"file": str(file), "settled": found.settled, "evidence": found})
    else:
        tell(context, found, file)
    return 0 if found.settled else 1


def wait(context: Context, storage: Storage, article_id: str, seconds: float, said: set[str]) -> Evidence:
    """Look until everybody knows, or the time is up. Tells at once who knows, and adds to ``said``."""
    from syndicate.reports.evidence import evidence, sentence
    from syndicate.storage.lock import is_running

    end = time.monotonic() + seconds
    say = context.warn if context.json else partial(context.console.print, markup=False)
    while True:
        with storage.read() as tx:
            article = tx.articles.get(article_id)
            assert article is not None
            found = evidence(tx, context.settings, article, utc_now(), subscribers=False)
        for told in found.receivers:
            if told.settled and told.lane not in said:
                said.add(told.lane)
                say(f"  {sentence(told)}")
        if found.settled or time.monotonic() >= end or not is_running(storage):
            with storage.read() as tx:
                return evidence(tx, context.settings, tx.articles.get(article_id) or article, utc_now())
        time.sleep(LOOK_EVERY)


def write(context: Context, found: Evidence, out: Path | None) -> Path:
    """As JSON, readable for its owner alone. Raises StorageError where the disk refuses."""
    import orjson

    from syndicate.errors import StorageError

    name = f"withdrawal-{str(found.story['id'])[:8]}-{_stamp(found.made)}.json"
    file = out or _folder(context) / name
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(body)
    except OSError as error:
        raise StorageError(
            f"the evidence cannot be written to {file}: {error.strerror}",
            fix=f"`syndicate articles evidence {str(found.story['id'])[:8]} --out FILE` writes it elsewhere",
        ) from None
    return file


def _folder(context: Context) -> Path:
    """Beside the database, where it is a file."""
    from syndicate.storage.engine import file_at

    database = file_at(context.settings.storage.url.reveal())
    return database.parent / "evidence" if database else FOLDER


def tell(context: Context, found: Evidence, file: Path, said: Collection[str] = ()) -> None:
    """Who knows and who does not, but for those already ``said``, and where the file is."""
    from syndicate.reports.evidence import feed_sentences, sentence

    def say(words: str) -> None:
        context.console.print(words, markup=False)

    for told in found.receivers:
        if told.lane not in said:
            say(f"  {sentence(told)}")
    for feed in found.feeds:
        for words in feed_sentences(feed):
            say(f"  {words}")
    say(f"evidence: {file}")
    if not found.settled:
        know = sum(told.settled for told in found.receivers)
        say(f"{know} of {len(found.receivers)} receivers know; the others are told again until they do")
        say(f"  `syndicate articles evidence {str(found.story['id'])[:8]}` writes it anew")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")
