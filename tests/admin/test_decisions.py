"""What is decided on the pages is what the commands decide, under a name, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from adminroom import Adminroom, csrf_of, text_of

from syndicate.lanes import Held, LaneState, Reason
from syndicate.model import Outcome, PubStatus, Verdict
from syndicate.storage import Conduct, Pending

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _in(room: Adminroom) -> None:
    await room.log_in()


async def follow(room: Adminroom, answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 303, text_of(answer)
    return await room.client.get(answer.headers["location"])


def article(room: Adminroom, article_id: str):
    with room.app.storage.read() as tx:
        found = tx.articles.get(article_id)
    assert found
    return found


def offered(room: Adminroom, article_id: str, *, acked: bool = True) -> None:
    now = datetime.now(UTC)
    with room.app.storage.write() as tx:
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.offer(lane.id, article_id, 1, now)
        if acked:
            tx.lanes.ack(lane.id, article_id, 1, 0, now)


async def test_a_form_with_a_nul_is_refused_and_nothing_is_done(room: Adminroom):
    held = room.id("Two wells")
    csrf = csrf_of(await room.get(f"articles/{held}"))
    before = room.audit()
    for fields in ({"reason": "a\0b"}, {"a\0b": "x"}):
        done = await room.client.post(f"/admin/articles/{held}/withdraw", data={"csrf": csrf, **fields})
        assert (done.status_code, "NUL" in done.text) == (400, True)
    assert (await room.get("articles/a%00b")).status_code == 400
    assert room.audit() == before


async def test_a_story_on_hold_is_released(room: Adminroom):
    held = room.id("Two wells")
    front = text_of(await room.get())
    assert "Stories on hold 1" in front
    assert "the dateline credits Reuters" in front
    page = await room.get(f"articles/{held}")
    assert "Release: let it go" in page.text
    done = await room.client.post(f"/admin/articles/{held}/release", data={"csrf": csrf_of(page)})
    after = text_of(await follow(room, done))
    assert "Released." in after
    assert "Release: let it go" not in after
    assert article(room, held).live
    assert next((e.who, e.via, e.action, e.target) for e in room.audit()) == (
        "amina",
        "pages",
        "release",
        held,
    )
    assert room.woken == [1]


async def test_a_note_is_said_once(room: Adminroom):
    held = room.id("Two wells")
    done = await room.post(f"articles/{held}/release", page=f"articles/{held}")
    assert "Released." in text_of(await follow(room, done))
    assert "Released." not in text_of(await room.get(f"articles/{held}"))


async def test_a_withdrawal_shows_first_who_has_it_and_then_who_knows(room: Adminroom):
    bridge = room.id("bridge")
    offered(room, bridge)
    page = text_of(await room.get(f"articles/{bridge}/withdraw"))
    assert "gazette/main" in page
    assert "newest version" in page
    done = await room.post(f"articles/{bridge}/withdraw", reason="  a name must\nnot stand there ")
    after = text_of(await follow(room, done))
    assert "not told yet" in after
    assert "Not told yet: gazette/main, feed latest" in after
    found = article(room, bridge)
    assert (found.status, found.reason) == (PubStatus.CANCELED, "a name must not stand there")
    assert room.audit()[0].detail == {"reason": "a name must not stand there"}
    front = text_of(await room.get())
    assert "Withdrawals 1" in front
    kept = await room.get(f"articles/{bridge}/evidence")
    assert kept.json()["withdrawn"]["reason"] == "a name must not stand there"
    assert [told["lane"] for told in kept.json()["receivers"]] == ["gazette/main"]
    assert "attachment" in kept.headers["content-disposition"]
    assert (await room.get(f"articles/{room.id('څاه')}/evidence")).status_code == 404


@pytest.mark.parametrize(("act", "field"), [("withdraw", "reason"), ("correct", "note")])
async def test_what_must_be_said_is_asked_for_again(room: Adminroom, act: str, field: str):
    bridge = room.id("bridge")
    answer = await room.post(f"articles/{bridge}/{act}", **{field: " \n "})
    assert answer.status_code == 422
    assert f"the {field} is empty" in text_of(answer)
    assert article(room, bridge).revision == 1
    assert room.woken == []


async def test_a_correction_is_published(room: Adminroom):
    bridge = room.id("bridge")
    done = await room.post(f"articles/{bridge}/correct", note="It was Monday.")
    assert "The correction is published." in text_of(await follow(room, done))
    assert [c.note for c in article(room, bridge).story.corrections] == ["It was Monday."]


async def test_only_what_was_changed_is_set_and_can_be_given_back(room: Adminroom):
    bridge = room.id("bridge")
    page = await room.get(f"articles/{bridge}/edit")
    assert "The bridge opens</textarea>" in page.text
    fields = {
        "headline": "The bridge is open",
        "byline": "Zarlasht Momand ;Amina Safi",
        "agency": "",
        "dateline": "",
    }
    data = {"csrf": csrf_of(page), **fields, "excerpt": article(room, bridge).story.excerpt}
    done = await room.client.post(f"/admin/articles/{bridge}/edit", data=data)
    assert "Set by hand: headline, byline." in text_of(await follow(room, done))
    found = article(room, bridge).story
    assert (found.headline, found.byline) == ("The bridge is open", ("Zarlasht Momand", "Amina Safi"))
    with room.app.storage.read() as tx:
        assert set(tx.articles.overrides(bridge)) == {"headline", "byline"}
    assert room.audit()[0].detail == {"fields": ["byline", "headline"]}
    changes = await room.get(f"articles/{bridge}/revisions?of=2")
    assert "<ins>" in changes.text
    assert "<del>opens</del>" in changes.text
    done = await room.post(f"articles/{bridge}/undo", page=f"articles/{bridge}/edit")
    assert "The source speaks again." in text_of(await follow(room, done))
    assert article(room, bridge).story.headline == "The bridge opens"


async def test_an_empty_headline_and_no_change_are_refused_and_what_was_typed_stays(room: Adminroom):
    bridge = room.id("bridge")
    answer = await room.post(f"articles/{bridge}/edit", headline="", excerpt="Typed, and not to be lost")
    assert answer.status_code == 422
    assert "the headline is empty" in text_of(answer)
    assert "Typed, and not to be lost" in answer.text
    assert (await room.post(f"articles/{bridge}/edit")).status_code == 422
    assert article(room, bridge).revision == 1


async def test_what_cannot_be_decided_says_why_and_leaves_no_trace(room: Adminroom):
    bridge = room.id("bridge")
    await room.post(f"articles/{bridge}/withdraw", reason="not ours")
    answer = await room.post(f"articles/{bridge}/correct", note="It was Monday.")
    assert answer.status_code == 422
    assert "is withdrawn" in text_of(answer)
    assert [e.action for e in room.audit()] == ["withdraw", "log in"]


async def test_what_is_not_there_is_said(room: Adminroom):
    for path in ("articles/none", "articles/none/withdraw", "lane?name=none", "partners/none", "attempts/7", "attempts/x",
                 "replay?lane=none", "nonsense", "lanes/x/y"):  # fmt: skip
        answer = await room.get(path)
        assert answer.status_code == 404, path
        assert "there is no" in text_of(answer)


# -- lanes -----------------------------------------------------------------------------------


def lane(room: Adminroom):
    with room.app.storage.read() as tx:
        found = tx.lanes.named("gazette/main")
    assert found
    return found


async def test_a_lane_is_paused_and_goes_on(room: Adminroom):
    done = await room.post("lanes", lane="gazette/main", act="pause")
    after = await follow(room, done)
    assert "gazette/main is paused" in text_of(after)
    assert lane(room).state is LaneState.PAUSED
    again = await room.post("lanes", lane="gazette/main", act="pause")
    assert "Left as it was." in text_of(await follow(room, again))
    assert "paused" in text_of(await room.get("lanes?state=paused"))
    assert "No such receiver." in text_of(await room.get("lanes?state=active"))
    await room.post("lanes", lane="gazette/main", act="resume")
    assert lane(room).state is LaneState.ACTIVE
    assert [e.action for e in room.audit()] == ["resume lane", "pause lane", "log in"]


async def test_what_failed_is_tried_now_and_what_was_refused_is_offered_again(room: Adminroom):
    now, bridge = datetime.now(UTC), room.id("bridge")
    outcome = Outcome(verdict=Verdict.REFUSED, status=422, detail="422 no such section")
    with room.app.storage.write() as tx:
        known = lane(room)
        tx.lanes.offer(known.id, bridge, 1, now)
        tx.lanes.attempt(known.id, bridge, 1, "msg_1", now, outcome)
        tx.lanes.hold(
            known.id, Held(article_id=bridge, reason=Reason.REFUSED, revision=1, since=now, detail="no")
        )
    front = text_of(await room.get())
    assert "story refused" in front
    assert "0 of 1 (0%)" in front
    page = await room.get("attempts?outcome=refused")
    assert "422 no such section" in text_of(page)
    assert "No such attempt here." in text_of(await room.get("attempts?outcome=delivered"))
    done = await room.post("lanes", page="lane?name=gazette/main", lane="gazette/main", act="redrive")
    assert "1 stories are offered" in text_of(await follow(room, done))
    await room.post("lanes", lane="gazette/main", act="retry")
    assert [e.action for e in room.audit()][:2] == ["retry lane", "redrive"]


async def test_sending_again_says_first_how_much_it_would_be(room: Adminroom):
    with room.app.storage.write() as tx:
        tx.lanes.save(replace(lane(room), position=tx.journal.head()))
    page = await room.get("replay?lane=gazette/main&since=1d")
    assert "2 stories" in text_of(page)
    assert lane(room).generation == 0
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    data = {"csrf": csrf_of(page), "lane": "gazette/main", "since": since}
    done = await room.client.post("/admin/replay", data=data)
    assert "2 stories are sent again" in text_of(await follow(room, done))
    assert (lane(room).generation, lane(room).position) == (1, 0)
    wrong = await room.client.post("/admin/replay", data={**data, "since": "soon"})
    assert wrong.status_code == 422
    assert (await room.get("replay?lane=gazette/main&since=soon")).status_code == 422


@pytest.mark.parametrize(
    "fields", [{"act": "explode", "lane": "gazette/main"}, {"act": "pause", "lane": "none"}, {}]
)
async def test_nonsense_is_refused(room: Adminroom, fields: dict[str, str]):
    answer = await room.post("lanes", **fields)
    assert answer.status_code in (404, 422)
    assert room.woken == []


# -- sources ---------------------------------------------------------------------------------


async def test_a_source_is_paused_and_asked_again(room: Adminroom):
    done = await room.post("sources", source="desk", act="pause")
    after = text_of(await follow(room, done))
    assert "desk is paused" in after
    assert "paused by amina" in after
    with room.app.storage.read() as tx:
        conduct = tx.sources.conduct("desk")
    assert conduct
    assert conduct.state is Conduct.PAUSED
    await room.post("sources", source="desk", act="resume")
    with room.app.storage.read() as tx:
        assert tx.sources.conduct("desk") is None
    assert [(e.action, e.target) for e in room.audit()][:2] == [
        ("resume source", "desk"),
        ("pause source", "desk"),
    ]


async def test_whether_known_stories_are_new_is_said_where_a_source_waits_for_it(room: Adminroom):
    with room.app.storage.write() as tx:
        tx.sources.treat("desk", Conduct.HELD, datetime.now(UTC), "three known stories under new ids")
    page = text_of(await room.get("sources"))
    assert "three known stories under new ids" in page
    assert "They are the known ones" in page
    assert (await room.post("sources", source="desk", act="resume")).status_code == 422
    await room.post("sources", source="desk", act="same")
    with room.app.storage.read() as tx:
        conduct = tx.sources.conduct("desk")
    assert conduct
    assert conduct.state is Conduct.SAME
    assert (await room.post("sources", source="none", act="pause")).status_code == 404
    assert (await room.post("sources", source="desk", act="explode")).status_code == 422


# -- the hub ---------------------------------------------------------------------------------


async def test_a_subscription_is_dropped_and_told(room: Adminroom):
    now = datetime.now(UTC)
    asked = Pending(mode="subscribe", topic="http://127.0.0.1:8080/feeds/latest/rss.xml", host="reader.example",
                    callback="https://reader.example/cb?key=c0ffee", lease=timedelta(days=1), created=now, due=now)  # fmt: skip
    with room.app.storage.write() as tx:
        number = tx.subscriptions.confirm(asked, now, 1)
    page = await room.get("hub")
    assert "reader.example" in text_of(page)
    assert "c0ffee" not in page.text
    done = await room.post("hub", number=str(number))
    assert "is ended" in text_of(await follow(room, done))
    assert (await room.post("hub", page="lanes", number=str(number))).status_code == 404
    with room.app.storage.read() as tx:
        assert tx.subscriptions.count() == 0
        assert [p.mode for p in tx.subscriptions.pending(now + timedelta(days=1), 9)] == ["denied"]
    assert room.audit()[0].target == "reader.example"
