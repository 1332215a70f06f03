"""Who gets in, for how long, and whose forms count."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from adminroom import HASH, LOGINS, PASSWORD, Adminroom, csrf_of, text_of

from syndicate.errors import StorageError
from syndicate.installed import load_settings
from syndicate.passwords import hashed
from syndicate.timekeeping import utc_now
from syndicate.web.admin import gate
from syndicate.web.admin.gate import FORM_BYTES, TRIES_A_MINUTE, digest
from syndicate.web.admin.routes import POLICY

pytestmark = pytest.mark.anyio

PROXY = 'trust_header = "X-Remote-User"\ntrusted_proxies = ["192.0.2.0/24"]\n'
PAGES = (
    "",
    "articles",
    "feeds",
    "sources",
    "lanes",
    "attempts",
    "partners",
    "partners/gazette",
    "hub",
    "audit",
)


async def test_without_a_login_there_are_no_pages(open_room):
    async with open_room(ops="") as room:
        for path in (*PAGES, "login", "style.css", "script.js"):
            answer = await room.get(path)
            assert (answer.status_code, answer.text) == (404, "There is nothing here.\n")
        assert (await room.client.post("/admin/login", data={"name": "a"})).status_code == 404
        assert (await room.client.get("/healthz")).status_code == 200


async def test_who_is_not_logged_in_sees_and_does_nothing(room: Adminroom):
    for path in PAGES:
        answer = await room.get(path)
        assert (answer.status_code, answer.text) == (303, "")
        assert answer.headers["location"].startswith("/admin/login?next=%2Fadmin%2F")
    article = room.id("bridge")
    answer = await room.client.post(f"/admin/articles/{article}/withdraw", data={"reason": "x"})
    assert answer.status_code == 303
    assert room.audit() == []
    assert room.woken == []


async def test_a_login_leads_to_the_page_that_was_asked_for(room: Adminroom):
    asked = await room.get("lanes?state=paused")
    page = await room.client.get(asked.headers["location"])
    data = {"csrf": csrf_of(page), "name": "amina", "password": PASSWORD, "next": "/admin/lanes?state=paused"}
    answer = await room.client.post("/admin/login", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/lanes?state=paused")
    assert (await room.get("lanes")).status_code == 200
    assert [(e.who, e.via, e.action) for e in room.audit()] == [("amina", "pages", "log in")]


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "/admin/../x\\y",
        "/feeds/",
        "/admin/logout",
        "/admin/\r\nx",
    ],
)
async def test_it_leads_nowhere_else(room: Adminroom, where: str):
    page = await room.get("login")
    data = {"csrf": csrf_of(page), "name": "amina", "password": PASSWORD, "next": where}
    assert (await room.client.post("/admin/login", data=data)).headers["location"] == "/admin/"


async def test_the_cookie_is_kept_from_scripts_and_other_sites(room: Adminroom):
    answer = await room.log_in()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("syndicate=")
    for part in ("HttpOnly", "SameSite=strict", "Path=/admin/", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie


async def test_over_https_it_goes_over_https_alone(open_room):
    async with open_room(base="https://ops.example") as room:
        cookie = (await room.log_in()).headers["set-cookie"]
        assert cookie.startswith("__Host-syndicate=")
        assert "Secure" in cookie
        assert "Path=/;" in cookie
        assert (await room.get()).status_code == 200


@pytest.mark.parametrize(("trusted", "secure"), [("192.0.2.0/24", True), ("198.51.100.0/24", False)])
async def test_a_proxys_word_that_it_was_https_is_taken_from_proxies_of_ours(
    open_room, trusted: str, secure: bool
):
    async with open_room(ops=f'trusted_proxies = ["{trusted}"]\n{LOGINS}') as room:
        answer = await room.get("login", **{"x-forwarded-proto": "https"})
        assert ("Secure" in answer.headers["set-cookie"]) == secure


async def test_only_a_hash_of_a_login_is_kept_and_it_ends(room: Adminroom):
    await room.log_in()
    token = room.client.cookies["syndicate"]
    with room.app.storage.read() as tx:
        kept = tx.sessions.find(digest(token), utc_now())
        assert kept
        assert kept.user == "amina"
        assert tx.sessions.find(token, utc_now()) is None
        assert tx.sessions.find(digest(token), utc_now() + timedelta(hours=12, seconds=1)) is None


async def test_a_login_changes_the_token_that_was_there_before(room: Adminroom):
    await room.get("login")
    before = room.client.cookies["syndicate"]
    await room.log_in()
    assert room.client.cookies["syndicate"] != before


async def test_a_log_out_ends_it_everywhere(room: Adminroom):
    await room.log_in()
    token = room.client.cookies["syndicate"]
    answer = await room.post("logout", page="")
    assert answer.headers["location"] == "/admin/login"
    room.client.cookies.set("syndicate", token, domain="ops.example", path="/admin/")
    assert (await room.get()).status_code == 303
    assert [e.action for e in room.audit()] == ["log out", "log in"]


@pytest.mark.parametrize("change", ["password", "name"])
async def test_a_login_ends_with_its_password_and_with_its_name(room: Adminroom, change: str):
    await room.log_in()
    assert (await room.get()).status_code == 200
    fresh = (
        LOGINS.replace(HASH, hashed(PASSWORD + "!"))
        if change == "password"
        else LOGINS.replace("amina", "zala")
    )
    text = room.app._file.read_text(encoding="utf-8").replace(LOGINS, fresh)
    room.app._file.write_text(text, encoding="utf-8")
    room.app.outlet.configure(load_settings(room.app._file))
    assert (await room.get()).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"), [("amina", "wrong wrong wrong"), ("nobody", PASSWORD), ("", ""), ("amina", "")]
)
async def test_a_wrong_login_says_nothing_of_what_was_wrong(room: Adminroom, name: str, password: str):
    answer = await room.log_in(name, password)
    assert answer.status_code == 403
    assert "Name or password is wrong." in text_of(answer)
    assert (await room.get()).status_code == 303
    assert room.audit() == []


async def test_guessing_is_slowed_down(room: Adminroom, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gate, "matches", lambda password, kept: False)
    for _ in range(TRIES_A_MINUTE):
        assert (await room.log_in(password="wrong wrong")).status_code == 403
    answer = await room.log_in(password="wrong wrong")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Too many tries." in text_of(answer)


async def test_right_logins_are_never_too_many(room: Adminroom, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gate, "matches", lambda password, kept: True)
    for _ in range(3 * TRIES_A_MINUTE):
        assert (await room.log_in()).status_code == 303
        await room.post("logout", page="")


# -- by the reverse proxy --------------------------------------------------------------------


async def test_a_proxy_of_ours_says_who_it_is(open_room):
    async with open_room(ops=PROXY) as room:
        answer = await room.get(**{"x-remote-user": "zarlasht"})
        assert answer.status_code == 200
        assert "zarlasht" in text_of(answer)
        assert "Log out" not in text_of(answer), "the proxy decides that"
        article = room.id("bridge")
        named = {"x-remote-user": "zarlasht"}
        data = {"csrf": csrf_of(await room.get("lanes", **named)), "reason": "not ours"}
        done = await room.client.post(f"/admin/articles/{article}/withdraw", data=data, headers=named)
        assert done.status_code == 303
        assert [(e.who, e.action) for e in room.audit()] == [("zarlasht", "withdraw")]


async def test_nobody_else_is_believed(open_room):
    async with open_room(ops=PROXY, peer="198.51.100.9") as room:
        assert (await room.get(**{"x-remote-user": "zarlasht"})).status_code == 303
        page = await room.get("login", **{"x-remote-user": "zarlasht"})
        assert page.status_code == 403
        assert "did not say who you are" in text_of(page)


async def test_whom_a_proxy_names_may_be_bound_to_looking(open_room):
    async with open_room(ops=PROXY + "[ops.users.zarlasht]\nread_only = true\n") as room:
        assert "reads only" in text_of(await room.get(**{"x-remote-user": "zarlasht"}))
        assert "reads only" not in text_of(await room.get(**{"x-remote-user": "amina"}))


# -- whose forms count -----------------------------------------------------------------------


async def test_a_form_without_its_token_does_nothing(room: Adminroom):
    await room.log_in()
    where = f"/admin/articles/{room.id('bridge')}/withdraw"
    token = csrf_of(await room.get("lanes"))
    wrong = {"csrf": token[:-1] + ("0" if token[-1] != "0" else "1")}
    for fields in ({}, {"csrf": ""}, wrong, {"csrf": "é"}):
        answer = await room.client.post(where, data={"reason": "x", **fields})
        assert answer.status_code == 403
        assert "nothing was done" in text_of(answer)
    assert [e.action for e in room.audit()] == ["log in"]
    assert room.woken == []


async def test_another_visitors_token_does_nothing(room: Adminroom):
    await room.log_in()
    token = csrf_of(await room.get("lanes"))
    await room.post("logout", page="")
    await room.log_in("amina")
    data = {"csrf": token, "lane": "gazette/main", "act": "pause"}
    assert (await room.client.post("/admin/lanes", data=data)).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_on_another_site_does_nothing(room: Adminroom, site: str):
    await room.log_in()
    data = {"csrf": csrf_of(await room.get("lanes")), "lane": "gazette/main", "act": "pause"}
    answer = await room.client.post("/admin/lanes", data=data, headers={"sec-fetch-site": site})
    assert answer.status_code == 403
    good = await room.client.post("/admin/lanes", data=data, headers={"sec-fetch-site": "same-origin"})
    assert good.status_code == 303


async def test_a_login_form_of_another_page_logs_nobody_in(room: Adminroom):
    answer = await room.client.post("/admin/login", data={"name": "amina", "password": PASSWORD})
    assert answer.status_code == 403
    assert (await room.get()).status_code == 303


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", b"{}"), ("application/x-www-form-urlencoded", b"a=" + b"x" * FORM_BYTES), ("application/x-www-form-urlencoded", b"csrf=\xff")],
)  # fmt: skip
async def test_what_is_no_form_does_nothing(room: Adminroom, kind: str, body: bytes):
    await room.log_in()
    answer = await room.client.post("/admin/lanes", content=body, headers={"content-type": kind})
    assert answer.status_code == 403


async def test_who_only_reads_gets_no_forms_and_may_decide_nothing(room: Adminroom):
    await room.log_in("guest")
    article = room.id("Two wells")
    for path in (f"articles/{article}", "lanes", "lane?name=gazette/main"):
        page = await room.get(path)
        assert page.text.count("<form method=post") == 1  # to log out
    data = {"csrf": csrf_of(page)}
    answer = await room.client.post(f"/admin/articles/{article}/release", data=data)
    assert answer.status_code == 403
    assert "You may look, not decide" in text_of(answer)
    assert [e.action for e in room.audit()] == ["log in"]


# -- what every answer has -------------------------------------------------------------------


def safe(answer: httpx.Response) -> bool:
    wanted = {
        "content-security-policy": POLICY,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
    }
    return all(answer.headers.get(name) == value for name, value in wanted.items())


async def test_every_answer_is_kept_nowhere_and_framed_by_nobody(room: Adminroom):
    assert safe(await room.get())
    assert safe(await room.get("login"))
    assert safe(await room.log_in("amina", "wrong wrong wrong"))
    assert safe(await room.log_in())
    for path in (*PAGES, "partners/none", "articles/none", "attempts/9"):
        assert safe(await room.get(path)), path
    assert safe(await room.client.post("/admin/lanes", data={}))
    assert safe(await room.client.get("/admin"))
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


async def test_a_database_that_is_locked_is_said(room: Adminroom, monkeypatch: pytest.MonkeyPatch):
    await room.log_in()

    def locked():
        raise StorageError("the database is locked")

    monkeypatch.setattr(room.app.storage, "read", locked)
    answer = await room.get("lanes")
    assert (answer.status_code, answer.text) == (503, "Not now: the database is locked\n")
    assert answer.headers["retry-after"] == "5"
    assert safe(answer)


async def test_pages_hold_no_script_style_or_address_of_others(room: Adminroom):
    await room.log_in()
    for path in (*PAGES, f"articles/{room.id('bridge')}"):
        text = (await room.get(path)).text
        assert "<style" not in text
        assert ' style="' not in text
        assert "<script>" not in text
        assert " on" not in {part[:3] for part in text.split("<")[1:] if part.startswith("on")}
        assert 'src="http' not in text
        assert "<img" not in text


async def test_style_and_script_are_ours_and_may_be_kept(room: Adminroom):
    for name, kind in (("style.css", "text/css"), ("script.js", "text/javascript")):
        answer = await room.get(name)
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
        assert "http://" not in answer.text
        assert "https://" not in answer.text
