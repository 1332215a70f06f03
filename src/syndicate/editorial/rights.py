"""Which pictures and media of a story may be shown, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from syndicate.editorial.visible import figures, without_picture, without_pictures
from syndicate.model import Media, Picture, Story

_MARKS = str.maketrans(dict.fromkeys("/|,;:()[]©—–-•.", " "))


class Barred(Protocol):
    """An agency whose terms do not let its pictures pass: see ``editorial.agencies.AgencyRecord``."""

    @property
    def names(self) -> tuple[str, ...]: ...


A = TypeVar("A", Picture, Media)


def rights_end(story: Story) -> datetime | None:
    """When the rights of a picture or medium end next."""
    ends = [item.expires for item in _all(story) if item.expires]
    return min(ends, default=None)


def without_ended(story: Story, now: datetime) -> Story:
    """Without what has no rights left, in the text as well."""
    return _without(story, [item for item in _all(story) if _ended(item, now)])


def permitted(
    story: Story,
    *,
    now: datetime | None = None,
    pictures: bool = True,
    barred: Sequence[Barred] = (),
) -> Story:
    """The story with what may leave the house.

    ``now`` leaves out what has no rights left; ``pictures = False`` every
    picture; ``barred`` those that are credited to such an agency, whoever
    the text is by.
    """
    refused = [
        item
        for item in _all(story)
        if not item.redistributable
        or (now is not None and _ended(item, now))
        or (is_picture(item) and (not pictures or _credited(item.credit or "", barred)))
    ]
    story = _without(story, refused)
    if not pictures:
        stills = tuple(replace(m, thumbnail=None) for m in story.media)
        return replace(story, media=stills, markup=without_pictures(story.markup))
    if barred:
        return replace(story, markup=_without_credited(story.markup, barred))
    return story


def is_picture(item: Picture | Media) -> bool:
    """Whether it is a still picture."""
    if isinstance(item, Picture):
        return True
    kind = (item.type or "").partition("/")[0]
    ending = item.url.partition("?")[0].rpartition(".")[2].lower()
    return kind == "image" or (not kind and ending in {"avif", "gif", "jpeg", "jpg", "png", "svg", "webp"})


def _all(story: Story) -> list[Picture | Media]:
    return [*((story.image,) if story.image else ()), *story.media]


def _ended(item: Picture | Media, now: datetime) -> bool:
    return item.expires is not None and item.expires <= now


def _without(story: Story, refused: Sequence[Picture | Media]) -> Story:
    if not refused:
        return story
    markup = story.markup
    for item in refused:
        markup = without_picture(markup, item.url)
    image = None if story.image in refused else story.image
    return replace(story, image=image, media=tuple(m for m in story.media if m not in refused), markup=markup)


def _credited(words: str, barred: Iterable[Barred]) -> bool:
    """Whether a picture's credit names one of these, as whole words ("Jane Doe/Reuters")."""
    if not words or not barred:
        return False
    padded = _flat(words)
    return any(_flat(name) in padded for agency in barred for name in agency.names)


def _flat(words: str) -> str:
    return f" {' '.join(words.translate(_MARKS).split())} "


def _without_credited(markup: str, barred: Sequence[Barred]) -> str:
    for whole, words in figures(markup):
        if _credited(words, barred):
            markup = markup.replace(whole, "", 1)
    return markup
