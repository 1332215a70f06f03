"""Markup: the lines of the article in it, and what its metadata states."""

from __future__ import annotations

import html as html_entities
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import lxml.etree

from syndicate.editorial.work import Line
from syndicate.model import Picture

_SKIP = frozenset(
    "script style nav aside footer form button select iframe noscript template svg input "  # noqa: SIM905
    "textarea dialog object embed canvas math head".split()
)
_BLOCK = frozenset(
    "p div li ul ol h1 h2 h3 h4 h5 h6 blockquote pre table tr td th tbody thead figure "  # noqa: SIM905
    "figcaption section article main header dl dt dd address hr details summary center item entry".split()
)
_DROP = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|related|comments?|respond|comment-?list|sidebar|widget"
    r"|widget-title|footer|menu|tags?|post-tags|tagcloud|newsletter|promo|advert(?:isement)?s?"
    r"|ads?|ad-\w+|check-also\S*|author-box|about-author|author-bio|recommend\S*|more-on|popular"
    r"|trending|cookie\S*|subscribe|pagination|nav|navigation|post-navigation|most-read|read-more"
    r"|also-read|outbrain|taboola|jp-relatedposts|sharedaddy|post-bottom-meta|print|skip-link"
    r"|screen-reader-text|paywall|breadcrumbs?|crumbs|toc|hidden)(?=$|[\s_-])",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline|author|authors|author-name|post-meta|entry-meta|article-meta"
    r"|meta-author|writer|credits?-line|reporter)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:caption|wp-caption-text|photo-credit|image-credit|media-credit|credit)(?=$|[\s_-])",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"(?:^|[\s_-])(?:date|datetime|timestamp|time|published|posted-on|updated|pubdate)(?=$|[\s_-])",
    re.IGNORECASE,
)
_SUBHEAD = re.compile(
    r"(?:^|[\s_-])(?:subhead(?:line)?|subtitle|standfirst|deck|dek|kicker|summary|sub-title"
    r"|lede-?summary|excerpt)(?=$|[\s_-])",
    re.IGNORECASE,
)
_BYLINES_ABOVE = lxml.etree.XPath(
    "preceding::*[@itemprop='author' or @rel='author' or contains(@class,'author') "
    "or contains(@class,'byline') "
    "or contains(@class,'writer') or contains(@class,'reporter') or contains(@class,'-meta')]"
)
_TITLE = re.compile(
    r"(?:^|[\s_-])(?:entry|post|article|story|page)-(?:title|headline)(?=$|\s)", re.IGNORECASE
)
_CRUMBS = re.compile(r"crumb", re.IGNORECASE)
_HOME = re.compile(
    r"(?:home|accueil|inicio|início|startseite|главная|ana sayfa|خانه|الرئيسية|کور|صفحہ اول)$", re.IGNORECASE
)
_ARTICLE_TYPES = re.compile(
    r"Article$|^NewsArticle$|BlogPosting|^Report$|LiveBlogPosting|ReportageNewsArticle"
)
_FEED_TAGS = re.compile(
    r"<(/?)(title|link|description|summary|content:encoded|content|dc:creator|author|category"
    r"|pubDate|guid)\b",
    re.IGNORECASE,
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ORIGINAL = re.compile(
    r"appeared first on|originally (?:published|appeared)|original article|republished from|first published",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Page:
    """What markup holds: lines of text with their roles, and what the metadata states."""

    lines: list[Line] = field(default_factory=list)
    headline: str | None = None
    section: str | None = None
    publisher: str | None = None
    canonical: str | None = None
    original: str | None = None
    language: str | None = None
    published: datetime | None = None
    image: Picture | None = None
    correction: str | None = None
    persons: list[str] = field(default_factory=list)
    author_lines: list[str] = field(default_factory=list)
    meta_author: str | None = None
    agency_lines: list[str] = field(default_factory=list)


def parse(text: str, base_url: str | None) -> Page:
    """Read markup. It never fails: what cannot be parsed is an empty page."""
    page = Page()
    root = _root(text)
    if root is None:
        return page
    _metadata(root, page, base_url)
    _linked_data(root, page)
    container = _container(root)
    page.lines = [line for line in _Walk(page).lines(container) if line.text]
    _bylines_outside(container, page)
    _headline(root, page)
    _original(page, base_url)
    page.image = page.image or _first_image(container, base_url)
    return page


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _root(text: str) -> Any:
    if re.match(r"\s*(?:<\?xml[^>]*>\s*)?<(?:item|entry)\b", text):
        text = _feed_item(text)
    parser = lxml.etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return lxml.etree.fromstring(text.encode("utf-8"), parser=parser) if text.strip() else None
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        return None


def _feed_item(text: str) -> str:
    """A feed's item as markup: its elements are renamed, for HTML has a ``link`` of its own."""
    plain = _CDATA.sub(lambda m: m.group(1), text)
    renamed = _FEED_TAGS.sub(lambda m: f"<{m.group(1)}feed-{m.group(2).lower().replace(':', '-')}", plain)

    def opened(match: re.Match[str]) -> str:
        inner = match.group(2)
        escaped = "<" not in inner and "&lt;" in inner
        return f"<article>{html_entities.unescape(inner) if escaped else inner}</article>"

    body = re.sub(
        r"<(feed-(?:content-encoded|content|description|summary))[^>]*>(.*?)</\1>",
        opened,
        renamed,
        flags=re.DOTALL,
    )
    title = re.search(r"<feed-title[^>]*>(.*?)</feed-title>", renamed, re.DOTALL)
    link = re.search(r"<feed-link[^>]*>(.*?)</feed-link>", renamed, re.DOTALL) or re.search(
        r"<feed-link[^>]*href=[\"']([^\"']+)", renamed
    )
    creator = re.search(r"<feed-(?:dc-creator|author)[^>]*>(?:\s*<name>)?(.*?)</", renamed, re.DOTALL)
    head = f'<link rel=canonical href="{html_entities.escape(link.group(1).strip())}">' if link else ""
    head += (
        f'<meta name=author content="{html_entities.escape(creator.group(1).strip())}">' if creator else ""
    )
    kept = re.sub(r"<feed-[a-z-]+[^>]*>.*?</feed-[a-z-]+>|<feed-[^>]*>", "", body, flags=re.DOTALL)
    heading = f"<h1>{title.group(1)}</h1>" if title else ""
    return f"<html><head>{head}</head><body>{heading}{kept}</body></html>"


def _metadata(root: Any, page: Page, base_url: str | None) -> None:
    page.language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if key and meta.get("content") and key not in named:
            named[key] = " ".join(meta.get("content").split())
    page.publisher = named.get("og:site_name")
    page.section = named.get("article:section")
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
        page.publisher = page.publisher or site.get("content") or " ".join(_text(site).split()) or None
    page.canonical = _absolute(link or named.get("og:url"), base_url)
    picture = _absolute(named.get("og:image"), base_url)
    page.image = Picture(url=picture, alt=named.get("og:image:alt")) if picture else None
    page.headline = named.get("og:title")
    title = root.find(".//title")
    if page.headline is None and title is not None and title.text:
        page.headline = _without_site(" ".join(title.text.split()), page.publisher)
    _breadcrumb(root, page)


def _absolute(address: str | None, base_url: str | None) -> str | None:
    try:
        joined = urljoin(base_url or "", address.strip()) if address else None
    except ValueError:
        return None
    return joined if joined and joined.startswith(("http://", "https://")) else None


def _without_site(title: str, publisher: str | None) -> str:
    match = re.match(r"^(.{10,300}?)\s+[-–—|·»:]\s+([^-–—|]{2,40})$", title)
    if match and (publisher is None or publisher.casefold() in match.group(2).casefold()):
        return match.group(1)
    return title


def _breadcrumb(root: Any, page: Page) -> None:
    for element in root.xpath("//*[contains(@class,'rumb') or contains(@id,'rumb')]")[:20]:
        if _CRUMBS.search(f"{element.get('id') or ''} {element.get('class') or ''}"):
            links = [" ".join(_text(a).split()) for a in element.iter("a")]
            inner = [t for t in links if t and not _HOME.match(t)]
            page.section = page.section or (inner[-1] if inner else None)
            return


def _linked_data(root: Any, page: Page) -> None:
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
    page.canonical = page.canonical or _absolute(_words(address) or _words(node.get("url")), None)
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


def _container(root: Any) -> Any:
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
    return sum(len(_text(p)) for p in element.iter("p")) or len(_text(element)) // 10


def _headline(root: Any, page: Page) -> None:
    inside = [line for line in page.lines if line.role == "headline"]
    if inside:
        page.headline = inside[0].text
    else:
        headings = [" ".join(_text(h).split()) for h in root.iter("h1")]
        headings = [h for h in headings if h] or _titled(root)
        if headings and not (
            page.publisher and headings[0].casefold() == page.publisher.casefold() and page.headline
        ):
            page.headline = headings[0]
    page.lines = [line for line in page.lines if line.role != "headline"]


def _titled(root: Any) -> list[str]:
    """A heading of a lower rank that a theme calls the story's title."""
    found = [h for h in root.iter("h2", "h3") if _TITLE.search(h.get("class") or "")]
    texts = [" ".join(_text(h).split()) for h in found]
    return texts if len(texts) == 1 and texts[0] else []


def _original(page: Page, base_url: str | None) -> None:
    """The address a credit sentence links to outranks the page's own."""
    for line in page.lines:
        if line.html and _ORIGINAL.search(line.text):
            links = re.findall(r"<a\b[^>]*href=[\"']([^\"']+)[\"'][^>]*>(.*?)</a>", line.html[:4000])
            if links:
                stated = [address for address, words in links if "original" in words.lower()]
                page.original = _absolute(html_entities.unescape((stated or [links[0][0]])[0]), base_url)
                return


def _bylines_outside(container: Any, page: Page) -> None:
    """Bylines that stand above the story's element: theme headers, microdata."""
    for element in _BYLINES_ABOVE(container)[:40]:
        if len(page.author_lines) >= 8:
            return
        if _role(element) != "byline" or len(element) > 6:
            continue
        text = " ".join(_text(element).split()).strip(" -–—|·")
        if 3 < len(text) < 120 and not any(a.tag in _SKIP for a in element.iterancestors()):
            page.author_lines.append(text)


def _first_image(container: Any, base_url: str | None) -> Picture | None:
    for image in container.iter("img"):
        address = _absolute(image.get("src") or image.get("data-src"), base_url)
        if address:
            return Picture(url=address, alt=image.get("alt") or None)
    return None


class _Walk:
    """Collects the lines of a container, in order, without what belongs to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._paragraph = 0
        self._inline: list[str] = []

    def lines(self, container: Any) -> Iterator[Line]:
        yield from self._block(container, "", 0, top=True)

    def _block(self, element: Any, role: str, depth: int, *, top: bool = False) -> Iterator[Line]:
        if not isinstance(element.tag, str) or depth > 200:
            return
        if not top and self._dropped(element):
            return
        role = role or _role(element)
        if not self._holds_blocks(element):
            yield from self._leaf(element, role)
            return
        run = [html_entities.escape(element.text or "", quote=False)]
        for child in element:
            if isinstance(child.tag, str) and (
                child.tag in _BLOCK
                or child.tag in _SKIP
                or _role(child)
                or self._holds_blocks(child)
                or self._dropped(child)
            ):
                yield from self._run(run, role)
                run = []
                if child.tag not in _SKIP:
                    yield from self._block(child, role, depth + 1)
                run.append(html_entities.escape(child.tail or "", quote=False))
            else:
                run.append(lxml.etree.tostring(child, encoding="unicode", method="html"))
        yield from self._run(run, role)

    def _holds_blocks(self, element: Any) -> bool:
        return next(element.iterdescendants(*_BLOCK), None) is not None or any(
            _role(c)
            for c in element
            if isinstance(c.tag, str) and c.tag in ("span", "a", "em", "i", "small", "cite")
        )

    def _dropped(self, element: Any) -> bool:
        if element.tag in _SKIP:
            return True
        if element.tag in ("html", "body", "main", "article", "p", "h1") or not (
            element.get("class") or element.get("id")
        ):
            return False
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        if not _DROP.search(marks):
            return False
        return (
            element.find(".//article") is None
            and element.find(".//h1") is None
            and len(element.findall("p")) < 5
        )

    def _leaf(self, element: Any, role: str) -> Iterator[Line]:
        if role == "byline":
            whole = " ".join(_text(element).split())
            if re.match(r"(?i)(?:by|von|par|por|di|written by)\s", whole) and len(whole) < 160:
                yield self._line(whole, role, element.tag, "")
                return
            text = " | ".join(
                t for t in (" ".join(t.split()) for t in element.itertext()) if t and t not in "|,"
            )
            yield self._line(
                text if len(element) > 1 else " ".join(_text(element).split()), role, element.tag, ""
            )
            return
        if element.tag == "table" or not len(element):
            inner = (
                html_entities.escape(element.text or "", quote=False)
                if element.tag != "table"
                else lxml.etree.tostring(element, encoding="unicode", method="html", with_tail=False)
            )
        else:
            inner = html_entities.escape(element.text or "", quote=False) + "".join(
                lxml.etree.tostring(c, encoding="unicode", method="html") for c in element
            )
        yield from self._run([inner], role, element.tag)

    def _run(self, run: list[str], role: str, tag: str = "p") -> Iterator[Line]:
        markup = "".join(run)
        if not markup.strip():
            return
        for part in re.split(r"<br\b[^<>]*>", markup) if "<br" in markup else [markup]:
            text = " ".join(html_entities.unescape(re.sub(r"<[^<>]*>", "", part)).split())
            if text:
                yield self._line(text, role, tag, part.strip())

    def _line(self, text: str, role: str, tag: str, markup: str) -> Line:
        self._paragraph += 1
        return Line(text, self._paragraph, role, tag, markup)


def _role(element: Any) -> str:
    """What the markup says an element is; "" for text."""
    tag = element.tag
    if tag == "h1":
        return "headline"
    if tag == "figcaption":
        return "caption"
    if element.get("rel") == "author" or element.get("itemprop") == "author":
        return "byline"
    if tag == "time":
        return "stamp"
    marks = f"{element.get('class') or ''} {element.get('id') or ''}"
    if marks == " ":
        return ""
    if tag in (
        "p",
        "div",
        "span",
        "a",
        "address",
        "ul",
        "li",
        "header",
        "small",
        "cite",
        "em",
        "h2",
        "h3",
        "dd",
        "figure",
    ):
        small = tag not in ("div", "header", "figure", "ul") or len(element.findall(".//p")) <= 1
        for name, pattern in (
            ("caption", _CAPTION),
            ("byline", _BYLINE),
            ("stamp", _STAMP),
            ("subhead", _SUBHEAD),
        ):
            if small and pattern.search(marks):
                return name
    return ""
