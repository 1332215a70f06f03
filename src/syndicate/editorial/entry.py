"""An article under someone's terms: one record from which every format is made.

What readers see is decided here once: the dateline as printed, the notes of
correction, the one credit sentence, the withdrawal's notice. Formats only
put it into their elements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from markupsafe import escape

from syndicate.about import Related
from syndicate.config import Publisher, Rights
from syndicate.editorial.credit_text import WHOLE_STORY, AgencyLike, credit_view
from syndicate.editorial.disclosure import disclosure
from syndicate.editorial.excerpt import excerpt as cut_excerpt
from syndicate.editorial.rights import Barred, permitted
from syndicate.editorial.terms import Says, hosts_of, licence, machine_terms
from syndicate.editorial.visible import (
    notes,
    plain_text,
    said_before,
    with_dateline,
    with_figure,
    without_sentence,
    wrapped,
)
from syndicate.editorial.wording import wording
from syndicate.model import (
    Article,
    ContentMode,
    CreditView,
    Entry,
    PubStatus,
    Story,
    Translation,
    direction,
)

Cut = Callable[[str, str, int], str]
"""``(text, language, words)`` → whole sentences of at most so many words."""


NO_EXCERPT_WORDS = 60
"""How many words of the text stand in where a story came without an excerpt."""


SILENT = Says()


def _cut(text: str, language: str, words: int) -> str:
    return cut_excerpt(text, language, words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a receiver may have of stories. ``excerpt_words``: at most so many, in whole sentences.

    ``source_ids``: keep the id that the source's own feed gave a story, where
    it gave one (setting ``ids = "source"``, rule X4). ``rights_line`` and
    ``rights`` are a feed's own, in place of the outlet's. Without ``pictures``
    it gets none.
    """

    content: ContentMode = ContentMode.FULL
    excerpt_words: int | None = None
    source_ids: bool = False
    pictures: bool = True
    rights_line: str | None = None
    rights: Rights | None = None

    def digest(self, publisher: Publisher | None = None, agency: AgencyLike | None = None) -> str:
        """A hex key of all that shapes an entry besides the article: for a fragment's key.

        Give the publisher and the agency's record too, so that new terms or a
        new base address render anew.
        """
        known: list[object] = [self.content.value, self.excerpt_words, self.source_ids]
        known += [self.rights_line, self.rights]
        if not self.pictures:
            known.append("no pictures")
        if publisher is not None:
            known += [publisher.name, publisher.base_url, publisher.rights, publisher.url]
        if agency is not None:
            known += [agency.name, agency.url, agency.feed, agency.excerpt_words, agency.full_text]
            known += [str(agency.role), sorted(agency.credit.items()), agency.pictures]
            known += [agency.rights, agency.terms]
        return hashlib.sha256(repr(known).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def make_entry(
    article: Article,
    terms: Terms,
    *,
    publisher: Publisher,
    agency: AgencyLike | None = None,
    page_url: str,
    now: datetime | None = None,
    cut: Cut = _cut,
    barred: Sequence[Barred] = (),
    page_of: Callable[[str], str] | None = None,
    says: Says = SILENT,
) -> Entry:
    """The article as one receiver gets it.

    ``agency`` is the directory's record of ``article.story.credit.agency``;
    ``page_url`` our own page, for stories without an address. ``now`` leaves
    out pictures and media whose rights have ended. ``barred`` are the agencies
    whose pictures must not be passed on, ``page_of`` our own page of a story
    by its id, for translations and related stories without an address;
    ``says`` what the outlet says of all its stories.
    """
    if article.status is not PubStatus.USABLE:
        return _withdrawn(article, terms, publisher, page_url)
    pictures = terms.pictures and (agency is None or agency.pictures)
    story = permitted(article.story, now=now, pictures=pictures, barred=barred)
    credit = credit_view(story.credit, story.language, agency)
    if credit:
        story = _said_once(story, credit.sentence)
    full = terms.content is ContentMode.FULL and (agency is None or agency.full_text)
    summary = _summary(story, _word_limit(terms, agency), cut)
    wrap = partial(wrapped, language=story.language)
    rights = terms.rights or says.rights
    license_url, license_name = licence(story, credit, agency, rights)
    url = story.url or page_url
    return Entry(
        article_id=article.id,
        revision=article.revision,
        id=_id(article, terms),
        guid_is_source=_keeps_guid(article, terms),
        url=url,
        title=" ".join(story.headline.split()),
        language=story.language,
        direction=direction(story.language),
        published=article.published,
        updated=max(article.changed, article.published),
        summary=summary,
        # The excerpt beside a full text carries no credit: it stands once, in the text.
        summary_markup=wrap(_paragraph(summary) if full else _excerpt(summary, story, credit)),
        content=wrap(_text(story) + _after_text(story, credit)) if full else None,
        attributed_to=_attributed_to(credit, publisher),
        subtitle=story.subtitle,
        authors=tuple(dict.fromkeys(story.byline)),
        contributors=story.contributors,
        translator=story.translator,
        credit=credit,
        dateline=_dateline(story),
        place=story.dateline.place if story.dateline else None,
        section=story.section,
        tags=story.tags,
        rights=_rights(story, credit, agency, terms, publisher),
        license=license_url,
        license_name=license_name,
        canonical_url=_canonical(credit) or url,
        image=story.image,
        media=story.media,
        corrections=story.corrections,
        translation_of=story.translation_of,
        translations=_translations(story, page_of),
        digital_source_type=story.digital_source_type,
        plain=story.markup if full else None,
        section_scheme=says.section_scheme,
        tag_scheme=says.tag_scheme,
        related=_related(story, page_of),
        comments=story.comments,
        terms=machine_terms(credit, agency, rights, url, hosts_of(publisher)),
        reservation=says.reservation,
    )


def _rights(
    story: Story, credit: CreditView | None, agency: AgencyLike | None, terms: Terms, publisher: Publisher
) -> str | None:
    """The rights line: the story's own, else its agency's, else ours where it is ours."""
    if story.rights or credit is not None:
        return story.rights or (agency.rights if agency else None)
    return terms.rights_line or publisher.rights


def _id(article: Article, terms: Terms) -> str:
    """Rule X4: ours, or the source's own kept to the letter; a withdrawal keeps it."""
    kept = article.guid if terms.source_ids else None
    return kept or f"urn:uuid:{article.id}"


def _keeps_guid(article: Article, terms: Terms) -> bool:
    return terms.source_ids and bool(article.guid)


def _withdrawn(article: Article, terms: Terms, publisher: Publisher, page_url: str) -> Entry:
    """The neutral notice. It says nothing of the story: its headline may be the libel, and so
    may the words in its address, so that the link leads to our own page."""
    words = wording(article.story.language)
    notice = wrapped(_paragraph(words["withdrawn_text"]), language=article.story.language)
    return Entry(
        article_id=article.id,
        revision=article.revision,
        id=_id(article, terms),
        guid_is_source=_keeps_guid(article, terms),
        url=page_url,
        title=words["withdrawn_title"],
        language=article.story.language,
        direction=direction(article.story.language),
        published=article.published,
        updated=max(article.changed, article.published, article.withdrawn or article.changed),
        summary=words["withdrawn_text"],
        summary_markup=notice,
        content=notice,
        attributed_to=publisher.name,
        status=article.status,
        reason=article.reason,
    )


def _said_once(story: Story, sentence: str) -> Story:
    """Agencies whose own wording is configured often print it in the text already."""
    note = story.credit.note
    return replace(
        story,
        markup=without_sentence(story.markup, sentence),
        excerpt=said_before(story.excerpt, sentence),
        credit=replace(story.credit, note=said_before(note, sentence)) if note else story.credit,
    )


def _translations(story: Story, page_of: Callable[[str], str] | None) -> tuple[Translation, ...]:
    """The other languages' stories with an address, one a language (rule A2)."""
    found: dict[str, Translation] = {}
    for other in story.translations:
        url = other.url or (page_of(other.article_id) if page_of else None)
        if url and other.language.lower() != story.language.lower():
            found.setdefault(other.language.lower(), replace(other, url=url))
    return tuple(found.values())


def _related(story: Story, page_of: Callable[[str], str] | None) -> tuple[Related, ...]:
    """Related stories with an address, each once."""
    found: dict[str, Related] = {}
    for other in story.related:
        url = other.url or (page_of(other.article_id) if page_of and other.article_id else None)
        if url and url != story.url:
            found.setdefault(url, replace(other, url=url))
    return tuple(found.values())


def _word_limit(terms: Terms, agency: AgencyLike | None) -> int | None:
    limits = [n for n in (terms.excerpt_words, agency.excerpt_words if agency else None) if n]
    return min(limits, default=None)


def _summary(story: Story, words: int | None, cut: Cut) -> str:
    text = story.excerpt or plain_text(story.markup)
    limit = words or (None if story.excerpt else NO_EXCERPT_WORDS)
    return cut(text, story.language, limit) if limit else text


def _text(story: Story) -> str:
    text = with_dateline(story.markup, _dateline(story))
    return with_figure(text, story.image, story.language) if story.image else text


def _excerpt(summary: str, story: Story, credit: CreditView | None) -> str:
    """All that a reader sees of a story that is passed on in part: dateline, excerpt, notes, credit."""
    return with_dateline(_paragraph(summary), _dateline(story)) + _after_text(story, credit)


def _dateline(story: Story) -> str | None:
    if story.dateline is None:
        return None
    printed = story.dateline.printed
    if printed:
        return " ".join(printed.split())
    known = [part for part in (story.dateline.place, story.dateline.date) if part]
    return f"{', '.join(known)}:" if known else None


def _after_text(story: Story, credit: CreditView | None) -> str:
    """Notes of correction, how it was made, a note the licence asks for, and last the one credit sentence."""
    kept = story.credit.note
    said = f'<p class="credit-note">{escape(kept)}</p>' if kept else ""
    made = disclosure(story.digital_source_type, story.language)
    shown = f'<p class="disclosure">{escape(made)}</p>' if made else ""
    return notes(story.corrections, story.language) + shown + said + (credit.markup if credit else "")


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _canonical(credit: CreditView | None) -> str | None:
    """The agency's story is the canonical one of a whole story taken over."""
    return credit.original_url if credit and credit.role in WHOLE_STORY else None


def _attributed_to(credit: CreditView | None, publisher: Publisher) -> str:
    """Rule A1: where no person is named, the agency of a whole story; material stays ours."""
    if credit and credit.agency and credit.role in WHOLE_STORY:
        return credit.agency
    return publisher.name
