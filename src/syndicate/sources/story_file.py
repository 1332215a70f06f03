"""One file of a story → its kind, its text and what it states."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import PurePath
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt

from syndicate.model import InputKind
from syndicate.sources import frontmatter
from syndicate.sources.decoding import decode
from syndicate.sources.metadata import RefusedError, Stated, state
from syndicate.sources.ninjs_file import read_ninjs

_WHOLE_PAGE = re.compile(r"\s*(?:<!doctype html[^>]*>\s*)?<html\b", re.IGNORECASE)
_parsers = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFile:
    """What one file holds. ``doubts`` are warnings: it was taken all the same."""

    kind: InputKind
    text: str
    stated: Stated
    doubts: tuple[str, ...] = ()


def read_story(name: str, data: bytes, zone: ZoneInfo) -> StoryFile:
    """A file's name and bytes → the story. Raises RefusedError where there is none to take."""
    if not data.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise RefusedError("the file is empty", "write the story, or take the file away")
    text, doubt = decode(data)
    story = _by_suffix(PurePath(name).suffix.lower(), text, zone)
    doubts = ((doubt,) if doubt else ()) + story.stated.doubts
    if not story.text.strip() and not story.stated.given.headline:
        raise RefusedError("there is no story in it: neither text nor a title")
    return StoryFile(kind=story.kind, text=story.text, stated=story.stated, doubts=doubts)


def _by_suffix(suffix: str, text: str, zone: ZoneInfo) -> StoryFile:
    if suffix == ".json":
        stated, body = read_ninjs(text, zone)
        return StoryFile(kind=InputKind.HTML, text=body, stated=stated)
    if suffix == ".txt":
        return _page(text, zone)
    front, rest = frontmatter.split(text)
    stated = state(front, zone) if front is not None else Stated()
    if suffix in (".html", ".htm"):
        _refuse_cut_off(rest)
        return StoryFile(kind=InputKind.HTML, text=rest, stated=stated)
    return StoryFile(kind=InputKind.HTML, text=markdown(rest), stated=stated)


def _page(text: str, zone: ZoneInfo) -> StoryFile:
    """A page's text: a rule of dashes at its top need not be front matter."""
    front, rest = None, text
    if re.match(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|$)", text):
        front, rest = frontmatter.split(text)
    stated = state(front, zone) if front is not None else Stated()
    return StoryFile(kind=InputKind.PAGE, text=rest, stated=stated)


def _refuse_cut_off(markup: str) -> None:
    if _WHOLE_PAGE.match(markup) and "</html" not in markup[-4000:].lower():
        raise RefusedError(
            "the page opens <html> and never closes it", "write the whole page; it may have been cut off"
        )


def markdown(text: str) -> str:
    """Markdown as markup."""
    rendered: str = _markdown().render(text)
    return rendered


def _markdown() -> MarkdownIt:
    """One parser a thread; raw markup passes, for the editor sanitises what it reads."""
    if not hasattr(_parsers, "markdown"):
        _parsers.markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser: MarkdownIt = _parsers.markdown
    return parser
