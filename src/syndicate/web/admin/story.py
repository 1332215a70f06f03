"""One story: its text, who has it, what was decided about it, and what can be decided."""

from __future__ import annotations

from typing import Any

import nh3
from markupsafe import Markup

from syndicate.lanes import LaneKind
from syndicate.model import PubStatus, Story, direction
from syndicate.reports.dossiers import Dossier, dossier
from syndicate.reports.evidence import evidence
from syndicate.storage import Holder
from syndicate.web.admin.articles import state
from syndicate.web.admin.attempts import attempt_rows
from syndicate.web.admin.attempts import columns as attempt_columns
from syndicate.web.admin.audit import entries_table
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import (
    NOTHING,
    address,
    badge,
    bullets,
    facts,
    join,
    link,
    said,
    section,
    table,
    text_field,
)
from syndicate.web.admin.room import Room

# What would be fetched from elsewhere stays away: the pages ask for nothing outside.
_SHOWN_TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "em", "strong", "b", "i", "a", "br", "hr", "pre",
    "code", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "sub", "sup", "span", "div",
}  # fmt: skip


def story(room: Room) -> Shown:
    """The page."""
    found = dossier(room.tx, room.tx.articles.named(room.id))
    a = found.article
    main = join(
        [
            section("How it stands", _standing(room, found), name="standing", live=True),
            _decisions(room, found),
            section("Who has it", _holders(room, found), name="holders", live=True),
            section("What it says", _text(a.story), name="text"),
            section("History", _history(room, found), name="history", live=True),
        ]
    )
    return Shown(title=f"Story {a.id[:8]}", place="articles", main=main, live=True)


def path(article_id: str, *more: str) -> str:
    """Where a story's pages are."""
    return address("/".join(["articles", article_id, *more]))


def _standing(room: Room, found: Dossier) -> Markup:
    a, clock = found.article, room.clock
    credit, gone = a.story.credit, found.withdrawal
    by = gone and f"by the {gone.by}: {gone.reason}"
    line = Markup("<p class=headline>{} {}</p>").format(said(a.story.headline, a.story.language), state(a))
    known = facts(
        [
            ("on hold because", a.hold),
            ("withdrawn", gone and Markup("{} {}").format(clock.at(gone.at), by)),
            ("byline", ", ".join(a.story.byline)),
            ("agency", credit.agency and f"{credit.agency} ({credit.role})"),
            ("credit line", credit.line and said(credit.line, a.story.language)),
            ("original", credit.original_url),
            ("dateline", _dateline(a.story)),
            ("section", a.story.section),
            ("tags", ", ".join(a.story.tags)),
            ("language", a.story.language),
            ("address", a.story.url and link(a.story.url, a.story.url)),
            ("published", clock.at(a.published) if a.live else None),
            ("changed", clock.at(a.changed)),
            ("revision", a.revision),
            ("source", f"{a.source}: {found.origin or a.source_id}"),
            ("other sources have it", ", ".join(sorted({c.source for c in found.copies}))),
            ("feeds", ", ".join(found.feeds)),
            ("set by hand", ", ".join(found.overrides)),
            ("due", join(Markup("{} {} ").format(kind, clock.ago(at)) for kind, at in found.due.items())),
        ]
    )
    return line + known


def _dateline(s: Story) -> Markup | None:
    words = (s.dateline.printed or s.dateline.place) if s.dateline else None
    return said(words, s.language) if words else None


# -- what can be decided ---------------------------------------------------------------------


def _decisions(room: Room, found: Dossier) -> Markup:
    a, forms = found.article, room.forms
    if not forms.allowed:
        return NOTHING
    usable = a.status is PubStatus.USABLE
    steps: list[Markup] = []
    if a.hold or not usable:
        words = "Release: let it go" if usable or not a.live else "Release: publish it again"
        steps.append(forms.button(path(a.id, "release"), words, f"{words} ({a.id[:8]})"))
    if usable:
        steps.append(link(path(a.id, "withdraw"), "Withdraw…"))
        steps.append(link(path(a.id, "correct"), "Correct…"))
        steps.append(link(path(a.id, "edit"), "Edit fields…"))
    return section("What can be done", bullets(steps, "actions"), name="decide")


def withdraw_page(room: Room) -> Shown:
    """Who has it, and why it goes."""
    found = dossier(room.tx, room.tx.articles.named(room.id))
    a = found.article
    reason = text_field(
        "reason",
        "Why",
        room.given("reason"),
        hint="partners and the log are told this",
        required="",
        maxlength="500",
    )
    form = room.forms.form(
        path(a.id, "withdraw"), reason + Markup("<button class=grave>Withdraw it everywhere</button>")
    )
    words = Markup(
        "<p>It leaves every feed, page and archive; whoever was ever offered it is told. It stays withdrawn, "
        "whatever its source sends, until it is released.</p>"
    )
    main = join(
        [
            section("The story", said(a.story.headline, a.story.language, "p"), name="story"),
            section("Who has it", _holders(room, found), name="holders"),
            section("Withdraw it", words, form, name="withdraw"),
            Markup("<p>{}</p>").format(link(path(a.id), "Back to the story")),
        ]
    )
    return Shown(title=f"Withdraw story {a.id[:8]}", place="articles", main=main)


def correct_page(room: Room) -> Shown:
    """A note for readers."""
    a = room.tx.articles.named(room.id)
    note = text_field(
        "note",
        "What was wrong, for readers",
        room.form.get("note", ""),
        rows=4,
        required="",
        language=a.story.language,
    )
    form = room.forms.form(path(a.id, "correct"), note + Markup("<button>Publish the correction</button>"))
    words = Markup("<p>It goes to everyone who was ever offered the story.</p>")
    back = Markup("<p>{}</p>").format(link(path(a.id), "Back to the story"))
    head = said(a.story.headline, a.story.language, "p")
    return Shown(
        title=f"Correct story {a.id[:8]}",
        place="articles",
        main=head + section("Correct it", words, form, name="correct") + back,
    )


def edit_page(room: Room) -> Shown:
    """The fields an editor can set."""
    a = room.tx.articles.named(room.id)
    own = fields(a.story) | {k: v for k, v in room.form.items() if k in fields(a.story)}
    language = a.story.language
    inner = join(
        [
            text_field("headline", "Headline", own["headline"], rows=2, language=language),
            text_field(
                "byline", "Byline", own["byline"], hint="names, parted by semicolons", language=language
            ),
            text_field("agency", "Agency", own["agency"], hint="whose story it is; empty: no agency's"),
            text_field(
                "dateline", "Dateline", own["dateline"], hint="as it is to be printed", language=language
            ),
            text_field("excerpt", "Excerpt", own["excerpt"], rows=5, language=language),
            Markup("<button>Set what was changed</button>"),
        ]
    )
    undo = room.forms.button(
        path(a.id, "undo"), "Give back what the source says", "Forget all that was set by hand"
    )
    words = Markup("<p>What is set here stays, whatever the source says later.</p>")
    kept = room.tx.articles.overrides(a.id)
    form = room.forms.form(path(a.id, "edit"), inner)
    back = Markup("<p>{}</p>").format(link(path(a.id), "Back to the story"))
    return Shown(
        title=f"Edit story {a.id[:8]}",
        place="articles",
        main=section("Fields", words, form, undo if kept else NOTHING, name="fields") + back,
    )


def fields(s: Story) -> dict[str, str]:
    """What can be set, as it stands."""
    return {
        "headline": s.headline,
        "byline": "; ".join(s.byline),
        "agency": s.credit.agency or "",
        "dateline": (s.dateline.printed or s.dateline.place or "") if s.dateline else "",
        "excerpt": s.excerpt,
    }


# -- who has it ------------------------------------------------------------------------------


def _holders(room: Room, found: Dossier) -> Markup:
    rows = [_holder(room, found, h) for h in found.holders]
    empty = "No partner was ever offered it."
    listed = table("Receivers", ("receiver", "has", "offered", "answered"), rows, empty)
    acks = [
        Markup("{}: {} revision {} {}, token “{}”").format(
            k.partner, k.action, k.revision, room.clock.at(k.at), k.label
        )
        for k in found.confirmations
    ]
    word = Markup("<h3>Their own word</h3>{}").format(bullets(acks)) if acks else NOTHING
    return listed + word + (_told(room, found) if found.withdrawal else NOTHING)


def _holder(room: Room, found: Dossier, h: Holder) -> tuple[object, ...]:
    a = found.article
    knows = h.acked >= a.revision
    if h.recalled:
        has = badge("good", "took the withdrawal meant for it")
    elif a.status is not PubStatus.USABLE:
        has = badge("good", "knows that it is withdrawn") if knows else badge("wait", "not told yet")
    elif not h.acked:
        has = badge("wait", "offered, not taken")
    else:
        has = (
            badge("good", "newest version") if knows else badge("wait", f"revision {h.acked} of {a.revision}")
        )
    name = h.partner if h.kind is LaneKind.PULL else h.lane
    return (name, has, room.clock.ago(h.offered_at), room.clock.ago(h.acked_at))


def _told(room: Room, found: Dossier) -> Markup:
    """Of a withdrawal: whether everybody knows."""
    known = evidence(room.tx, room.settings, found.article, room.now, subscribers=False)
    keep = Markup('<p><a href="{}" download>{}</a></p>').format(
        path(found.article.id, "evidence"), "The evidence, as a file"
    )
    still = [r.name for r in known.receivers if not r.settled] + [
        f"feed {f['feed']}" for f in known.feeds if not f["shows_withdrawal"]
    ]
    if not still:
        words = badge("good", "Every receiver and every feed knows of the withdrawal.")
        return Markup("<p>{}</p>{}").format(words, keep)
    return Markup("<p>{} {}</p>{}").format(badge("wait", "Not told yet:"), ", ".join(still), keep)


# -- text, history -----------------------------------------------------------------------------


def _text(s: Story) -> Markup:
    clean = nh3.clean(
        s.markup, tags=_SHOWN_TAGS, url_schemes={"http", "https"}, link_rel="noopener noreferrer"
    )
    form = Markup(
        '<details open><summary>The text</summary><div class=text lang="{0}" dir="{1}">{2}</div></details>'
    )
    text = form.format(s.language, direction(s.language), Markup(clean))  # noqa: S704 - cleaned in the line above
    picture = s.image.url if s.image else None
    return text + facts(
        [
            ("excerpt", said(s.excerpt, s.language)),
            ("picture", picture and link(picture, picture)),
            ("picture credit", s.image and s.image.credit),
            ("further media", len(s.media) or None),
            ("rights", s.rights),
        ]
    )


def _history(room: Room, found: Dossier) -> Markup:
    a, clock = found.article, room.clock
    rows: list[tuple[Any, ...]] = []
    kept = [r.revision for r in found.revisions]
    for r in reversed(found.revisions[-20:]):
        before = max((n for n in kept if n < r.revision), default=None)
        where = path(a.id, "revisions") + f"?of={r.revision}"
        rows.append(
            (
                f"revision {r.revision}",
                clock.at(r.at),
                r.cause,
                r.status,
                link(where, "changes") if before else None,
            )
        )
    tried = table(
        "Attempts",
        attempt_columns(story=False),
        attempt_rows(room, found.attempts, story=False),
        "Nothing was sent yet.",
    )
    who = entries_table(room, room.tx.audit.entries(target=a.id, limit=20))
    notes = [
        Markup("{}: {}").format(clock.at(c.at), said(c.note, a.story.language)) for c in found.corrections
    ]
    return join(
        [
            table(
                "Revisions", ("revision", "at", "cause", "status", "differences"), rows, "No version is kept."
            ),
            Markup("<p>{}</p>").format(link(path(a.id, "reading"), "What was read out of it, and why")),
            Markup("<h3>Corrections by hand</h3>{}").format(bullets(notes)) if notes else NOTHING,
            Markup("<h3>Who decided</h3>{}").format(who),
            Markup("<h3>Last attempts</h3>{}").format(tried),
        ]
    )
