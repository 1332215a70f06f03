"""A rehearsal with one partner: what it will meet, sent to its endpoints once, and taken back again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.distribute.receivers import StoryReceiver
from syndicate.formats.push import Push, body
from syndicate.model import (
    Article,
    Correction,
    Dateline,
    Outcome,
    Picture,
    PubStatus,
    Story,
    article_id,
)
from syndicate.site import Site
from syndicate.transports.base import StoryPush

MARK = "TEST, please ignore"
_TEXT = "This is a rehearsal of {name}. It is no news, and it is withdrawn at the end."
_PASHTO = "دا یوه ازموینه ده، خبر نه دی، او په پای کې بېرته اخیستل کېږي."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One push of the rehearsal: what it shows, and the version that is sent."""

    name: str
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one push."""

    lane: str
    step: str
    outcome: Outcome


def steps(tag: str, name: str, now: datetime, run: str) -> Iterator[Step]:
    """New, update, correction, kill; right-to-left; without a picture. ``run`` makes the ids new ones.

    Whatever is published in it is withdrawn by its last push.
    """
    first = _article(tag, f"{run} one", _story(name), now)
    yield Step(name="a new story", article=first)
    told = replace(first.story, headline=f"{MARK}: a second version")
    second = _next(first, told)
    yield Step(name="an update", article=second)
    note = Correction(note="An earlier version said that this was the second.", at=now)
    third = _next(second, replace(told, corrections=(note,)))
    yield Step(name="a correction", article=third)
    yield Step(name="a kill", article=_kill(third))
    pashto = _article(tag, f"{run} two", _pashto(), now)
    yield Step(name="right-to-left, in Pashto", article=pashto)
    yield Step(name="its kill", article=_kill(pashto))
    bare = _article(tag, f"{run} three", replace(_story(name), image=None), now)
    yield Step(name="a story without a picture", article=bare)
    yield Step(name="its kill", article=_kill(bare))


async def rehearse(
    receiver: StoryReceiver, site: Site, clock: Callable[[], datetime], told: Callable[[Answer], None]
) -> list[Answer]:
    """Send it to one endpoint, in order; goes on after a failure, so that nothing of it stays there."""
    publisher, answers = site.publisher, []
    for step in steps(publisher.tag, publisher.name, clock(), secrets.token_hex(4)):
        entry = site.entry(step.article, receiver.content)
        push = Push(
            article=step.article,
            entry=entry,
            publisher=publisher,
            where=site.partner_story(receiver.partner, step.article.id),
        )
        made = body(receiver.format, push)
        outcome = await receiver.transport.send(
            StoryPush(
                id=f"msg_test_{secrets.token_hex(8)}", at=clock(), body=made.data, media_type=made.media_type
            )
        )
        answers.append(Answer(lane=receiver.lane, step=step.name, outcome=outcome))
        told(answers[-1])
    return answers


def _story(name: str) -> Story:
    return Story(
        headline=f"{MARK}: a new story",
        markup=f"<p>{_TEXT.format(name=name)}</p>",
        excerpt=_TEXT.format(name=name),
        language="en",
        byline=("Test Person",),
        dateline=Dateline(place="TESTVILLE", printed="TESTVILLE:"),
        section="Test",
        image=Picture(
            url="https://example.org/rehearsal.jpg",
            caption="No picture stands there",
            credit="Nobody",
            type="image/jpeg",
        ),
    )


def _pashto() -> Story:
    return Story(
        headline=f"{MARK}: ازموینه",
        markup=f"<p>{_PASHTO}</p>",
        excerpt=_PASHTO,
        language="ps",
        section="Test",
    )


def _article(tag: str, own_id: str, story: Story, now: datetime) -> Article:
    return Article(
        id=article_id(tag, "rehearsal", own_id),
        source="rehearsal",
        source_id=own_id,
        revision=1,
        status=PubStatus.USABLE,
        story=story,
        published=now,
        changed=now,
        first_seen=now,
        live=True,
    )


def _next(before: Article, story: Story) -> Article:
    changed = before.changed + timedelta(seconds=1)
    return replace(before, story=story, revision=before.revision + 1, changed=changed)


def _kill(before: Article) -> Article:
    after = _next(before, before.story)
    return replace(after, status=PubStatus.CANCELED, withdrawn=after.changed, reason="the rehearsal is over")
