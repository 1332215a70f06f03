"""What a partner meets at ``/partner/v1``, over loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pulldaemon import Outlet, daemon, outlet

from apps import run, until
from syndicate.storage import Scope


def test_nothing_is_told_without_a_token_of_ones_own(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("cup", section="Sport")
            tokens = {
                "wrong": "syn_wrong",
                "another's": made.token("herald"),
                "the inbox's": made.token("gazette", scope=Scope.INBOX),
            }
            answers: dict[str, set[bytes]] = {}
            for partner in ("gazette", "nobody"):
                for rest in ("journal", "stories/x", "feeds/latest/rss.xml"):
                    bare = await made.client.get(made.path(partner, rest))
                    assert bare.status_code == 401
                    asked = [value.partition(" ")[0] for value in bare.headers.get_list("www-authenticate")]
                    assert asked == ["Basic", "Bearer"]
                    shown = await made.client.get(
                        made.path(partner, rest), params={"token": made.token("gazette", rest)}
                    )
                    assert shown.status_code == 401, "a token in an address opens nothing"
                    for who, token in tokens.items():
                        answer = await made.get(partner, rest, token=token)
                        assert answer.status_code == (401 if who == "wrong" else 404)
                        assert "private" in answer.headers["cache-control"]
                        answers.setdefault(who, set()).add(answer.content)
            assert all(len(bodies) == 1 for bodies in answers.values()), (
                "known partners look like unknown ones"
            )

    run(go())


def test_basic_opens_as_bearer_does(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("cup", section="Sport")
            words = base64.b64encode(f"anyone:{made.token('gazette')}".encode()).decode()
            headers = {"authorization": f"Basic {words}"}
            answer = await made.client.get(made.path("gazette", "feeds/latest/rss.xml"), headers=headers)
            assert answer.status_code == 200
            assert b"About cup" in answer.content

    run(go())


def test_tokens_are_exchanged_without_a_gap_and_revoked_ones_open_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with daemon(tmp_path) as made:
            old, new = made.token("gazette", "old"), made.token("gazette", "new")
            assert (await made.get("gazette", "journal", token=old)).status_code == 200
            assert (await made.get("gazette", "journal", token=new)).status_code == 200
            with made.app.storage.write() as tx:
                tx.tokens.revoke(next(t.id for t in tx.tokens.all() if t.label == "old"), made.clock())
            async with asyncio.timeout(60):
                while (await made.get("gazette", "journal", token=old)).status_code != 401:
                    await asyncio.sleep(0.05)
            assert (await made.get("gazette", "journal", token=new)).status_code == 200

    run(go())


def test_the_journal_leads_from_page_to_page(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            for name in ("one", "two", "three"):
                await made.publish(name)
            answer = await made.get("gazette", "journal", params={"limit": 2})
            page = answer.json()
            assert answer.headers["content-type"] == "application/json"
            assert [s["headlines"][0]["value"] for s in page["stories"]] == ["About one", "About two"]
            assert page["more"]
            onward = answer.links["next"]["url"]
            assert f"after={page['next']}" in onward
            rest = await made.client.get(
                onward, headers={"authorization": f"Bearer {made.tokens['gazette']}"}
            )
            assert [s["headlines"][0]["value"] for s in rest.json()["stories"]] == ["About three"]
            assert not rest.json()["more"]

    run(go())


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"after": "nonsense"}, 400, "no cursor"),
        ({"after": "00000000.0"}, 410, "after="),
        ({"after": "00000000.0", "since": "3d"}, 400, "not both"),
        ({"since": "yesterday"}, 400, "since=30d"),
        ({"limit": "0"}, 400, "from 1 to 500"),
        ({"limit": "many"}, 400, "from 1 to 500"),
        ({"wait": "-1"}, 400, "from 0 to 60"),
        ({"wait": "nan"}, 400, "from 0 to 60"),
        ({"after": "00000000." + "9" * 30}, 400, "no cursor"),
    ],
)
def test_a_bad_question_is_answered_with_the_fix(
    tmp_path: Path, query: dict[str, str], status: int, words: str
) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            answer = await made.get("gazette", "journal", params=query)
            assert answer.status_code == status
            said = answer.json()
            assert {"error", "message", "fix"} <= set(said)
            assert words in answer.text
            if status == 410:
                assert (
                    await made.get("gazette", "journal", params={"after": said["next"]})
                ).status_code == 200

    run(go())


def test_since_takes_a_time_a_date_or_a_moment(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            for since in ("30d", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+04:30"):
                assert len((await made.journal("gazette", since=since))["stories"]) == 1, since
            made.clock.ahead += made.clock.ahead.resolution
            assert (await made.journal("gazette", since="1ms"))["stories"] == []

    run(go())


def test_waiting_ends_with_the_news(tmp_path: Path) -> None:
    async def go() -> None:
        async with daemon(tmp_path) as made:
            begin = (await made.journal("gazette"))["next"]
            waiting = asyncio.create_task(made.journal("gazette", after=begin, wait=60))
            await until(lambda: sum(made.app.partners._waiting.values()) == 1)
            begun = time.monotonic()
            made.write("flash")
            page = await waiting
            assert [s["headlines"][0]["value"] for s in page["stories"]] == ["About flash"]
            assert time.monotonic() - begun < 45
            assert not made.app.partners._waiting

    run(go())


def test_waiting_ends_in_time_and_when_the_daemon_leaves(tmp_path: Path) -> None:
    async def go() -> None:
        async with daemon(tmp_path) as made:
            begin = (await made.journal("gazette"))["next"]
            page = await made.journal("gazette", after=begin, wait=0.2)
            assert page == {"stories": [], "next": begin, "more": False}
            waiting = asyncio.create_task(made.journal("gazette", after=begin, wait=60))
            await until(lambda: sum(made.app.partners._waiting.values()) == 1)
            begun = time.monotonic()
            made.app.stop()
            assert (await waiting)["stories"] == []
        assert time.monotonic() - begun < 45

    run(go())


def test_what_is_delayed_ends_the_waiting_when_it_falls_due(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path, partners='[partners.late]\nfeeds = ["latest"]\ndelay = "2s"') as made:
            begin = (await made.journal("late"))["next"]
            await made.publish("flash")
            assert (await made.journal("late", after=begin))["stories"] == []
            page = await made.journal("late", after=begin, wait=30)
            assert len(page["stories"]) == 1
            live = made.article("flash").first_seen
            assert (made.clock() - live).total_seconds() >= 2

    run(go())


def test_a_poll_that_changes_nothing_asks_the_database_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            page = await made.journal("gazette")
            await made.journal("gazette", after=page["next"])
            await made.get("gazette", "feeds/latest/rss.xml")
            asked = made.asked()
            for _ in range(5):
                assert (await made.journal("gazette", after=page["next"]))["stories"] == []
                assert (await made.get("gazette", "feeds/latest/rss.xml")).status_code == 200
            assert asked == []

    run(go())


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path, "[tokens]\nrequests_per_minute = 3") as made:
            for _ in range(3):
                assert (await made.get("gazette", "journal")).status_code == 200
            answer = await made.get("gazette", "journal")
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 60
            assert (await made.get("herald", "journal")).status_code == 200, "each token has its own measure"

    run(go())


def test_so_many_wait_with_one_token_and_no_more(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            begin = (await made.journal("gazette"))["next"]
            waiting = [asyncio.create_task(made.journal("gazette", after=begin, wait=20)) for _ in range(16)]
            await until(lambda: sum(made.app.partners._waiting.values()) == 16)
            answer = await made.get("gazette", "journal", params={"after": begin, "wait": 20})
            assert answer.status_code == 429
            assert answer.headers["retry-after"] == "1"
            await made.publish("flash")
            assert all(page["stories"] for page in await asyncio.gather(*waiting))

    run(go())


def test_a_story_has_a_validator_and_ends_as_canceled(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            name = made.article("one").id
            first = await made.get("gazette", f"stories/{name}")
            assert first.json()["version"] == "1"
            same = {"if-none-match": first.headers["etag"]}
            for form in (name, f"urn:uuid:{name}"):
                again = await made.get("gazette", f"stories/{form}", headers=same)
                assert (again.status_code, again.content) == (304, b"")
            withdrawn = await made.withdraw("one")
            last = await made.get("gazette", f"stories/{name}", headers=same)
            assert last.json()["pubStatus"] == "canceled"
            assert last.json()["version"] == str(withdrawn.revision)
            assert "About one" not in last.text
            page = await made.journal("gazette")
            assert [s["pubStatus"] for s in page["stories"]] == ["canceled"], "it took the story, so it hears"

    run(go())


def test_confirming_is_recorded_once_with_the_tokens_label(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            await made.journal("gazette")
            withdrawn = await made.withdraw("one")
            story = (await made.journal("gazette"))["stories"][0]
            with made.app.storage.read() as tx:
                assert [t.article_id for t in tx.pulls.unconfirmed(partner="gazette")] == [withdrawn.id]
            said = {"uri": story["uri"], "version": story["version"]}
            first, second = await made.ack("gazette", said), await made.ack("gazette", said)
            assert (first.status_code, second.status_code) == (201, 200)
            assert first.json() == second.json()
            assert first.json()["action"] == "removed"
            assert first.json()["token"] == "cms"
            with made.app.storage.read() as tx:
                assert len(tx.pulls.acks(article_id=withdrawn.id)) == 1
                assert tx.pulls.unconfirmed() == []

    run(go())


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"version": 1}, 400, "'uri'"),
        ({"uri": "URI"}, 400, "'version'"),
        ({"uri": "URI", "version": "two"}, 400, "'version'"),
        ({"uri": "URI", "version": True}, 400, "'version'"),
        ({"uri": "URI", "version": "9"}, 400, "newest version is 2"),
        ({"uri": "URI", "version": "2000000000"}, 400, "newest version is 2"),
        ({"uri": "URI", "version": "2147483648"}, 400, "'version'"),
        ({"uri": "a\0b", "version": "1"}, 400, "'uri'"),
        ({"uri": "URI", "version": "1"}, 409, "version 2"),
        ({"uri": "URI", "version": "2", "action": "burned"}, 400, "removed"),
        ({"uri": "urn:uuid:nothing", "version": "1"}, 404, "never offered"),
        (["URI"], 400, "object"),
    ],
)
def test_a_confirmation_that_makes_no_sense_says_why(
    tmp_path: Path, body: Any, status: int, words: str
) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            await made.journal("gazette")
            uri = f"urn:uuid:{(await made.withdraw('one')).id}"
            answer = await made.ack("gazette", json.loads(json.dumps(body).replace("URI", uri)))
            assert answer.status_code == status, answer.text
            assert words in answer.text
            other = await made.ack("herald", {"uri": uri, "version": "2"})
            assert other.status_code == 404, "whoever was never offered it does not learn that it exists"

    run(go())


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            assert (await made.ack("gazette", {"uri": "x" * 20_000, "version": 1})).status_code == 413

    run(go())


def test_feeds_are_under_the_partners_terms_and_in_no_public_file(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            picture = "{ url: https://hill.example.org/cup.jpg, caption: The cup }"
            await made.publish("cup", section="Sport", image=picture)
            await made.app.publish(everything=True)
            full = await made.get("gazette", "feeds/latest/rss.xml")
            part = await made.get("herald", "feeds/sport/rss.xml")
            assert b"The second sentence" in full.content
            assert b"cup.jpg" in full.content
            assert b"The second sentence" not in part.content
            assert b"cup.jpg" not in part.content
            for partner, rest in (("gazette", "feeds/latest/rss.xml"), ("herald", "feeds/sport/rss.xml")):
                answer = full if partner == "gazette" else part
                assert answer.headers["cache-control"].startswith("private")
                assert made.path(partner, rest) in answer.headers["link"]
                assert "hub" not in answer.headers["link"]
                assert b'rel="hub"' not in answer.content
                assert made.path(partner, rest).encode() in answer.content
            for kind in ("atom.xml", "feed.json"):
                assert (await made.get("gazette", f"feeds/latest/{kind}")).status_code == 200
                assert (await made.get("herald", f"feeds/sport/{kind}")).status_code == 404, (
                    "rss alone is set"
                )
            assert (await made.get("herald", "feeds/latest/rss.xml")).status_code == 404
            public = b"".join(f.read_bytes() for f in (tmp_path / "feeds").rglob("*.xml"))
            assert b"/partner/" not in public

    run(go())


def test_feeds_are_conditional_and_change_with_the_news_only(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            first = await made.get("gazette", "feeds/latest/rss.xml")
            same = {"if-none-match": first.headers["etag"]}
            again = await made.get("gazette", "feeds/latest/rss.xml", headers=same)
            assert (again.status_code, again.content) == (304, b"")
            dated = {"if-modified-since": first.headers["last-modified"]}
            assert (await made.get("gazette", "feeds/latest/rss.xml", headers=dated)).status_code == 304
            await made.publish("two")
            news = await made.get("gazette", "feeds/latest/rss.xml", headers=same)
            assert news.status_code == 200
            assert b"About two" in news.content
            await made.withdraw("two")
            gone = await made.get("gazette", "feeds/latest/rss.xml")
            assert b"About two" not in gone.content
            assert gone.content.count(b"<item>") == 2, "a notice stands in its stead"

    run(go())


def test_a_delayed_partners_feed_shows_what_fell_due(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            await made.publish("gone")
            await made.withdraw("gone")
            empty = await made.get("late", "feeds/latest/rss.xml")
            assert empty.content.count(b"<item>") == 0
            from datetime import timedelta

            made.clock.ahead = timedelta(hours=1)
            due = await made.get("late", "feeds/latest/rss.xml")
            assert due.content.count(b"<item>") == 1, "no notice of what it was never offered"
            await made.withdraw("one")
            page = await made.journal("late")
            assert [s["pubStatus"] for s in page["stories"]] == ["canceled"], "its feed had it, so it hears"

    run(go())


SECRETS = {
    "embargoed": {"embargo": "2099-01-01T00:00:00Z"},
    "withheld": {"status": "withheld"},
    "held": {"credit_role": "republished"},
    "elsewhere": {"section": "News"},
}


def test_a_partner_sees_no_byte_of_what_it_may_not_have(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            for name, given in SECRETS.items():
                await made.publish(
                    name, words=f"The {name} words are not for herald.", **{"section": "Sport", **given}
                )
            await made.publish("open", section="Sport")
            with made.app.storage.write() as tx:
                tx.articles.set_hold(made.article("held").id, "whose is it?")
            answers: list[httpx.Response] = []
            for name in (*SECRETS, "open"):
                known = made.article(name).id
                answers += [await made.get("herald", f"stories/{known}")]
                answers += [await made.ack("herald", {"id": known, "version": 1})]
            for rest in ("journal", "journal?since=30d", "feeds/sport/rss.xml"):
                answers.append(await made.get("herald", rest))
            assert b"About open" in answers[-1].content
            for answer in answers:
                for name in SECRETS:
                    assert f"About {name}".encode() not in answer.content, answer.url
                    assert f"The {name} words".encode() not in answer.content, answer.url
            assert [a.status_code for a in answers[: 2 * len(SECRETS)]] == [404] * (2 * len(SECRETS))

    run(go())


def test_tokens_stand_in_no_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def go() -> str:
        logging.getLogger().setLevel(logging.DEBUG)
        async with daemon(tmp_path) as made:
            await made.publish("one")
            await made.get("gazette", "journal")
            await made.get("gazette", "journal", token="syn_a-wrong-token")
            await made.withdraw("one")
            await made.ack("gazette", {"uri": made.article("one").id, "version": 2})
            return made.tokens["gazette"]

    token = asyncio.run(go())
    told = capfd.readouterr()
    assert token not in told.out + told.err
    assert "syn_a-wrong-token" not in told.out + told.err
    stored = b"".join(f.read_bytes() for f in tmp_path.glob("syndicate.db*"))
    assert token.encode() not in stored


def test_a_thousand_who_wait_cost_no_thread_and_no_question(tmp_path: Path) -> None:
    many = "".join(f'[partners.p{n}]\nfeeds = ["latest"]\n' for n in range(50))

    async def go(made: Outlet) -> None:
        import threading

        from syndicate.distribute.cursors import Ask

        pull = made.app.pull
        first = {f"p{n}": await pull.journal(f"p{n}", Ask()) for n in range(50)}
        waiting = [
            asyncio.create_task(pull.journal(p, Ask(after=page.next, wait=60)))
            for p, page in first.items()
            for _ in range(20)
        ]
        await until(lambda: len(pull._news._waiters) == len(waiting))  # all of them have looked once
        threads, asked = threading.active_count(), made.asked()
        for _ in range(20):
            pull.wake()
            await asyncio.sleep(0.01)
        assert len([words for words in asked if "counters" not in words and "BEGIN" not in words]) == 0
        assert len(asked) <= 60, "one look for all of them"
        assert threading.active_count() <= threads + 4
        made.write("flash")
        await made.app.poll_all()
        begun = time.monotonic()
        pages = await asyncio.gather(*waiting)
        assert all(len(page.stories) == 1 for page in pages)
        print(f"a thousand had it after {time.monotonic() - begun:.2f} s")

    async def main() -> None:
        async with outlet(tmp_path, partners=many) as made:
            await go(made)

    run(main())
