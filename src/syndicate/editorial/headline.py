"""The headline: the line that stands twice, the title above the story, or the words before a dateline."""

from __future__ import annotations

import re

from syndicate.editorial import dateline, head, lead, notices, pictures, trailing
from syndicate.editorial.dates import stamp_prefix
from syndicate.editorial.names import parse as parse_names
from syndicate.editorial.vocabulary import chrome as chrome_words
from syndicate.editorial.work import Line, Work, ends_with_full_stop, is_prose
from syndicate.model import InputKind

_TITLE_WORD = re.compile(r"\s*[题題][：:]\s*(?=\S)")
_NAVIGATION = re.compile(
    r"^(?:skip to .{1,30}|(?:main |primary |toggle )?(?:menu|navigation)|search|menú|menü|navigation principale)$",  # noqa: E501
    re.IGNORECASE,
)
_SITE = re.compile(r"\s+[-–—|»]\s+[A-Z][^-–—|]{2,40}$")


def one_line(work: Work, lines: list[Line]) -> list[Line]:
    """Headline, byline and text in one line, parted only by a tagged dateline or a live blog's clock."""
    title, rest = head.split_live(lines[0].text)
    if title:
        work.headline = work.headline or title
        work.saw("headline", "a live blog's entry", title)
        return [Line(rest, lines[0].paragraph), *lines[1:]] if rest else lines[1:]
    if rest != lines[0].text:
        lines[0].text = rest
    titled = _titled_dateline(work, lines)
    if titled is not None:
        return titled
    first = lines[0].text
    if work.kind == InputKind.HTML or work.headline:
        return lines
    for match in re.finditer(r"\(([^()]{2,40})\)\s*[-–—]+\s", first[:400]):
        start = _dateline_start(work, first, match)
        if start and start > 12 and not re.search(r"[a-z]{3}[.!?]\s", first[:start]):
            _run_on_headline(work, first[:start].strip(" -–—"))
            return [Line(first[start:], lines[0].paragraph), *lines[1:]]
    return lines


def _titled_dateline(work: Work, lines: list[Line]) -> list[Line] | None:
    """ "新华社伦敦3月3日电 题：…": a dateline, then the word "title" and the headline."""
    found = dateline.find(work, lines[0].text) if len(lines) > 1 and len(lines[0].text) < 120 else None
    match = _TITLE_WORD.match(lines[0].text, found.end) if found else None
    if found is None or match is None:
        return None
    work.headline = work.headline or lines[0].text[match.end() :].strip()
    work.saw("headline", "named as the title behind the dateline", lines[0].text)
    lead.take_dateline(work, found)
    return lines[1:]


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


# Split, not searched: a pattern for "the rest of the line, word by word" tries every way to part it.
_CRUMBS = re.compile(r"[/»>›|]|(?<=\S)\s{2,}")


def repeated(work: Work, lines: list[Line]) -> str | None:
    """The headline that stands twice (rule 1): a line that is repeated, or that begins a later one."""
    if work.kind != InputKind.PAGE:
        return None
    top = [line.text for line in lines[:25]]
    for i, text in enumerate(top):
        if (is_prose(text) and (len(text) > 160 or text[-1] in ".۔।。")) or not _titlelike(text):
            continue
        later = top[i + 1 :]
        title = _stands_again(text, later) or _behind_section(work, text, later)
        if title:
            return title
    return None


def _stands_again(text: str, later: list[str]) -> str | None:
    """The line itself, its part before the site's name, or its part behind the last breadcrumb."""
    for line in later:
        if line == text or (line.startswith(text) and len(text.split()) >= 3 and not is_prose(line)):
            return text
        if len(line.split()) >= 2 and text.startswith(line) and _SITE.match(text, len(line)):
            return line
    parts = _CRUMBS.split(text[-300:])
    title = parts[-1].strip() if len(parts) > 1 else None
    return title if title and title in later else None


def _behind_section(work: Work, text: str, later: list[str]) -> str | None:
    """ "PanoramaTitle": a section's name glued to a headline that begins a later line."""
    for glue in re.finditer(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])", text[:60]):
        title = text[glue.start() :]
        if len(title.split()) >= 3 and any(line.startswith(title) for line in later):
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


def is_repeat(text: str, repeated: str | None) -> bool:
    """A line that is the headline again, with a page's residue before or after it."""
    return (
        bool(repeated)
        and repeated is not None
        and (text.endswith(repeated) or text.startswith(repeated))
        and not is_prose(text)
    )


def take_head(work: Work, lines: list[Line], title: str | None) -> None:
    """Every line above the body is a title, or something the rules name."""
    titles: list[str] = []
    sections: list[str] = []
    if title:
        work.headline = work.headline or notices.unlabel(work, title)
        work.saw("headline", "stands twice (rule 1)", title)
    seen = bool(work.headline) and not title
    for line in lines:
        if _NAVIGATION.match(line.text) and not title:
            titles.clear()  # what stands above a page's menu is the site's name and its motto
        if _is_title_again(work, line.text, title):
            seen = True
        elif line.text in titles:
            _twice(work, line.text, titles)
        elif not _is_named(work, line, below_headline=seen or bool(titles)):
            is_section = chrome_words().section.match(line.text) and (line is not lines[-1] or not titles)
            (sections if is_section else titles).append(line.text)
    _choose_headline(work, [t for t in titles if not is_prose(t)])
    if sections and work.kind == InputKind.PAGE:
        work.set_once("section", sections[-1], "a section's name above the headline")


def _is_named(work: Work, line: Line, *, below_headline: bool) -> bool:
    """Whether a rule names the line: chrome, a byline, a caption, a dateline of its own …"""
    return head.classify(work, line, below_headline=below_headline) or head.place_line(work, line.text)


def _is_title_again(work: Work, text: str, title: str | None) -> bool:
    """The headline again, perhaps with a picture's credit behind it; a breadcrumb is none."""
    if not title or not is_repeat(text, title):
        return False
    _behind_headline(work, text, title)
    return not head.is_crumb(text)


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
