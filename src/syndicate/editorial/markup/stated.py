"""What a page's metadata states: meta elements, breadcrumbs, linked data."""

from __future__ import annotations

import html as html_entities
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from syndicate.editorial.markup.page import Page
from syndicate.editorial.markup.tree import absolute, text_of
from syndicate.model import Picture

_CRUMBS = re.compile(r"crumb", re.IGNORECASE)
_HOME = re.compile(
    r"(?:home|accueil|inicio|início|startseite|главная|ana sayfa|خانه|الرئيسية|کور|صفحہ اول)$", re.IGNORECASE
)
_ARTICLE_TYPES = re.compile(
    r"Article$|^NewsArticle$|BlogPosting|^Report$|LiveBlogPosting|ReportageNewsArticle"
)


def metadata(root: Any, page: Page, base_url: str | None) -> None:
    page.language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if key and meta.get("content") and key not in named:
            named[key] = " ".join(meta.get("content").split())
    page.publisher = named.get("og:site_name")
    page.section = named.get("article:section")
    page.caption, page.image_credit = named.get("picture-caption"), named.get("picture-credit")
    page.meta_author = (
        named.get("author")
        or named.get("article:author")
        or named.get("dc.creator")
        or named.get("parsely-author")
    )
    if page.meta_author and page.meta_author.startswith("http"):
        page.meta_author = None
    page.published = _moment(named.get("article:published_time") or named.get("datepublished"))
    link = next(
        (
            e.get("href")
            for e in root.iter("link")
            if (e.get("rel") or "").lower() == "canonical" and e.get("href")
        ),
        None,
    )
    site = next(iter(root.xpath("//*[@itemprop='publisher']//*[@itemprop='name']")[:1]), None)
    if site is not None:
        page.publisher = page.publisher or site.get("content") or " ".join(text_of(site).split()) or None
    page.canonical = absolute(link or named.get("og:url"), base_url)
    picture = absolute(named.get("og:image"), base_url)
    page.image = Picture(url=picture, alt=named.get("og:image:alt")) if picture else None
    page.headline = named.get("og:title")
    title = root.find(".//title")
    if page.headline is None and title is not None and title.text:
        page.headline = _without_site(" ".join(title.text.split()), page.publisher)
    _breadcrumb(root, page)


def _without_site(title: str, publisher: str | None) -> str:
    match = re.match(r"^(.{10,300}?)\s+[-–—|·»:]\s+([^-–—|]{2,40})$", title)
    if match and (publisher is None or publisher.casefold() in match.group(2).casefold()):
        return match.group(1)
    return title


def _breadcrumb(root: Any, page: Page) -> None:
    for element in root.xpath("//*[contains(@class,'rumb') or contains(@id,'rumb')]")[:20]:
        if _CRUMBS.search(f"{element.get('id') or ''} {element.get('class') or ''}"):
            links = [" ".join(text_of(a).split()) for a in element.iter("a")]
            inner = [t for t in links if t and not _HOME.match(t)]
            page.section = page.section or (inner[-1] if inner else None)
            return


def linked_data(root: Any, page: Page) -> None:
    for script in root.iter("script"):
        if (
            (script.get("type") or "").lower() == "application/ld+json"
            and script.text
            and len(script.text) < 1_000_000
        ):
            for node in _nodes(script.text):
                _article_node(node, page)


def _nodes(text: str) -> Iterator[dict[str, Any]]:
    try:
        found: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    rows = found if isinstance(found, list) else [found]
    for row in rows[:50]:
        graph = row.get("@graph") if isinstance(row, dict) else None
        nodes = graph[:50] if isinstance(graph, list) else [row]
        named = {n["@id"]: n for n in nodes if isinstance(n, dict) and isinstance(n.get("@id"), str)}
        for node in nodes:
            kinds = node.get("@type") if isinstance(node, dict) else None
            if any(_ARTICLE_TYPES.search(str(k)) for k in (kinds if isinstance(kinds, list) else [kinds])):
                yield {k: _followed(v, named) for k, v in node.items()}


def _followed(value: Any, named: dict[str, Any]) -> Any:
    """A node in place of a reference to it (``{"@id": …}``), in a list as well."""
    if isinstance(value, list):
        return [_followed(v, named) for v in value[:50]]
    if isinstance(value, dict) and "name" not in value and isinstance(value.get("@id"), str):
        return named.get(value["@id"], value)
    return value


def _article_node(node: dict[str, Any], page: Page) -> None:
    page.headline = _words(node.get("headline")) or page.headline
    page.publisher = page.publisher or _name(node.get("publisher"))
    page.section = page.section or _words(_first(node.get("articleSection")))
    page.published = page.published or _moment(_words(node.get("datePublished")))
    page.language = page.language or _words(_first(node.get("inLanguage")))
    main = node.get("mainEntityOfPage")
    address = main.get("@id") or main.get("url") if isinstance(main, dict) else main
    page.canonical = page.canonical or absolute(_words(address) or _words(node.get("url")), None)
    correction = _first(node.get("correction"))
    page.correction = page.correction or (
        _words(correction.get("text")) or "Correction" if isinstance(correction, dict) else _words(correction)
    )
    authors = node.get("author") or node.get("creator")
    for author in authors if isinstance(authors, list) else [authors]:
        _author(author, page)
    for key in ("sourceOrganization", "copyrightHolder", "isBasedOn"):
        if isinstance(node.get(key), dict) and (name := _name(node[key])) and key == "sourceOrganization":
            page.agency_lines.append(name)


def _author(author: Any, page: Page) -> None:
    name = _name(author)
    if not name or name.startswith("http"):
        return
    is_person = isinstance(author, dict) and author.get("@type") == "Person"
    (page.persons if is_person else page.author_lines).append(name)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _name(value: Any) -> str | None:
    value = _first(value)
    return _words(value.get("name")) if isinstance(value, dict) else _words(value)


def _words(value: Any) -> str | None:
    return " ".join(html_entities.unescape(value).split()) or None if isinstance(value, str) else None


def _moment(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment and moment.tzinfo else None
