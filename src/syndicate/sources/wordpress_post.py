"""A post as WordPress' REST API gives it (``wp/v2``) → the story in it. Pure.

The same object comes by polling and, signed, by the plugin in deploy/wordpress.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from syndicate.about import Thumbnail
from syndicate.model import Draft, Given, InputKind, Picture, PubStatus
from syndicate.sources.decoding import legal
from syndicate.sources.metadata import WrongValueError, address_or_none, as_time, count_or_none
from syndicate.sources.wordpress_markup import own_excerpt, said, tidy, with_authors, words

OUT = "publish"
"""The one status of posts that readers may see."""
WITHHELD = frozenset({"draft", "pending", "private", "future"})
_NO_SECTION = frozenset({"uncategorized", "uncategorised", "blog"})
_SMALL = ("medium", "medium_large", "thumbnail")
Table = Mapping[str, Any]


class NoPost(Exception):
    """What came is no post of WordPress; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a site's posts are read under. ``main`` is the language that others are translations of."""

    source: str
    zone: ZoneInfo
    language: str | None = None
    main: str = "en"
    keep_ids: bool = False
    authors: bool = True


def own_id(post: Table) -> str:
    """The post's number at its site. Raises NoPost."""
    number = post.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise NoPost("it has no id: is it an object of wp/v2?")
    return str(number)


def status_of(post: Table) -> PubStatus:
    """Whether readers of the site may see it: behind a password they may not."""
    status = str(post.get("status") or OUT)
    if status == OUT:
        shut = _table(post.get("content")).get("protected") is True or bool(post.get("password"))
        return PubStatus.WITHHELD if shut else PubStatus.USABLE
    return PubStatus.WITHHELD if status in WITHHELD else PubStatus.CANCELED


def draft_of(post: Table, terms: Terms) -> Draft:
    """The story. Raises NoPost where it is no post, or none that may be seen."""
    known = own_id(post)
    if status_of(post) is not PubStatus.USABLE:
        raise NoPost("it is not published")
    content = tidy(_rendered(post.get("content")))
    guid = words(_rendered(post.get("guid"))) or None
    url = address_or_none(post.get("link"))
    published = moment(post, "date", terms.zone)
    given = Given(
        headline=legal(words(_rendered(post.get("title")))) or None,
        url=url,
        published=published,
        updated=_updated(post, published, terms.zone),
        language=language_of(post) or terms.language,
        translation_of=_translation_of(post, known, terms),
        section=_section(post, url),
        tags=_tags(post, url),
        excerpt=own_excerpt(_rendered(post.get("excerpt")), _rendered(post.get("content")), content),
        image=_featured(post),
    )
    return Draft(
        source=terms.source,
        source_id=known,
        kind=InputKind.HTML,
        text=legal(with_authors(content, authors_of(post) if terms.authors else ())),
        given=given,
        base_url=url,
        origin=url or known,
        guid=guid if terms.keep_ids else None,
        aliases=(("url", url),) if url else (),
    )


def moment(post: Table, name: str, zone: ZoneInfo) -> datetime | None:
    """``date`` or ``modified`` in UTC, from the ``…_gmt`` where there is one."""
    for key, of in ((f"{name}_gmt", ZoneInfo("UTC")), (name, zone)):
        value = post.get(key)
        if isinstance(value, str) and value and not value.startswith("0000"):
            try:
                return as_time(value, of).astimezone(UTC)
            except WrongValueError:
                continue
    return None


def moment_gmt(post: Table, name: str) -> datetime | None:
    """``date_gmt`` or ``modified_gmt`` alone."""
    return moment({f"{name}_gmt": post.get(f"{name}_gmt")}, name, ZoneInfo("UTC"))


def _updated(post: Table, published: datetime | None, zone: ZoneInfo) -> datetime | None:
    """What was scheduled goes out with the ``modified`` of before: then it is new when it is published."""
    known = [at for at in (moment(post, "modified", zone), published) if at]
    return max(known, default=None)


def language_of(post: Table) -> str | None:
    """By Polylang (``lang``) or WPML (``wpml_current_locale``), as BCP 47."""
    for key in ("lang", "wpml_current_locale"):
        value = post.get(key)
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*", value):
            return _tag(value)
    return None


def _tag(locale: str) -> str:
    """``ps_AF`` → ``ps-AF``; the country of a site that speaks to all says nothing: ``en_US`` → ``en``."""
    first, *rest = re.split("[_-]", locale)
    more = [
        part
        for part in rest
        if len(part) == 4 or (len(part) == 2 and part.upper() not in _MAIN.get(first, ()))
    ]
    return "-".join([first.lower(), *(p.title() if len(p) == 4 else p.upper() for p in more)])


_MAIN = {
    "en": ("US",),
    "ps": ("AF",),
    "ur": ("PK",),
    "fa": ("IR",),
    "de": ("DE",),
    "fr": ("FR",),
    "es": ("ES",),
}


def _translation_of(post: Table, known: str, terms: Terms) -> str | None:
    """The original's id: the one in the site's main language, else the oldest of the set."""
    members = {**_polylang(post), **_wpml(post)}
    own = language_of(post)
    if own:
        members[own] = known
    if len(members) < 2:
        return None
    original = members.get(terms.language or terms.main) or min(members.values(), key=int)
    return None if original == known else original


def _polylang(post: Table) -> dict[str, str]:
    found = _table(post.get("translations"))
    return {_tag(str(lang)): str(number) for lang, number in found.items() if _is_number(number)}


def _wpml(post: Table) -> dict[str, str]:
    rows = _tables(post.get("wpml_translations"))
    return {
        _tag(str(row["locale"])): str(row["id"])
        for row in rows
        if row.get("locale") and _is_number(row.get("id"))
    }


def _is_number(value: Any) -> bool:
    return str(value).isascii() and str(value).isdigit() and int(value) > 0


# -- what is embedded ------------------------------------------------------------------


def _terms_of(post: Table, *taxonomies: str) -> list[Table]:
    lists = _embedded(post).get("wp:term")
    rows = (
        [row for many in lists if isinstance(many, list) for row in many] if isinstance(lists, list) else []
    )
    return [row for row in _tables(rows) if row.get("taxonomy") in taxonomies and row.get("name")]


def _categories(post: Table, url: str | None) -> list[str]:
    """Names of the categories, the story's main one first: the one that its address names."""
    rows = [row for row in _terms_of(post, "category") if str(row.get("slug")).lower() not in _NO_SECTION]
    path = unquote(urlsplit(url or "").path).split("/")[:-1]
    rows.sort(key=lambda row: unquote(str(row.get("slug"))) not in path)
    return [words(str(row["name"])) for row in rows]


def _section(post: Table, url: str | None) -> str | None:
    return next(iter(_categories(post, url)), None)


def _tags(post: Table, url: str | None) -> tuple[str, ...]:
    tags = [words(str(row["name"])) for row in _terms_of(post, "post_tag")]
    return tuple(dict.fromkeys([*tags, *_categories(post, url)[1:]]))


def authors_of(post: Table) -> tuple[str, ...]:
    """Guest authors of PublishPress and Co-Authors Plus, else WordPress' own."""
    publishpress = [row.get("display_name") for row in _tables(post.get("authors"))]
    guests = [row.get("display_name") for row in _tables(_embedded(post).get("coauthors"))]
    terms = [row["name"] for row in _terms_of(post, "ppma_author")]
    users = [row.get("name") for row in _tables(_embedded(post).get("author"))]
    for names in (publishpress, guests, terms, users):
        found = tuple(dict.fromkeys(words(str(name)) for name in names if name))
        if found:
            return found
    return ()


def _featured(post: Table) -> Picture | None:
    """The featured picture; one that the API does not show (it hangs on a private post) is none."""
    for media in _tables(_embedded(post).get("wp:featuredmedia")):
        if str(media.get("media_type") or "image") == "image" and (made := picture_of(media)):
            return made
    return None


def picture_of(media: Table) -> Picture | None:
    """An attachment as a picture, with what its file and its editors say of it."""
    url = address_or_none(media.get("source_url"))
    if url is None:
        return None
    details = _table(media.get("media_details"))
    meta = _table(details.get("image_meta"))
    caption = legal(words(_rendered(media.get("caption")))) or None
    return Picture(
        url=url,
        caption=caption,
        credit=said(meta.get("credit")),
        rights=said(meta.get("copyright")),
        alt=said(media.get("alt_text")),
        type=said(media.get("mime_type")),
        length=_count(details.get("filesize")),
        width=_count(details.get("width")),
        height=_count(details.get("height")),
        thumbnail=_thumbnail(_table(details.get("sizes"))),
    )


def _thumbnail(sizes: Table) -> Thumbnail | None:
    for name in _SMALL:
        size = _table(sizes.get(name))
        url = address_or_none(size.get("source_url"))
        if url:
            return Thumbnail(url=url, width=_count(size.get("width")), height=_count(size.get("height")))
    return None


# -- values ----------------------------------------------------------------------------


def _embedded(post: Table) -> Table:
    return _table(post.get("_embedded"))


def _rendered(value: Any) -> str:
    """``{"rendered": …}``, or the text itself."""
    text = value.get("rendered") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _table(value: Any) -> Table:
    return value if isinstance(value, dict) else {}  # PHP writes an empty table as []


def _tables(value: Any) -> list[Table]:
    """The tables of a list; an embedded object that could not be shown is ``{"code": …}``."""
    rows: Iterable[Any] = value if isinstance(value, list) else ()
    return [row for row in rows if isinstance(row, dict) and "code" not in row]


def _count(value: Any) -> int | None:
    return count_or_none(value) or None
