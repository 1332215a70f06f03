"""Reads one draft: conducts the rules in their order, and brings together what they found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.editorial import chrome, dateline, head, lead, markup, notices, pictures, trailing
from syndicate.editorial.agencies import Directory
from syndicate.editorial.clean import xml_text
from syndicate.editorial.compose import compose
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import stamp_prefix
from syndicate.editorial.languages import guess
from syndicate.editorial.names import is_person, normal_case
from syndicate.editorial.names import parse as parse_names
from syndicate.editorial.vocabulary import chrome as chrome_words
from syndicate.editorial.work import Line, Work, ends_with_full_stop, is_prose, split_lines
from syndicate.model import Draft, InputKind, NoticeKind, Reading

_HEAD = 60
"""Lines looked at for a headline and what stands around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """``excerpt_words`` and ``excerpt_chars`` limit the excerpt; ``publisher`` is the outlet's
    own name, which is never taken for an agency."""

    excerpt_words: int = 60
    excerpt_chars: int = 600
    publisher: str | None = None


def read(draft: Draft, directory: Directory, *, options: ReadOptions | None = None) -> Reading:
    """What the editor's eye reads out of a draft. What the draft states (``given``) is a hint only."""
    options = options or ReadOptions()
    text = xml_text(draft.text)
    work = Work(directory, draft.kind.value, draft.given.language, options.publisher)
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


def _author(work: Work, name: str, *, person: bool) -> None:
    own = {(work.publisher or "").casefold(), (work.own_name or "").casefold()}
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
        lines = _one_line(work, lines)
    repeated = _repeated(work, lines)
    begin = _begin(work, lines, repeated)
    _take_head(work, lines[:begin], repeated)
    body = _take_inside(work, lines[begin:])
    if body:
        lead.peel(work, body[0])
        while body and not body[0].text:
            body.pop(0)
            if body:
                lead.peel(work, body[0])
    trailing.strip_end(work, body)
    _kill(work, body)
    return [line for line in body if line.text]


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _one_line(work: Work, lines: list[Line]) -> list[Line]:
    """Headline, byline and text in one line, parted only by a tagged dateline or a live blog's clock."""
    title, rest = head.split_live(lines[0].text)
    if title:
        work.headline = work.headline or title
        work.saw("headline", "a live blog's entry", title)
        return [Line(rest, lines[0].paragraph), *lines[1:]] if rest else lines[1:]
    if rest != lines[0].text:
        lines[0].text = rest
    first = lines[0].text
    if work.kind == InputKind.HTML or work.headline:
        return lines
    for match in re.finditer(r"\(([^()]{2,40})\)\s*[-–—]+\s", first[:400]):
        start = _dateline_start(work, first, match)
        if start and start > 12 and not re.search(r"[a-z]{3}[.!?]\s", first[:start]):
            _run_on_headline(work, first[:start].strip(" -–—"))
            return [Line(first[start:], lines[0].paragraph), *lines[1:]]
    return lines


def _dateline_start(work: Work, text: str, tag: re.Match[str]) -> int | None:
    """Where the capitals of a place before a tag begin."""
    if work.agency(tag.group(1)) is None:
        return None
    words = list(re.finditer(r"\S+", text[: tag.start()]))
    start = None
    for word in reversed(words[-8:]):
        found = dateline.find(work, text[word.start() :])
        if found is None or not found.place or not found.strong or not found.place.split(",")[0].isupper():
            continue
        start = word.start()
    return start


def _run_on_headline(work: Work, text: str) -> None:
    by = re.search(r"\s(?:By|BY)\s+(?=[A-Z])", text)
    if by:
        names = parse_names(work, text[by.end() :])
        work.add_persons(names.persons, "byline before the dateline", text[by.start() :].strip())
        text = text[: by.start()]
    title = notices.unlabel(work, text)
    for _ in range(2):
        match = re.search(r"\s*(?:\((?P<a>[^()]{2,40})\)|(?<=\))\s+(?P<b>[^()]{2,40}))$", title)
        if match and work.agency(match.group("a") or match.group("b") or ""):
            title = title[: match.start()].rstrip()
    work.headline = title
    work.saw("headline", "stands before the dateline in one line", title)


def _repeated(work: Work, lines: list[Line]) -> str | None:
    """The headline that stands twice (rule 1): a line that is repeated, or that begins a later one."""
    if work.kind != InputKind.PAGE:
        return None
    top = [line.text for line in lines[:25]]
    for i, text in enumerate(top):
        if is_prose(text) and (len(text) > 160 or text[-1] in ".۔।。") or not _titlelike(text):
            continue
        for later in top[i + 1 :]:
            if later == text:
                return text
            if later.startswith(text) and len(text.split()) >= 3 and not is_prose(later):
                return text
        crumb = re.search(r"(?:[/»>›|]|>>)\s*([^/»>›|]+)$", text)
        if crumb and crumb.group(1).strip() in top[i + 1 :]:
            return crumb.group(1).strip()
        for glue in re.finditer(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])", text[:60]):
            title = text[glue.start() :]
            if len(title.split()) >= 3 and any(later.startswith(title) for later in top[i + 1 :]):
                work.set_once("section", text[: glue.start()], "glued to the headline")
                return title
    return None


def _titlelike(text: str) -> bool:
    words = chrome_words()
    spaceless = bool(re.search("[\u3040-\u9fff]", text))
    if (
        (len(text.split()) < 2 and not spaceless)
        or len(text) < 6
        or words.line.match(text)
        or words.start.match(text)
    ):
        return False
    return not stamp_prefix(text)


def _begin(work: Work, lines: list[Line], repeated: str | None) -> int:
    """Where the body begins: at a tagged dateline, else at the first line that reads like a story."""
    strong = _strong_start(work, lines)
    if strong is not None:
        return strong
    probe = Work(
        work.directory,
        work.kind,
        work.language,
        work.own_name,
        headline=work.headline,
        publisher=work.publisher,
    )
    title_seen = bool(work.headline)
    for i, line in enumerate(lines[:_HEAD]):
        if line.text == repeated or _repeats(line.text, repeated):
            title_seen = True
            continue
        if not lead_has_more(work, line) and head.classify(probe, line, below_headline=title_seen):
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
    probe = Work(work.directory, work.kind, work.language, work.own_name)
    copy = Line(line.text)
    lead.peel(probe, copy)
    if copy.text == line.text or not is_prose(copy.text):
        return False
    whole = Work(work.directory, work.kind, work.language, work.own_name)
    from syndicate.editorial import credit_lines

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
    probe = Work(work.directory, work.kind, work.language, work.own_name)
    rest = [
        i
        for i, line in enumerate(lines[:_HEAD])
        if line.text != repeated and not head.classify(probe, line, below_headline=False)
    ]
    if len(rest) > 1 and work.headline is None and repeated is None and work.kind != InputKind.HTML:
        return rest[1]
    return rest[0] if rest else len(lines)


def _repeats(text: str, repeated: str | None) -> bool:
    """A line that is the headline again, with a page's residue before or after it."""
    return (
        bool(repeated)
        and repeated is not None
        and (text.endswith(repeated) or text.startswith(repeated))
        and not is_prose(text)
    )


def _take_head(work: Work, lines: list[Line], repeated: str | None) -> None:
    """Every line above the body is a title, or something the rules name."""
    titles: list[str] = []
    sections: list[str] = []
    seen_title = bool(work.headline)
    if repeated:
        work.headline = work.headline or notices.unlabel(work, repeated)
        work.saw("headline", "stands twice (rule 1)", repeated)
    for i, line in enumerate(lines):
        if repeated and _repeats(line.text, repeated):
            seen_title = True
            _behind_headline(work, line.text, repeated)
            if not re.match(r"(?i)^\S+\s*[/»>›|]", line.text):
                continue
        if line.text in titles or not line.text.strip():
            _twice(work, line.text, titles)
            continue
        if head.classify(work, line, below_headline=seen_title or bool(titles)):
            continue
        if head.place_line(work, line.text):
            continue
        if chrome_words().section.match(line.text) and (i + 1 < len(lines) or not titles):
            sections.append(line.text)
            continue
        if not is_prose(line.text):
            titles.append(line.text)
    _choose_headline(work, titles)
    if sections and work.kind == InputKind.PAGE:
        work.set_once("section", sections[-1], "a section's name above the headline")


def _behind_headline(work: Work, text: str, repeated: str) -> None:
    caption = pictures.after_copyright(repeated, text)
    if caption is not None and text.startswith(repeated) and text != repeated:
        trailing.set_caption(work, caption)


def _twice(work: Work, text: str, titles: list[str]) -> None:
    """A short line that stands twice below the headline is a picture's text."""
    if titles and text in titles[1:] and len(text.split()) <= 6:
        titles.remove(text)
        work.set_once("caption", text, "stands twice below the headline: a picture's text")


def _choose_headline(work: Work, titles: list[str]) -> None:
    if work.headline or not titles:
        return
    candidates = [
        t for t in titles if not ends_with_full_stop(t) or t.endswith(("...", "…", '"', "”", "»"))
    ] or []
    long = [t for t in candidates if len(t.split()) >= 4 or re.search("[\u3040-\u9fff]{6}", t)]
    chosen = long[0] if long else (candidates[-1] if candidates else None)
    if chosen:
        work.headline = notices.unlabel(work, chosen)
        work.saw("headline", "the title above the story", chosen)


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


def _kill(work: Work, body: list[Line]) -> None:
    """A kill stays in the body, so that an editor sees it; it is declared and never published."""
    for line in body[:3]:
        if notices.kind_of(line.text) is NoticeKind.KILL:
            notices.declare(work, NoticeKind.KILL, line.text)
    if work.headline and notices.kind_of(work.headline) is NoticeKind.KILL:
        notices.declare(work, NoticeKind.KILL, work.headline)
