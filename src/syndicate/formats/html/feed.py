"""A feed's page: how to follow it, and its stories, each a fragment that was rendered once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.editorial.disclosure import disclosure
from syndicate.editorial.visible import notes
from syndicate.editorial.wording import enumerate_names, feed_wording
from syndicate.formats.html.frame import Page, alternate, format_links, framed
from syndicate.formats.html.house import House
from syndicate.formats.html.sharing import reserved
from syndicate.formats.html.words import language_name, time_element, words
from syndicate.formats.parts import translations
from syndicate.formats.text import address, clean, line
from syndicate.model import Channel, Entry, Picture, PubStatus, direction

EXTENSION = Markup(
    '<details id="extension" lang="en" dir="ltr"><summary>About the JSON Feed extension '
    "<code>_syndicate</code></summary><p>On an item: <code>source</code> says whose story it is and in "
    "which role, with the credit as it stands in the text; <code>canonical_url</code> is where the story "
    "first stood; <code>dateline</code>, <code>rights</code>, <code>license</code>, "
    "<code>corrections</code>, <code>translations</code>, <code>status</code> and <code>revision</code> "
    "say what their names say, and so do <code>section</code>, <code>related</code> and "
    "<code>comments</code>; <code>terms</code> are RSL 1.0’s; <code>image</code> is what goes along with a "
    "picture that is no attachment; <code>digitalSourceType</code> is IPTC’s. On an attachment: "
    "<code>caption</code>, <code>credit</code>, <code>rights</code>, <code>expires</code>, sizes in pixels, "
    "<code>bitrate</code> in kbit/s, <code>player</code>, <code>thumbnail</code>. On the feed: the outlet as "
    "<code>publisher</code>, its rights, and <code>section_scheme</code> and <code>tag_scheme</code>, the "
    "lists that sections and tags come from.</p></details>"
)


class Teasers:
    """A feed's page as a format: an entry is a fragment, rendered once like any other."""

    name = "html"
    version = 4

    def __init__(self, timezone: str = "UTC") -> None:
        self._zone = timezone

    def fragment(self, entry: Entry) -> bytes:
        """Section, headline, byline and dates, picture, excerpt, notes, credit, other languages."""
        return clean(str(_teaser(entry, self._zone))).encode()


def feed_page(
    channel: Channel, entries: Sequence[Entry], formats: Mapping[str, str], house: House | None = None
) -> bytes:
    """One feed, newest first. ``formats``: format's name → its address."""
    return joined_page(channel, [Teasers().fragment(entry) for entry in entries], formats, house)


def joined_page(
    channel: Channel,
    teasers: Sequence[bytes],
    formats: Mapping[str, str],
    house: House | None = None,
) -> bytes:
    """One feed's page, or a page of its archive, from teasers that were rendered before (``Teasers``)."""
    house = house or House(Publisher(name=channel.publisher, url=channel.home_url))
    known = words(channel.language)
    shown = Markup(b"".join(teasers).decode())  # noqa: S704 - our own fragments
    page = Page(
        title=channel.title,
        language=channel.language,
        path=channel.page_url,
        canonical=channel.self_url if channel.paging.sealed else channel.page_url,
        links=[
            *(alternate(name, url, channel.title) for name, url in formats.items()),
            *reserved(channel.reservation),
        ],
        # A feed that is called like the outlet would say its name twice.
        front=_is_named_like(channel, house),
        main=_head(channel, formats, house)
        + (shown or Markup("<p>{}</p>").format(known["empty"]))
        + _paging(channel),
        foot=[EXTENSION],
    )
    return framed(page, house)


def _is_named_like(channel: Channel, house: House) -> bool:
    return line(channel.title) == line(house.publisher.name)


def _head(channel: Channel, formats: Mapping[str, str], house: House) -> Markup:
    title, about = line(channel.title), line(channel.description)
    heading = Markup("") if _is_named_like(channel, house) else Markup("<h1>{}</h1>").format(title)
    said = Markup("<p>{}</p>").format(about) if about and about != title else Markup("")
    return Markup("<header class=head>{}{}{}</header>").format(
        heading, said, follow(channel, formats) if formats else ""
    )


def follow(channel: Channel, formats: Mapping[str, str]) -> Markup:
    """What to do with a feed, for somebody who never had one: a sentence, an address, the formats."""
    known = words(channel.language)
    label = Markup("<li>{}</li>").format(known["formats"])
    return Markup(
        "<details class=follow><summary>{}</summary><div><p>{}</p><p>{}</p>"
        "<code class=address lang=en translate=no>{}</code>{}</div></details>"
    ).format(
        known["follow"],
        known["reader"],
        known["paste"],
        next(iter(formats.values())),
        format_links(formats, [label]),
    )


def _paging(channel: Channel) -> Markup:
    """Where older and newer stories are, of an archive and of a feed that has archives (rule H10)."""
    known, paging = feed_wording(channel.language), channel.paging
    newer = paging.newer or (paging.current if paging.sealed else None)
    form = Markup('<a rel={} href="{}">{}</a>')
    links = [
        form.format(rel, url, known[word])
        for rel, url, word in (("prev", newer, "newer"), ("next", paging.older, "older"))
        if url
    ]
    named = Markup('<nav class=paging aria-label="{}">{}</nav>')
    label = known["older" if paging.older else "newer"]
    return named.format(label, Markup("").join(links)) if links else Markup("")


def _teaser(entry: Entry, zone: str) -> Markup:
    gone = entry.status is not PubStatus.USABLE
    parts = [] if gone else [_kicker(entry)]
    parts.append(Markup('<h2><a href="{}">{}</a></h2>').format(address(entry.url) or "", line(entry.title)))
    parts += [] if gone else [byline(entry, zone), _thumb(entry.image)]
    parts.append(Markup(clean(entry.summary_markup)))  # noqa: S704 - sanitised before it became an entry
    parts += [] if gone else _beside(entry)
    return Markup('<article class=teaser lang="{}" dir="{}">{}</article>').format(
        entry.language, entry.direction, Markup("").join(parts)
    )


def _kicker(entry: Entry) -> Markup:
    return Markup("<p class=kicker>{}</p>").format(line(entry.section)) if entry.section else Markup("")


def _beside(entry: Entry) -> Iterator[Markup]:
    """What an excerpt alone has in it already: notes of correction, how it was made, the one credit."""
    if entry.content is not None:
        yield Markup(clean(notes(entry.corrections, entry.language)))  # noqa: S704 - escaped there
        if made := disclosure(entry.digital_source_type, entry.language):
            yield Markup("<p class=disclosure>{}</p>").format(made)
        yield Markup(clean(entry.credit.markup if entry.credit else ""))  # noqa: S704 - escaped by credit_text
    yield also_in(entry)


def also_in(entry: Entry) -> Markup:
    """The same story in other languages, each named in its own."""
    form = Markup('<a href="{}" hreflang="{}" lang="{}" dir="{}">{}</a>')
    links = [
        form.format(url, tag, tag, direction(tag), language_name(tag)) for tag, url in translations(entry)
    ]
    if not links:
        return Markup("")
    return Markup("<p class=also>{}: {}</p>").format(
        words(entry.language)["also_in"], Markup(" · ").join(links)
    )


def byline(entry: Entry, zone: str) -> Markup:
    """Who and when; the credit stands in the text, once, and is not repeated here."""
    known = words(entry.language)
    names = line(enumerate_names(entry.authors, entry.language))
    parts = [Markup("<span class=byline>{}</span>").format(names)] if names else []
    parts.append(Markup("<span>{}</span>").format(time_element(entry.published, entry.language, zone)))
    if entry.updated > entry.published:
        changed = time_element(entry.updated, entry.language, zone)
        parts.append(Markup("<span>{} {}</span>").format(known["updated"], changed))
    return Markup("<p class=by>{}</p>").format(Markup("").join(parts))


def _thumb(image: Picture | None) -> Markup:
    small = (image.thumbnail or image) if image else None
    url = address(small.url) if small else None
    if image is None or small is None or url is None:
        return Markup("")
    size = Markup("").join(
        Markup(" {}={}").format(name, number)
        for name, number in (("width", small.width), ("height", small.height))
        if number
    )
    credit = line(image.credit or image.rights or "")
    said = Markup("<figcaption>{}</figcaption>").format(credit) if credit else Markup("")
    form = Markup('<figure class=thumb><img src="{}" alt="{}"{} loading=lazy decoding=async>{}</figure>')
    return form.format(url, line(image.alt or image.caption or ""), size, said)
