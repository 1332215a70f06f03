"""People are told once, again after a while, and when it is over; by mail, by a signed POST, by a command."""

from __future__ import annotations

import asyncio
import base64
import email
import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import Message as Letter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from house import House, draft

from syndicate.config import Adapters, load
from syndicate.errors import ConfigError
from syndicate.lanes import Held, LaneKind, LaneState, Reason
from syndicate.model import Picture
from syndicate.net.client import Client
from syndicate.notify.message import Message
from syndicate.notify.teller import Teller

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
PARTNER = '[partners.gazette]\nfeeds = ["latest"]\ncontact = "night@gazette.example"\n'


class Post(ThreadingTCPServer):
    """A mail server on loopback that keeps what it is given; ``refuse`` answers every letter with 550,
    ``refused`` are those to whom nothing is taken."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refuse = False
        self.refused: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("DATA"):
                self.say("354 go on")
                self.keep()
            elif word.startswith("MAIL") and self.server.refuse:
                self.say("550 not from you, password=hunter2")
            elif word.startswith("RCPT") and any(one.upper() in word for one in self.server.refused):
                self.say("550 we do not relay")
            elif word.startswith("QUIT"):
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.letters.append(email.message_from_bytes(b"".join(lines)))
        self.say("250 kept")

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class Desk:
    """A house, its post, and its teller."""

    def __init__(self, house: House, post: Post) -> None:
        self.house, self.post = house, post
        self.configure()

    def configure(self, more: str = "", ways: str = "", head: str = "") -> None:
        mail = (
            f'mail = {{ to = ["desk@times.example.org"], sender = "feeds@times.example.org", '
            f'host = "127.0.0.1", port = {self.post.port} }}\n'
        )
        network = '[network]\nallow = ["127.0.0.0/8"]\n'
        self.house.configure(f"{network}{PARTNER}{more}[notify]\n{head or mail}{ways}")

    def look(self) -> Message | None:
        async def once() -> Message | None:
            async with Client(self.house.settings.network) as client:
                teller = Teller(self.house.storage, self.house.settings, client, lambda: self.house.now)
                return await teller.run()

        return asyncio.run(once())

    def texts(self) -> list[str]:
        return [str(letter.get_payload()) for letter in self.post.letters]

    def offer(self, source_id: str, acked: bool = True, lane: str = "gazette/main") -> None:
        """The partner was sent the story as it stands, at one of its endpoints."""
        article = self.house.article(source_id)
        with self.house.storage.write() as tx:
            tx.lanes.ensure(lane, LaneKind.STORIES, "gazette", lane.partition("/")[2], position=0)
            known = tx.lanes.named(lane)
            assert known
            tx.lanes.offer(known.id, article.id, article.revision, self.house.now)
            if acked:
                tx.lanes.ack(known.id, article.id, article.revision, 0, self.house.now)


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def desk(house: House, post: Post) -> Desk:
    return Desk(house, post)


def hold(desk: Desk, name: str = "a") -> None:
    desk.house.take(draft(name, "<p>A sentence of the text. -Unknown Wire Agency</p>", agency=None))
    article = desk.house.article(name)
    with desk.house.storage.write() as tx:
        tx.articles.set_hold(article.id, "the credits contradict one another")


# -- once, again, over ------------------------------------------------------------------


def test_nothing_wrong_says_nothing(desk: Desk) -> None:
    desk.house.take(draft("a"))
    assert desk.look() is None
    assert desk.post.letters == []


def test_an_alarm_is_told_once_again_after_a_while_and_when_it_is_over(desk: Desk) -> None:
    hold(desk)
    assert desk.look()
    assert desk.look() is None, "not twice"
    desk.house.later(hours=13)
    desk.look()
    article = desk.house.article("a")
    with desk.house.storage.write() as tx:
        tx.articles.set_hold(article.id, None)
    desk.look()
    assert desk.look() is None
    new, again, over = desk.texts()
    assert new.startswith("New") and "waits for an editor" in new and "fix:" in new
    assert again.startswith("Still so")
    assert over.startswith("Over")
    assert [str(x["Subject"]) for x in desk.post.letters] == [
        "[The Pashtun Times] 1 thing needs you",
        "[The Pashtun Times] 1 thing needs you",
        "[The Pashtun Times] over: 1",
    ]
    assert len({x["Message-ID"] for x in desk.post.letters}) == 3


def test_many_alarms_are_one_letter(desk: Desk) -> None:
    for number in range(60):
        hold(desk, f"s{number}")
    desk.look()
    assert len(desk.post.letters) == 1
    assert "and 10 more" in desk.texts()[0]


def test_what_was_not_told_is_told_when_the_server_is_back_and_the_failure_shows(desk: Desk) -> None:
    hold(desk)
    desk.post.refuse = True
    desk.look()
    (problem,) = desk.house.problems()
    assert problem.scope == "notify" and "550" in problem.ref
    assert "hunter2" not in problem.ref + problem.reason, "what a server says may echo a secret"
    desk.post.refuse = False
    desk.look()
    assert len(desk.post.letters) == 1
    assert desk.house.problems() == []


def test_only_what_is_asked_for_is_told(desk: Desk) -> None:
    desk.configure(ways='alarms = ["lane_stopped"]\n')
    hold(desk)
    assert desk.look() is None


# -- what is raised ---------------------------------------------------------------------


def test_an_unconfirmed_takedown_is_escalated_and_the_partner_written_to(desk: Desk) -> None:
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.house.withdraw("a", "a court said so")
    assert desk.look() is None, "it is given an hour"
    desk.house.later(hours=1)
    desk.look()
    ours, theirs = desk.post.letters
    assert ours["To"] == "desk@times.example.org" and theirs["To"] == "night@gazette.example"
    article = desk.house.article("a")
    assert f"urn:uuid:{article.id}" in str(theirs.get_payload())
    assert "About a" not in str(theirs.get_payload()) + str(ours.get_payload()), "it may be the libel"
    assert "night@gazette.example" in str(ours.get_payload())
    assert theirs["Reply-To"] == "desk@times.example.org", "an answer reaches a person"
    assert "/partner/v1/gazette/acks" in str(theirs.get_payload())
    desk.offer("a")
    desk.look()
    assert str(desk.post.letters[-1]["Subject"]).endswith("over: 1")


def test_a_contact_that_cannot_be_written_to_does_not_have_the_newsroom_told_over_and_over(
    desk: Desk,
) -> None:
    desk.post.refused = {"night@gazette.example"}
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.house.withdraw("a")
    desk.house.later(hours=2)
    assert desk.look()
    assert desk.look() is None, "it was told"
    assert [x["To"] for x in desk.post.letters] == ["desk@times.example.org"]
    (problem,) = desk.house.problems()
    assert "it refuses night@gazette.example" in problem.ref


def test_each_endpoint_of_a_partner_has_to_take_a_takedown(desk: Desk) -> None:
    """They may be systems of their own: that one took it says nothing of the other."""
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.offer("a", lane="gazette/app")
    desk.house.withdraw("a")
    desk.offer("a")
    desk.house.later(hours=2)
    found = desk.look()
    assert found and [a.words.partition(" ")[0] for a in found.new] == ["gazette/app"]
    desk.offer("a", lane="gazette/app")
    desk.look()
    assert str(desk.post.letters[-1]["Subject"]).endswith("over: 1")


def test_an_endpoint_that_is_gone_from_the_configuration_is_spoken_for_by_another(desk: Desk) -> None:
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.offer("a", lane="gazette/old")
    with desk.house.storage.write() as tx:
        old = tx.lanes.named("gazette/old")
        assert old
        tx.lanes.save(replace(old, state=LaneState.RETIRED))
    desk.house.withdraw("a")
    desk.house.later(hours=2)
    found = desk.look()
    assert found and {a.words.partition(" ")[0] for a in found.new} == {"gazette/main", "gazette/old"}
    desk.offer("a")
    desk.house.later(hours=13)
    found = desk.look()
    assert found and not found.again and len(found.over) == 2


def test_a_paused_partner_is_escalated_too(desk: Desk) -> None:
    desk.house.take(draft("a"))
    desk.offer("a")
    with desk.house.storage.write() as tx:
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.save(replace(lane, state=LaneState.PAUSED))
    desk.house.withdraw("a")
    desk.house.later(hours=2)
    found = desk.look()
    assert found and [a.kind for a in found.new] == ["takedown_unconfirmed"]


def test_a_story_that_was_released_again_is_no_takedown(desk: Desk) -> None:
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.house.withdraw("a")
    desk.house.release("a")
    desk.house.later(hours=2)
    assert desk.look() is None


def test_tell_partners_false_writes_to_nobody_outside(desk: Desk) -> None:
    desk.configure(ways="tell_partners = false\n")
    desk.house.take(draft("a"))
    desk.offer("a")
    desk.house.withdraw("a")
    desk.house.later(hours=2)
    desk.look()
    assert [x["To"] for x in desk.post.letters] == ["desk@times.example.org"]


def test_lanes_that_fail_and_lanes_that_stopped(desk: Desk) -> None:
    desk.house.take(draft("a"))
    desk.offer("a")
    with desk.house.storage.write() as tx:
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.save(
            replace(lane, failing_since=desk.house.now, due=desk.house.now, failures=3, last_error="503")
        )
    desk.house.later(hours=30)
    assert desk.look() is None
    desk.house.later(hours=7)
    found = desk.look()
    assert found and [a.kind for a in found.new] == ["lane_failing"], "half of three days"
    with desk.house.storage.write() as tx:
        tx.lanes.save(replace(lane, state=LaneState.DISABLED, last_error="503"))
    found = desk.look()
    assert found and [a.kind for a in found.new] == ["lane_stopped"]


def test_a_source_that_stays_broken(desk: Desk) -> None:
    desk.configure(more='[sources.desk]\ntype = "folder"\n')
    with desk.house.storage.write() as tx:
        tx.sources.tried("desk", desk.house.now, None)
        tx.sources.tried("desk", desk.house.now, "permission denied")
    assert desk.look() is None
    desk.house.later(hours=1)
    found = desk.look()
    assert found and [a.kind for a in found.new] == ["source_broken"]


def test_refused_stories_problems_and_rights_that_end(desk: Desk) -> None:
    end = desk.house.now + timedelta(hours=30)
    desk.house.take(draft("a", image=Picture(url="https://times.example.org/p.jpg", expires=end)))
    desk.offer("a", acked=False)
    refused = Held(
        article_id=desk.house.article("a").id,
        reason=Reason.REFUSED,
        revision=1,
        since=desk.house.now,
        detail="422",
    )
    with desk.house.storage.write() as tx:
        tx.problems.note("feed:latest", "x", "cannot be rendered", desk.house.now, fix="mend it")
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.hold(lane.id, refused)
    found = desk.look()
    assert found and sorted(a.kind for a in found.new) == ["problem", "story_refused"]
    desk.house.later(hours=10)
    found = desk.look()
    assert found and [a.kind for a in found.new] == ["rights_ending"]


# -- the other ways ---------------------------------------------------------------------


def test_a_webhook_gets_it_signed(desk: Desk) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/alarms"
    desk.configure(head=f'webhook = {{ url = "{url}", secret = "{SECRET}" }}\n')
    hold(desk)
    assert desk.look()
    thread.join(5)
    server.server_close()
    headers, body = got[0]
    told = json.loads(body)
    assert [a["kind"] for a in told["new"]] == ["story_on_hold"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_command_gets_it_on_standard_input(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "told.json"
    program = f"import sys, pathlib; pathlib.Path({str(out)!r}).write_bytes(sys.stdin.buffer.read())"
    desk.configure(head=f"command = {json.dumps([sys.executable, '-c', program])}\n")
    hold(desk)
    desk.look()
    assert json.loads(out.read_bytes())["new"][0]["kind"] == "story_on_hold"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nowhere/at/all"], "No such file"),
        ([sys.executable, "-c", "import sys; sys.exit('no pager')"], "no pager"),
    ],
)
def test_a_command_that_fails_is_said(desk: Desk, command: list[str], words: str) -> None:
    desk.configure(head=f"command = {json.dumps(command)}\n")
    hold(desk)
    desk.look()
    (problem,) = desk.house.problems()
    assert words in problem.ref


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        ('{ to = [], sender = "a@b.example" }', "at least 1"),
        ('{ to = ["nobody"], sender = "a@b.example" }', "no mail address"),
        ('{ to = ["a@b.example"], sender = "a@b.example", user = "x" }', "belong together"),
        (
            '{ to = ["a@b.example"], sender = "a@b.example", host = "mail.example", user = "x", password = "secret7" }',
            "in the clear",
        ),
    ],
)
def test_wrong_settings_are_refused_without_showing_a_password(tmp_path: Path, mail: str, words: str) -> None:
    file = tmp_path / "syndicate.toml"
    file.write_text(f'[publisher]\nname = "T"\nurl = "https://t.example/"\n[notify]\nmail = {mail}\n')
    with pytest.raises(ConfigError, match=words) as caught:
        load(file, Adapters())
    assert "secret7" not in str(caught.value)


def test_outcomes_of_the_webhook_are_said_without_its_secret(desk: Desk) -> None:
    desk.configure(head=f'webhook = {{ url = "http://127.0.0.1:9/x", secret = "{SECRET}" }}\n')
    hold(desk)
    desk.look()
    (problem,) = desk.house.problems()
    assert problem.ref.startswith("webhook:")
    assert SECRET not in problem.ref
