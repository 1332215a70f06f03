"""What WordPress leaves in its texts that readers elsewhere must not see. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from syndicate.sources.decoding import legal

# Everything here is bounded: a pattern that looks far from every bracket of a stranger is slow.
_CODE = re.compile(r"<(/?)(pre|code|script|style)\b", re.IGNORECASE)
_CAPTION = re.compile(
    r"\[(?:wp_)?caption\b[^\[\]]{0,500}\]\s*"
    r"(?P<picture>(?:<a\b[^<>]{0,2000}>\s*)?<img\b[^<>]{0,2000}>(?:\s*</a>)?)"
    r"(?P<words>[^\[]{0,2000})\[/(?:wp_)?caption\]",
    re.IGNORECASE,
)
_EMBED = re.compile(
    r"\[embed\b[^\[\]]{0,300}\]\s*(https?://[^\s\[\]<>\"]{1,1000})\s*\[/embed\]", re.IGNORECASE
)
# WordPress sets typographic quotes around the attributes of a shortcode that it does not know.
_QUOTE = r"(?:&(?:#8216|#8217|#8220|#8221|#8242|#8243|quot);|[“”‘’″′])"
_VALUE = (
    rf"""(?:"[^"\[\]]{{0,500}}"|'[^'\[\]]{{0,500}}'|{_QUOTE}[^\[\]]{{0,300}}?{_QUOTE}|[^\s"'\[\]]{{1,500}})"""
)
_WITH_ATTRIBUTES = re.compile(rf"\[/?[a-zA-Z][\w-]{{0,50}}(?:\s+[\w-]{{1,50}}\s?=\s?{_VALUE}){{1,30}}\s*/?\]")
_CLOSING = re.compile(r"\[/([a-zA-Z][\w-]{0,50})\]")
_MOST_NAMES = 100
_KNOWN = re.compile(
    r"\[/?(?:gallery|playlist|audio|video|embed|caption|wp_caption|toc|ez-toc|contact-form(?:-7)?|ads?|adsense"
    r"|advertisement|social|share|addtoany|sharethis|jetpack-related-posts|yarpp|related_posts|wpforms"
    r"|mc4wp_form|newsletter|rev_slider|vc_\w{1,40}|et_pb_\w{1,40}|fusion_\w{1,40})\b[^\[\]]{0,200}\]",
    re.IGNORECASE,
)
_BLOCK_COMMENT = re.compile(r"<!--\s{0,9}/?wp:[^<>]{0,4000}?-->")
_MORE = re.compile(r"<!--\s{0,9}(?:more|nextpage|noteaser)\b[^<>]{0,200}-->", re.IGNORECASE)
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|ul|ol|li|h[1-6]|blockquote|pre|table|figure|figcaption|hr|section|iframe|script|style)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")
_CUT_OFF = re.compile(
    r"(?:\[?(?:…|\.\.\.)\]?|(?:continue reading|read more|read the rest)\b.{0,200})\s*$", re.IGNORECASE
)
_DESK = re.compile(
    r"\b(?:desk|newsroom|bureau|staff|monitoring|team|editors?|reporters?|correspondents?)\b", re.I
)


def tidy(markup: str) -> str:
    """A post's content without what is only WordPress': shortcodes that nothing rendered, block comments.

    ``[caption]`` becomes a figure, ``[embed]`` a link. Square brackets that an
    editor wrote ("[sic]") stay, and so does what stands in ``pre`` and ``code``.
    """
    markup = _MORE.sub("", _BLOCK_COMMENT.sub("", markup))
    return "".join(part if code else _without_shortcodes(part) for part, code in _parts(markup))


def _parts(markup: str) -> Iterator[tuple[str, bool]]:
    """The markup in pieces, each with whether it is code, in which brackets mean themselves."""
    begin, inside = 0, ""
    for tag in _CODE.finditer(markup):
        closes, name = bool(tag[1]), tag[2].lower()
        if not inside and not closes:
            yield markup[begin : tag.start()], False
            begin, inside = tag.start(), name
        elif closes and name == inside:
            yield markup[begin : tag.end()], True
            begin, inside = tag.end(), ""
    yield markup[begin:], bool(inside)


def _without_shortcodes(markup: str) -> str:
    if "[" not in markup:
        return markup
    markup = _CAPTION.sub(_figure, markup)
    markup = _EMBED.sub(lambda m: f'<p><a href="{html.escape(html.unescape(m[1]))}">{m[1]}</a></p>', markup)
    # [x]…[/x]: what stands between is the editor's, the marks are a plugin's.
    closed = sorted({m[1].lower() for m in _CLOSING.finditer(markup)})[:_MOST_NAMES]
    markup = _KNOWN.sub("", _WITH_ATTRIBUTES.sub("", markup))
    if closed:
        names = "|".join(map(re.escape, closed))
        markup = re.sub(rf"\[/?(?:{names})\]", "", markup, flags=re.IGNORECASE)
    return markup


def _figure(match: re.Match[str]) -> str:
    words = match["words"].strip()
    caption = f"<figcaption>{words}</figcaption>" if words else ""
    return f"<figure>{match['picture']}{caption}</figure>"


def paragraphs(text: str) -> str:
    """The raw text of WordPress' classic editor as markup: blank lines part paragraphs."""
    text = text.replace("\r\n", "\n")
    if "<!-- wp:" in text or re.search(r"<p\b", text, re.IGNORECASE):
        return text
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    return "\n".join(_paragraph(block) for block in blocks if block)


def _paragraph(block: str) -> str:
    if _BLOCK_TAG.match(block):
        return block
    return "<p>" + block.replace("\n", "<br>\n") + "</p>"


def words(markup: str) -> str:
    """Markup of one line as plain text."""
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())


def said(value: Any) -> str | None:
    """A field's one line of markup as plain text; ``None`` where it says nothing."""
    return legal(words(value)) or None if isinstance(value, str) else None


def own_excerpt(rendered: str, *contents: str) -> str | None:
    """The excerpt an editor wrote; ``None`` for the one that WordPress cuts off the text by itself.

    ``contents`` are the text's forms that it may have been cut off.
    """
    text = words(rendered)
    if not text or _CUT_OFF.search(text):
        return None
    return None if any(words(content).startswith(text) for content in contents) else text


def with_authors(markup: str, names: Iterable[str]) -> str:
    """The text with who stands as its author at the site, for the editor's eye to judge.

    WordPress' author is whoever pressed the button: a person, a desk, "admin",
    or an agency. So it is handed on as the page's metadata, not as the byline.
    """
    desks: list[str] = []
    persons: list[str] = []
    for name in names:
        (desks if _DESK.search(name) else persons).append(name)
    lines = "".join(f'<p class="author">{html.escape(desk)}</p>\n' for desk in desks)
    if not persons:
        return lines + markup
    authors = [{"@type": "Person", "name": name} for name in persons]
    known = {"@context": "https://schema.org", "@type": "NewsArticle", "author": authors}
    data = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{data}</script>\n{lines}{markup}'
