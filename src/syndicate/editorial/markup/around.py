"""Where the story stands on its page, and what of it stands outside."""

from __future__ import annotations

import html as html_entities
import re
from typing import Any

import lxml.etree

from syndicate.editorial.markup.page import Page
from syndicate.editorial.markup.roles import SKIP, role_of
from syndicate.editorial.markup.tree import absolute, text_of
from syndicate.model import Picture

_TITLE = re.compile(
    r"(?:^|[\s_-])(?:entry|post|article|story|page)-(?:title|headline)(?=$|\s)", re.IGNORECASE
)
_BYLINES_ABOVE = lxml.etree.XPath(
    "preceding::*[@itemprop='author' or @rel='author' or contains(@class,'author') "
    "or contains(@class,'byline') "
    "or contains(@class,'writer') or contains(@class,'reporter') or contains(@class,'-meta')]"
)
_ORIGINAL = re.compile(
    r"appeared first on|originally (?:published|appeared)|original article|republished from|first published",
    re.IGNORECASE,
)


def container_of(root: Any) -> Any:
    """Where the story stands: the fullest article, else the element that says it is the body."""
    body = root.find("body") if root.find("body") is not None else root
    articles = [
        a
        for a in body.iter("article")
        if not any(p.tag in ("aside", "nav", "footer") for p in a.iterancestors())
    ]
    if articles:
        return max(articles[:200], key=_weight)
    for element in body.iter("main", "div", "section"):
        marks = (
            f"{element.get('itemprop') or ''} {element.get('id') or ''} {element.get('class') or ''}".lower()
        )
        if "articlebody" in marks or re.search(
            r"(?:^|[\s_-])(?:entry-content|article-body|post-content|story-body|article-content"
            r"|story-content)(?=$|[\s_-])",
            marks,
        ):
            return element
    main = body.find(".//main")
    return main if main is not None else body


def _weight(element: Any) -> int:
    return sum(len(text_of(p)) for p in element.iter("p")) or len(text_of(element)) // 10


def find_headline(root: Any, page: Page) -> None:
    inside = [line for line in page.lines if line.role == "headline"]
    if inside:
        page.headline = inside[0].text
    else:
        headings = [" ".join(text_of(h).split()) for h in root.iter("h1")]
        headings = [h for h in headings if h] or _titled(root)
        if headings and not (
            page.publisher and headings[0].casefold() == page.publisher.casefold() and page.headline
        ):
            page.headline = headings[0]
    page.lines = [line for line in page.lines if line.role != "headline"]


def _titled(root: Any) -> list[str]:
    """A heading of a lower rank that a theme calls the story's title."""
    found = [h for h in root.iter("h2", "h3") if _TITLE.search(h.get("class") or "")]
    texts = [" ".join(text_of(h).split()) for h in found]
    return texts if len(texts) == 1 and texts[0] else []


def find_original(page: Page, base_url: str | None) -> None:
    """The address a credit sentence links to outranks the page's own."""
    for line in page.lines:
        if line.html and _ORIGINAL.search(line.text):
            links = re.findall(r"<a\b[^>]*href=[\"']([^\"']+)[\"'][^>]*>(.*?)</a>", line.html[:4000])
            if links:
                stated = [address for address, words in links if "original" in words.lower()]
                page.original = absolute(html_entities.unescape((stated or [links[0][0]])[0]), base_url)
                return


def bylines_outside(container: Any, page: Page) -> None:
    """Bylines that stand above the story's element: theme headers, microdata."""
    for element in _BYLINES_ABOVE(container)[:40]:
        if len(page.author_lines) >= 8:
            return
        if role_of(element) != "byline" or len(element) > 6:
            continue
        text = " ".join(text_of(element).split()).strip(" -–—|·")
        if 3 < len(text) < 120 and not any(a.tag in SKIP for a in element.iterancestors()):
            page.author_lines.append(text)


def first_image(container: Any, base_url: str | None) -> Picture | None:
    for image in container.iter("img"):
        address = absolute(image.get("src") or image.get("data-src"), base_url)
        if address:
            return Picture(url=address, alt=image.get("alt") or None)
    return None
