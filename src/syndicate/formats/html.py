"""Pages for people: all feeds, one feed, and stories that have no address of their own.

No script, no style sheet of another host, no XSLT (rule H8). Whatever is not
an entry's own sanitised markup is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.editorial.wording import enumerate_names, feed_wording
from syndicate.formats.parts import translations
from syndicate.formats.text import address, clean, line
from syndicate.model import Channel, Entry, PubStatus, direction

MEDIA_TYPES: Mapping[str, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
NAMES: Mapping[str, str] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

STYLE = """:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--soft:#5a5a5a;--line:#ddd;--link:#0b57a4}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#151515;--soft:#a8a8a8;--line:#333;--link:#8ab8ef}}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:42rem;background:var(--paper);color:var(--ink);
font:1.0625rem/1.6 system-ui,"Noto Naskh Arabic","Noto Nastaliq Urdu",sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}h1{line-height:1.25;font-size:1.7rem}h2{line-height:1.3;font-size:1.2rem;margin:0}
img,video{max-width:100%;height:auto}figure{margin:1rem 0}figcaption,.soft,.credit,.rights,footer{
color:var(--soft)}
article{border-top:1px solid var(--line);padding:1rem 0}.correction{border-inline-start:3px solid;
padding-inline-start:.75rem}
ul.plain{list-style:none;padding:0}ul.plain li{margin:.5rem 0}.formats a{margin-inline-end:1rem}"""


def index_page(
    publisher: Publisher, channels: Iterable[Channel], formats: Mapping[str, Mapping[str, str]]
) -> bytes:
    """All public feeds. ``formats``: slug → format's name → its address."""
    channels = list(channels)
    items = [_channel_item(channel, formats.get(channel.slug, {})) for channel in channels]
    body = Markup("<h1>{}</h1><ul class=plain>{}</ul>").format(
        Markup('<a href="{}">{}</a>').format(publisher.url, publisher.name), Markup("").join(items)
    )
    found = [
        _alternate(name, url, c.title) for c in channels for name, url in formats.get(c.slug, {}).items()
    ]
    links = [*found, Markup('<link rel=alternate type="text/x-opml" href="{}">').format(_opml(publisher))]
    footer = Markup('<footer><a href="{}">OPML</a></footer>').format(_opml(publisher))
    return _page(publisher.name, publisher.language, body + footer, publisher.base_url, links)


class Teasers:
    """A feed's page as a format: an entry is a fragment, rendered once like any other."""

    name = "html"
    version = 2

    def fragment(self, entry: Entry) -> bytes:
        """Headline, excerpt, byline and credit of one entry."""
        return clean(str(_teaser(entry))).encode()


def feed_page(channel: Channel, entries: Sequence[Entry], formats: Mapping[str, str]) -> bytes:
    """One feed, newest first. ``formats``: format's name → its address."""
    return joined_page(channel, [Teasers().fragment(entry) for entry in entries], formats)


def joined_page(channel: Channel, teasers: Sequence[bytes], formats: Mapping[str, str]) -> bytes:
    """One feed's page from teasers that were rendered before (see ``Teasers``)."""
    links = [_alternate(name, url, channel.title) for name, url in formats.items()]
    head = Markup("<header><h1>{}</h1><p>{}</p>{}</header>").format(
        line(channel.title), line(channel.description), _formats(formats)
    )
    shown = Markup(b"".join(teasers).decode())  # noqa: S704 - our own fragments
    body = head + shown + _paging(channel) + _EXTENSION
    return _page(channel.title, channel.language, body, channel.page_url, links)


def _paging(channel: Channel) -> Markup:
    """Where older and newer stories are, of an archive and of a feed that has archives (rule H10)."""
    words, paging = feed_wording(channel.language), channel.paging
    newer = paging.newer or (paging.current if paging.sealed else None)
    form = Markup('<a rel={} href="{}">{}</a> ')
    links = [
        form.format(rel, url, words[word])
        for rel, url, word in (("prev", newer, "newer"), ("next", paging.older, "older"))
        if url
    ]
    return Markup("<nav class=paging>{}</nav>").format(Markup("").join(links)) if links else Markup("")


def story_page(entry: Entry, publisher: Publisher) -> bytes:
    """One story; of a withdrawn one the neutral notice and nothing else."""
    gone = entry.status is not PubStatus.USABLE
    rights = "" if gone or not entry.rights else Markup("<p class=rights>{}</p>").format(line(entry.rights))
    body = Markup("<main><h1>{}</h1>{}{}{}{}</main>{}").format(
        line(entry.title),
        "" if gone or not entry.subtitle else Markup("<p>{}</p>").format(line(entry.subtitle)),
        "" if gone else _by(entry),
        _own_markup(entry),
        rights,
        Markup('<footer><a href="{}">{}</a></footer>').format(publisher.url, publisher.name),
    )
    # What is gone is not to be kept by search engines either.
    links = [Markup('<meta name=robots content="noindex,noarchive">')] if gone else _hreflang(entry)
    return _page(entry.title, entry.language, body, entry.canonical_url or entry.url, links)


def _hreflang(entry: Entry) -> list[Markup]:
    """The same story in other languages; the page names itself among them."""
    others = translations(entry)
    known = [(entry.language, address(entry.url)), *others] if others else []
    form = Markup('<link rel=alternate hreflang="{}" href="{}">')
    return [form.format(language, url) for language, url in known if url]


_EXTENSION = Markup(
    '<footer id="extension" lang="en" dir="ltr"><details><summary>About the JSON Feed extension '
    "<code>_syndicate</code></summary><p>On an item: <code>source</code> says whose story it is and in "
    "which role, with the credit as it stands in the text; <code>canonical_url</code> is where the story "
    "first stood; <code>dateline</code>, <code>rights</code>, <code>license</code>, "
    "<code>corrections</code>, <code>translations</code>, <code>status</code> and <code>revision</code> "
    "say what their names say; <code>image</code> is what goes along with a picture that is no attachment; "
    "<code>digitalSourceType</code> is IPTC’s. On an attachment: <code>caption</code>, "
    "<code>credit</code>, <code>rights</code>, <code>expires</code>.</p></details></footer>"
)


def _page(title: str, language: str, body: Markup, canonical: str, links: Sequence[Markup]) -> bytes:
    start = Markup(
        '<!doctype html><html lang="{}" dir="{}"><head><meta charset=utf-8>'
        '<meta name=viewport content="width=device-width,initial-scale=1"><title>{}</title>'
    ).format(language, direction(language), line(title))
    where = address(canonical)
    canon = Markup('<link rel=canonical href="{}">').format(where) if where else Markup("")
    style = Markup("<style>") + Markup(STYLE) + Markup("</style></head><body>")  # noqa: S704 - our own constant
    return clean(
        str(start + canon + Markup("").join(links) + style + body + Markup("</body></html>"))
    ).encode()


def _alternate(name: str, url: str, title: str) -> Markup:
    """Autodiscovery (rule H8)."""
    shown = f"{line(title)} ({NAMES.get(name, name)})"
    kind = MEDIA_TYPES.get(name, "application/xml")
    return Markup('<link rel=alternate type="{}" href="{}" title="{}">').format(kind, url, shown)


def _formats(formats: Mapping[str, str]) -> Markup:
    links = [
        Markup('<a href="{}">{}</a>').format(url, NAMES.get(name, name)) for name, url in formats.items()
    ]
    return Markup("<p class=formats>{}</p>").format(Markup("").join(links))


def _channel_item(channel: Channel, formats: Mapping[str, str]) -> Markup:
    return Markup('<li lang="{}" dir="{}"><h2><a href="{}">{}</a></h2>{}{}</li>').format(
        channel.language,
        direction(channel.language),
        channel.page_url,
        line(channel.title),
        Markup("<p>{}</p>").format(line(channel.description)) if channel.description else "",
        _formats(formats),
    )


def _teaser(entry: Entry) -> Markup:
    """Headline, excerpt, byline and, in a line of its own, the credit."""
    credit = entry.credit.markup if entry.credit and entry.content is not None else ""
    return Markup('<article lang="{}" dir="{}"><h2><a href="{}">{}</a></h2>{}{}{}</article>').format(
        entry.language,
        entry.direction,
        address(entry.url) or "",
        line(entry.title),
        "" if entry.status is not PubStatus.USABLE else _by(entry),
        Markup(clean(entry.summary_markup)),  # noqa: S704 - sanitised before it became an entry
        Markup(clean(credit)),  # noqa: S704 - escaped by credit_text
    )


def _own_markup(entry: Entry) -> Markup:
    shown = entry.content if entry.content is not None else entry.summary_markup
    return Markup(clean(shown))  # noqa: S704 - sanitised before it became an entry


def _by(entry: Entry) -> Markup:
    """Who and when; the credit stands in the text, once, and is not repeated here."""
    names = line(enumerate_names(entry.authors, entry.language))
    who = Markup("<span class=byline>{}</span> · ").format(names) if names else Markup("")
    stamp = entry.published.astimezone(UTC)
    return Markup("<p class=soft>{}{}</p>").format(who, _time(stamp))


def _time(at: datetime) -> Markup:
    iso = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" dir=ltr>{}</time>').format(iso, at.strftime("%Y-%m-%d %H:%M UTC"))


def _opml(publisher: Publisher) -> str:
    return publisher.base_url + "feeds.opml"
