"""What endpoints are sent: in the format they asked for, and withdrawn from one of them alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest
from house import House, draft
from lxml import etree

from syndicate.distribute.engine import Distributor
from syndicate.distribute.receivers import Receivers, StoryReceiver
from syndicate.distribute.rehearsal import Answer, rehearse
from syndicate.formats.validate import validate
from syndicate.in_force import begin
from syndicate.installed import adapters
from syndicate.lanes import Limits
from syndicate.model import Outcome, Verdict
from syndicate.net.client import Client
from syndicate.operators import Actor
from syndicate.plan import Applying, look
from syndicate.reports.evidence import Evidence, evidence, sentence
from syndicate.site import Site
from syndicate.transports.base import StoryPush

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
ENDPOINT = (
    '[partners.{0}]\nfeeds = ["{1}"]\n[partners.{0}.endpoints.main]\ntype = "webhook"\n'
    'url = "https://{0}.example/x"\nsecrets = ["' + SECRET + '"]\nformat = "{2}"\n'
)
ATOM = "{http://www.w3.org/2005/Atom}"
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
OK = Outcome(verdict=Verdict.DELIVERED, status=204)
BUSY = Outcome(verdict=Verdict.RETRY, status=503, detail="answered 503")


@dataclass
class Box:
    """A receiver that takes everything, until it is told otherwise."""

    pushes: list[StoryPush] = field(default_factory=list)
    answer: Outcome = OK

    async def send(self, push: StoryPush) -> Outcome:
        self.pushes.append(push)
        return self.answer


class Rounds:
    """A house whose partners' pushes land in boxes."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.boxes = house, {name: Box() for name in ("one", "two")}
        monkeypatch.setattr("house.Adapters", adapters)

    def configure(self, **partners: tuple[str, str]) -> None:
        self.house.configure("".join(ENDPOINT.format(n, *p) for n, p in partners.items()))
        with self.house.storage.write() as tx:
            begin(tx, self.house.settings, self.house.now)

    def receivers(self, client: Client) -> Receivers:
        site = Site(self.house.settings, self.house.directory)
        found = Receivers.of(self.house.settings, site, client)
        boxed: dict[str, StoryReceiver] = {
            name: replace(r, transport=self.boxes[r.partner]) for name, r in found.stories.items()
        }
        return replace(found, stories=boxed)

    def send(self) -> None:
        async def drain() -> None:
            async with Client(self.house.settings.network) as client:
                receivers = self.receivers(client)
                receivers.align(self.house.storage)
                site = Site(self.house.settings, self.house.directory)
                distributor = Distributor(
                    self.house.storage, site, receivers, Limits(), lambda: self.house.now
                )
                await distributor.drain()
                await distributor.stop()

        asyncio.run(drain())

    def apply(self) -> None:
        found = look(self.house.storage, self.house.settings, self.house.now)
        applying = Applying(
            self.house.storage,
            self.house.settings,
            by=Actor("amina", "command"),
            rate=100,
            clock=lambda: self.house.now,
            sleep=lambda _: None,
        )
        applying.run(found)
        self.house.later(seconds=5)


@pytest.fixture
def rounds(house: House, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    return Rounds(house, monkeypatch)


def test_each_endpoint_gets_the_format_it_asked_for(rounds: Rounds) -> None:
    rounds.configure(one=("latest", "atom"), two=("latest", "ping"))
    rounds.send()
    rounds.house.take(draft("a", agency="Pajhwok"))
    rounds.send()
    (entry,) = rounds.boxes["one"].pushes
    assert entry.media_type == "application/atom+xml;type=entry;charset=utf-8"
    root = etree.fromstring(entry.body)
    article = rounds.house.article("a")
    assert root.tag == f"{ATOM}entry"
    assert root.findtext(f"{ATOM}id") == f"urn:uuid:{article.id}"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Pajhwok Afghan News"
    assert "Originally published by" in str(root.findtext(f"{ATOM}content"))
    (ping,) = rounds.boxes["two"].pushes
    told = json.loads(ping.body)
    assert told["type"] == "story.changed" and told["version"] == "1"
    assert told["url"].endswith(f"/partner/v1/two/stories/{article.id}")
    assert b"About a" not in ping.body and b"sentence" not in ping.body


def test_an_atom_entry_of_its_own_is_in_order_when_it_stands_in_a_feed(rounds: Rounds) -> None:
    rounds.configure(one=("latest", "atom"))
    rounds.send()
    rounds.house.take(draft("a", agency="Pajhwok", byline=("Zarlasht Momand",)))
    rounds.send()
    entry = rounds.boxes["one"].pushes[0].body.split(b"\n", 1)[1]
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:1</id><title>t</title>'
        b'<updated>2026-03-02T06:00:00Z</updated><link rel="self" href="https://t.example/a.xml"/>'
        + entry
        + b"</feed>"
    )
    kind, findings = validate(feed)
    assert kind == "atom"
    assert [f for f in findings if f.severity == "error"] == []


def test_a_withdrawal_in_each_format(rounds: Rounds) -> None:
    rounds.configure(one=("latest", "atom"), two=("latest", "ping"))
    rounds.send()
    rounds.house.take(draft("a"))
    rounds.send()
    rounds.house.withdraw("a", "wrong")
    rounds.send()
    gone = rounds.boxes["one"].pushes[1]
    assert gone.media_type.startswith("application/atomdeleted+xml")
    root = etree.fromstring(gone.body)
    assert root.tag == GONE and root.get("ref") == f"urn:uuid:{rounds.house.article('a').id}"
    assert b"About a" not in gone.body
    assert json.loads(rounds.boxes["two"].pushes[1].body)["type"] == "story.withdrawn"


def test_new_terms_withdraw_a_story_from_one_partner_alone(rounds: Rounds) -> None:
    rounds.configure(one=("latest", "ninjs"), two=("latest", "ninjs"))
    rounds.send()
    rounds.house.take(draft("a"))
    rounds.send()
    rounds.configure(one=("sport", "ninjs"), two=("latest", "ninjs"))
    rounds.apply()
    rounds.send()
    first, second = (json.loads(p.body) for p in rounds.boxes["one"].pushes)
    assert (first["pubStatus"], second["pubStatus"]) == ("usable", "canceled")
    assert first["uri"] == second["uri"]
    assert "About a" not in json.dumps(second)
    assert rounds.boxes["one"].pushes[0].id != rounds.boxes["one"].pushes[1].id
    assert len(rounds.boxes["two"].pushes) == 1
    rounds.house.publish(everything=True)
    assert rounds.house.titles() == ["About a"], "it goes on in the feed"


def test_a_rehearsal_shows_everything_and_takes_it_all_back(rounds: Rounds) -> None:
    rounds.configure(one=("latest", "ninjs"))
    said: list[Answer] = []

    async def run() -> None:
        async with Client(rounds.house.settings.network) as client:
            receiver = rounds.receivers(client).stories["one/main"]
            site = Site(rounds.house.settings, rounds.house.directory)
            await rehearse(receiver, site, lambda: rounds.house.now, said.append)

    asyncio.run(run())
    bodies = [json.loads(p.body) for p in rounds.boxes["one"].pushes]
    assert [a.step for a in said] == [
        "a new story",
        "an update",
        "a correction",
        "a kill",
        "right-to-left, in Pashto",
        "its kill",
        "a story without a picture",
        "its kill",
    ]
    last = {b["uri"]: b["pubStatus"] for b in bodies}
    assert len(last) == 3 and set(last.values()) == {"canceled"}
    assert [b["version"] for b in bodies[:4]] == ["1", "2", "3", "4"]
    assert bodies[4]["language"] == "ps" and 'dir="rtl"' in bodies[4]["bodies"][0]["value"]
    assert "associations" in bodies[0] and "associations" not in bodies[6]
    assert all("TEST, please ignore" in b["title"] for b in bodies if b["pubStatus"] == "usable")
    assert len({p.id for p in rounds.boxes["one"].pushes}) == 8


def test_evidence_says_who_was_told_when_and_who_confirmed(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.configure(one=("latest", "ninjs"), two=("sport", "ninjs"))
    rounds.send()
    rounds.house.take(draft("a"))
    rounds.send()
    rounds.house.publish()
    rounds.house.withdraw("a", "a court said so")

    def look() -> Evidence:
        with rounds.house.storage.read() as tx:
            return evidence(tx, rounds.house.settings, rounds.house.article_in(tx, "a"), rounds.house.now)

    with monkeypatch.context() as idle, rounds.house.storage.read() as tx:
        idle.setattr(type(tx.subscriptions), "told", None)  # counts all subscribers there are
        article = rounds.house.article_in(tx, "a")
        often = evidence(tx, rounds.house.settings, article, rounds.house.now, subscribers=False)
    assert not often.settled
    assert [f["subscribers"] for f in often.feeds] == [None]
    before = look()
    assert [f["subscribers"] for f in before.feeds] == [0]
    assert not before.settled
    assert [(t.partner, t.way, t.settled) for t in before.receivers] == [("one", "push", False)]
    assert [sentence(t) for t in before.receivers] == ["one/main: not yet"]
    assert [f["shows_withdrawal"] for f in before.feeds] == [False]
    rounds.boxes["one"].answer = BUSY
    rounds.send()
    failed = look()
    assert not failed.settled
    assert [sentence(t) for t in failed.receivers] == ["one/main: not yet, tried once: answered 503"]
    rounds.boxes["one"].answer = OK
    rounds.house.later(seconds=30)
    rounds.send()
    rounds.house.publish()
    after = look()
    assert after.settled
    (told,) = after.receivers
    assert told.offered_revision == 2 and told.received == rounds.house.now
    assert told.had and told.had["revision"] == 1 and told.had["at"] < told.received
    assert sentence(told).startswith("one/main: took the withdrawal 20")
    assert [(a["status"], a["delivered"]) for a in told.attempts] == [(503, False), (204, True)]
    assert after.withdrawn["reason"] == "a court said so" and after.withdrawn["by"] == "operator"
