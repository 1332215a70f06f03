"""The page of all feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.formats.html.frame import Page, alternate, format_links, framed
from syndicate.formats.html.house import House
from syndicate.formats.html.words import time_element, words
from syndicate.formats.text import line
from syndicate.model import Channel, direction


def index_page(
    publisher: Publisher,
    channels: Iterable[Channel],
    formats: Mapping[str, Mapping[str, str]],
    house: House | None = None,
) -> bytes:
    """All public feeds. ``formats``: slug → format's name → its address."""
    channels = list(channels)
    known = words(publisher.language)
    opml = publisher.base_url + "feeds.opml"
    found = [alternate(name, url, c.title) for c in channels for name, url in formats.get(c.slug, {}).items()]
    rows = [_feed(channel, formats.get(channel.slug, {}), publisher) for channel in channels]
    page = Page(
        title=publisher.name,
        language=publisher.language,
        path=publisher.base_url,
        canonical=publisher.base_url,
        front=True,
        links=[*found, Markup('<link rel=alternate type="text/x-opml" href="{}">').format(opml)],
        main=Markup("<div class=head><p>{}</p></div><ul class=feeds>{}</ul>").format(
            known["reader"], Markup("").join(rows)
        ),
        foot=[Markup('<p><a href="{}" type="text/x-opml">{}</a></p>').format(opml, known["opml"])],
    )
    return framed(page, house or House(publisher))


def _feed(channel: Channel, formats: Mapping[str, str], publisher: Publisher) -> Markup:
    title, about = line(channel.title), line(channel.description)
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
