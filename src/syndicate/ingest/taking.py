"""What the steps of taking a draft share: under what it is taken, what came of it, what it is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syndicate.config import Matching, SourceOptions
from syndicate.editorial import Directory, ReadOptions, xml_text
from syndicate.ingest import holds, record, related
from syndicate.ingest.compose import House, compose
from syndicate.model import Article, Draft, JournalAction, PubStatus, Reading, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What a source's drafts are taken under. ``sources``: all that are configured.

    ``adopts``: stories that are known by their text come under new ids from now on; ``anew``: those are
    new stories. ``quiet``: they are old ones that are filled in, and nobody is told.
    """

    tag: str
    desk: record.Desk
    directory: Directory
    house: House
    options: SourceOptions
    reading: ReadOptions
    matching: Matching
    sources: Mapping[str, SourceOptions]
    adopts: bool = False
    anew: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a draft. ``action`` is ``None`` where nothing was published.

    ``problem`` is for people: why the draft, or this version of it, was left.
    ``adopted``: a known story came under a new id, and is known by that now.
    ``copy``: another source's version of the story is the one that is out.
    """

    article_id: str
    action: JournalAction | None = None
    held: str | None = None
    problem: str | None = None
    fix: str | None = None
    unchanged: bool = False
    copy: bool = False
    adopted: bool = False


def legal(draft: Draft) -> Draft:
    """What can be kept: characters that no reader may get (a lone surrogate, NUL) are no text."""
    return replace(draft, text=xml_text(draft.text))


def identities(draft: Draft) -> tuple[tuple[str, str], ...]:
    """What a draft is known by, the surest first."""
    known = [(f"id:{draft.source}", draft.source_id)]
    if draft.guid:
        known.append(("guid", draft.guid))
    if draft.given.url:
        known.append(("url", draft.given.url))
    return (*known, *draft.aliases)


def known_as(draft: Draft, story: Story) -> list[tuple[str, str]]:
    """All that an article is found by later; the original's address for notices that name it."""
    original = story.credit.original_url
    theirs = [("original", original)] if original else []
    return [*identities(draft), *theirs, *related.addresses([story.url, original])]


def text_identity(story: Story) -> tuple[str, str]:
    """A story's words as an identity: the same text under another id is the same story,
    unless it says that it is a translation."""
    told = f"{story.headline} {story.markup} {story.language if story.translation_of else ''}"
    words = " ".join(told.split()).encode("utf-8", "replace")
    return "text", hashlib.sha256(words).hexdigest()[:32]


def new_article(
    new_id: str, draft: Draft, reading: Reading, story: Story, taking: Taking, now: datetime
) -> Article:
    """A draft as an article that nobody has seen yet."""
    stated = draft.given.published or reading.published
    published = max(filter(None, (stated or now, story.embargo)))
    changed = published
    if draft.given.updated and published < draft.given.updated <= now:
        changed = draft.given.updated
    return Article(
        id=new_id,
        source=draft.source,
        source_id=draft.source_id,
        revision=1,
        status=draft.given.status or PubStatus.USABLE,
        story=story,
        published=published,
        changed=changed,
        first_seen=now,
        guid=draft.guid if taking.options.ids == "source" else None,
        hold=hold_reason(taking, draft, reading, story, {}),
    )


def hold_reason(
    taking: Taking, draft: Draft, reading: Reading, story: Story, overrides: Mapping[str, Any]
) -> str | None:
    """Why an editor must look at a story before it goes out, or ``None``."""
    found = holds.reasons(
        draft, reading, story, overrides=overrides, directory=taking.directory, house=taking.house
    )
    return found[0] if found else None


def compose_story(
    taking: Taking,
    draft: Draft,
    reading: Reading,
    overrides: Mapping[str, Any],
    noted: tuple[Any, ...],
    before: Article | None,
    now: datetime,
) -> Story:
    """What was given, read and set for a draft; ``before``: the article it is a new version of."""
    return compose(
        draft,
        reading,
        directory=taking.directory,
        house=taking.house,
        overrides=overrides,
        noted=noted,
        before=before.story if before else None,
        now=now,
        seen=before.first_seen if before else now,
        published=before.published if before and before.live else None,
    )
