"""One story's page, for people, for search engines (schema.org, as attributes) and for sharing."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.editorial.visible import note_label
from syndicate.editorial.wording import enumerate_names
from syndicate.formats.html.feed import also_in
from syndicate.formats.html.frame import Page, framed
from syndicate.formats.html.house import House
from syndicate.formats.html.sharing import cards, meta, meta_data, reserved
from syndicate.formats.html.words import time_element, words
from syndicate.formats.parts import license_address, translations
from syndicate.formats.text import address, clean, line, media_type, medium
from syndicate.model import Entry, Media, NoticeKind, PubStatus, direction


def story_page(entry: Entry, publisher: Publisher, house: House | None = None) -> bytes:
    """One story; of a withdrawn one the neutral notice and nothing else."""
    house = house or House(publisher)
    gone = entry.status is not PubStatus.USABLE
    page = Page(
        title=entry.title,
        language=entry.language,
        path=entry.url,
        rights=None if gone else entry.rights,
        canonical=entry.canonical_url or entry.url,
        # What is gone is not to be kept by search engines either.
        links=[meta("robots", "noindex,noarchive")]
        if gone
        else [*_hreflang(entry), *cards(entry, publisher), *reserved(entry.reservation)],
        main=_notice(entry) if gone else _story(entry, publisher),
    )
    return framed(page, house)


def _notice(entry: Entry) -> Markup:
    form = Markup("<article class=story><h1>{}</h1><div class=text>{}</div></article>")
    return form.format(line(entry.title), _own_markup(entry))


def _story(entry: Entry, publisher: Publisher) -> Markup:
    zone = publisher.timezone
    form = Markup(
        '<article class=story itemscope itemtype="https://schema.org/NewsArticle">'
        "<header>{}{}<h1 itemprop=headline>{}</h1>{}{}{}</header>"
        "<div class=text itemprop=articleBody>{}</div>{}<footer class=end>{}</footer></article>{}"
    )
    return form.format(
        meta_data(entry, publisher),
        _said("kicker", entry.section, "articleSection"),
        line(entry.title),
        _said("subtitle", entry.subtitle, "alternativeHeadline"),
        _byline(entry, zone),
        Markup("").join(_corrected(entry, zone)),
        _own_markup(entry),
        _media(entry),
        Markup("").join(_after(entry)),
        _related(entry),
    )


def _said(name: str, text: str | None, prop: str) -> Markup:
    said = line(text or "")
    return Markup("<p class={} itemprop={}>{}</p>").format(name, prop, said) if said else Markup("")


def _byline(entry: Entry, zone: str) -> Markup:
    known = words(entry.language)
    names = line(enumerate_names(entry.authors, entry.language))
    first = time_element(entry.published, entry.language, zone, "datePublished")
    parts = [Markup("<span class=byline>{}</span>").format(names)] if names else []
    parts.append(Markup("<span>{} {}</span>").format(known["published"], first))
    if entry.updated > entry.published:
        changed = time_element(entry.updated, entry.language, zone, "dateModified")
        parts.append(Markup("<span>{} {}</span>").format(known["updated"], changed))
    return Markup("<p class=by>{}</p>").format(Markup("").join(parts))


def _corrected(entry: Entry, zone: str) -> Iterator[Markup]:
    """Corrections stand above the text as well, with their dates: who reads no further has seen them."""
    form = Markup("<p class=corrected><strong>{}</strong>, {}: <span itemprop=correction>{}</span></p>")
    for note in sorted(entry.corrections, key=lambda c: (c.at, c.kind.value)):
        if note.kind is NoticeKind.CORRECTION:
            label = note_label(note, entry.language)
            at = time_element(note.at, entry.language, zone)
            yield form.format(label, at, line(note.note).removeprefix(f"{label}:").strip())


def _after(entry: Entry) -> Iterator[Markup]:
    """Who else had a hand in it, rights, licence, topics, other languages."""
    known = words(entry.language)
    for label, people in (
        (known["contributors"], enumerate_names(entry.contributors, entry.language)),
        (known["translator"], entry.translator or ""),
    ):
        if people:
            yield Markup("<p class=hands>{}: {}</p>").format(label, line(people))
    yield _comments(entry)
    yield also_in(entry)
    if entry.tags:
        topics = enumerate_names([line(tag) for tag in entry.tags], entry.language)
        yield Markup("<p class=tags>{}: {}</p>").format(known["topics"], topics)
    yield _said("rights", entry.rights, "copyrightNotice")
    if entry.license:
        where = license_address(entry)
        named = line(entry.license_name or entry.license)
        link = Markup('<a rel=license itemprop=license href="{}">{}</a>')
        shown = link.format(where, named) if where else named
        yield Markup("<p class=licence>{}: {}</p>").format(known["licence"], shown)


def _comments(entry: Entry) -> Markup:
    """Where readers discuss it."""
    comments = entry.comments
    where = address(comments.url) if comments and comments.url else None
    if comments is None or where is None:
        return Markup("")
    known = words(entry.language)["comments"]
    count = Markup("") if comments.count is None else Markup(" (<bdi>{}</bdi>)").format(comments.count)
    return Markup('<p class=comments><a href="{}" itemprop=discussionUrl>{}{}</a></p>').format(
        where, known, count
    )


def _related(entry: Entry) -> Markup:
    """Stories that go with it, each in its own language."""
    form = Markup('<li lang="{}" dir="{}"><a href="{}">{}</a></li>')
    rows = [
        form.format(tag, direction(tag), url, line(other.title or "") or url)
        for other in entry.related
        if (url := address(other.url or "")) and (tag := other.language or entry.language)
    ]
    if not rows:
        return Markup("")
    return Markup("<aside class=related><h2>{}</h2><ul>{}</ul></aside>").format(
        words(entry.language)["related"], Markup("").join(rows)
    )


def _media(entry: Entry) -> Markup:
    """Sound and film that the text does not show itself."""
    shown = [_player(item) for item in entry.media if item.url not in (entry.content or "")]
    return Markup("<div class=media>{}</div>").format(Markup("").join(shown)) if any(shown) else Markup("")


def _player(item: Media) -> Markup:
    url, kind = address(item.url), medium(media_type(item.url, item.type))
    if url is None or kind is None:
        return Markup("")
    said = dict.fromkeys(line(t) for t in (item.title, item.caption, item.credit, item.rights) if t)
    if kind == "image":
        element = Markup('<img src="{}" alt="{}" loading=lazy>').format(url, line(item.caption or ""))
    else:
        name = line(item.title or item.caption or "") or kind
        element = Markup('<{0} controls preload=none src="{1}" aria-label="{2}"></{0}>').format(
            kind, url, name
        )
    caption = Markup("<figcaption>{}</figcaption>").format(" — ".join(said)) if said else ""
    return Markup("<figure>{}{}</figure>").format(element, caption)


def _hreflang(entry: Entry) -> list[Markup]:
    """The same story in other languages; the page names itself among them."""
    others = translations(entry)
    known = [(entry.language, address(entry.url)), *others] if others else []
    form = Markup('<link rel=alternate hreflang="{}" href="{}">')
    return [form.format(language, url) for language, url in known if url]


def _own_markup(entry: Entry) -> Markup:
    shown = entry.content if entry.content is not None else entry.summary_markup
    return Markup(clean(shown))  # noqa: S704 - sanitised before it became an entry
