"""What the editor's eye read out of a story and why, and what changed from one version to the next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

import lxml.html
from markupsafe import Markup

from syndicate.editorial import read
from syndicate.errors import NotFound
from syndicate.ingest.desk import differences
from syndicate.model import Article, Draft, Evidence, Reading, Story, direction
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import NOTHING, facts, join, link, said, section, table
from syndicate.web.admin.room import Room
from syndicate.web.admin.story import path

MARKED = 20_000
"""So many characters of the text are shown with what decided marked in them."""
WORDS = 4_000
_DEL, _INS = Markup("<del>{}</del>"), Markup("<ins>{}</ins>")


def reading(room: Room) -> Shown:
    """The page of the reading."""
    a = room.tx.articles.named(room.id)
    draft = room.tx.articles.draft(a.id)
    back = Markup("<p>{}</p>").format(link(path(a.id), "Back to the story"))
    title = f"Reading of story {a.id[:8]}"
    if draft is None:
        return Shown(title=title, place="articles", main=Markup("<p>Its draft is not kept.</p>") + back)
    taking = room.newsroom.ingest.taking(a.source)
    found = read(draft, taking.directory, options=taking.reading)
    main = join(
        [
            section("Read out of the text", _fields(found, a), name="fields"),
            section("Why", _why(found), name="why"),
            section("The text as it came, with what decided", _marked(draft, found, a), name="marked"),
            back,
        ]
    )
    return Shown(title=title, place="articles", main=main)


def _fields(r: Reading, a: Article) -> Markup:
    lang, credit, line = a.story.language, r.credit, r.dateline
    return facts(
        [
            ("headline", r.headline and said(r.headline, lang)),
            ("byline", ", ".join(r.byline)),
            ("agency", credit.agency and f"{credit.agency} ({credit.role})"),
            ("credit line", credit.line and said(credit.line, lang)),
            ("dateline", line and said(line.printed or line.place or "", lang)),
            ("caption", r.caption and said(r.caption, lang)),
            ("image credit", r.image_credit),
            ("section", r.section),
            ("notice", r.notice and f"{r.notice}: {r.notice_text}"),
            ("conflict", r.conflict),
            ("desk", r.desk),
            ("excerpt", said(r.excerpt, lang)),
        ]
    )


def _why(r: Reading) -> Markup:
    rows = [(e.field, e.rule, Markup("<q>{}</q>").format(_short(e.words))) for e in r.evidence[:200]]
    return table("Evidence", ("field", "rule", "words"), rows, "Nothing was read out of the text.")


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 120 else flat[:119] + "…"


def _marked(draft: Draft, r: Reading, a: Article) -> Markup:
    form = Markup('<div class=marked lang="{}" dir="{}">{}</div>')
    shown = join(_pieces(draft.text[:MARKED], r.evidence))
    cut = Markup("<p class=soft>The rest is not shown here.</p>") if len(draft.text) > MARKED else NOTHING
    return form.format(a.story.language, direction(a.story.language), shown) + cut


def _pieces(text: str, evidence: Sequence[Evidence]) -> Iterator[Markup]:
    """The text, and where words decided a mark that says for which field. Marks do not overlap."""
    at = 0
    known = [(e.start, e.end, e.field) for e in evidence if e.start is not None and e.end is not None]
    for start, end, field in sorted(known):
        if start < at or end > len(text) or field == "body" or start == end:
            continue
        yield Markup("{}").format(text[at:start])
        yield Markup("<mark>{}<small> {}</small></mark>").format(text[start:end], field)
        at = end
    yield Markup("{}").format(text[at:])


# -- versions ---------------------------------------------------------------------------------


def revisions(room: Room) -> Shown:
    """The page of what changed from the version before to one."""
    a = room.tx.articles.named(room.id)
    of = room.number("of") or a.revision
    kept = [row for row in room.tx.articles.revisions(a.id) if row.revision <= of]
    if len(kept) < 2 or kept[-1].revision != of:
        raise NotFound(
            f"revision {of} and the one before are not both kept", fix="the story's page lists them"
        )
    before, after = kept[-2], kept[-1]
    changed = list(_changes(room, a, before.revision, after.revision))
    rows = [(name.replace("_", " "), was, now) for name, was, now in changed]
    empty = "Nothing that readers see changed" + (
        f": {before.status} became {after.status}." if before.status != after.status else "."
    )
    words = Markup("<p>Revision {}, {}, by {}.</p>").format(of, room.clock.at(after.at), after.cause)
    listed = table("Differences", ("field", "before", "after"), rows, empty)
    back = Markup("<p>{}</p>").format(link(path(a.id), "Back to the story"))
    return Shown(
        title=f"Changes in story {a.id[:8]}",
        place="articles",
        main=words + section(f"From revision {before.revision} to {of}", listed, name="changes") + back,
    )


def _changes(room: Room, a: Article, before: int, after: int) -> Iterator[tuple[str, Markup, Markup]]:
    one, other = room.tx.articles.revision(a.id, before), room.tx.articles.revision(a.id, after)
    if one is None or other is None:
        return
    for name, (was, now) in differences(one, other).items():
        left, right = _words(name, was), _words(name, now)
        yield name, *_compared(left, right, other)


def _words(name: str, value: object) -> list[str]:
    if value in (None, (), ""):
        return []
    text = str(value) if name != "markup" else lxml.html.fromstring(f"<div>{value}</div>").text_content()
    if isinstance(value, tuple) and all(isinstance(v, str) for v in value):
        text = "; ".join(value)
    return re.split(r"(\s+)", text)[:WORDS]


def _compared(left: Sequence[str], right: Sequence[str], s: Story) -> tuple[Markup, Markup]:
    """Both with what the other lacks marked."""
    was: list[Markup] = []
    now: list[Markup] = []
    for what, a1, a2, b1, b2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, came = "".join(left[a1:a2]), "".join(right[b1:b2])
        same = what == "equal"
        if gone:
            was.append(_DEL.format(gone) if not same else Markup("{}").format(gone))
        if came:
            now.append(_INS.format(came) if not same else Markup("{}").format(came))
    form = Markup('<div class=words lang="{}" dir="{}">{}</div>')
    return tuple(form.format(s.language, direction(s.language), join(x)) for x in (was, now))  # type: ignore[return-value]
