"""The inbox over HTTP: every answer, and that what was accepted is there."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from house import House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from syndicate.config import Adapters, load
from syndicate.daemon.housekeeping import tidy
from syndicate.errors import StorageError
from syndicate.ingest.inbox import Inbox
from syndicate.ingest.inbox_hold import InboxHold
from syndicate.keyring import Keyring, make_token
from syndicate.sources.registry import SOURCES
from syndicate.storage import Conduct, Scope, SourceConduct
from syndicate.web.inbox import InboxDesk, inboxes

CONFIG = '[sources.cms]\ntype = "inbox"\nmax_bytes = 20000\nmax_batch = 3\nper_minute = 5000\n'
PATH = "/api/v1/articles"


class Desk:
    """A sender, and the house it sends to."""

    def __init__(self, folder: Path, extra: str = CONFIG) -> None:
        self.house = House(folder)
        file = folder / "syndicate.toml"
        file.write_text(file.read_text(encoding="utf-8") + extra, encoding="utf-8")
        self.house.settings = load(file, Adapters(SOURCES))
        self.house.ingest.configure(self.house.settings, self.house.directory)
        with self.house.storage.write() as tx:
            self.token = make_token(tx, Scope.INBOX, "cms", "desk", self.house.now)[0].reveal()
            self.others = make_token(tx, Scope.INBOX, "nobody", "desk", self.house.now)[0].reveal()
        self.woken = 0
        site = self.house.publisher.site
        self.inbox = Inbox(self.house.storage, self.house.ingest, site, lambda: self.house.now)
        keyring = Keyring(self.house.storage, lambda: self.house.now)
        desk = InboxDesk(self.inbox, keyring, lambda: inboxes(self.house.settings), self.wake)
        self.app = Starlette(routes=desk.routes())

    def wake(self) -> None:
        self.woken += 1

    def call(self, method: str, path: str = PATH, body: Any = None, **more: Any) -> httpx.Response:
        self.house.later(seconds=1)
        headers = {"authorization": f"Bearer {more.pop('token', self.token)}"}
        if body is not None:
            headers["content-type"] = "application/json"
        headers |= more.pop("headers", {})
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, content, headers))

    async def _call(self, method: str, path: str, content: Any, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path, content=content, headers=headers)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def story(own_id: str = "1", **more: Any) -> dict[str, Any]:
    words = f"The text of {own_id} is a sentence. And this is another one."
    return {"id": own_id, "title": f"About {own_id}", "text": words, **more}


def test_a_new_story_is_created_and_out(desk: Desk) -> None:
    answer = desk.call("POST", body=story("urn:cms/1 ö"))
    assert answer.status_code == 201
    known = answer.json()
    assert (known["state"], known["result"], known["feeds"]) == ("published", "created", ["latest"])
    assert answer.headers["location"] == f"{PATH}/{quote('urn:cms/1 ö', safe='')}"
    seen = desk.call("GET", answer.headers["location"])
    assert (seen.status_code, seen.json()["headline"]) == (200, "About urn:cms/1 ö")
    desk.house.publish()
    assert desk.house.titles() == ["About urn:cms/1 ö"]
    assert desk.woken == 1


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
def test_the_three_forms_of_a_text(desk: Desk, form: str) -> None:
    body = {"id": "1", "title": "A title", form: "Words of the **story** are here."}
    assert desk.call("POST", body=body).status_code == 201


def test_ninjs_is_known_by_its_uri(desk: Desk) -> None:
    item = {"uri": "urn:x:1", "version": "2", "headline": "From ninjs", "body_text": "A sentence of news."}
    assert desk.call("POST", body=item).json()["headline"] == "From ninjs"
    assert desk.call("POST", body={**item, "version": "1"}).json()["result"] == "ignored"


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    desk.call("POST", body=story())
    again = desk.call("POST", body=story())
    assert (again.status_code, again.json()["result"], again.json()["revision"]) == (200, "unchanged", 1)
    assert desk.call("PUT", f"{PATH}/1", story()).json()["result"] == "unchanged"


@pytest.mark.parametrize(
    ("first", "late"),
    [
        ({"version": 5}, {"version": 4}),
        ({"updated": "2026-03-02T05:00:00Z"}, {"updated": "2026-03-02T04:00:00Z"}),
    ],
)
def test_an_older_version_after_a_newer_one_is_ignored(desk: Desk, first: Any, late: Any) -> None:
    desk.call("POST", body=story(**first, title="New"))
    answer = desk.call("POST", body=story(**late, title="Old"))
    assert (answer.status_code, answer.json()["result"], answer.json()["headline"]) == (200, "ignored", "New")


def test_an_idempotency_key_gets_the_same_answer_again(desk: Desk) -> None:
    key = {"idempotency-key": "k1"}
    first = desk.call("POST", body=story(), headers=key)
    desk.call("PUT", f"{PATH}/1", story(title="Changed"))
    again = desk.call("POST", body=story(), headers=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert desk.call("GET", f"{PATH}/1").json()["headline"] == "Changed"
    other = desk.call("POST", body=story("2"), headers=key)
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    desk.house.later(days=2)
    desk.call("POST", body=story("3"), headers={"idempotency-key": "k2"})
    assert desk.call("POST", body=story("2"), headers=key).status_code == 201, "kept for a day"


def test_what_waits_says_so(desk: Desk) -> None:
    answer = desk.call("POST", body=story(embargo="2026-03-03T06:00:00Z"))
    assert (answer.status_code, answer.json()["state"]) == (202, "embargoed")
    assert answer.json()["until"].startswith("2026-03-03T06:00:00")
    assert "url" not in answer.json()
    held = desk.call("POST", body=story("2", text="KABUL (AP): Some text here. -Pajhwok", title="Two"))
    assert (held.status_code, held.json()["state"]) == (202, "on hold")


def test_withdrawn_it_stays_withdrawn_until_its_sender_means_it(desk: Desk) -> None:
    desk.call("POST", body=story(version=3))
    gone = desk.call("DELETE", f"{PATH}/1?reason=It+was+wrong")
    assert (gone.status_code, gone.json()["state"], gone.json()["reason"]) == (
        200,
        "withdrawn",
        "It was wrong",
    )
    assert desk.call("DELETE", f"{PATH}/1?reason=x").json()["result"] == "unchanged"
    assert desk.call("POST", body=story(version=3)).json()["result"] == "ignored", "a retry that came late"
    assert desk.call("POST", body=story(version=4)).json()["state"] == "published"


def test_a_withdrawal_may_come_before_its_story(desk: Desk) -> None:
    early = desk.call("DELETE", f"{PATH}/9", {"reason": "never send it"})
    assert (early.status_code, early.json()["result"]) == (202, "noted")
    assert desk.call("POST", body=story("9")).json()["result"] == "ignored"
    assert desk.call("GET", f"{PATH}/9").status_code == 404
    assert desk.call("POST", body=story("9", status="usable")).status_code == 201


def test_a_status_alone_withdraws(desk: Desk) -> None:
    desk.call("POST", body=story())
    answer = desk.call("PUT", f"{PATH}/1", {"status": "canceled", "correction": "It is wrong."})
    assert (answer.json()["state"], answer.json()["reason"]) == ("withdrawn", "It is wrong.")


def test_a_list_has_a_receipt_for_each(desk: Desk) -> None:
    answer = desk.call("POST", body=[story("1"), {"id": "2"}, story("3")])
    assert [r["status"] for r in answer.json()["results"]] == [201, 422, 201]
    assert desk.call("POST", body=[story(str(n)) for n in range(4)]).status_code == 413
    assert desk.call("POST", body=[]).status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b'{"embargo": "2026-01-01", "embargo": "2027-01-01"}', 400, None),
        (b"[" * 50_00, 400, None),
        (b'{"id": NaN}', 400, None),
        (b"7", 422, None),
        ({"title": "x", "text": "y"}, 422, "id"),
        (story(embargo="soon"), 422, "embargo"),
        (story(embargoo="2026-03-03T06:00:00Z"), 422, "embargoo"),
        (story(html="<p>x</p>"), 422, "html"),
        (story(text=7), 422, "text"),
        (story(version="new"), 422, "version"),
        (story("x" * 2000), 422, "id"),
        ({"id": "1", "title": "No text"}, 422, "text"),
    ],
)
def test_what_is_wrong_is_named(desk: Desk, body: Any, status: int, field: str | None) -> None:
    answer = desk.call("POST", body=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if field:
        assert field in [e.get("field") for e in answer.json()["errors"]]


def test_the_other_refusals(desk: Desk) -> None:
    assert desk.call("POST", body=story(), token="syn_wrong").status_code == 401
    assert desk.call("POST", body=story(), token=desk.others).status_code == 403
    assert desk.call("POST", body=b"x" * 20_001).status_code == 413
    for kind in ("text/plain", "application/json; charset=latin-1"):
        assert desk.call("POST", body=story(), headers={"content-type": kind}).status_code == 415
    assert desk.call("POST", body=story(), headers={"content-encoding": "gzip"}).status_code == 415
    assert desk.call("DELETE", f"{PATH}/1").status_code == 422
    assert desk.call("GET", f"{PATH}/none").status_code == 404
    assert desk.call("PUT", f"{PATH}/2", story("1")).status_code == 422
    desk.call("POST", body=story("1"))
    twin = {**story("1"), "id": "other"}
    assert desk.call("POST", body=twin).status_code == 409
    assert desk.call("GET", "/api/v1/openapi.json").json()["openapi"] == "3.1.0"


def test_too_many_are_told_when_to_come_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("5000", "2"))
    answers = [desk.call("GET", f"{PATH}/1") for _ in range(3)]
    assert [a.status_code for a in answers] == [404, 404, 429]
    assert int(answers[2].headers["retry-after"]) > 0


def test_what_could_not_be_stored_is_not_accepted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.house.storage, "write", full)
        assert desk.call("POST", body=story()).status_code == 503
    assert desk.call("GET", f"{PATH}/1").status_code == 404
    assert desk.call("POST", body=story()).status_code == 201


KEYS = [
    "id",
    "title",
    "text",
    "html",
    "uri",
    "version",
    "embargo",
    "status",
    "tags",
    "image",
    "url",
    "updated",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
stories = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), values, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=stories | st.lists(stories | values, max_size=3) | values | st.binary(max_size=40))
def test_whatever_comes_is_answered_and_what_was_accepted_is_there(desk: Desk, body: Any) -> None:
    answer = desk.call("POST", body=body if isinstance(body, bytes) else json.dumps(body).encode())
    assert answer.status_code < 500
    results = answer.json().get("results", [{"status": answer.status_code, **answer.json()}])
    for result in results:
        if result["status"] in (201, 202) and result["state"] != "unknown":
            path = f"{PATH}/{quote(result['id'], safe='')}"
            assert desk.call("GET", path).json()["article"] == result["article"]


# -- what agencies push: NewsML-G2 and NITF -------------------------------------------------

G2 = "http://iptc.org/std/nar/2006-10-01/"
KINDS = [
    "application/vnd.iptc.g2.newsitem+xml",
    "application/vnd.iptc.g2.newsmessage+xml",
    "application/nitf+xml",
    "application/xml",
    "text/xml; charset=utf-8",
]


def news_item(guid: str = "urn:x:1", version: int = 1, status: str = "usable") -> str:
    words = f"Snow fell on the pass of {guid} on Monday. The road was closed in the {version}th hour."
    return (
        f'<newsItem xmlns="{G2}" guid="{guid}" version="{version}" xml:lang="en"><itemMeta>'
        f'<itemClass qcode="ninat:text"/><provider literal="HWA"/><pubStatus qcode="stat:{status}"/></itemMeta>'
        f"<contentMeta><headline>Snow {guid}</headline></contentMeta><contentSet>"
        f'<inlineData contenttype="text/plain">{words}</inlineData></contentSet></newsItem>'
    )


def push(desk: Desk, text: str, kind: str = "application/xml", **more: Any) -> httpx.Response:
    return desk.call("POST", body=text.encode(), headers={"content-type": kind}, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_in_xml_is_taken_whatever_its_xml_is_called(desk: Desk, kind: str) -> None:
    answer = push(desk, news_item(), kind)
    assert (answer.status_code, answer.json()["headline"]) == (201, "Snow urn:x:1")
    assert push(desk, news_item(version=0), kind).json()["result"] == "ignored"


def test_a_message_is_answered_item_by_item(desk: Desk) -> None:
    bad = news_item("urn:x:2").replace("stat:usable", "stat:odd")
    message = f'<newsMessage xmlns="{G2}"><itemSet>{news_item()}{bad}</itemSet></newsMessage>'
    answer = push(desk, message)
    results = answer.json()["results"]
    assert [r["status"] for r in results] == [201, 422]
    assert "<pubStatus> in line 1" in results[1]["detail"]


def test_a_kill_by_guid_before_and_after_its_story(desk: Desk) -> None:
    push(desk, news_item(version=1))
    gone = push(desk, news_item(version=2, status="canceled"))
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert push(desk, news_item(version=1)).json()["result"] == "ignored"
    noted = push(desk, news_item("urn:x:5", 3, "canceled"))
    assert (noted.status_code, noted.json()["result"]) == (202, "noted")
    assert push(desk, news_item("urn:x:5", 2)).json()["result"] == "ignored"
    assert push(desk, news_item("urn:x:5", 4)).status_code == 201


def test_a_nitf_kill_of_another_document(desk: Desk) -> None:
    story = (
        '<nitf xml:lang="en"><head><docdata><doc-id id-string="d-7"/></docdata></head><body><body.head><hedline>'
        "<hl1>Bridge opens</hl1></hedline></body.head><body.content><p>The bridge was opened on Monday.</p>"
        "</body.content></body></nitf>"
    )
    kill = (
        '<nitf><head><docdata management-doc-idref="d-7" management-idref-status="canceled"/></head></nitf>'
    )
    assert push(desk, story, "application/nitf+xml").status_code == 201
    assert push(desk, kill, "application/nitf+xml").json()["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<newsItem>\n<a></newsItem>", "in line 2"),
        ('<!DOCTYPE a [<!ENTITY a "b">]><nitf>&a;</nitf>', "entities"),
        ("<rss/>", "neither NewsML-G2 nor NITF"),
    ],
)
def test_xml_that_cannot_be_taken(desk: Desk, text: str, words: str) -> None:
    answer = push(desk, text)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_put_in_xml_brings_one_story_of_that_id(desk: Desk) -> None:
    kind = {"content-type": "application/xml"}
    path = f"{PATH}/{quote('urn:x:1', safe='')}"
    assert desk.call("PUT", path, news_item().encode(), headers=kind).status_code == 201
    assert desk.call("PUT", f"{PATH}/other", news_item().encode(), headers=kind).status_code == 422
    two = f'<newsMessage xmlns="{G2}"><itemSet>{news_item()}{news_item("b")}</itemSet></newsMessage>'
    assert desk.call("PUT", path, two.encode(), headers=kind).status_code == 422


# -- a CMS that begins anew ------------------------------------------------------------------


def long_story(n: int, own_id: str, end: str = "") -> dict[str, Any]:
    words = (
        f"The mayor of town {n} opened bridge number {n} on Sunday, and {n} hundred people came to see it."
    )
    more = f"It took {n} years to build, and cost {n} million, which the council of town {n} paid for."
    return {"id": own_id, "title": f"Bridge {n} opens", "text": f"{words}\n\n{more}\n\n{end}"}


def moved(n: int) -> dict[str, Any]:
    return long_story(n, f"new-{n}", "The neighbours said that the work goes on.")


def conduct_of(desk: Desk) -> SourceConduct | None:
    with desk.house.storage.read() as tx:
        return tx.sources.conduct("cms")


def held_inbox(desk: Desk) -> None:
    for n in range(1, 7):
        assert desk.call("POST", body=long_story(n, f"old-{n}")).status_code == 201
    desk.house.later(hours=2)
    assert [desk.call("POST", body=moved(n)).status_code for n in (1, 2, 3)] == [201, 201, 503]


def test_an_inbox_whose_stories_come_back_under_new_ids_waits_for_a_person(desk: Desk) -> None:
    held_inbox(desk)
    known = conduct_of(desk)
    assert known
    assert known.state is Conduct.HELD
    answer = desk.call("POST", body=moved(4), headers={"idempotency-key": "k4"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "300"
    assert "waits for an editor" in answer.json()["detail"]
    assert desk.call("GET", f"{PATH}/new-4").status_code == 404
    assert desk.call("POST", body=long_story(5, "old-5", "It was six years.")).json()["result"] == "updated"
    assert desk.call("DELETE", f"{PATH}/old-6?reason=wrong").json()["state"] == "withdrawn"
    listed = desk.call("POST", body=[moved(4), long_story(1, "old-1", "It was two years.")]).json()["results"]
    assert [one["status"] for one in listed] == [503, 200]


def test_what_an_inbox_on_hold_accepted_is_there_after_a_restart_and_the_rest_comes_when_sent_again(
    desk: Desk,
) -> None:
    held_inbox(desk)
    desk.inbox._hold = InboxHold()  # what it had counted was in memory
    for n in (1, 2):
        assert desk.call("GET", f"{PATH}/new-{n}").status_code == 200, "answered 2xx: stored"
    assert desk.call("POST", body=moved(3)).status_code == 503, "that it waits is stored"
    assert desk.call("GET", f"{PATH}/new-3").status_code == 404, "answered 503: not stored"
    with desk.house.storage.write() as tx:
        tx.sources.treat("cms", Conduct.NEW, desk.house.now)
    assert desk.call("POST", body=moved(3)).status_code == 201


def test_an_inbox_counts_anew_after_a_restart_and_loses_nothing(desk: Desk) -> None:
    for n in range(1, 7):
        assert desk.call("POST", body=long_story(n, f"old-{n}")).status_code == 201
    desk.house.later(hours=2)
    assert [desk.call("POST", body=moved(n)).status_code for n in (1, 2)] == [201, 201]
    desk.inbox._hold = InboxHold()
    assert [desk.call("POST", body=moved(n)).status_code for n in (3, 4, 5)] == [201, 201, 503]
    assert all(desk.call("GET", f"{PATH}/new-{n}").status_code == 200 for n in (1, 2, 3, 4))


@pytest.mark.parametrize(("way", "status"), [(Conduct.SAME, 200), (Conduct.NEW, 201)])
def test_what_a_person_said_of_an_inbox_holds_until_it_is_of_no_use_for_an_hour(
    desk: Desk, way: Conduct, status: int
) -> None:
    held_inbox(desk)
    once = {"idempotency-key": "k4"}
    assert desk.call("POST", body=moved(4), headers=once).status_code == 503
    with desk.house.storage.write() as tx:
        tx.sources.treat("cms", way, desk.house.now)
    again = desk.call("POST", body=moved(4), headers=once)
    assert again.status_code == status, "not the answer of before"
    with desk.house.storage.read() as tx:
        old, new = (tx.articles.by_identity([("id:cms", f"{kind}-4")]) for kind in ("old", "new"))
    assert new
    assert (old is None or old == new) is (way is Conduct.SAME)
    assert conduct_of(desk)
    desk.house.later(hours=1)
    desk.call("POST", body=long_story(9, "new-9"))
    assert conduct_of(desk) is None


def test_what_is_known_of_an_inbox_that_is_no_more_is_forgotten(desk: Desk) -> None:
    desk.call("POST", body=story(version=4))
    tidy(desk.house.storage, desk.house.settings, desk.house.now + timedelta(days=200))
    with desk.house.storage.read() as tx:
        assert tx.sources.standing("cms", "1"), "it is configured: an older version is never taken"
    gone = desk.house.settings.model_copy(update={"sources": {}})
    assert tidy(desk.house.storage, gone, desk.house.now + timedelta(days=200))["standings"] == 1
    with desk.house.storage.read() as tx:
        assert tx.sources.standing("cms", "1") is None
