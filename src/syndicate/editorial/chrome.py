"""Page chrome in a list of lines (rule 1): repeated mastheads, the tail, widgets in the body."""

from __future__ import annotations

import re

from syndicate.editorial import pictures
from syndicate.editorial.trailing import has_credit, set_caption
from syndicate.editorial.vocabulary import chrome
from syndicate.editorial.work import Line, Work, is_prose

_SEARCHED = 600
"""Lines looked at from the top: a page's story never begins later."""


def clear(work: Work, lines: list[Line]) -> list[Line]:
    """The lines without the page's tail, its widgets and what it repeats as a block."""
    kept = _without_blocks(work, lines) if work.kind == "page" else lines
    kept = _without_tail(work, kept)
    kept = _without_widgets(work, kept)
    return _until_credit(work, kept) if work.kind == "page" else kept


def _without_blocks(work: Work, lines: list[Line]) -> list[Line]:
    """Without two or more lines that are repeated as a block: a masthead."""
    texts = [line.text for line in lines[:60]]
    for size in range(12, 1, -1):
        for i in range(len(texts) - 2 * size + 1):
            block = texts[i : i + size]
            if (
                block == texts[i + size : i + 2 * size]
                and len(set(block)) > 1
                and not any(is_prose(t) for t in block)
                and not _holds_title(block, texts[:i])
            ):
                work.saw("body", "a block that is repeated is the page's", " ".join(block))
                return lines[:i] + _without_blocks(work, lines[i + 2 * size :])
    return lines


def _holds_title(block: list[str], above: list[str]) -> bool:
    """Whether one of the lines begins a line above the block: the page's title, with its site's name."""
    return any(len(t.split()) >= 3 and any(a.startswith(t) for a in above) for t in block)


def _without_tail(work: Work, lines: list[Line]) -> list[Line]:
    begun = False
    for i, line in enumerate(lines):
        begun = begun or (is_prose(line.text) and not chrome().start.match(line.text))
        if begun and len(line.text) < 300 and _is_tail(line.text):
            _tail_facts(work, lines[i : i + 40])
            work.saw("body", "the page's tail begins here (rule 1)", line.text)
            return lines[:i]
    return lines


def _is_tail(text: str) -> bool:
    patterns = chrome()
    if len(text) < 100 and any(p.match(text) for p in patterns.masthead):
        return True
    return bool(patterns.tail.match(text)) and not (is_prose(text) and len(text.split()) > 12)


def _tail_facts(work: Work, lines: list[Line]) -> None:
    """The publisher's name and a picture's credit are still good where the text is not."""
    for line in lines:
        for pattern in chrome().masthead:
            match = pattern.match(line.text)
            if match and len(line.text) < 100:
                work.set_once("publisher", match.group("name").strip(), "the page's tail")
        caption = pictures.read_caption(work, line.text)
        if caption is not None and caption.credit:
            work.set_once("image_credit", caption.credit, "a picture's credit in the page's tail")


def _without_widgets(work: Work, lines: list[Line]) -> list[Line]:
    """Without "Read also" and the titles that follow it; the story goes on after them."""
    kept: list[Line] = []
    patterns = chrome()
    skipping = 0
    for line in lines:
        if len(line.text) < 240 and patterns.inside.match(line.text):
            skipping = 8
        elif len(line.text) < 240 and patterns.inside_line.match(line.text):
            work.saw("body", "a link to another story (rule 1)", line.text)
        elif skipping and not is_prose(line.text) and len(line.text) < 160:
            skipping -= 1
            work.saw("body", "a widget's title (rule 1)", line.text)
        else:
            skipping = 0
            kept.append(line)
    return kept


def _until_credit(work: Work, lines: list[Line]) -> list[Line]:
    """A page's body ends where a known agency's credit ends a paragraph; pictures may follow."""
    for i, line in enumerate(lines[:-1]):
        if (
            not re.search(r"[)\]\w]\W?$", line.text)
            or not has_credit(work, line.text)
            or not is_prose_like(line.text)
        ):
            continue
        if any(has_credit(work, later.text) and is_prose_like(later.text) for later in lines[i + 1 : i + 40]):
            return lines
        for later in lines[i + 1 : i + 12]:
            caption = pictures.read_caption(work, later.text)
            if caption is not None:
                set_caption(work, caption)
        work.saw("body", "the credit ends the body", line.text[-60:])
        return lines[: i + 1]
    return lines


def is_prose_like(text: str) -> bool:
    """Long enough to be a paragraph with a credit at its end."""
    return len(text) > 60
