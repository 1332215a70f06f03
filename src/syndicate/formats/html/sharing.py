"""A story for machines that look at its page: search engines, and what shows a card of a link.

schema.org's NewsArticle stands in attributes (microdata) and not in a script element, so that our
pages hold no script of any kind; search engines read both.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from syndicate.about import Reservation
from syndicate.config import Publisher
from syndicate.formats.parts import credited
from syndicate.formats.text import address, line, rfc3339
from syndicate.model import Entry

_CARD_WORDS = 300


def meta(name: str, content: str, attribute: str = "name") -> Markup:
    """A ``<meta>`` of the head."""
    return Markup('<meta {}="{}" content="{}">').format(attribute, name, content)


def reserved(reservation: Reservation | None) -> Iterator[Markup]:
    """That text and data mining is reserved, as TDMRep says it in pages."""
    if reservation is not None:
        yield meta("tdm-reservation", "1")
        if reservation.policy:
            yield meta("tdm-policy", reservation.policy)


def cards(entry: Entry, publisher: Publisher) -> Iterator[Markup]:
    """OpenGraph and what builds on it: a link to the story, when shared, shows what it is."""
    about = line(entry.summary)[:_CARD_WORDS]
    yield meta("description", about)
    image = entry.image
    picture = address(image.url) if image else None
    known = {
        "og:type": "article",
        "og:title": line(entry.title),
        "og:description": about,
        "og:url": address(entry.url),
        "og:site_name": line(publisher.name),
        "og:locale": entry.language.replace("-", "_"),
        "og:image": picture,
        "og:image:alt": line(image.alt or image.caption or "") if image and picture else None,
        "article:published_time": rfc3339(entry.published),
        "article:modified_time": rfc3339(entry.updated),
        "article:section": line(entry.section or ""),
    }
    yield from (meta(name, value, "property") for name, value in known.items() if value)
    yield from (meta("article:tag", line(tag), "property") for tag in entry.tags)
    yield meta("twitter:card", "summary_large_image" if picture else "summary")
    names = ", ".join(credited(entry))
    yield meta("author", names)


def meta_data(entry: Entry, publisher: Publisher) -> Markup:
    """What schema.org asks of a NewsArticle and the page does not show as such."""
    return Markup("").join(part for part in _properties(entry, publisher))


def _properties(entry: Entry, publisher: Publisher) -> Iterator[Markup]:
    meta_form, link_form = Markup('<meta itemprop={} content="{}">'), Markup('<link itemprop={} href="{}">')
    yield meta_form.format("inLanguage", entry.language)
    if entry.updated == entry.published:
        yield meta_form.format("dateModified", rfc3339(entry.updated))
    if where := address(entry.url):
        yield link_form.format("mainEntityOfPage", where)
    if entry.image and (picture := address(entry.image.url)):
        yield link_form.format("image", picture)
    if entry.credit and entry.credit.original_url and (original := address(entry.credit.original_url)):
        yield link_form.format("isBasedOn", original)
    for name in credited(entry):
        kind = "Person" if entry.authors else "Organization"
        yield _thing("author", kind, name)
    yield _thing("publisher", "NewsMediaOrganization", line(publisher.name), publisher.url)


def _thing(prop: str, kind: str, name: str, url: str | None = None) -> Markup:
    where = Markup('<link itemprop=url href="{}">').format(url) if url else Markup("")
    return Markup(
        '<span hidden itemprop={} itemscope itemtype="https://schema.org/{}">'
        '<meta itemprop=name content="{}">{}</span>'
    ).format(prop, kind, name, where)
