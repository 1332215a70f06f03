"""The operators' pages in a browser: decisions, live changes, telephones, keyboards, and what axe has to say."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packages import package

from courier import Courier
from ports import free_port

NAME, PASSWORD = "demo", "the valley courier"
LIVE_MS = 6_000
"""A page that changes is looked at again every five seconds."""
HELD = """---
title: Two wells were dug at the upper pass
id: wells
language: en
---
KABUL (Reuters) - Two wells were dug on Monday, an official said.

More will follow. (AFP)
"""
PARTNER = {
    "feeds": ["latest"],
    "endpoints": {
        "main": {
            "type": "webhook",
            "url": "http://127.0.0.1:9/in",
            "secrets": ["whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="],
        }
    },
}
AXE = (
    "only => axe.run(document, {resultTypes: ['violations'], ...only})"
    ".then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
)
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What a dark scheme can change of what axe finds."""
PAGES = ("", "articles", "feeds", "sources", "lanes", "lane?name=gazette/main", "replay?lane=gazette/main", "attempts",
         "attempts/1", "partners", "partners/gazette", "hub", "audit", "story", "story/withdraw", "story/edit", "story/reading",
         "pashto", "none")  # fmt: skip


class Desk:
    """A newsroom on the air with a story on hold, and browsers before its operators' pages."""

    def __init__(self, chromium: Any, folder: Path) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}/admin/"
        self.courier = Courier(
            folder, OPS__PORT=str(port), PARTNERS=json.dumps({"gazette": PARTNER}), HUB__ENABLED="true"
        )
        (folder / "stories/wells.md").write_text(HELD, encoding="utf-8")
        self._chromium = chromium
        self._contexts: list[Any] = []

    def visit(self, *, logged_in: bool = True, width: int = 1100, clock: bool = False, **context: Any) -> Any:
        """A page of a browser of its own, at the front page; ``clock``: its time may be moved on."""
        opened = self._chromium.new_context(viewport={"width": width, "height": 800}, **context)
        opened.set_default_timeout(120_000)
        self._contexts.append(opened)
        page = opened.new_page()
        if clock:
            page.clock.install()
        page.goto(self.base)
        if logged_in:
            page.fill("#name", NAME)
            page.fill("#password", PASSWORD)
            page.click("text=Log in >> nth=-1")
            page.wait_for_url(self.base)
        return page

    def story(self, page: Any, words: str) -> str:
        """A story's page, by words of its headline."""
        page.goto(f"{self.base}articles")
        page.fill("#q", words)
        page.click("text=Show")
        return str(page.get_attribute("tbody th a", "href")).removeprefix("/admin/")

    def go(self, page: Any, name: str) -> None:
        """One of ``PAGES``."""
        if name.startswith(("story", "pashto")):
            kind, _, rest = name.partition("/")
            name = "/".join(
                filter(None, [self.story(page, "Three" if kind == "story" else "\u067e\u0647"), rest])
            )
        page.goto(self.base + name)

    def feed(self) -> str:
        """What readers get."""
        return self.courier.get("feeds/latest/feed.json").decode()

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self.courier.close()


@pytest.fixture(scope="module")
def desk(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(chromium, tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


def until(true: Callable[[], Any], words: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, words
        time.sleep(0.1)


# -- looking -------------------------------------------------------------------------------


def test_nothing_is_wider_than_a_telephone(desk: Desk) -> None:
    page = desk.visit(width=360)
    wide = {}
    for name in PAGES:
        desk.go(page, name)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(PAGES, 360)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(scheme: str, desk: Desk) -> None:
    source = (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    page = desk.visit(color_scheme=scheme, bypass_csp=True)
    found = {}
    for name in PAGES:
        desk.go(page, name)
        page.evaluate(source)
        found[name] = page.evaluate(AXE, COLOURS if scheme == "dark" else {})
    assert {name: said for name, said in found.items() if said} == {}


def test_axe_finds_nothing_at_the_login_either(desk: Desk) -> None:
    source = (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    page = desk.visit(logged_in=False, bypass_csp=True)
    page.evaluate(source)
    assert page.evaluate(AXE, {}) == []


def test_the_policy_holds_and_nothing_is_asked_of_others(desk: Desk) -> None:
    page = desk.visit()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for name in ("", "articles", "story", "lanes", "pashto"):
        desk.go(page, name)
        page.wait_for_selector(".pulse")
    assert said == []
    assert asked
    assert [a for a in asked if not a.startswith((desk.base, "data:"))] == []


def test_stories_keep_their_direction_and_the_page_its_own(desk: Desk) -> None:
    page = desk.visit()
    desk.go(page, "pashto")
    sides = page.evaluate(
        "[document.body, document.querySelector('.text')].map(x => getComputedStyle(x).direction)"
    )
    assert sides == ["ltr", "rtl"]


def test_nothing_moves_for_those_who_do_not_want_it(desk: Desk) -> None:
    page = desk.visit(logged_in=False, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.evaluate(
        "getComputedStyle(document.querySelector('main a, main button')).transitionDuration"
    ) in ("0s", "")


# -- deciding ------------------------------------------------------------------------------


def test_a_wrong_password_and_then_the_right_one(desk: Desk) -> None:
    page = desk.visit(logged_in=False)
    page.fill("#name", NAME)
    page.fill("#password", "the wrong courier")
    page.click("main button")
    assert page.inner_text("[role=alert]") == "Name or password is wrong."
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(desk.base)
    page.click("text=Log out")
    page.goto(desk.base + "lanes")
    assert page.url.startswith(f"{desk.base}login?next=")


def test_a_story_on_hold_is_released_and_readers_get_it(desk: Desk) -> None:
    page = desk.visit()
    page.wait_for_selector("text=the dateline credits Reuters")
    assert "Two wells" not in desk.feed()
    page.click("#first a >> text=Two wells")
    page.click("text=Release: let it go")
    assert "Released." in page.inner_text("[role=status]")
    until(lambda: "Two wells" in desk.feed(), "the feed does not have it")
    page.goto(desk.base + "audit")
    assert f"{NAME}\tpages\trelease" in page.inner_text("tbody tr >> nth=0")


@pytest.mark.parametrize("script", [True, False])
def test_a_story_is_withdrawn_with_a_reason(script: bool, desk: Desk) -> None:
    page = desk.visit(java_script_enabled=script)
    head = "Night clinic" if script else "Apricot growers"
    page.goto(desk.base + desk.story(page, head))
    page.click("text=Withdraw…")
    assert "gazette/main" in page.inner_text("#holders")
    page.click("text=Withdraw it everywhere")  # the browser asks for the reason first
    assert page.url.endswith("/withdraw")
    page.fill("#reason", "a name must not stand there")
    page.click("text=Withdraw it everywhere")
    assert "Withdrawn." in page.inner_text("[role=status]")
    assert "a name must not stand there" in page.inner_text("#standing")
    until(lambda: head not in desk.feed(), "the feed still has it")
    page.goto(desk.base + "audit")
    assert "a name must not stand there" in page.inner_text("tbody tr >> nth=0")


def test_a_lane_that_somebody_else_pauses_is_seen_without_reloading(desk: Desk) -> None:
    watching, acting = desk.visit(clock=True), desk.visit()
    watching.goto(desk.base + "lane?name=gazette/main")
    watching.evaluate("window.same = true")
    assert "paused" not in watching.inner_text("#standing")
    acting.goto(desk.base + "lanes")
    acting.click("[aria-label='Pause gazette/main']")
    assert "is paused" in acting.inner_text("[role=status]")
    watching.clock.fast_forward(LIVE_MS)
    watching.wait_for_selector("#standing >> text=paused")
    assert watching.evaluate("window.same"), "the page was not loaded anew"
    acting.click("[aria-label='Resume gazette/main']")
    watching.clock.fast_forward(LIVE_MS)
    watching.wait_for_function("() => !document.querySelector('#standing').innerText.includes('paused')")


def test_live_updates_stop_when_asked_to(desk: Desk) -> None:
    page = desk.visit(clock=True)
    page.click("text=Pause live updates")
    assert page.inner_text(".pulse span") == "Paused"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(LIVE_MS)
    page.clock.fast_forward(LIVE_MS)
    page.evaluate("new Promise(done => requestAnimationFrame(() => done()))")
    assert asked == []
    page.click("text=Resume live updates")
    page.wait_for_selector("text=Updated")
    assert asked == [desk.base]


def test_all_of_it_by_keyboard(desk: Desk) -> None:
    page = desk.visit(logged_in=False)

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def tab_to(words: str) -> None:
        for _ in range(120):
            press("Tab")
            now = page.evaluate(
                "(x => (x.getAttribute('aria-label') || x.innerText || x.id))(document.activeElement)"
            )
            if words in now:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", f"{words} is not seen to have the focus"
                return
        raise AssertionError(f"{words} cannot be reached")

    tab_to("Skip to the page")
    tab_to("name")
    page.keyboard.type(NAME)
    press("Tab")
    page.keyboard.type(PASSWORD)
    press("Enter")
    page.wait_for_url(desk.base)
    tab_to("Articles")
    press("Enter")
    page.wait_for_selector("#q")
    tab_to("q")
    page.keyboard.type("weather")
    press("Enter")
    page.wait_for_url("**q=weather**")
    tab_to("A weather station")
    press("Enter")
    page.wait_for_selector("#decide")
    tab_to("Withdraw")
    press("Enter")
    page.wait_for_selector("#reason")
    tab_to("reason")
    page.keyboard.type("by keyboard alone")
    press("Enter")
    page.wait_for_selector("text=Withdrawn.")
    assert "by keyboard alone" in page.inner_text("#standing")
