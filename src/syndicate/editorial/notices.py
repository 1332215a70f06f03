"""Notices: corrections, updates and kills that stand beside a story, and editors' notes."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from syndicate.editorial.branches import Branches
from syndicate.editorial.rules import Rules, current
from syndicate.editorial.work import Work
from syndicate.model import NoticeKind

_OPENING = re.compile(r"^[\s*_(\[–—-]{0,6}")
_ATTENTION = re.compile(r"\s*\((?:ATTN|Eds|EDS|Adds|ADDS|Updates|UPDATES|Recasts|RECASTS)\b[^()]{0,200}\)\s*")


def _patterns() -> dict[str, Branches]:
    return _compiled(current())


@lru_cache(maxsize=8)
def _compiled(own: Rules) -> dict[str, Branches]:
    raw = files("syndicate.editorial").joinpath("data/notices.toml").read_text(encoding="utf-8")
    return {
        kind: Branches(own.patterns(f"notices.{kind}") + rows) for kind, rows in tomllib.loads(raw).items()
    }


def kind_of(text: str) -> NoticeKind | None:
    """Which notice a paragraph is, by its beginning; ``None`` for a story's own text."""
    return _kind_of(text[:320], current())


@lru_cache(maxsize=1024)
def _kind_of(head: str, _own: Rules) -> NoticeKind | None:
    opening = _OPENING.match(head)
    for start in {0, opening.end() if opening else 0}:
        for kind in (NoticeKind.KILL, NoticeKind.CORRECTION, NoticeKind.UPDATE):
            if _patterns()[kind.value].match(head, start):
                return kind
    return None


def is_blurb(text: str) -> bool:
    """Whether a paragraph is an editor's introduction: no notice, and no part of the story."""
    opening = _OPENING.match(text)
    return bool(_patterns()["blurb"].match(text, opening.end() if opening else 0))


def take(work: Work, text: str) -> bool:
    """Take a paragraph that is a correction, an update or a blurb; a kill stays in the body."""
    kind = kind_of(text)
    if kind is None and is_blurb(text):
        inner = text.split(":", 1)[-1].strip()
        kind = kind_of(inner)
        if kind is None:
            work.saw("body", "editor's note is no part of the story", text)
            return True
    if kind is None:
        return False
    declare(work, kind, text)
    return kind is not NoticeKind.KILL


def is_labelled(text: str) -> bool:
    """Whether a line is a headline behind a wire's label ("UPDATE 2-Garden opens in London")."""
    match = _patterns()["label"].match(text)
    return (
        bool(match) and match is not None and len(text[match.end() :].split()) >= 3 and text[-1:] not in ".)"
    )


def declare(work: Work, kind: NoticeKind, text: str) -> None:
    """Note a notice; a kill outranks all, a correction an update."""
    rank = {NoticeKind.KILL: 2, NoticeKind.CORRECTION: 1, NoticeKind.UPDATE: 0}
    if work.notice is None or rank[kind] > rank[work.notice]:
        work.notice, work.notice_text = kind, text
        work.saw("notice", f"begins as a {kind.value} does", text)


def unlabel(work: Work, headline: str) -> str:
    """A headline without the wire's labels ("(LEAD)", "AVANCE:", "CORRECTED-"), which are noted."""
    rest = headline
    for _ in range(3):
        match = _patterns()["label"].match(rest)
        if match is None or not rest[match.end() :].strip():
            break
        kind = kind_of(rest)
        if kind is not None:
            declare(work, kind, match.group().strip())
        rest = rest[match.end() :]
    attention = _ATTENTION.search(rest)
    if attention:
        declare(work, NoticeKind.UPDATE, attention.group().strip())
        rest = (rest[: attention.start()] + " " + rest[attention.end() :]).strip()
    return rest.strip()
