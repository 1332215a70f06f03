"""What the pages show: stories and their reading, feeds, sources, partners, and a newcomer's first steps."""

from __future__ import annotations

import pytest
from adminroom import Adminroom, text_of
from lxml import html
from sqlalchemy import event

pytestmark = pytest.mark.anyio


@pytest.fixture
async def inside(room: Adminroom) -> Adminroom:
    await room.log_in()
    return room


async def test_a_newcomer_is_told_what_to_do(open_room):
    async with open_room(stories=False) as room:
        await room.log_in()
        page = text_of(await room.get())
    assert "Nothing was published yet." in page
    assert "Say where stories come from (done) Configured: desk (folder)." in page
    assert "Publish a first story (to do)" in page


async def test_the_front_page_counts_what_was_published(inside: Adminroom):
    page = await inside.get()
    words = text_of(page)
    assert "2 stories in the last 24 hours, at most 2 an hour" in words
    assert "2 stories in the last 7 days" in words
    titles = [t.text for t in html.fromstring(page.text).iter("{*}title", "title") if t.text]
    assert sum(t.endswith(": 2") for t in titles) == 2
    assert "gazette/main" in words  # it waits for two stories


@pytest.mark.parametrize(
    ("query", "heads"),
    [
        ("", {"The bridge opens", "د کلي نوې څاه", "Two wells were dug"}),
        ("q=BRIDGE", {"The bridge opens"}),
        ("q=wells+dug", {"Two wells were dug"}),
        ("q=100%25", set()),
        ("state=hold", {"Two wells were dug"}),
        ("state=published", {"The bridge opens", "د کلي نوې څاه"}),
        ("state=withdrawn", set()),
        ("state=waiting", set()),
        ("feed=latest", {"The bridge opens", "د کلي نوې څاه"}),
        ("source=desk&q=نوې", {"د کلي نوې څاه"}),
        ("source=other", set()),
    ],
)
async def test_stories_are_found(inside: Adminroom, query: str, heads: set[str]):
    page = html.fromstring((await inside.get(f"articles?{query}")).text)
    assert {" ".join(a.text_content().split()) for a in page.xpath("//tbody//th//a")} == heads


async def test_a_story_is_found_by_its_id(inside: Adminroom):
    found = inside.id("bridge")
    for name in (found, found[:8]):
        page = html.fromstring((await inside.get(f"articles?q={name}")).text)
        assert [a.get("href") for a in page.xpath("//tbody//th//a")] == [f"/admin/articles/{found}"]


async def test_a_storys_words_keep_their_language_and_direction(inside: Adminroom):
    page = html.fromstring((await inside.get(f"articles/{inside.id('څاه')}")).text)
    assert page.get("lang") == "en"
    (text,) = page.xpath('//div[@class="text"]')
    assert (text.get("lang"), text.get("dir")) == ("ps", "rtl")
    (head,) = page.xpath('//p[@class="headline"]/span[@lang]')
    assert (head.get("lang"), head.get("dir")) == ("ps", "rtl")


async def test_the_reading_shows_what_decided(inside: Adminroom):
    page = await inside.get(f"articles/{inside.id('Two wells')}/reading")
    words = text_of(page)
    assert "the dateline credits Reuters" in words
    marks = [m.text_content() for m in html.fromstring(page.text).xpath("//mark")]
    assert any("KABUL" in m and "dateline" in m for m in marks)


async def test_markup_of_a_story_that_nobody_cleaned_can_do_nothing(inside: Adminroom):
    bridge = inside.id("bridge")
    with inside.app.storage.write() as tx:
        bad = '{"headline": "<script>x</script>", "language": "en", "excerpt": "<b>", "markup": "<script>alert(1)</script>' \
              '<img src=x onerror=alert(1)><p onclick=x style=\'color:red\'>Text <a href=\'javascript:x\'>a</a></p>"}'  # fmt: skip
        tx.connection.exec_driver_sql("UPDATE revisions SET story = ? WHERE article_id = ?", (bad, bridge))
    text = (await inside.get(f"articles/{bridge}")).text
    for part in ("<script>", "<img", "onclick", "style='", 'style="', "javascript:", "<b>"):
        assert part not in text
    assert "&lt;script&gt;x&lt;/script&gt;" in text


async def test_feeds_sources_and_partners_are_shown(inside: Adminroom):
    feeds = text_of(await inside.get("feeds"))
    assert "every check passed" in feeds
    assert "rss atom json" in feeds
    assert "desk folder ● read" in text_of(await inside.get("sources"))
    partners = await inside.get("partners")
    assert "127.0.0.1" in text_of(partners)
    assert "/in" not in text_of(partners)
    one = text_of(await inside.get("partners/gazette"))
    assert "It never asked for stories." in one
    assert "whsec" not in one


async def test_a_page_is_one_look_and_writes_nothing(inside: Adminroom):
    seen: list[str] = []

    def note(_c: object, _k: object, words: str, *_: object) -> None:
        seen.append(words)

    event.listen(inside.app.storage.database.engine, "before_cursor_execute", note)
    for path in (
        "",
        "articles",
        f"articles/{inside.id('bridge')}",
        "lanes",
        "attempts",
        "feeds",
        "hub",
        "audit",
    ):
        assert (await inside.get(path)).status_code == 200
    assert seen
    assert not [
        words for words in seen if words.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE"))
    ]


async def test_settings_in_force_are_shown_after_a_reload(inside: Adminroom):
    text = inside.app._file.read_text(encoding="utf-8")
    inside.app._file.write_text(text.replace("The Hill Gazette", "The Valley Post"), encoding="utf-8")
    await inside.app.serve()
    await inside.app.reload()
    assert "The Valley Post" in text_of(await inside.get())
