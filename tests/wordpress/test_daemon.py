"""The whole way: an editor's click in a real WordPress, and what readers and partners get."""

from __future__ import annotations

import base64
import json
from typing import Any

import rig
from newsroom import Newsroom, Partner, until
from rig import WordPress

SECRET = "whsec_" + base64.b64encode(b"d" * 32).decode()
STORY = """<!-- wp:paragraph -->
<p>JALALABAD: Farmers of four villages have cleaned {} kilometres of an old canal, the water council said.</p>
<!-- /wp:paragraph -->
[gallery ids="1,2"]
<p>“We began at the dam and we stopped at the last field,” said the eldest of the water masters.</p>
<p>The work took nineteen days, and every house sent one man a day. -Pajhwok</p>"""
PASHTO = "<p>کابل (پژواک): د څلورو کليو کروندګرو {} کيلومتره زوړ لښتی پاک کړ. دا کار نولس ورځې وغځېد.</p>"


def shown(newsroom: Newsroom) -> dict[str, dict[str, Any]]:
    status, body = newsroom.get("feeds/latest/feed.json")
    items = json.loads(body)["items"] if status == 200 else []
    return {item["title"]: item for item in items}


def _rss_guids(document: bytes) -> list[str]:
    return [
        part.partition(b"</guid>")[0].rpartition(b">")[2].decode() for part in document.split(b"<guid")[1:]
    ]


def test_polled_from_the_first_story_to_its_withdrawal(
    wordpress: WordPress, newsroom: Newsroom, partner: Partner
) -> None:
    wordpress.clear()
    number = wordpress.post("Old canal &amp; new water", STORY.format("eleven"), categories=["Water"])
    wordpress.picture(number, "The canal near Surkh Rod", credit="Jane Doe")
    wordpress.post("زوړ لښتی پاک شو", PASHTO.format("يوولس"), categories=["Water"])
    newsroom.write_config(
        f"""
[sources.blog]
type = "wordpress"
url = "{wordpress.url}"
username = "{rig.ADMIN}"
password = "{wordpress.application_password()}"
interval = "1s"
ids = "source"
"""
    )
    newsroom.call("build", "--source", "blog")  # as the recipe does: everything is made, nothing is pushed
    assert "Pajhwok Afghan News" in (newsroom.folder / "feeds/latest/rss.xml").read_text("utf-8")
    assert partner.pushes == []
    assert newsroom.call("sources", "try", "blog").stdout.count("unchanged") >= 2
    newsroom.start()
    until(lambda: len(shown(newsroom)) == 2, 20, "the stories did not come")
    item = shown(newsroom)["Old canal & new water"]
    assert item["id"] == f"{wordpress.url}?p={number}"
    assert "Pajhwok Afghan News" in item["content_html"]
    assert "JALALABAD" in item["content_html"]
    assert "[gallery" not in item["content_html"]
    assert "-Pajhwok" not in item["content_html"]
    assert item["image"].endswith(f"picture-{number}.png")
    pashto = shown(newsroom)["زوړ لښتی پاک شو"]
    assert pashto["language"] == "ps"
    assert 'dir="rtl"' in pashto["content_html"]
    rss = newsroom.get("feeds/latest/rss.xml")[1]
    assert sorted(_rss_guids(rss)) == sorted(_rss_guids(wordpress.get("feed/"))), "no story is seen twice"
    theirs = newsroom.folder / "theirs.xml"
    theirs.write_bytes(wordpress.get("feed/"))
    newsroom.call("feeds", "compare", str(theirs), "latest")  # exit 0: nothing is new to subscribers

    wordpress.php("sleep( 1 );")
    wordpress.edit(number, post_title="Old canal, new water", post_content=STORY.format("twelve"))
    until(lambda: "Old canal, new water" in shown(newsroom), 20, "the edit did not come")
    assert len(shown(newsroom)) == 2
    assert "twelve" in shown(newsroom)["Old canal, new water"]["content_html"]

    wordpress.trash(number)
    until(lambda: "Old canal, new water" not in shown(newsroom), 20, "the trash did not withdraw")
    assert b"twelve" not in newsroom.get("feeds/latest/rss.xml")[1]
    until(lambda: any(p.story["pubStatus"] == "canceled" for p in partner.delivered()), 20, "no takedown")


def test_pushed_by_the_plugin(wordpress: WordPress, newsroom: Newsroom) -> None:
    wordpress.clear()
    newsroom.write_config(f'[sources.blog]\ntype = "inbox"\ncms = "wordpress"\nsecrets = ["{SECRET}"]\n')
    newsroom.start()
    hook = f"{newsroom.base}api/v1/hooks/blog"
    with wordpress.plugin("syndicate-push", SYNDICATE_HOOK=hook, SYNDICATE_SECRET=SECRET):
        number = wordpress.post("Old canal", STORY.format("eleven"), categories=["Water"])
        until(lambda: "Old canal" in shown(newsroom), 5, "it was not pushed")
        assert "Pajhwok Afghan News" in shown(newsroom)["Old canal"]["content_html"]
        wordpress.edit(number, post_title="Older canal")
        until(lambda: list(shown(newsroom)) == ["Older canal"], 5, "the edit was not pushed")
        newsroom.kill()  # while we are away, WordPress keeps the notice
        wordpress.trash(number)
        newsroom.start()
        assert list(shown(newsroom)) == ["Older canal"]
        wordpress.run_cron_now("syndicate_push")
        until(lambda: "Older canal" not in shown(newsroom), 5, "what could not be pushed was lost")
