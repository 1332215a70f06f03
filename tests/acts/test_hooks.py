"""Webhooks of CMSs: who may post, what becomes of it, and that no old version comes after a newer one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from house import House
from starlette.applications import Starlette

from syndicate.config import Adapters, load
from syndicate.errors import ConfigError
from syndicate.ingest.inbox import Inbox
from syndicate.sources.base import Batch
from syndicate.sources.registry import SOURCES
from syndicate.sources.wordpress_post import Terms, draft_of
from syndicate.sources.wordpress_seen import Mark, Seen
from syndicate.web.hooks import HookRoute, hooks

KEY = base64.b64encode(b"k" * 32).decode()
OLD_KEY = base64.b64encode(b"o" * 32).decode()
GHOST = "a-secret-of-sixteen"
CONFIG = f"""
[sources.own]
type = "inbox"
secrets = ["whsec_{KEY}", "whsec_{OLD_KEY}"]
max_bytes = 20000
max_batch = 2
[sources.blog]
type = "inbox"
cms = "wordpress"
secrets = ["whsec_{KEY}"]
[sources.ghost]
type = "inbox"
cms = "ghost"
secrets = ["{GHOST}"]
[sources.plain]
type = "inbox"
"""


class Hooked:
    """A CMS that posts, and the house it posts to."""

    def __init__(self, folder: Path, extra: str = CONFIG) -> None:
        self.house = House(folder)
        file = folder / "syndicate.toml"
        file.write_text(file.read_text(encoding="utf-8") + extra, encoding="utf-8")
        self.house.settings = load(file, Adapters(SOURCES))
        self.house.ingest.configure(self.house.settings, self.house.directory)
        site = self.house.publisher.site
        self.woken = 0
        self.inbox = Inbox(self.house.storage, self.house.ingest, site, lambda: self.house.now)
        route = HookRoute(self.inbox, lambda: hooks(self.house.settings), self.wake, lambda: self.house.now)
        self.app = Starlette(routes=route.routes())
        self.sent = 0

    def wake(self) -> None:
        self.woken += 1

    def post(self, source: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(self._post(source, content, {"content-type": "application/json", **headers}))

    async def _post(self, source: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(f"/api/v1/hooks/{source}", content=content, headers=headers)

    def standard(self, source: str, body: Any, **more: Any) -> httpx.Response:
        """Signed as Standard Webhooks; ``key``, ``id`` and ``age`` (seconds) to do it wrongly."""
        self.house.later(seconds=1)
        content = json.dumps(body).encode()
        self.sent += 1
        message_id = more.get("id", f"msg_{self.sent}")
        stamp = str(int(self.house.now.timestamp()) - more.get("age", 0))
        signed = f"{message_id}.{stamp}.".encode() + content
        mark = base64.b64encode(
            hmac.digest(base64.b64decode(more.get("key", KEY)), signed, hashlib.sha256)
        ).decode()
        marks = f"v1a,other v1,{mark}"
        headers = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": marks}
        return self.post(source, more.get("tampered", content), headers)

    def ghost(
        self, body: Any, *, age: int = 0, secret: str = GHOST, with_time: bool = True
    ) -> httpx.Response:
        self.house.later(seconds=1)
        content = json.dumps(body).encode()
        stamp = str(int(self.house.now.timestamp() * 1000) - age * 1000)
        signed = content + stamp.encode() if with_time else content
        mark = hmac.digest(secret.encode(), signed, hashlib.sha256).hex()
        return self.post("ghost", content, {"x-ghost-signature": f"sha256={mark}, t={stamp}"})

    def titles(self) -> list[str]:
        self.house.publish()
        return self.house.titles() if (self.house.folder / "feeds/latest/feed.json").exists() else []


@pytest.fixture
def cms(tmp_path: Path) -> Hooked:
    return Hooked(tmp_path)


def story(own_id: str = "1", **more: Any) -> dict[str, Any]:
    words = f"The text of {own_id} is a sentence. And this is another one."
    return {"id": own_id, "title": f"About {own_id}", "text": words, **more}


# -- our own form, Standard Webhooks --------------------------------------------------------


def test_a_signed_story_is_out(cms: Hooked) -> None:
    answer = cms.standard("own", story())
    assert (answer.status_code, answer.json()["result"]) == (201, "created")
    assert (cms.titles(), cms.woken) == (["About 1"], 1)


def test_while_a_secret_is_exchanged_both_do(cms: Hooked) -> None:
    assert cms.standard("own", story("1"), key=KEY).status_code == 201
    assert cms.standard("own", story("2"), key=OLD_KEY).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": base64.b64encode(b"x" * 32).decode()},
        {"age": 400},
        {"age": -400},
        {"tampered": json.dumps(story("2")).encode()},
    ],
)
def test_what_is_not_signed_now_by_one_who_may_is_refused(cms: Hooked, wrong: dict[str, Any]) -> None:
    answer = cms.standard("own", story(), **wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "[sources.own]" in answer.json()["fix"]
    assert KEY not in answer.text
    assert (cms.titles(), cms.woken) == ([], 0)


def test_without_a_signature_nothing_goes_in(cms: Hooked) -> None:
    for source in ("own", "blog", "ghost"):
        assert cms.post(source, story(), {}).status_code == 401
    assert cms.post("plain", story(), {}).status_code == 404, "an inbox without secrets has no hook"
    assert cms.post("nobody", story(), {}).status_code == 404


def test_the_same_notice_again_gets_the_same_answer(cms: Hooked) -> None:
    first = cms.standard("own", story(), id="msg_x")
    cms.standard("own", story(title="Changed"))
    again = cms.standard("own", story(), id="msg_x")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert cms.titles() == ["Changed"]
    assert cms.standard("own", story("2"), id="msg_x").status_code == 422


def test_a_list_is_taken_up_to_the_batch(cms: Hooked) -> None:
    answer = cms.standard("own", [story("1"), story("2")])
    assert [one["result"] for one in answer.json()["results"]] == ["created", "created"]
    assert cms.standard("own", [story("3")] * 3).status_code == 413


def test_sizes_forms_and_rates_are_the_inboxs(tmp_path: Path) -> None:
    cms = Hooked(tmp_path, CONFIG.replace("max_batch = 2", "per_minute = 2"))
    assert cms.standard("own", story(text="x" * 30_000)).status_code == 413
    assert cms.post("own", b"{}", {"content-type": "text/plain", "webhook-signature": "x"}).status_code == 415
    assert cms.standard("own", "no story").status_code == 422
    assert cms.standard("own", story("2"), key=base64.b64encode(b"x" * 32).decode()).status_code == 401
    assert cms.standard("own", story("3")).status_code == 201, "who is refused uses up nothing"
    late = cms.standard("own", story("4"))
    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)


# -- WordPress ------------------------------------------------------------------------------


def post(number: int = 7, **more: Any) -> dict[str, Any]:
    known = {
        "id": number,
        "type": "post",
        "status": "publish",
        "link": f"https://blog.example.org/{number}/",
        "date_gmt": "2026-03-02T04:00:00",
        "modified_gmt": "2026-03-02T04:00:00",
        "guid": {"rendered": f"https://blog.example.org/?p={number}"},
        "title": {"rendered": f"Canal no. {number}"},
        "content": {
            "rendered": f"<p>KABUL: Farmers cleaned canal {number} in nineteen days.</p>\n<p>-Pajhwok</p>"
        },
        "excerpt": {"rendered": ""},
    }
    return {**known, **more}


def test_wordpress_publishes_changes_and_removes(cms: Hooked) -> None:
    new = cms.standard("blog", {"event": "post.published", "version": 1, "post": post()})
    assert (new.status_code, new.json()["id"]) == (201, "7")
    assert cms.titles() == ["Canal no. 7"]
    changed = post(title={"rendered": "Canal &#8220;seven&#8221;"}, modified_gmt="2026-03-02T05:00:00")
    cms.standard("blog", {"event": "post.updated", "version": 2, "post": changed})
    assert cms.titles() == ["Canal “seven”"]
    gone = {"id": 7, "type": "post", "status": "trash", "modified_gmt": "2026-03-02T06:00:00"}
    answer = cms.standard("blog", {"event": "post.trashed", "version": 3, "post": gone})
    assert (answer.json()["state"], answer.json()["reason"]) == ("withdrawn", "it was removed in WordPress")
    late = cms.standard("blog", {"event": "post.updated", "version": 2, "post": changed})
    assert (late.status_code, late.json()["result"]) == (200, "ignored"), "an old version after a newer one"
    back = cms.standard("blog", {"event": "post.published", "version": 4, "post": changed})
    assert back.json()["state"] == "published"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"status": "draft"}, "withdrawn"),
        ({"status": "private"}, "withdrawn"),
        ({"content": {"rendered": "", "protected": True}}, "withdrawn"),
    ],
)
def test_what_the_public_may_not_see_leaves(cms: Hooked, change: dict[str, Any], state: str) -> None:
    cms.standard("blog", {"version": 1, "post": post()})
    answer = cms.standard("blog", {"version": 2, "post": post(**change)})
    assert (answer.json()["state"], answer.json()["reason"]) == (state, "it is no longer public in WordPress")


def test_pages_and_revisions_are_passed_over(cms: Hooked) -> None:
    for change in ({"type": "page"}, {"status": "auto-draft"}):
        answer = cms.standard("blog", {"version": 1, "post": post(**change)})
        assert (answer.status_code, answer.json()["result"]) == (200, "ignored")
    assert cms.titles() == []


def row(**more: Any) -> dict[str, Any]:
    """A notice in the form of the plugin WP Webhooks."""
    known = {
        "ID": "9",
        "post_type": "post",
        "post_status": "publish",
        "post_title": "Canal nine",
        "post_content": "KABUL: Farmers cleaned the canal.\r\n\r\nIt took nineteen days.\r\n\r\n-Pajhwok",
        "post_date_gmt": "2026-03-02 04:00:00",
        "post_modified_gmt": "2026-03-02 04:00:00",
        "guid": "https://blog.example.org/?p=9",
    }
    terms = {"category": {"water": {"name": "Water", "slug": "water"}}, "post_tag": []}
    return {
        "post_id": 9,
        "post": {**known, **more},
        "post_permalink": "https://blog.example.org/nine/",
        "post_thumbnail": "https://blog.example.org/nine.jpg",
        "taxonomies": terms,
    }


def wp_webhooks(cms: Hooked, body: Any, **headers: str) -> httpx.Response:
    content = json.dumps(body).encode()
    mark = base64.b64encode(hmac.digest(f"whsec_{KEY}".encode(), content, hashlib.sha256)).decode()
    return cms.post("blog", content, {"x-wp-webhook-signature": mark, **headers})


def test_the_form_of_the_plugin_wp_webhooks(cms: Hooked) -> None:
    assert wp_webhooks(cms, row()).status_code == 201
    cms.house.publish()
    with cms.house.storage.read() as tx:
        article = tx.articles.get(tx.articles.by_identity([("id:blog", "9")]) or "")
    assert article is not None
    told = article.story
    assert (told.section, told.url, told.credit.agency) == (
        "Water",
        "https://blog.example.org/nine/",
        "Pajhwok Afghan News",
    )
    assert told.image is not None
    assert told.image.url.endswith("nine.jpg")
    assert told.markup.count("<p>") == 2
    older = wp_webhooks(
        cms, row(post_modified_gmt="2026-03-02 03:00:00", post_date_gmt="2026-03-02 03:00:00")
    )
    assert older.json()["result"] == "ignored"
    gone = wp_webhooks(cms, row(), **{"x-wp-webhook-name": "post_delete"})
    assert gone.json()["state"] == "withdrawn"
    assert wp_webhooks(cms, row()).json()["result"] == "ignored", "a repetition does not bring it back"
    assert cms.post("blog", row(), {"x-wp-webhook-signature": "AAAA"}).status_code == 401


def test_a_scheduled_post_goes_out_when_it_is_published(cms: Hooked) -> None:
    """WordPress leaves ``modified`` as it was when the time has come."""
    before = row(post_status="future", post_date_gmt="2026-03-02 05:30:00")
    assert wp_webhooks(cms, before).json()["state"] == "unknown"
    assert cms.titles() == []
    out = wp_webhooks(cms, row(post_date_gmt="2026-03-02 05:30:00"))
    assert out.json()["state"] == "published"


def test_a_site_that_was_polled_before_may_push_under_the_same_name(cms: Hooked) -> None:
    terms = Terms(source="blog", zone=ZoneInfo("UTC"))
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    mark = Mark(kind="post", date=at, modified=at).dump()
    with cms.house.storage.write() as tx:
        tx.sources.advance("blog", token="polled", items={"7": mark}, forget=())
    polled = Batch(drafts=(draft_of(post(), terms),), items={"7": mark})
    cms.house.ingest._store("blog", polled)
    same = cms.standard("blog", {"version": 1, "post": post()})
    assert (same.status_code, same.json()["result"], same.json()["revision"]) == (200, "unchanged", 1)
    newer = cms.standard("blog", {"version": 2, "post": post(title={"rendered": "New"})})
    assert (newer.json()["result"], newer.json()["revision"]) == ("updated", 2)
    assert cms.titles() == ["New"]
    with cms.house.storage.read() as tx:
        assert Seen(tx.sources.items("blog")).absent("post", []) == ["7"], "and back again: it is known"


# -- Ghost ----------------------------------------------------------------------------------


def ghost_post(**more: Any) -> dict[str, Any]:
    known = {
        "id": "64f0c2a1b2c3d4e5f6a7b8c9",
        "status": "published",
        "visibility": "public",
        "title": "A well is dug",
        "html": "<p>HERAT: A well was dug near the school.</p><p>It took a week.</p>",
        "url": "https://ghost.example.org/a-well/",
        "published_at": "2026-03-02T04:00:00.000Z",
        "updated_at": "2026-03-02T04:00:00.000Z",
        "custom_excerpt": "A well for a school.",
        "feature_image": "https://ghost.example.org/well.jpg",
        "feature_image_caption": "<span>The well</span>",
        "feature_image_alt": "A well",
        "tags": [{"name": "Water", "visibility": "public"}, {"name": "#own", "visibility": "internal"}],
        "authors": [{"name": "Jane Doe"}, {"name": "Ahmad Khan"}],
    }
    return {**known, **more}


def notice(now: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"post": {"current": now, "previous": before or {}}}


def test_ghost_publishes_edits_unpublishes_and_deletes(cms: Hooked) -> None:
    assert cms.ghost(notice(ghost_post(), {"status": "draft"})).status_code == 201
    with cms.house.storage.read() as tx:
        article = tx.articles.get(tx.articles.by_identity([("id:ghost", ghost_post()["id"])]) or "")
    assert article is not None
    told = article.story
    assert (told.byline, told.section, told.excerpt) == (
        ("Jane Doe", "Ahmad Khan"),
        "Water",
        "A well for a school.",
    )
    assert told.image is not None
    assert (told.image.caption, told.image.alt) == ("The well", "A well")
    edited = ghost_post(title="A well is ready", updated_at="2026-03-02T05:00:00.000Z")
    cms.ghost(notice(edited, {"title": "A well is dug"}))
    assert cms.titles() == ["A well is ready"]
    assert cms.ghost(notice(ghost_post())).json()["result"] == "ignored"
    back = ghost_post(status="draft", updated_at="2026-03-02T05:30:00.000Z")
    assert cms.ghost(notice(back, {"status": "published"})).json()["state"] == "withdrawn"
    again = ghost_post(updated_at="2026-03-02T05:40:00.000Z")
    assert cms.ghost(notice(again, {"status": "draft"})).json()["state"] == "published"
    gone = cms.ghost(notice({}, again))
    assert (gone.json()["state"], gone.json()["reason"]) == ("withdrawn", "it was deleted in Ghost")
    assert cms.ghost(notice(again)).json()["result"] == "ignored", "a retry that comes late"


def test_ghosts_signature_holds_its_time(cms: Hooked) -> None:
    assert cms.ghost(notice(ghost_post()), age=400).status_code == 401
    assert cms.ghost(notice(ghost_post()), secret="another-secret-of-it").status_code == 401
    old = cms.ghost(notice(ghost_post()), with_time=False)
    assert (old.status_code, "update Ghost" in old.json()["detail"]) == (401, True)


def test_what_ghost_shows_to_members_alone_is_not_taken(cms: Hooked) -> None:
    assert cms.ghost(notice(ghost_post(visibility="paid"))).status_code == 202
    assert cms.titles() == []
    out = ghost_post(updated_at="2026-03-02T05:00:00.000Z")
    assert cms.ghost(notice(out)).json()["state"] == "published"
    assert cms.ghost(notice({**out, "visibility": "members"})).json()["state"] == "withdrawn"


def test_other_events_of_ghost_are_passed_over(cms: Hooked) -> None:
    mailed = notice(ghost_post(status="sent"))
    for body in ({"page": {"current": {}}}, notice(ghost_post(status="scheduled")), {"member": {}}, mailed):
        answer = cms.ghost(body)
        assert (answer.status_code, answer.json()["result"]) == (200, "ignored")
    assert cms.ghost({"something": 1, "else": 2}).status_code == 422


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('cms = "ghost"', "needs secrets"),
        ('cms = "ghost"\nsecrets = ["short"]', "16 characters"),
        ('secrets = ["no-standard-secret"]', "whsec_"),
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(tmp_path: Path, settings: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Hooked(tmp_path, f'[sources.cms]\ntype = "inbox"\n{settings}\n')
    assert words in str(caught.value)
    assert "no-standard-secret" not in str(caught.value)


def test_a_clock_a_little_off_is_no_reason(cms: Hooked) -> None:
    assert cms.standard("own", story(), age=int(timedelta(minutes=4).total_seconds())).status_code == 201
