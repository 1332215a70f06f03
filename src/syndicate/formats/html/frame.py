"""The frame of every page: head, skip link, masthead, main part, foot. Everything put in is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from syndicate.formats.html.house import SECTIONS, House, Section
from syndicate.formats.html.words import words
from syndicate.formats.text import address, clean, line
from syndicate.model import direction

MEDIA_TYPES: Mapping[str, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
NAMES: Mapping[str, str] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page's own parts. ``path`` is its own address, ``front`` makes the outlet's name its title;
    ``rights`` is a rights line that stands on it already."""

    title: str
    language: str
    path: str
    main: Markup
    canonical: str | None = None
    links: Sequence[Markup] = ()
    foot: Sequence[Markup] = field(default_factory=tuple)
    front: bool = False
    rights: str | None = None


def framed(page: Page, house: House) -> bytes:
    """The whole document."""
    whole = Markup(
        '<!doctype html><html lang="{}" dir="{}"><head><meta charset=utf-8>'
        '<meta name=viewport content="width=device-width,initial-scale=1">{}<title>{}</title>{}{}</head>'
        '<body><a class=skip href="#main">{}</a><div class=edge></div>{}'
        "<main id=main tabindex=-1>{}</main>{}</body></html>"
    ).format(
        page.language,
        direction(page.language),
        house.head,
        _titled(page, house),
        _canonical(page),
        Markup("").join(page.links),
        words(page.language)["skip"],
        _masthead(page, house),
        page.main,
        _foot(page, house),
    )
    return clean(str(whole)).encode()


def _titled(page: Page, house: House) -> str:
    title, name = line(page.title), line(house.publisher.name)
    return title if title == name else f"{title} · {name}"


def _canonical(page: Page) -> Markup:
    where = address(page.canonical) if page.canonical else None
    return Markup('<link rel=canonical href="{}">').format(where) if where else Markup("")


def _masthead(page: Page, house: House) -> Markup:
    """The outlet's name, and its feeds as a newspaper's sections."""
    publisher = house.publisher
    logo = Markup('<img src="{}" alt="">').format(house.logo) if house.logo else Markup("")
    form = Markup('<{0} class=name><a href="{3}" lang="{1}" dir="{2}">{4}<span>{5}</span></a></{0}>')
    name = form.format(
        "h1" if page.front else "p",
        publisher.language,
        direction(publisher.language),
        publisher.url,
        logo,
        line(publisher.name),
    )
    return Markup("<header class=masthead>{}{}</header>").format(name, _sections(page, house))


def _sections(page: Page, house: House) -> Markup:
    known = words(page.language)
    shown = house.sections if len(house.sections) <= SECTIONS else ()
    everything = Section(known["feeds"], publisher_home(house), page.language)
    rows = [_section(s, page) for s in ((everything, *shown) if house.sections else ())]
    if not rows:
        return Markup("")
    return Markup('<nav class=sections aria-label="{}"><ul>{}</ul></nav>').format(
        known["feeds"], Markup("").join(rows)
    )


def _section(section: Section, page: Page) -> Markup:
    here = Markup(" aria-current=page") if section.url == page.path else Markup("")
    return Markup('<li><a href="{}" lang="{}" dir="{}"{}>{}</a></li>').format(
        section.url, section.language, direction(section.language), here, line(section.title)
    )


def _foot(page: Page, house: House) -> Markup:
    times = words(page.language)["times"]
    before, _, after = times.partition("{zone}")
    zone = Markup("<bdi lang=en>{}</bdi>").format(house.publisher.timezone)
    said = Markup("<p>{}{}{}</p>").format(before, zone, after)
    rights = line(house.publisher.rights or "")
    ours = Markup('<p><bdi lang="{}" dir="{}">{}</bdi></p>').format(
        house.publisher.language, direction(house.publisher.language), rights
    )
    return Markup("<footer class=foot>{}{}{}</footer>").format(
        Markup("").join(page.foot), said, ours if rights and rights != line(page.rights or "") else ""
    )


def publisher_home(house: House) -> str:
    """The page of all feeds."""
    return house.publisher.base_url


def alternate(name: str, url: str, title: str) -> Markup:
    """Autodiscovery (rule H8)."""
    shown = f"{line(title)} ({NAMES.get(name, name)})"
    kind = MEDIA_TYPES.get(name, "application/xml")
    return Markup('<link rel=alternate type="{}" href="{}" title="{}">').format(kind, url, shown)


def format_links(formats: Mapping[str, str], first: Iterable[Markup] = ()) -> Markup:
    """A feed's documents as a list of links."""
    form = Markup('<li><a href="{}" type="{}" lang=en>{}</a></li>')
    rows = [form.format(url, MEDIA_TYPES.get(n, ""), NAMES.get(n, n)) for n, url in formats.items()]
    return Markup("<ul class=formats>{}{}</ul>").format(Markup("").join(first), Markup("").join(rows))
