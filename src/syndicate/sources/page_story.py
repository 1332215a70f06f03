"""An article page → what it states, and its markup without what changes at every visit. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import lxml.etree

from syndicate.model import Given, Picture
from syndicate.sources.fetching import joined
from syndicate.sources.metadata import WrongValueError, as_time, count_or_none

_ARTICLE = re.compile(r"Article$|BlogPosting$|^Report$|LiveBlogPosting")
_NO_USE = (
    "script", "style", "noscript", "svg", "iframe", "template", "form", "nav", "footer", "aside", "button",
    "input",
)  # fmt: skip
_NAMED = re.compile(
    r"articlebody|(?:^|[\s_-])(?:entry-content|article-body|post-content|story-body|article-content"
    r"|story-content)(?=$|[\s_-])",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w{3,}")
_ENOUGH = 200
"""Characters of paragraphs from which a page without any data of its own may be a story."""
_SESSION = re.compile(
    r"(?:^|/)(?:log-?in|sign-?in|auth|sso|consent|cookie-?wall|subscribe)(?:[/.?]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStory:
    """What a page holds. ``address`` is its canonical one, on its own site or elsewhere.

    ``headline`` is the metadata's. ``paid``: only those who pay may read it whole (``isAccessibleForFree``).
    ``hidden``: it asks not to be listed (``noindex``). ``translations``: addresses by language
    (``hreflang``).
    """

    address: str
    headline: str | None
    given: Given
    markup: str
    paid: bool = False
    hidden: bool = False
    translations: Mapping[str, str] = field(default_factory=dict)


class NoStoryError(Exception):
    """A page that is no story: why. ``telling``: an editor may want to know."""

    def __init__(self, reason: str, *, telling: bool = True) -> None:
        super().__init__(reason)
        self.telling = telling


def read_page(markup: str, url: str, zone: ZoneInfo, *, robots_tag: str = "", token: str = "") -> PageStory:
    """The story of a page that stood at ``url``. Raises NoStoryError.

    ``robots_tag`` is the answer's ``X-Robots-Tag``, ``token`` our product token.
    """
    parser = lxml.etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = lxml.etree.fromstring(markup.encode("utf-8", "replace"), parser) if markup.strip() else None
    if root is None:
        raise NoStoryError("the page is empty")
    stated, data = _metas(root), _linked(root)
    _refuse_doors(root, url, data)
    if not data and stated.get("og:type") != "article" and not _has_text(root):
        raise NoStoryError("it holds no story: neither data of an article nor a text", telling=False)
    links = _canonical(root, url), joined(url, stated.get("og:url", "")) if stated.get("og:url") else None
    address = next((link for link in links if link), url)
    own = stated.get(token.lower(), "") if token else ""
    orders = ",".join((stated.get("robots", ""), own, _for_us(robots_tag, token)))
    return PageStory(
        address=address,
        headline=_text(data.get("headline")) or stated.get("og:title"),
        given=_given(root, stated, data, url, zone),
        markup=_slim(root),
        paid=str(data.get("isAccessibleForFree", "true")).lower() == "false"
        or stated.get("article:content_tier", "").lower() in ("locked", "metered"),
        hidden=bool({"noindex", "none"} & {word.strip().lower() for word in orders.split(",")}),
        translations=_alternates(root, url),
    )


def _for_us(robots_tag: str, token: str) -> str:
    """``X-Robots-Tag`` without what is for others: ``googlebot: noindex``."""
    kept = []
    for part in robots_tag.split(","):
        name, colon, rest = part.partition(":")
        if not colon or name.strip().lower() == token.lower():
            kept.append(rest if colon else name)
    return ",".join(kept)


def _metas(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if key and meta.get("content"):
            text = " ".join(meta.get("content").split())
            found[key] = (
                f"{found[key]},{text}"
                if key in ("article:tag", "robots") and key in found
                else found.get(key, text)
            )
    return found


def _linked(root: Any) -> dict[str, Any]:
    """The article among the page's data (JSON-LD), whichever of its forms."""
    for script in root.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json" or not script.text:
            continue
        try:
            found = json.loads(script.text[:1_000_000], strict=False)
        except (ValueError, RecursionError):
            continue
        rows = found if isinstance(found, list) else [found]
        for row in rows[:50]:
            graph = row.get("@graph") if isinstance(row, dict) else None
            for node in graph[:50] if isinstance(graph, list) else [row]:
                if isinstance(node, dict) and any(_ARTICLE.search(str(k)) for k in _many(node.get("@type"))):
                    return node
    return {}


def _many(value: Any) -> list[Any]:
    return value[:100] if isinstance(value, list) else [value]


def _refuse_doors(root: Any, url: str, data: Mapping[str, Any]) -> None:
    """A log-in or consent page that stands where the story was: it says nothing of the story."""
    password = any((e.get("type") or "").lower() == "password" for e in root.iter("input"))
    article = bool(data) or root.find(".//article") is not None
    if _SESSION.search(url.partition("//")[2].partition("/")[2]) or (password and not article):
        raise NoStoryError("a log-in or consent page came instead")


def _has_text(root: Any) -> bool:
    inside = root.find(".//article")
    paragraphs = [
        " ".join("".join(p.itertext()).split()) for p in (root if inside is None else inside).iter("p")
    ]
    long = [text for text in paragraphs if len(text) >= 40]
    headed = any(True for _ in root.iter("h1")) or inside is not None
    return headed and sum(map(len, long)) >= _ENOUGH


def _canonical(root: Any, url: str) -> str | None:
    for link in root.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
            return joined(url, link.get("href"))
    return None


def _alternates(root: Any, url: str) -> dict[str, str]:
    found = {}
    for link in root.iter("link"):
        language = (link.get("hreflang") or "").strip().lower()
        address = joined(url, link.get("href") or "") if language else None
        if address and "alternate" in (link.get("rel") or "").lower().split():
            found[language] = address
    return found


def _given(root: Any, stated: Mapping[str, str], data: Mapping[str, Any], url: str, zone: ZoneInfo) -> Given:
    """What reading the text would not find, or not as surely."""
    published = _moment(_text(data.get("datePublished")) or stated.get("article:published_time"), zone)
    updated = _moment(
        _text(data.get("dateModified"))
        or stated.get("article:modified_time")
        or stated.get("og:updated_time"),
        zone,
    )
    holder = data.get("copyrightHolder")
    name = _text(holder.get("name")) if isinstance(holder, dict) else _text(holder)
    return Given(
        published=published,
        updated=updated if updated and published and updated > published else None,
        language=root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or _text(data.get("inLanguage")) or None,
        section=_text(_many(data.get("articleSection"))[0]) or stated.get("article:section"),
        tags=_tags(stated, data),
        excerpt=_whole(_text(data.get("description"))) or _of_the_story(root, stated, data),
        image=_picture(stated, data, url),
        rights=_text(data.get("copyrightNotice")) or (f"© {name}" if name else None),
        license=_text(data.get("license")),
    )  # fmt: skip


def _of_the_story(root: Any, stated: Mapping[str, str], data: Mapping[str, Any]) -> str | None:
    """The page's description, unless it is the site's: that has few words of the text. A text that is
    to be paid for cannot tell."""
    found = _whole(stated.get("og:description") or stated.get("description"))
    if found is None or str(data.get("isAccessibleForFree", "true")).lower() == "false":
        return found
    said = set(_WORD.findall(found.casefold()))
    text = set(_WORD.findall(" ".join(root.itertext("p", "div", "li", "h1", "h2", "td", "span")).casefold()))
    return found if len(said & text) * 2 >= len(said) else None


def _whole(description: str | None) -> str | None:
    """A description, unless it was cut off."""
    cut = description and re.search(r"(?:…|\.\.\.|\[&hellip;\])\W*$", description)
    return None if cut else description


def _tags(stated: Mapping[str, str], data: Mapping[str, Any]) -> tuple[str, ...]:
    known = data.get("keywords")
    words = known.split(",") if isinstance(known, str) else [w for w in _many(known) if isinstance(w, str)]
    words = words or re.split("[,،]", stated.get("article:tag") or stated.get("news_keywords") or "")
    return tuple(dict.fromkeys(tag for word in words if (tag := " ".join(html.unescape(word).split()))))


def _picture(stated: Mapping[str, str], data: Mapping[str, Any], url: str) -> Picture | None:
    image = _many(data.get("image"))[0]
    table = image if isinstance(image, dict) else {"url": image}
    address = _text(table.get("url") or table.get("contentUrl")) or stated.get("og:image")
    found = joined(url, address) if address else None
    if found is None:
        return None
    return Picture(
        url=found,
        caption=_text(table.get("caption")),
        credit=_text(table.get("creditText")),
        alt=stated.get("og:image:alt"),
        width=_count(table.get("width") or stated.get("og:image:width")),
        height=_count(table.get("height") or stated.get("og:image:height")),
    )


def _text(value: Any) -> str | None:
    return " ".join(html.unescape(value).split()) or None if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    return count_or_none(value.get("value") if isinstance(value, dict) else value)


def _moment(text: str | None, zone: ZoneInfo) -> Any:
    try:
        return as_time(text, zone) if text else None
    except WrongValueError:
        return None


def _slim(root: Any) -> str:
    """The page without scripts, frames and menus: what is left changes when the story does."""
    for element in [*root.iter(*_NO_USE)]:
        data = element.tag == "script" and (element.get("type") or "").lower() == "application/ld+json"
        if element.tag == "form" and (
            element.find(".//h1") is not None or element.find(".//article") is not None
        ):
            element.tag = "div"  # some systems put the whole page into one form
            continue
        crumbs = "rumb" in f"{element.get('class') or ''}{element.get('id') or ''}"
        if not data and not crumbs and element.getparent() is not None:
            _drop(element)
    _mark_text(root)
    markup: str = lxml.etree.tostring(root, method="html", encoding="unicode")
    return markup


def _mark_text(root: Any) -> None:
    """Where no element and no name says what the story is: what holds most of the text is."""
    if root.find(".//article") is not None or root.find(".//main") is not None:
        return
    holders = [*root.iter("div", "section", "td")]
    if any(_NAMED.search(f"{e.get('itemprop')} {e.get('id')} {e.get('class')}") for e in holders):
        return
    fullest = max(holders, key=_own_text, default=None)
    if fullest is None or _own_text(fullest) < _ENOUGH:
        return
    article = lxml.etree.Element("article")
    article.text, fullest.text = fullest.text, None
    article.extend([*fullest])
    fullest.append(article)


def _own_text(element: Any) -> int:
    """Characters in an element's own paragraphs and between its own breaks."""
    paragraphs = sum(len("".join(p.itertext())) for p in element if p.tag == "p")
    return paragraphs + len((element.text or "").strip()) + sum(len((c.tail or "").strip()) for c in element)


def _drop(element: Any) -> None:
    """Take an element out, and leave the text behind it where it was."""
    parent, before = element.getparent(), element.getprevious()
    tail = element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
