"""The page of all feeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.formats import text
from syndicate.formats.html.frame import Page, alternate, format_links, framed
from syndicate.formats.html.house import House
from syndicate.formats.html.words import time_element, words
from syndicate.model import Channel, direction


@dataclass(frozen=True, slots=True)
class Line:
    """One feed on the page: its links in the head, and its row."""

    links: tuple[Markup, ...]
    row: Markup


def line_of(publisher: Publisher, channel: Channel, formats: Mapping[str, str]) -> Line:
    """A feed's line. ``formats``: format's name → its address."""
    links = tuple(alternate(name, url, channel.title) for name, url in formats.items())
    return Line(links, _feed(channel, formats, publisher))


def index_page(
    publisher: Publisher,
    channels: Iterable[Channel],
    formats: Mapping[str, Mapping[str, str]],
    house: House | None = None,
    line: Callable[[Publisher, Channel, Mapping[str, str]], Line] = line_of,
) -> bytes:
    """All public feeds. ``formats``: slug → format's name → its address. ``line`` may know lines already."""
    lines = [line(publisher, channel, formats.get(channel.slug, {})) for channel in channels]
    known = words(publisher.language)
    opml = publisher.base_url + "feeds.opml"
    links = [link for one in lines for link in one.links]
    page = Page(
        title=publisher.name,
        language=publisher.language,
        path=publisher.base_url,
        canonical=publisher.base_url,
        front=True,
        links=[*links, Markup('<link rel=alternate type="text/x-opml" href="{}">').format(opml)],
        main=Markup("<div class=head><p>{}</p></div><ul class=feeds>{}</ul>").format(
            known["reader"], Markup("").join(one.row for one in lines)
        ),
        foot=[Markup('<p><a href="{}" type="text/x-opml">{}</a></p>').format(opml, known["opml"])],
    )
    return framed(page, house or House(publisher))


def _feed(channel: Channel, formats: Mapping[str, str], publisher: Publisher) -> Markup:
    title, about = text.line(channel.title), text.line(channel.description)
    said = Markup("<p>{}</p>").format(about) if about and about != title else Markup("")
    changed = Markup("<p class=by><span>{} {}</span></p>").format(
        words(channel.language)["updated"],
        time_element(channel.updated, channel.language, publisher.timezone),
    )
    return Markup('<li lang="{}" dir="{}"><h2><a href="{}">{}</a></h2>{}{}{}</li>').format(
        channel.language,
        direction(channel.language),
        channel.page_url,
        title,
        said,
        changed,
        format_links(formats) if formats else "",
    )
