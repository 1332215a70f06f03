"""Reads one draft: conducts the rules in their order, and brings together what they found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.config import Editorial
from syndicate.editorial import (
    chrome,
    credit_lines,
    dateline,
    head,
    headline,
    kill_signs,
    lead,
    markup,
    notices,
    pictures,
    trailing,
)
from syndicate.editorial.agencies import Directory
from syndicate.editorial.clean import xml_text
from syndicate.editorial.compose import compose
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.languages import guess
from syndicate.editorial.names import is_person, normal_case
from syndicate.editorial.names import parse as parse_names
from syndicate.editorial.rules import BUILT_IN, Rules, load_rules, under
from syndicate.editorial.vocabulary import chrome as chrome_words
from syndicate.editorial.work import Line, Work, is_prose, split_lines
from syndicate.model import Draft, InputKind, NoticeKind, Reading

_HEAD = 60
"""Lines looked at for a headline and what stands around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """``excerpt_words`` and ``excerpt_chars`` limit the excerpt; ``publisher`` is the outlet's
    own name and ``publisher_names`` others it goes by: none is taken for an agency. ``rules``
    are the newsroom's own, beside the built-in ones."""

    excerpt_words: int = 60
    excerpt_chars: int = 600
    publisher: str | None = None
    publisher_names: tuple[str, ...] = ()
    rules: Rules = BUILT_IN

    @classmethod
    def build(cls, publisher: str, editorial: Editorial) -> ReadOptions:
        """The options a configuration states; its rules files are read here, once. Raises ConfigError."""
        return cls(
            publisher=publisher,
            publisher_names=editorial.publisher_names,
            rules=load_rules(editorial.rules),
        )


def read(draft: Draft, directory: Directory, *, options: ReadOptions | None = None) -> Reading:
    """What the editor's eye reads out of a draft. What the draft states (``given``) is a hint only."""
    options = options or ReadOptions()
    with under(options.rules):
        return _read(draft, directory, options)


def _read(draft: Draft, directory: Directory, options: ReadOptions) -> Reading:
    text = xml_text(draft.text)
    work = Work(directory, draft.kind.value, draft.given.language, options.publisher)
    work.own_names = frozenset(n.casefold() for n in (options.publisher, *options.publisher_names) if n)
    page = markup.Page()
    if draft.kind is InputKind.HTML:
        page = markup.parse(text, draft.base_url)
        lines = page.lines
    else:
        lines = list(split_lines(text))
    work.language = work.language or page.language or guess(text)
    _from_metadata(work, page)
    work.lines = _body(work, lines, draft.given.headline)
    _after_body(work, page)
    return compose(work, draft, text, page, options.excerpt_words, options.excerpt_chars)


def _from_metadata(work: Work, page: markup.Page) -> None:
    """What markup states outright: headline, publisher, section, addresses, authors, a correction."""
    if page.headline:
        work.headline = notices.unlabel(work, page.headline)
        work.saw("headline", "the markup's headline", page.headline)
    work.set_once("publisher", page.publisher, "the page's metadata")
    work.set_once("section", page.section, "the breadcrumb or the page's metadata")
    work.set_once("original_url", page.original or page.canonical, "the page's canonical address")
    if page.correction:
        notices.declare(work, NoticeKind.CORRECTION, page.correction)
    for name in page.persons:
        _author(work, name, person=True)


def _after_body(work: Work, page: markup.Page) -> None:
    """Metadata speaks last: an author or a source is taken from it where the story names none."""
    for name in [*page.author_lines, *([page.meta_author] if page.meta_author else [])]:
        _author(work, name, person=False)
    for name in page.agency_lines:
        _author(work, name, person=False)
    trailing.set_caption(work, pictures.Caption(page.caption, page.image_credit))


def _author(work: Work, name: str, *, person: bool) -> None:
    own = {(work.publisher or "").casefold()} | work.own_names
    phrase = read_phrase(work, name) if name.casefold() not in own else None
    if phrase is not None:
        if not any(set(phrase.names) & set(claim.names) for claim in work.claims):
            work.claim("metadata", phrase.names, name, phrase.role, explicit=phrase.stated)
        return
    if name.casefold() in own or (work.byline and not person):
        return
    found = parse_names(work, re.sub(r"(?i)^by\s+", "", name))
    persons = found.persons or ([name] if person and len(name.split()) > 1 else [])
    work.add_persons([normal_case(p) for p in persons if person or is_person(p)], "the page's metadata", name)
    if found.agencies and found.persons:
        work.claim("metadata", tuple(a.name for a in found.agencies), name)


def _body(work: Work, lines: list[Line], given_headline: str | None) -> list[Line]:
    lines = chrome.clear(work, lines)
    if lines and given_headline and _same(lines[0].text, given_headline):
        work.headline = work.headline or lines[0].text
        lines = lines[1:]
    if lines:
        lines = headline.one_line(work, lines)
    title = headline.repeated(work, lines)
    begin = _begin(work, lines, title)
    opening = [line.text for line in lines[max(0, begin - 3) : begin + 3] if line.role != "caption"]
    headline.take_head(work, lines[:begin], title)
    body = _take_inside(work, lines[begin:])
    if body:
        lead.peel(work, body[0])
        while body and not body[0].text:
            body.pop(0)
            if body:
                lead.peel(work, body[0])
    trailing.strip_end(work, body)
    _kill(work, body, given_headline, opening)
    return [line for line in body if line.text]


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _begin(work: Work, lines: list[Line], repeated: str | None) -> int:
    """Where the body begins: at a tagged dateline, else at the first line that reads like a story."""
    strong = _strong_start(work, lines)
    if strong is not None:
        return strong
    probe = work.probe()
    title_seen = bool(work.headline)
    for i, line in enumerate(lines[:_HEAD]):
        if line.text == repeated or headline.is_repeat(line.text, repeated):
            title_seen = True
            continue
        if head.classify(probe, line, below_headline=title_seen) and not lead_has_more(work, line):
            continue
        if is_prose(line.text):
            return i
        if dateline.alone(work, line.text) is None and not chrome_words().section.match(line.text):
            title_seen = True
            if work.kind == InputKind.HTML and (title_seen and work.headline) and not line.role:
                return i
    return _no_prose(work, lines, repeated)


def lead_has_more(work: Work, line: Line) -> bool:
    """Whether text of the story follows a credit sentence in the same paragraph."""
    if not is_prose(line.text) or line.role or head.is_compiled(line.text):
        return False
    probe = work.probe()
    copy = Line(line.text)
    lead.peel(probe, copy)
    if copy.text == line.text or not is_prose(copy.text):
        return False
    whole = work.probe()
    return (
        not credit_lines.take(whole, copy.text)
        and not re.match(r"(?i)sign up|subscribe|read the original", copy.text)
        and notices.kind_of(line.text) is None
    )


def _strong_start(work: Work, lines: list[Line]) -> int | None:
    prose = 0
    for i, line in enumerate(lines[:30]):
        if line.role in ("caption", "byline", "headline", "stamp"):
            continue
        if pictures.read_caption(work, line.text) is not None:
            continue
        found = dateline.find(work, line.text) if len(line.text) > 30 else None
        if (
            found is not None
            and found.strong
            and is_prose(line.text[found.end :])
            and (prose == 0 or found.records or prose <= 1)
        ):
            return i
        if is_prose(line.text) and notices.kind_of(line.text) is None:
            prose += 1
        if prose > 2:
            return None
    return None


def _no_prose(work: Work, lines: list[Line], repeated: str | None) -> int:
    """No line is a sentence: the body is what follows the titles, if anything does."""
    probe = work.probe()
    rest = [
        i
        for i, line in enumerate(lines[:_HEAD])
        if line.text != repeated and not head.classify(probe, line, below_headline=False)
    ]
    if len(rest) > 1 and work.headline is None and repeated is None and work.kind != InputKind.HTML:
        return rest[1]
    return rest[0] if rest else len(lines)


def _take_inside(work: Work, lines: list[Line]) -> list[Line]:
    """Captions and chrome between the paragraphs, and a picture's text inside one."""
    kept: list[Line] = []
    for i, line in enumerate(lines):
        if line.role in ("caption", "byline", "stamp", "section"):
            if line.role == "caption" or (line.role == "byline" and len(line.text) < 120):
                head.classify(work, line, below_headline=True)
            continue
        inside = pictures.inline(line.text)
        if inside is not None:
            line.text = inside[0]
            trailing.set_caption(work, inside[1])
        if i and _inside_junk(work, line.text, last=i == len(lines) - 1):
            continue
        if (
            i
            and len(line.text) < 500
            and notices.kind_of(line.text) in (NoticeKind.CORRECTION, NoticeKind.UPDATE)
        ):
            notices.take(work, line.text)
            continue
        kept.append(line)
    return kept


def _inside_junk(work: Work, text: str, *, last: bool) -> bool:
    if len(text) > 300 or last:
        return False
    words = chrome_words()
    if words.line.match(text) and not read_phrase(work, text):
        return True
    if words.start.match(text):
        return True
    caption = pictures.read_caption(work, text)
    if caption is not None and (caption.credit or not is_prose(text)):
        trailing.set_caption(work, caption)
        return True
    return False


def _kill(work: Work, body: list[Line], given_headline: str | None, opening: list[str]) -> None:
    """A kill stays in the body, so that an editor sees it; it is declared and never published."""
    title = given_headline or work.headline
    for text in [line.text for line in body[:3]] + [t for t in (work.headline, given_headline) if t]:
        if notices.kind_of(text) is NoticeKind.KILL:
            notices.declare(work, NoticeKind.KILL, text)
    shown = kill_signs.shown_by(title, opening, work.language) if work.notice is not NoticeKind.KILL else None
    if shown is not None:
        notices.declare(work, NoticeKind.KILL, shown)
