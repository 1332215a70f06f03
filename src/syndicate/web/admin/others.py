"""Feeds, sources, partners, and subscribers at our own hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from syndicate.config import format_duration
from syndicate.config.show import masked_address
from syndicate.errors import NotFound
from syndicate.moments import moment
from syndicate.reports.dossiers import partner_file, partner_view
from syndicate.reports.lane_views import lanes_named
from syndicate.reports.overview import FeedView, canary_views, feed_views
from syndicate.storage import Conduct, Problem, SourceConduct, SourceState, SubscriptionView
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import (
    NOTHING,
    address,
    badge,
    bullets,
    facts,
    filters,
    join,
    link,
    more,
    said,
    section,
    table,
    text_field,
)
from syndicate.web.admin.room import Room

PAGE = 100
COUNTED = 10_000
PROBLEMS = 100


# -- feeds -------------------------------------------------------------------------------------


def feeds(room: Room) -> Shown:
    """What is published."""
    wrong = [p for p in room.tx.problems.all(PROBLEMS) if p.scope.startswith("feed:")]
    rows = [_feed(room, view, wrong) for view in feed_views(room.tx, room.settings)]
    names = ("feed", "in order", "stories", "last change", "documents", "subscribers at our hub")
    listed = table("Feeds", names, rows, "No feed is configured: see [feeds] in the settings.")
    main = section("Feeds", listed, name="feeds", live=True) + _problems(room, wrong)
    return Shown(title="Feeds", place="feeds", main=main, live=True)


def _feed(room: Room, view: FeedView, wrong: list[Problem]) -> tuple[object, ...]:
    own = [p for p in wrong if p.scope == f"feed:{view.slug}"]
    errors = sum(not p.warning for p in own)
    if errors:
        order = badge("bad", f"{errors} left out or unpublished")
    elif not view.addresses:
        order = badge("wait", "not built yet")
    else:
        order = badge("wait", f"{len(own)} warnings") if own else badge("good", "every check passed")
    counts = [room.tx.figures.subscribers(topic, COUNTED) for topic in view.addresses.values()]
    language = room.settings.feeds[view.slug].language or room.settings.publisher.language
    documents = join(Markup("{} ").format(link(url, form)) for form, url in view.addresses.items())
    name = Markup("{}<br>{}").format(
        said(view.title, language), link(address("articles", feed=view.slug), view.slug)
    )
    many = "10,000 or more" if max(counts, default=0) >= COUNTED else sum(counts)
    return (name, order, view.entries, room.clock.ago(view.updated), documents, many or None)


def _problems(room: Room, found: list[Problem]) -> Markup:
    rows = [
        (p.ref, p.scope, badge("wait" if p.warning else "bad", p.reason), p.fix, room.clock.ago(p.last))
        for p in found
    ]
    names = ("what", "where", "what is wrong", "how it is mended", "last seen")
    listed = table("Problems", names, rows, "Nothing is wrong.")
    return section("What is wrong", listed, name="wrong", live=True)


# -- sources -----------------------------------------------------------------------------------


def sources(room: Room) -> Shown:
    """Where stories come from."""
    rows = [_source(room, name) for name in room.settings.sources]
    names = ("source", "kind", "state", "last read", "last try", "error", "act")
    listed = table("Sources", names, rows, "No source is configured: see [sources] in the settings.")
    wrong = [p for p in room.tx.problems.all(PROBLEMS) if p.scope in room.settings.sources]
    main = section("Sources", listed, name="sources", live=True) + _problems(room, wrong)
    return Shown(title="Sources", place="sources", main=main, live=True)


def _source(room: Room, name: str) -> tuple[object, ...]:
    kept, options = room.tx.sources.state(name), room.settings.sources[name]
    conduct = room.tx.sources.conduct(name)
    own = link(address("articles", source=name), name)
    error = conduct.reason if conduct and conduct.state.rests else kept.last_error
    times = (room.clock.ago(kept.last_ok), room.clock.ago(kept.last_try))
    return (own, options.type, _source_badge(kept, conduct), *times, error, _source_acts(room, name, conduct))


def _source_badge(kept: SourceState, conduct: SourceConduct | None) -> Markup:
    if conduct and conduct.state is Conduct.HELD:
        return badge("bad", "on hold: known stories come under new ids")
    if conduct and conduct.state is Conduct.PAUSED:
        return badge("off", "paused")
    if kept.failures:
        return badge("bad", f"failed {kept.failures} times" if kept.failures > 1 else "failed once")
    return badge("good", "read") if kept.last_ok else badge("off", "not read yet")


def _source_acts(room: Room, name: str, conduct: SourceConduct | None) -> Markup:
    def button(act: str, words: str) -> Markup:
        return room.forms.button(address("sources"), words, f"{words}: {name}", source=name, act=act)

    if conduct and conduct.state is Conduct.HELD:
        return button("same", "They are the known ones") + button("new", "They are new ones")
    return button("resume", "Resume") if conduct and conduct.state.rests else button("pause", "Pause")


# -- partners ----------------------------------------------------------------------------------


def partners(room: Room) -> Shown:
    """Who may take stories."""
    known = room.settings.partners
    names = [f"{name}/{endpoint}" for name, partner in known.items() for endpoint in partner.endpoints]
    lanes = lanes_named(room.tx, room.settings, names)
    rows = [_partner(partner_view(name, known[name], lanes)) for name in known]
    columns = ("partner", "feeds", "gets", "delay", "pushed to", "contact")
    listed = table("Partners", columns, rows, "No partner is configured: see [partners] in the settings.")
    return Shown(
        title="Partners",
        place="partners",
        main=section("Partners", listed, name="partners", live=True),
        live=True,
    )


def _partner(view: dict[str, Any]) -> tuple[object, ...]:
    ends = [_endpoint(e) for e in view["endpoints"]]
    own = link(address(f"partners/{view['partner']}"), view["partner"])
    name = Markup("{}<br>{}").format(own, view["name"] or "")
    pushed = bullets(ends) if ends else "takes them itself"
    return (name, ", ".join(view["feeds"]), _gets(view), view["delay"], pushed, view["contact"])


def _endpoint(e: dict[str, Any]) -> Markup:
    where = link(address("lane", name=e["lane"]), e["name"])
    return Markup("{} ({}, {})").format(where, e["host"], e["state"] or "new")


def _gets(view: dict[str, Any]) -> str:
    words = "full text" if view["content"] == "full" else "excerpts"
    if view["excerpt_words"]:
        words += f", excerpts of {view['excerpt_words']} words"
    return words if view["pictures"] else f"{words}, no pictures"


def partner(room: Room) -> Shown:
    """One of them."""
    known = room.settings.partners.get(room.id)
    if known is None:
        raise NotFound(f"there is no partner {room.id!r}", fix="the page of partners lists them")
    lanes = lanes_named(room.tx, room.settings, [f"{room.id}/{endpoint}" for endpoint in known.endpoints])
    view, found = partner_view(room.id, known, lanes), partner_file(room.tx, room.id, room.now)
    clock, pull = room.clock, found["pull"]
    terms = facts(
        [
            ("name", view["name"]),
            ("contact", view["contact"]),
            ("feeds", ", ".join(view["feeds"])),
            ("gets", _gets(view)),
            ("delay", format_duration(known.delay)),
            (
                "confirms a withdrawal by",
                "taking it" if known.confirm == "received" else "saying that it is removed",
            ),
        ]
    )
    ends = [
        (link(address("lane", name=e["lane"]), e["name"]), e["type"], e["host"], e["state"], e["pending"])
        for e in view["endpoints"]
    ]
    names = ("endpoint", "kind", "host", "state", "waiting")
    pushed = table("Endpoints", names, ends, "No endpoint: it takes stories itself.")
    never = Markup("<p class=empty>It never asked for stories.</p>")
    takes = facts(
        [
            ("offered up to", pull["offered"]),
            ("served up to", Markup("{}, {}").format(pull["served"], clock.ago(pull["served_at"]))),
            ("took up to", Markup("{}, {}").format(pull["taken"], clock.ago(pull["taken_at"]))),
        ]
        if pull
        else []
    )
    main = join(
        [
            section("Terms", terms, name="terms"),
            section("Pushed to", pushed, name="endpoints", live=True),
            section("What it took itself", takes or never, name="pull", live=True),
            section(
                "Withdrawals it has not confirmed", _takedowns(room, found), name="unconfirmed", live=True
            ),
            section("What it confirmed last", _confirmed(room, found), name="confirmed", live=True),
            section("Tokens", _tokens(room, found), name="tokens"),
        ]
    )
    return Shown(title=f"Partner {room.id}", place="partners", main=main, live=True)


def _story(article_id: str) -> Markup:
    return link(address(f"articles/{article_id}"), article_id[:8])


def _takedowns(room: Room, found: dict[str, Any]) -> Markup:
    rows = [
        (_story(t.article_id), room.clock.ago(t.since),
         room.clock.ago(t.told) if t.told else "not told yet")
        for t in found["unconfirmed"]
    ]  # fmt: skip
    return table("Withdrawals", ("story", "withdrawn", "told"), rows, "It has confirmed all.")


def _confirmed(room: Room, found: dict[str, Any]) -> Markup:
    rows = [
        (
            _story(k.article_id),
            k.revision,
            k.action,
            room.clock.at(k.at),
            k.label,
        )
        for k in found["confirmed"]
    ]
    return table("Confirmations", ("story", "revision", "did", "at", "token"), rows, "Nothing yet.")


def _tokens(room: Room, found: dict[str, Any]) -> Markup:
    rows = [(t.label, t.id, room.clock.ago(t.created), room.clock.ago(t.last_used)) for t in found["tokens"]]
    return table(
        "Tokens", ("label", "number", "made", "last used"), rows, "None: `syndicate tokens add` makes one."
    )


# -- hubs --------------------------------------------------------------------------------------


def hub(room: Room) -> Shown:
    """Subscribers at our own hub, and what other hubs do with what they are told."""
    main = join([section("Other hubs", _other_hubs(room), name="others", live=True), *_own(room)])
    return Shown(title="Hub", place="hub", main=main, live=not room.given("after"))


def _other_hubs(room: Room) -> Markup:
    views = {v.hub: v for v in canary_views(room.tx)}
    rows = [(name, masked_address(h.url), *_canary(room, views.get(name), h.canary))
            for name, h in room.settings.external_hubs.items()]  # fmt: skip
    names = ("hub", "address", "watched", "last push", "took")
    return table("External hubs", names, rows, "No other hub is told.")


def _canary(room: Room, view: Any, wanted: bool) -> tuple[object, ...]:
    if not wanted or view is None:
        return ("no" if not wanted else "not yet", None, None)
    state = badge("wait", "waits for a push") if view.waiting else badge("good", "pushes")
    took = f"{view.seconds:.1f} s" if view.seconds is not None else None
    return (state, room.clock.ago(view.pushed), took)


def _own(room: Room) -> Iterator[Markup]:
    if not room.settings.hub.enabled:
        words = "Our own hub is off: [hub] enabled = true lets readers subscribe."
        yield section("Our own hub", Markup("<p class=empty>{}</p>").format(words), name="own")
        return
    host, failing = room.given("host"), room.given("failing")
    since = moment(failing, room.settings.publisher.timezone) if failing else None
    after = room.number("after") or 0
    found = room.tx.subscriptions.views(host=host or None, failing_before=since, after=after, limit=PAGE)
    on = address("hub", host=host, failing=failing, after=found[-1].id) if len(found) == PAGE else None
    names = ("host", "topic", "state", "lease ends", "signed", "last taken", "error", "act")
    listed = table("Subscribers", names, [_subscriber(room, v) for v in found], "Nobody is subscribed.")
    looking = filters(
        "hub",
        text_field("host", "Host", host),
        text_field("failing", "Failing for at least", failing, hint="so long (7d)"),
    )
    yield section(
        "Our own hub’s subscribers", looking, listed, more(on, "More subscribers"), name="own", live=not after
    )


def _subscriber(room: Room, v: SubscriptionView) -> tuple[object, ...]:
    if v.failures:
        words = f"failed {v.failures} times" if v.failures > 1 else "failed once"
        state = badge("wait", words)
    else:
        state = badge("wait", "something is under way") if v.behind else badge("good", "has the newest")
    drop = (
        room.forms.button(address("hub"), "Drop", f"Drop subscription {v.id} of {v.host}", number=v.id)
        or NOTHING
    )
    topic = Markup("<code>{}</code>").format(v.topic.partition("/feeds/")[2] or v.topic)
    clock, signed = room.clock, "yes" if v.signed else "no"
    return (v.host, topic, state, clock.ago(v.lease_end), signed, clock.ago(v.last_ok), v.last_error, drop)
