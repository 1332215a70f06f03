"""Pictures, audio and video of a NewsML-G2 message, and which story each belongs to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from syndicate.about import Thumbnail
from syndicate.model import Media, Picture
from syndicate.sources.metadata import address_or_none, count_or_none
from syndicate.sources.newsml_meta import code, named, of_language, tail
from syndicate.sources.safe_xml import attribute, child, children, local, words

_KINDS = frozenset({"picture", "graphic", "audio", "video", "animation"})
_WEB = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "audio/", "video/")
_SMALL = frozenset({"thumbnail", "thumb"})


class Pictures:
    """What of a message is no text. A medium belongs to the stories that name it, or whose package does."""

    def __init__(self, items: list[Any]) -> None:
        self._held = {
            guid: item for item in items if self.holds(item) and (guid := attribute(item, "guid")) is not None
        }
        self._beside: dict[str, list[str]] = defaultdict(list)
        for package in items:
            if local(package) == "packageItem":
                refs = [*_refs(package)]
                for ref in refs:
                    self._beside[ref] += [other for other in refs if other != ref]

    @staticmethod
    def holds(item: Any) -> bool:
        """Whether an item is a picture, graphic, sound or film."""
        return code(child(item, "itemMeta", "itemClass")).lower() in _KINDS

    def of(self, story: Any, language: str | None) -> tuple[Picture | None, tuple[Media, ...]]:
        """The lead picture of a story, and its other media."""
        named_here = [attribute(e, "residref") for e in children(story, "itemMeta", "link")]
        beside = self._beside.get(attribute(story, "guid") or "", [])
        guids = dict.fromkeys(g for g in (*named_here, *beside) if g in self._held)
        until = words(child(story, "itemMeta", "embargoed"))
        usable = [g for g in guids if _may_be_used(self._held[g or ""], until)]
        found = [(self._kind(g), made) for g in usable if (made := _medium(self._held[g or ""], language))]
        lead = next((made for kind, made in found if kind in ("picture", "graphic")), None)
        others = tuple(
            Media(**{k: v for k, v in made.items() if k != "alt"}) for _, made in found if made is not lead
        )
        kept = {k: v for k, v in lead.items() if k != "duration"} if lead else None
        return (Picture(**kept) if kept else None), others

    def _kind(self, guid: str | None) -> str:
        return code(child(self._held[guid or ""], "itemMeta", "itemClass")).lower()


def _refs(package: Any) -> list[str]:
    found = [attribute(e, "residref") for e in package.iter() if local(e) == "itemRef"]
    return [ref for ref in found if ref]


def _may_be_used(item: Any, story_until: str | None) -> bool:
    """Whether its own status lets it, and it has no other embargo than its story's."""
    if code(child(item, "itemMeta", "pubStatus")).lower() not in ("", "usable"):
        return False
    embargo = child(item, "itemMeta", "embargoed")
    return embargo is None or (story_until is not None and words(embargo) == story_until)


def _medium(item: Any, language: str | None) -> dict[str, Any] | None:
    """The widest form that the web shows, with its caption, credit and rights."""
    forms = [
        e for e in children(item, "contentSet", "remoteContent") if address_or_none(attribute(e, "href"))
    ]
    shown = [e for e in forms if (attribute(e, "contenttype") or "image/jpeg").lower().startswith(_WEB)]
    large = [e for e in shown if tail(e, "rendition").lower() not in _SMALL] or shown
    if not large:
        return None
    best = max(large, key=lambda e: (_count(e, "width") or 0, tail(e, "rendition").lower() != "highres"))
    small = next((e for e in shown if tail(e, "rendition").lower() in _SMALL and e is not best), None)
    meta = child(item, "contentMeta")
    rights = child(item, "rightsInfo")
    about = children(meta, "description")
    stated = {
        "url": address_or_none(attribute(best, "href")),
        "type": attribute(best, "contenttype"),
        "length": _count(best, "size"),
        "width": _count(best, "width"),
        "height": _count(best, "height"),
        "duration": _count(best, "duration"),
        "caption": of_language(about, language, "caption") or of_language(about, language),
        "credit": words(child(meta, "creditline")) or words(child(meta, "by")),
        "rights": of_language(children(rights, "copyrightNotice"), language)
        or named(child(rights, "copyrightHolder"), language),
        "digital_source_type": code(child(meta, "digitalSourceType")) or None,
        "thumbnail": _thumbnail(small),
    }
    return {key: value for key, value in stated.items() if value is not None}


def _thumbnail(form: Any) -> Thumbnail | None:
    address = address_or_none(attribute(form, "href")) if form is not None else None
    if address is None:
        return None
    return Thumbnail(url=address, width=_count(form, "width"), height=_count(form, "height"))


def _count(form: Any, name: str) -> int | None:
    return count_or_none(attribute(form, name))
