"""What a ninjs story is associated with: pictures, audio, video, related stories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.about import Reference, Thumbnail
from syndicate.model import Media, Picture, PubStatus
from syndicate.sources.metadata import WrongValueError, address_or_none, as_status, as_time, count_or_none
from syndicate.sources.ninjs_parts import Table, alternate_ids, by_role, code_of, fold, tables, text_of

_ONLY_MEDIA = ("duration", "bitrate", "title")
_ONLY_PICTURE = ("alt",)


class Associated:
    """The associations of one item: a table by name up to 2.x, a list since 3.x."""

    def __init__(self, item: Table, zone: ZoneInfo) -> None:
        self._zone = zone
        self._story_until = _until(item)
        self.doubts: list[str] = []
        held = item.get("associations")
        named = [{"name": n, **fold(v)} for n, v in held.items()] if isinstance(held, dict) else tables(held)
        known = [(str(a.get("type")), made) for a in named if (made := self._medium(a))]
        lead = next((made for kind, made in known if kind in ("picture", "graphic")), None)
        self.image = Picture(**_without(lead, _ONLY_MEDIA)) if lead else None
        self.media = tuple(Media(**_without(m, _ONLY_PICTURE)) for _, m in known if m is not lead)
        self.related = _related(named)

    def _medium(self, item: Table) -> dict[str, Any] | None:
        """One medium that may be used now, by its widest rendition that has an address."""
        forms = [(f, address) for f in _renditions(item) if (address := address_or_none(f.get("href")))]
        if not forms or not self._may_be_used(item):
            return None
        large = [f for f in forms if "thumb" not in str(f[0].get("name")).lower()] or forms
        best, address = max(large, key=lambda f: count_or_none(f[0].get("width")) or 0)
        small = next(
            (f for f in forms if "thumb" in str(f[0].get("name")).lower() and f[0] is not best), None
        )
        stated = {
            "url": address,
            "type": text_of(best.get("mimetype") or best.get("contenttype")),
            "length": count_or_none(best.get("sizeinbytes")),
            "width": count_or_none(best.get("width")),
            "height": count_or_none(best.get("height")),
            "duration": count_or_none(best.get("duration")),
            "bitrate": count_or_none(best.get("bitrate")),
            "caption": text_of(item.get("descriptiontext")) or by_role(item.get("descriptions"), "caption"),
            "credit": text_of(
                item.get("creditline") or item.get("byline") or item.get("by") or item.get("copyrightholder")
            ),
            "rights": text_of(item.get("copyrightnotice")),
            "expires": self._moment(item.get("expires")),
            "digital_source_type": code_of(item.get("digitalsourcetype")),
            "thumbnail": _thumbnail(*small) if small else None,
        }
        return {key: value for key, value in stated.items() if value is not None}

    def _may_be_used(self, item: Table) -> bool:
        """Not what its own status forbids, or an embargo that outlasts the story's; what cannot be
        read is no permission."""
        try:
            stated, until = item.get("pubstatus"), _until(item)
            usable = not stated or as_status(stated) is PubStatus.USABLE
            free = not until or self._story_outlasts(as_time(until, self._zone))
        except WrongValueError:
            usable = free = False
        if not (usable and free):
            self.doubts.append(f"the association {item.get('name')!r} may not be used now; it was left out")
        return usable and free

    def _story_outlasts(self, until: datetime) -> bool:
        return bool(self._story_until) and until <= as_time(self._story_until, self._zone)

    def _moment(self, value: Any) -> datetime | None:
        try:
            return as_time(value, self._zone) if value else None
        except WrongValueError:
            self.doubts.append("the end of a picture's rights cannot be read; it is taken to be over")
            return datetime(1970, 1, 1, tzinfo=UTC)


def _until(item: Table) -> Any:
    return item.get("embargoeduntil") or item.get("embargoed")


def _related(named: list[dict[str, Any]]) -> tuple[Reference, ...]:
    """Stories it names as related; translations name each other elsewhere."""
    found: dict[str, Reference] = {}
    for item in named:
        if str(item.get("type")) != "text" or str(item.get("name")).lower().startswith("translation"):
            continue
        ref = alternate_ids(item).get("web") or text_of(item.get("uri"))
        title = text_of(item.get("headline") or item.get("title")) or by_role(item.get("headlines"), "main")
        if ref:
            found.setdefault(ref, Reference(ref=ref, title=title))
    return tuple(found.values())


def _renditions(item: Table) -> list[dict[str, Any]]:
    held = item.get("renditions")
    if isinstance(held, dict):
        return [{"name": name, **fold(form)} for name, form in held.items() if isinstance(form, dict)]
    return tables(held)


def _thumbnail(form: Table, address: str) -> Thumbnail:
    return Thumbnail(
        url=address, width=count_or_none(form.get("width")), height=count_or_none(form.get("height"))
    )


def _without(made: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if key not in names}
