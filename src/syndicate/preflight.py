"""What would come of the stored stories: every feed in every format, every partner's profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Feed, Partner, Settings
from syndicate.editorial import Directory
from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.rights import is_picture
from syndicate.errors import DocumentError, StoryError
from syndicate.formats.base import Format
from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate
from syndicate.model import Article, Channel, ContentMode, Finding, Media, Picture, PubStatus
from syndicate.publish.render import Renderer
from syndicate.site import partner_terms
from syndicate.storage import Transaction
from syndicate.surroundings import Found, error, warning

HELD_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Window:
    """A feed and the articles it shows now, newest first."""

    slug: str
    feed: Feed
    articles: Sequence[Article]


def preflight(tx: Transaction, settings: Settings, directory: Directory, now: datetime) -> Iterator[Found]:
    """Which stories would be left out or spoil a document, by which rule, and the fix."""
    renderer = Renderer(settings, directory)
    yield from _stored(tx)
    for slug, feed in settings.feeds.items():
        ids = [place.article_id for place in tx.feeds.window(slug, feed.limit)]
        articles = tx.articles.many(ids)
        window = _Window(slug, feed, [articles[i] for i in ids if i in articles])
        if not window.articles:
            yield warning(f"feeds.{slug}", "match", "no stored story matches it", _match_fix(feed))
        for name in feed.formats:
            yield from _feed(renderer, window, FORMATS[name], now)
    for partner in settings.partners:
        yield from _partner(tx, renderer, directory, settings, partner, now)


def _match_fix(feed: Feed) -> str:
    if not feed.match:
        return "run `syndicate build` once there are stories"
    wanted = "; ".join(f"{key}: {', '.join(values)}" for key, values in feed.match.items())
    return f"is its filter right? It asks for {wanted}"


def _stored(tx: Transaction) -> Iterator[Found]:
    """What was left out already, on its way in."""
    for article in tx.articles.listing(on_hold=True, limit=HELD_SHOWN):
        fix = f"`syndicate articles edit {article.id[:8]} --agency …`, or `release {article.id[:8]}`"
        yield warning(_story(article), "hold", f"on hold: {article.hold}", fix)
    for problem in tx.problems.all():
        if problem.scope.startswith("feed:"):
            continue  # found anew below
        say = warning if problem.warning else error
        yield say(f"{problem.scope}: {problem.ref}", "source", problem.reason, problem.fix)


def _story(article: Article) -> str:
    return f"{article.id[:8]} {article.story.headline}"


# -- feeds ------------------------------------------------------------------------------


def _feed(renderer: Renderer, window: _Window, form: Format, now: datetime) -> Iterator[Found]:
    """Each story in a document of its own, so that a finding names the story; then all of them in one."""
    updated = max((a.changed for a in window.articles), default=now)
    channel = renderer.channel(window.slug, window.feed, form.name, updated)
    where = f"feeds.{window.slug} {form.name}"
    common = {_key(f) for f in _findings(form, channel, [], now)}
    fragments: list[bytes] = []
    for article in window.articles:
        try:
            fragment = form.fragment(renderer.site.entry(article, renderer.terms(window.feed)))
        except StoryError as problem:
            yield error(f"{where}: {_story(article)}", form.name, f"left out: {problem.message}", problem.fix)
            continue
        fragments.append(fragment)
        for finding in _findings(form, channel, [fragment], now):
            if _key(finding) not in common:
                yield f"{where}: {_story(article)}", finding
    yield from ((where, finding) for finding in _whole(form, channel, fragments, now))


def _findings(form: Format, channel: Channel, fragments: list[bytes], now: datetime) -> list[Finding]:
    return validate(form.assemble(channel, fragments), now)[1]


def _whole(form: Format, channel: Channel, fragments: list[bytes], now: datetime) -> list[Finding]:
    """What keeps the document back, or is wrong with its head."""
    try:
        document = form.assemble(channel, fragments)
    except DocumentError as problem:
        return [Finding(severity="error", rule="X4", message=problem.message, fix=problem.fix)]
    head = _findings(form, channel, [], now)
    known = {_key(f) for f in head}
    return [*head, *(f for f in form.check(document) if _key(f) not in known)]


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.message


# -- partners ---------------------------------------------------------------------------


def _partner(
    tx: Transaction,
    renderer: Renderer,
    directory: Directory,
    settings: Settings,
    name: str,
    now: datetime,
) -> Iterator[Found]:
    """Every story the partner may have, in its profile, and what of it is left out."""
    partner = settings.partners[name]
    ids = {p.article_id for slug in partner.feeds for p in tx.feeds.window(slug, settings.feeds[slug].limit)}
    terms = partner_terms(partner)
    for article in tx.articles.many(sorted(ids)).values():
        where = f"partners.{name}: {_story(article)}"
        try:
            renderer.site.ninjs(article, terms, now)
        except StoryError as problem:
            yield error(where, "ninjs", f"would be refused: {problem.message}", problem.fix)
            continue
        if article.status is PubStatus.USABLE:
            credit = article.story.credit.agency
            agency = directory.get(credit) if credit else None
            left_out = [
                *_text_left_out(agency, partner),
                *_delayed(tx, name, partner, article, now),
                *_pictures_left_out(renderer, agency, name, partner, article, now),
            ]
            yield from ((where, finding) for finding in left_out)


def _text_left_out(agency: AgencyRecord | None, partner: Partner) -> Iterator[Finding]:
    if agency is not None and not agency.full_text and partner.content is ContentMode.FULL:
        fix = f"full_text = true in [agencies] for {agency.name}, once its terms allow it"
        yield _note("agency", f"an excerpt only: so are the terms of {agency.name}", fix)


def _delayed(
    tx: Transaction, name: str, partner: Partner, article: Article, now: datetime
) -> Iterator[Finding]:
    live = tx.lanes.standings([article.id])[article.id].live_since
    if live is not None and live + partner.delay > now:
        due = f"{live + partner.delay:%Y-%m-%d %H:%M:%S} UTC"
        yield _note("delay", f"not before {due}", f"it goes by itself then; see delay in [partners.{name}]")


def _pictures_left_out(
    renderer: Renderer,
    agency: AgencyRecord | None,
    name: str,
    partner: Partner,
    article: Article,
    now: datetime,
) -> Iterator[Finding]:
    entry = renderer.site.entry(article, partner_terms(partner), now)
    kept = {item.url for item in (entry.image, *entry.media) if item}
    for item in (article.story.image, *article.story.media):
        if item is not None and item.url not in kept:
            why, fix = _why(item, name, partner, agency, now)
            yield _note("rights", f"without {item.url}: {why}", fix)


def _note(rule: str, message: str, fix: str) -> Finding:
    return Finding(severity="note", rule=rule, message=message, fix=fix)


def _why(
    item: Picture | Media, name: str, partner: Partner, agency: AgencyRecord | None, now: datetime
) -> tuple[str, str]:
    """Why a picture or medium stays in the house, and what would let it go."""
    if not item.redistributable:
        return "its rights do not let it pass on", "redistributable = true at the story, once they do"
    if item.expires is not None and item.expires <= now:
        return "its rights have ended", "a new end of them (expires) at the story, or another picture"
    if is_picture(item) and not partner.pictures:
        return "this partner gets no pictures", f"pictures = true in [partners.{name}]"
    if agency is not None and not agency.pictures:
        fix = f"pictures = true in [agencies] for {agency.name}, once its terms allow it"
        return f"the terms of {agency.name} keep its pictures back", fix
    fix = "pictures = true in [agencies] for that agency, once its terms allow it"
    return f"it is credited to {item.credit!r}, whose pictures are kept back", fix
