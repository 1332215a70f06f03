"""From keys and values, as files give them, to what a source states about a story."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from syndicate.about import Comments, Reference, Thumbnail
from syndicate.model import CreditRole, Given, Media, Picture, PubStatus
from syndicate.sources.decoding import legal

# Whether a story may be seen at all hangs on these: one that cannot be read
# keeps the story out, for taking it "without" would break an embargo or undo a kill.
GATES = frozenset({"status", "embargo", "expires"})
_UTC = ZoneInfo("UTC")
_ZONE_APART = re.compile(r"\s+(?=(?:Z|[+-]\d\d:?\d\d)$)")
_STATUS_WORDS = {"cancelled": "canceled", "published": "usable"}


class WrongValueError(ValueError):
    """A value of the wrong type or form; the message says what is wanted."""


class RefusedError(Exception):
    """A story that cannot be taken: why, and what to do about it."""

    def __init__(self, reason: str, fix: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a file states: its own id, the metadata, and what was doubtful (warnings)."""

    own_id: str | None = None
    given: Given = field(default_factory=Given)
    doubts: tuple[str, ...] = ()


def as_text(value: Any) -> str:
    """One text. Raises WrongValueError for lists and tables."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
        raise WrongValueError(f"must be text, not {_kind(value)}")
    return legal(str(value)).strip()


def as_texts(value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for text in map(as_text, values) if text)


def as_tags(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas between."""
    if isinstance(value, str):
        value = re.split("[,،]", value)
    return tuple(dict.fromkeys(as_texts(value)))


def as_address(value: Any) -> str:
    """An absolute http or https address."""
    text = as_text(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise WrongValueError("is no web address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s<>\"]", text):
        raise WrongValueError("must be a web address that begins with http:// or https://")
    return text


def address_or_none(value: Any) -> str | None:
    """``as_address`` for what others wrote beside a story: ``None`` for all that is none."""
    try:
        return as_address(value)
    except WrongValueError:
        return None


def count_or_none(value: Any) -> int | None:
    """``as_count``, likewise."""
    try:
        return as_count(value)
    except WrongValueError:
        return None


def as_time(value: Any, zone: ZoneInfo) -> datetime:
    """An ISO 8601 time or date → UTC; without a zone it is the publisher's."""
    try:
        moment = value if isinstance(value, date) else _parse_time(as_text(value))
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongValueError("must be a time like 2026-11-23T14:30:00+04:30") from None


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(_ZONE_APART.sub("", text))


def as_status(value: Any) -> PubStatus:
    """usable, withheld or canceled."""
    word = as_text(value).lower()
    try:
        return PubStatus(_STATUS_WORDS.get(word, word).removeprefix("stat:"))
    except ValueError:
        raise WrongValueError("must be usable, withheld or canceled") from None


def as_role(value: Any) -> CreditRole:
    """One of the credit roles."""
    try:
        return CreditRole(as_text(value).lower())
    except ValueError:
        raise WrongValueError(f"must be one of {', '.join(CreditRole)}") from None


def as_count(value: Any) -> int:
    """A whole number, zero or more."""
    text = as_text(value)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise WrongValueError("must be a whole number")
    return int(text)


def as_flag(value: Any) -> bool:
    """true or false. A picture's rights hang on it: what cannot be read is no permission."""
    if isinstance(value, bool):
        return value
    return as_text(value).lower() in ("true", "yes", "1")


_PICTURE: dict[str, Callable[[Any], Any]] = {
    "caption": as_text, "credit": as_text, "rights": as_text, "alt": as_text,
    "type": as_text, "length": as_count, "width": as_count, "height": as_count,
    "redistributable": as_flag, "digital_source_type": as_text,
}  # fmt: skip
_MEDIA: dict[str, Callable[[Any], Any]] = {
    "type": as_text, "length": as_count, "duration": as_count, "title": as_text,
    "caption": as_text, "credit": as_text, "rights": as_text, "redistributable": as_flag,
    "width": as_count, "height": as_count, "bitrate": as_count, "digital_source_type": as_text,
}  # fmt: skip


def as_picture(value: Any, base: str | None = None, zone: ZoneInfo = _UTC) -> Picture:
    """An address, or a table with ``url`` and what goes along with the picture."""
    return Picture(**_table(value, _known(_PICTURE, base, zone), base))


def as_media(value: Any, base: str | None = None, zone: ZoneInfo = _UTC) -> tuple[Media, ...]:
    """One or a list of addresses or tables."""
    values = value if isinstance(value, (list, tuple)) else [value]
    known: dict[str, Callable[[Any], Any]] = {
        **_known(_MEDIA, base, zone),
        "player": partial(_within, base=base),
    }
    return tuple(Media(**_table(each, known, base)) for each in values)


def as_thumbnail(value: Any, base: str | None = None) -> Thumbnail:
    """An address, or a table with ``url``, ``width`` and ``height``."""
    return Thumbnail(**_table(value, {"width": as_count, "height": as_count}, base))


def as_related(value: Any) -> tuple[Reference, ...]:
    """A list of addresses, ids, or tables with ``url`` or ``id`` and perhaps a ``title``."""
    values = value if isinstance(value, (list, tuple)) else [value]
    found = {reference.ref: reference for reference in map(_reference, values)}
    return tuple(found.values())


def _reference(value: Any) -> Reference:
    table = value if isinstance(value, dict) else {"id": value}
    stated = [table[key] for key in ("url", "id") if table.get(key)]
    unknown = [key for key in table if key not in ("url", "id", "title")]
    if len(stated) != 1 or unknown:
        raise WrongValueError("must be a list of addresses, ids, or tables with url (or id) and title")
    title = as_text(table["title"]) if table.get("title") else None
    return Reference(ref=as_text(stated[0]), title=title or None)


def as_comments(value: Any, base: str | None = None) -> Comments:
    """The comments' address, or a table with ``url``, ``feed`` and ``count``."""
    table = {"url": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or not table:
        raise WrongValueError("must be an address, or a table with url, feed and count")
    known: dict[str, Callable[[Any], Any]] = {
        "url": partial(_within, base=base), "feed": partial(_within, base=base), "count": as_count,
    }  # fmt: skip
    unknown = [key for key in table if key not in known]
    if unknown:
        raise WrongValueError(f"has the unknown key {_shown(unknown[0])}{nearest(unknown[0], known)}")
    return Comments(**{key: known[key](each) for key, each in table.items() if each is not None})


def _known(
    plain: Mapping[str, Callable[[Any], Any]], base: str | None, zone: ZoneInfo
) -> dict[str, Callable[[Any], Any]]:
    return {
        **plain,
        "expires": partial(as_time, zone=zone),
        "thumbnail": partial(as_thumbnail, base=base),
    }


def _within(value: Any, base: str | None) -> str:
    """An address, perhaps relative to the story's own."""
    text = as_text(value)
    return as_address(urljoin(base, text) if base else text)


def _table(value: Any, known: Mapping[str, Callable[[Any], Any]], base: str | None) -> dict[str, Any]:
    table = {"url": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or table.get("url") is None:
        raise WrongValueError("must be an address, or a table with url")
    unknown = [key for key in table if key != "url" and key not in known]
    if unknown:
        raise WrongValueError(f"has the unknown key {_shown(unknown[0])}{nearest(unknown[0], known)}")
    made = {key: known[key](each) for key, each in table.items() if key != "url" and each is not None}
    return {**made, "url": _within(table["url"], base)}


_TEXT_FIELDS = {
    "title": "headline", "subtitle": "subtitle", "language": "language",
    "translation_of": "translation_of", "section": "section", "agency": "agency",
    "dateline": "dateline", "excerpt": "excerpt", "rights": "rights", "license": "license",
    "correction": "correction", "digital_source_type": "digital_source_type",
}  # fmt: skip
_OTHER_FIELDS: dict[str, Callable[[Any], Any]] = {
    "url": as_address, "original_url": as_address, "tags": as_tags, "byline": as_texts,
    "credit_role": as_role, "status": as_status, "related": as_related,
}  # fmt: skip
_TIMES = ("published", "updated", "embargo", "expires")
KEYS = frozenset({"id", "image", "media", "comments", *_TEXT_FIELDS, *_OTHER_FIELDS, *_TIMES})


def state(table: Mapping[Any, Any], zone: ZoneInfo) -> Stated:
    """What front matter states. An unreadable value is left out with a doubt.

    Raises RefusedError where the unreadable key decides whether the story may be seen.
    """
    doubts: list[str] = []
    known: dict[str, Any] = {}
    for key, value in table.items():
        if not isinstance(key, str) or key not in KEYS:
            doubts.append(_unknown(key))
        elif value is not None and value != "":
            _take(known, key, value, zone, table, doubts)
    own_id = known.pop("id", None)
    return Stated(own_id=own_id or None, given=Given(**known), doubts=tuple(doubts))


def _take(
    known: dict[str, Any], key: str, value: Any, zone: ZoneInfo, table: Mapping[Any, Any], doubts: list[str]
) -> None:
    try:
        known[_TEXT_FIELDS.get(key, key)] = _convert(key, value, zone, table)
    except WrongValueError as error:
        if key in GATES:
            fix = f"mend {key}; the story waits, because it decides whether it may be seen"
            raise RefusedError(f"{key} {error}", fix) from None
        doubts.append(f"{key} {error}; the story was taken without it")


def _convert(key: str, value: Any, zone: ZoneInfo, table: Mapping[Any, Any]) -> Any:
    if key in _TIMES:
        return as_time(value, zone)
    if key in ("image", "media", "comments"):
        stated = table.get("url")
        base = stated if isinstance(stated, str) else None
        if key == "comments":
            return as_comments(value, base)
        return as_picture(value, base, zone) if key == "image" else as_media(value, base, zone)
    convert: Callable[[Any], Any] = _OTHER_FIELDS.get(key, as_text)
    return convert(value)


def _unknown(key: Any) -> str:
    hint = nearest(key, KEYS)
    if isinstance(key, str) and any(f"'{gate}'" in hint for gate in GATES):
        raise RefusedError(f"unknown key {_shown(key)}{hint}", "correct the key, or take it out")
    return f"unknown key {_shown(key)}{hint}"


def nearest(word: Any, known: Any) -> str:
    """``"; did you mean 'x'?"`` for the nearest known key, or nothing."""
    close = difflib.get_close_matches(str(word)[:40].lower(), sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(key: Any) -> str:
    return repr(legal(str(key)[:40])) if isinstance(key, (str, int, float)) else "that is no text"


def _kind(value: Any) -> str:
    return {bool: "yes or no", list: "a list", dict: "a table"}.get(type(value), type(value).__name__)
