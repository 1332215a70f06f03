"""The pages in a real browser: quiet, readable, mirrored, usable by keyboard and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from packages import package

from courier import Courier
from syndicate.config import Look, Publisher
from syndicate.formats.html import House, feed_page, story_page
from syndicate.model import Channel, Entry

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1067"><rect width="1600" height="1067"/></svg>'
PAGES = ("", "feeds/latest/", "feeds/pashto/", "feeds/urdu/", "library", "clinic", "bus", "bridge")
STORIES = {"library": "Three thousand", "clinic": "Night clinic", "bus": "په زاړه بس", "bridge": "دو سردیوں"}
RTL = {"feeds/pashto/": "ps", "feeds/urdu/": "ur", "bus": "ps", "bridge": "ur"}


@dataclass
class Visit:
    """A page as somebody sees it, and what the browser said and asked for meanwhile."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Visitor:
    """Opens pages of the newsroom; closes them all in the end."""

    def __init__(self, chromium: Any, courier: Courier) -> None:
        self._chromium = chromium
        self._courier = courier
        self._contexts: list[Any] = []

    def address(self, name: str) -> str:
        """A page's address; stories go by a name of their own here."""
        if name not in STORIES:
            return self._courier.base + name
        items = orjson.loads(self._courier.get("feeds/latest/feed.json"))["items"]
        (known,) = [item["id"] for item in items if item["title"].startswith(STORIES[name])]
        return f"{self._courier.base}feeds/stories/{known.removeprefix('urn:uuid:')}/"

    def go(self, name: str, *, width: int = 1100, **context: Any) -> Visit:
        """Open a page; pictures of the invented outlet's own site are answered here."""
        opened = self._chromium.new_context(viewport={"width": width, "height": 800}, **context)
        self._contexts.append(opened)
        visit = Visit(opened.new_page())
        visit.page.on("console", lambda message: visit.said.append(message.text))
        visit.page.on("pageerror", lambda error: visit.said.append(str(error)))
        visit.page.on("request", lambda request: visit.asked.append(request.url))
        visit.page.route(
            "https://courier.example.org/pictures/**",
            lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE),
        )
        visit.page.goto(self.address(name))
        return visit

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visitor(chromium: Any, courier: Courier) -> Iterator[Visitor]:
    made = Visitor(chromium, courier)
    yield made
    made.close()


# -- nothing but the page ----------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_nothing_on_the_console_and_asks_for_nothing_else(
    name: str, visitor: Visitor, courier: Courier
) -> None:
    visit = visitor.go(name)
    visit.page.wait_for_load_state("networkidle")
    assert visit.said == []
    own = [visitor.address(name)]
    assert [
        a for a in visit.asked if not a.startswith(("data:", "https://courier.example.org/pictures/"))
    ] == own
    assert not any(a.endswith(".js") for a in visit.asked)


def test_everything_works_without_script(visitor: Visitor) -> None:
    visit = visitor.go("feeds/latest/", java_script_enabled=False)
    panel = visit.page.locator(".follow .address")
    assert not panel.is_visible()
    visit.page.click(".follow summary")
    assert panel.is_visible()
    assert panel.inner_text().endswith("/feeds/latest/rss.xml")


def test_the_address_to_copy_is_selected_by_one_click(visitor: Visitor) -> None:
    page = visitor.go("feeds/pashto/").page
    page.click(".follow summary")
    page.click(".address")
    assert page.evaluate("getSelection().toString()") == page.inner_text(".address")


def test_h8_readers_find_the_feeds_from_every_page_of_feeds(visitor: Visitor, courier: Courier) -> None:
    page = visitor.go("feeds/latest/").page
    found = page.eval_on_selector_all("link[rel=alternate]", "all => all.map(x => [x.type, x.href])")
    assert dict(found).keys() == {"application/rss+xml", "application/atom+xml", "application/feed+json"}
    for _, address in found:
        assert courier.get(address.removeprefix(courier.base))


HOSTILE = """<script>document.title = "taken"</script><img src="x" onerror="document.title = 'taken'">
<style>body { display: none }</style><p style="position: fixed; inset: 0">over all</p>
<form action="https://x.example/"><button id="send">Send</button></form>
<iframe src="https://x.example/"></iframe><link rel="stylesheet" href="https://x.example/x.css">
<base href="https://x.example/"><a id="go" href="javascript:document.title = 'taken'">go</a>"""


def test_even_markup_that_nobody_cleaned_can_do_nothing(chromium: Any) -> None:
    """Markup is sanitised long before; the page's own policy holds should that ever fail."""
    at = datetime(2026, 11, 20, tzinfo=UTC)
    entry = Entry(
        article_id="a", revision=1, id="urn:uuid:a", url="https://courier.example.org/a", title="Still here",
        language="en", direction="ltr", published=at, updated=at, summary="", summary_markup="",
        content=HOSTILE, attributed_to="The Courier",
    )  # fmt: skip
    body = story_page(entry, Publisher(name="The Courier", url="https://courier.example.org/")).decode()
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []

    def answer(route: Any) -> None:  # what reaches this left the browser
        asked.append(route.request.url)
        route.fulfill(body=body, content_type="text/html")

    page.route("**/*", answer)
    page.goto("https://courier.example.org/a")
    page.evaluate("document.querySelector('#go').click()")
    page.wait_for_timeout(200)
    assert page.title().startswith("Still here")
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.eval_on_selector(".text p", "x => getComputedStyle(x).position") == "static"
    page.evaluate("document.querySelector('#send').click()")
    page.wait_for_timeout(200)
    # The picture is all that is asked for, at the page's own site: no base, frame, form or sheet of others.
    assert asked == ["https://courier.example.org/a", "https://courier.example.org/x"]
    context.close()


# -- readable ------------------------------------------------------------------------

CONTRASTS = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return [...n.slice(0, 3), n[3] ?? 1]; };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = element => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (own[3] === 1 || !element.parentElement) return own[3] ? own.slice(0, 3) : [255, 255, 255];
    return over(own, ground(element.parentElement));
  };
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walk.nextNode();) {
    const element = node.parentElement, style = getComputedStyle(element);
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const below = ground(element), text = over(parse(style.color), below);
    const [one, other] = [light(text), light(below)];
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    found.push([ratio >= (large ? 3 : 4.5), ratio, node.data.trim().slice(0, 40)]);
  }
  return found;
}"""


def poor(page: Any) -> list[Any]:
    """Texts whose contrast is below WCAG AA; fails where there are none to look at."""
    found = page.evaluate(CONTRASTS)
    assert len(found) > 5
    return [text for good, *text in found if not good]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_text_has_enough_contrast(name: str, scheme: str, visitor: Visitor) -> None:
    page = visitor.go(name, color_scheme=scheme).page
    for summary in page.locator("summary").all():
        summary.click()
    assert poor(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#ffe600", "#000000", "#ffffff", "#00ff88", "#7f7f7f", "#0000ff"])
def test_any_colour_of_an_outlet_can_be_read(color: str, scheme: str, chromium: Any) -> None:
    publisher = Publisher(name="The Courier", url="https://courier.example.org/")
    channel = Channel(
        id="x", slug="x", title="News", description="All", language="en", home_url=publisher.url, self_url="",
        page_url="https://courier.example.org/x/", publisher="", updated=None,  # type: ignore[arg-type]
    )  # fmt: skip
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    address = "https://courier.example.org/x/rss.xml"
    page.set_content(feed_page(channel, [], {"rss": address}, House(publisher, Look(color=color))).decode())
    page.click("summary >> nth=0")
    assert poor(page) == []
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_small_telephone(name: str, visitor: Visitor) -> None:
    page = visitor.go(name, width=320).page
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_to_mend(name: str, visitor: Visitor) -> None:
    source = (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    page = visitor.go(name, bypass_csp=True).page
    page.evaluate(source)
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    assert found == []


# -- by keyboard ---------------------------------------------------------------------


def test_the_first_key_shows_the_skip_link_and_it_leads_to_the_content(visitor: Visitor) -> None:
    page = visitor.go("feeds/latest/").page
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert page.evaluate("document.activeElement.className") == "skip"
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("name", ["feeds/latest/", "feeds/pashto/", "library"])
def test_focus_goes_through_the_page_in_order_and_is_seen(name: str, visitor: Visitor) -> None:
    page = visitor.go(name).page
    wanted = page.eval_on_selector_all(
        "a[href], summary", "all => all.filter(x => x.checkVisibility()).map(x => x.textContent.trim())"
    )
    seen = []
    for _ in wanted:
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, outlineWidth])(getComputedStyle(document.activeElement))"
        )
        assert style == ["solid", "3px"]
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert seen == wanted


# -- languages -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "language"), RTL.items())
def test_a_page_from_right_to_left_is_mirrored(name: str, language: str, visitor: Visitor) -> None:
    page = visitor.go(name).page
    assert page.evaluate("document.documentElement.lang") == language
    style = page.evaluate(
        "(x => { const s = getComputedStyle(x), r = document.createRange(); r.selectNodeContents(x);"
        " const t = r.getBoundingClientRect(), b = x.getBoundingClientRect();"
        " return [s.direction, Math.abs(b.right - t.right) < 4, t.left - b.left > 4]; })(document.querySelector('main h1'))"
    )
    assert style == ["rtl", True, True]


def test_stories_keep_their_own_direction_on_a_page_of_another(visitor: Visitor) -> None:
    page = visitor.go("feeds/latest/").page
    found = page.eval_on_selector_all(
        "article",
        "all => all.map(x => [x.lang, getComputedStyle(x).direction, getComputedStyle(x.querySelector('h2')).fontFamily])",
    )
    for language, direction, font in found:
        assert direction == ("ltr" if language == "en" else "rtl")
        assert ("Nastaliq" in font) == (language == "ur")
        assert ("Naskh" in font.split(",")[0]) == (language == "ps")


def test_nastaliq_has_the_height_it_needs(visitor: Visitor) -> None:
    page = visitor.go("bridge").page
    for selector, least in (("h1", 1.8), (".text p", 2.2), (".by", 2.0)):
        ratio = page.eval_on_selector(
            f"main {selector}",
            "x => parseFloat(getComputedStyle(x).lineHeight) / parseFloat(getComputedStyle(x).fontSize)",
        )
        assert ratio >= least, selector


# -- paper, motion -----------------------------------------------------------------------


def test_on_paper_there_is_only_the_story(visitor: Visitor) -> None:
    page = visitor.go("library", color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    hidden = page.eval_on_selector_all(
        ".skip, .sections, .follow, .edge", "all => all.filter(x => x.checkVisibility()).length"
    )
    assert hidden == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) in (1, 2)


@pytest.mark.parametrize(("wish", "behaviour"), [("reduce", "auto"), ("no-preference", "smooth")])
def test_nothing_moves_for_those_who_do_not_want_it(wish: str, behaviour: str, visitor: Visitor) -> None:
    page = visitor.go("", reduced_motion=wish).page
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behaviour
