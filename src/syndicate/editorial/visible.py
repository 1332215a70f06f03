"""What is set around and into a story's markup before it is shown.

The markup that comes in was sanitised and has balanced tags; a scan over its
tags is enough, and leaves every other byte as it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup, escape

from syndicate.editorial.disclosure import disclosure
from syndicate.editorial.wording import wording
from syndicate.model import Correction, NoticeKind, Picture, direction

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)([^<>]*+)>")  # possessive: linear in any text
_URL_ATTRIBUTE = re.compile(r"""\b(src|srcset|poster|href)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ASIDE = frozenset({"aside", "blockquote", "figcaption", "figure", "li", "table"})
_PICTURES = frozenset({"img", "picture", "video"})
_WHOLE = frozenset({"figure", "picture", "video", "audio", "a"})
_PARAGRAPH = re.compile(r"<p(?:\s[^<>]*)?>(.*?)</p>", re.DOTALL)
_AROUND = " \t\n\u00a0.。۔।()[]*_—–-"


def wrapped(markup: str, *, language: str) -> str:
    """Language and direction said inside the markup, where readers keep them (rule X6)."""
    return f'<div lang="{escape(language)}" dir="{direction(language)}">{markup}</div>'


def plain_text(markup: str, between: str = " ") -> str:
    """The words of the markup, white space collapsed; ``between`` stands where a tag stood."""
    return " ".join(html.unescape(_TAG.sub(between, markup)).split())


def with_dateline(markup: str, dateline: str | None) -> str:
    """The dateline as printed, at the start of the first paragraph of the text itself."""
    if not dateline:
        return markup
    printed = f'<span class="dateline">{escape(dateline)}</span> '
    depth = 0
    for tag in _TAG.finditer(markup):
        name = tag[2].lower()
        if name in _ASIDE:
            depth += -1 if tag[1] else 1
        elif name == "p" and not tag[1] and depth == 0:
            return markup[: tag.end()] + printed + markup[tag.end() :]
    return f"<p>{printed.rstrip()}</p>{markup}"


def notes(corrections: Sequence[Correction], language: str) -> str:
    """Each correction and update as a visible paragraph, oldest first."""
    paragraph = Markup('<p class="correction"><strong>{}:</strong> {}</p>')
    said = (
        (note_label(c, language), c.note) for c in sorted(corrections, key=lambda c: (c.at, c.kind.value))
    )
    return "".join(paragraph.format(label, _unlabelled(note, label)) for label, note in said)


def note_label(note: Correction, language: str) -> str:
    """The word a note begins with: "Correction", or "Update"."""
    words = wording(language)
    return words["update" if note.kind is NoticeKind.UPDATE else "correction"]


def _unlabelled(note: str, label: str) -> str:
    """A note without the label it brought along."""
    if note[: len(label)].casefold() != label.casefold():
        return note
    rest = note[len(label) :].lstrip()
    return (rest[1:].strip() if rest[:1] in (":", "：", "-", "–", "—") else "") or note


def has_picture(markup: str) -> bool:
    """Whether the text shows a picture already."""
    return any(tag[2].lower() in _PICTURES for tag in _TAG.finditer(markup))


def figure(image: Picture, language: str = "en") -> str:
    """The lead picture with its caption, the photographer's credit, its rights and how it was made."""
    size = "".join(f' {k}="{v}"' for k, v in (("width", image.width), ("height", image.height)) if v)
    shown = f'<img src="{escape(image.url)}" alt="{escape(image.alt or image.caption or "")}"{size}>'
    said = (image.caption, image.credit, image.rights, disclosure(image.digital_source_type, language))
    known = dict.fromkeys(text for text in said if text)
    caption = f"<figcaption>{' — '.join(str(escape(text)) for text in known)}</figcaption>" if known else ""
    return f"<figure>{shown}{caption}</figure>"


def with_figure(markup: str, image: Picture, language: str = "en") -> str:
    """The lead picture's caption and credit are seen with it, whether it stands in the text or not."""
    if not has_picture(markup):
        return figure(image, language) + markup
    made = disclosure(image.digital_source_type, language)
    if not (image.caption or image.credit or image.rights or made):
        return markup
    for start, end in _spans(markup):
        if not _shows(markup[start:end], image.url):
            continue
        if "<figcaption" in markup[start:end]:
            return markup[:start] + _completed(markup[start:end], image, made) + markup[end:]
        before, after = markup[:start], markup[end:]
        if before.endswith("<p>") and after.startswith("</p>"):
            before, after = before[:-3], after[4:]  # a figure is no part of a paragraph
        return before + figure(image, language) + after
    return markup


def _completed(shown: str, image: Picture, made: str | None) -> str:
    """A figure with a caption of its own, and what is missing of the picture's credit and rights."""
    words = plain_text(shown)
    missing = dict.fromkeys(t for t in (image.credit, image.rights, made) if t and t not in words)
    before, end, after = shown.partition("</figcaption>")
    return before + "".join(f" — {escape(text)}" for text in missing) + end + after


def without_sentence(markup: str, sentence: str) -> str:
    """Without the paragraphs that say this sentence and nothing else: it will be said once, at the end."""
    wanted = " ".join(sentence.split()).strip(_AROUND)
    # Cheap, and nearly always the end of it: its longest word stands nowhere.
    longest = max(filter(str.isalpha, wanted.split()), key=len, default="")
    if not wanted or longest not in markup:
        return markup

    def kept(paragraph: re.Match[str]) -> str:
        inner = paragraph[1]
        close = len(inner) < 4 * len(sentence) + 2000 and plain_text(inner, "").strip(_AROUND) == wanted
        return "" if close else paragraph[0]

    return _PARAGRAPH.sub(kept, markup)


def said_before(text: str, sentence: str) -> str:
    """Plain text without this sentence."""
    flat = " ".join(sentence.split())
    if not flat or flat not in text:
        return text
    before, _, after = text.partition(flat)
    after = after.lstrip(_AROUND)
    return said_before(" ".join(f"{before.rstrip(' ([*_—–-')} {after}".split()), sentence)


def figures(markup: str) -> list[tuple[str, str]]:
    """Every figure with the words in it, outer ones only."""
    found: list[tuple[str, str]] = []
    last = 0
    for start, end in _spans(markup):
        whole = markup[start:end]
        if start >= last and whole.startswith("<figure"):
            found.append((whole, plain_text(whole)))
            last = end
    return found


def without_pictures(markup: str) -> str:
    """Without any picture, and the figure around it; film stays, its still does not."""
    kept = _cut(markup, lambda whole: bool(re.search(r"<img\b|<picture\b", whole)))
    return re.sub(r"""(<video\b[^<>]*?)\sposter\s*=\s*(?:"[^"]*"|'[^']*')""", r"\1", kept)


def without_picture(markup: str, url: str) -> str:
    """Without every picture or medium of this address, the figure around it, and links to it."""
    return (
        _cut(markup, lambda whole: _shows(whole, url))
        if html.escape(url) in markup or url in markup
        else markup
    )


def _cut(markup: str, refused: Callable[[str], bool]) -> str:
    kept, last = [], 0
    for start, end in _spans(markup):
        if start >= last and refused(markup[start:end]):
            kept.append(markup[last:start])
            last = end
    return "".join(kept) + markup[last:]


def _spans(markup: str) -> Iterator[tuple[int, int]]:
    """Where figures, links, picture elements, media and single images stand, outer ones first."""
    found: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(markup):
        name = tag[2].lower()
        if name in _WHOLE and not tag[1]:
            opened.append((name, tag.start()))
        elif name in _WHOLE and opened and opened[-1][0] == name:
            found.append((opened.pop()[1], tag.end()))
        elif name == "img":
            found.append(tag.span())
    return iter(sorted(found, key=lambda span: (span[0], -span[1])))


def _shows(markup: str, url: str) -> bool:
    for tag in _TAG.finditer(markup):
        for name, double, single in _URL_ATTRIBUTE.findall(tag[3]):
            value = html.unescape(double or single)
            if value == url or (name == "srcset" and url in value.replace(",", " ").split()):
                return True
    return False
