"""``feeds compare``: an outlet that moves here is told what its subscribers would see again (rule X4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from newsroom_cli import Newsroom, write_config, write_story

TITLES = {"bridge": "The bridge opens", "match": "The cup goes to the north", "market": "Market day moves"}
IDS = {
    "wordpress": {name: f"https://times.example.org/?p={100 + n}" for n, name in enumerate(TITLES)},
    "ghost": {name: f"65f1c0ffee0000000000000{n}" for n, name in enumerate(TITLES)},
    "feedsmith": {name: f"https://times.example.org/{name}#{n}" for n, name in enumerate(TITLES)},
}
RSS_ITEM = """<item><title>{title}</title><link>https://times.example.org/{name}/?utm_source=rss</link>
<dc:creator><![CDATA[Zarlasht Momand]]></dc:creator><pubDate>Sun, 01 Mar 2026 03:30:00 +0000</pubDate>
<category><![CDATA[Latest News]]></category><guid isPermaLink="false">{id}</guid>
<description><![CDATA[<p>It was opened again [&#8230;]</p>]]></description></item>"""
RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>The Pashtun Times</title><atom:link href="https://times.example.org/feed/" rel="self"
type="application/rss+xml"/><link>https://times.example.org</link><description>News</description>
<generator>{generator}</generator>{items}</channel></rss>"""


def old_feed(kind: str, folder: Path) -> Path:
    """A feed as the outlet's old system published it."""
    known = [{"name": name, "title": title, "id": IDS[kind][name]} for name, title in TITLES.items()]
    if kind == "feedsmith":
        items = [
            {"id": k["id"], "url": f"http://www.times.example.org/{k['name']}", "title": k["title"]}
            for k in known
        ]
        file = folder / "old.json"
        head = {"version": "https://jsonfeed.org/version/1.1", "title": "The Pashtun Times"}
        file.write_text(json.dumps({**head, "items": items}), encoding="utf-8")
        return file
    file = folder / "old.xml"
    generator = "https://wordpress.org/?v=6.8" if kind == "wordpress" else "Ghost 5.130"
    items = "".join(RSS_ITEM.format(**k) for k in known)
    file.write_text(RSS.format(generator=generator, items=items), encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", IDS)
def test_it_names_each_story_that_would_be_seen_again_and_the_fix(newsroom: Newsroom, kind: str) -> None:
    old = old_feed(kind, newsroom.folder)
    status, out, err = newsroom.run("feeds", "compare", str(old), "latest", "--json")
    assert status == 1, err
    found = json.loads(out)
    again = {one["title"]: one for one in found["again"]}
    assert {one["old_id"] for one in found["again"]} == set(IDS[kind].values())
    assert again["The bridge opens"]["matched_by"] == "link"
    assert again["The bridge opens"]["new_id"].startswith("urn:uuid:")
    assert {one["source"] for one in found["again"]} == {"desk"}
    assert (found["same"], found["new"], found["gone"]) == (0, 0, 0)
    status, out, err = newsroom.run("feeds", "compare", str(old), "latest")
    assert status == 1, err
    assert IDS[kind]["bridge"] in out
    assert '[sources.desk] ids = "source"' in out.replace("\n", " ").replace("  ", " ")


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_the_source_prevent_it(bare: Newsroom, kind: str) -> None:
    for name, title in TITLES.items():
        front = f'title: {title}\nid: "{IDS[kind][name]}"\nurl: https://times.example.org/{name}\n'
        text = f"---\n{front}language: en\n---\nThe text of {name} is a sentence, and another.\n"
        write_story(bare.folder, f"{name}.md", text)
    plain = write_config(bare.folder).read_text(encoding="utf-8")
    bare.file.write_text(plain.replace('settle = "0s"', 'settle = "0s"\nids = "source"'), encoding="utf-8")
    status, _, err = bare.run("build")
    assert status == 0, err
    old = old_feed(kind, bare.folder)
    found = bare.json("feeds", "compare", str(old), "latest")
    assert (found["same"], found["again"], found["new"], found["gone"]) == (3, [], 0, 0)
    for name in ("rss.xml", "feed.json"):
        for own in IDS[kind].values():
            assert own in bare.document("latest", name)
    # Ghost's ids are no URIs, which Atom asks for; its own feeds are RSS only, so nobody sees a story again.
    atom = bare.document("latest", "atom.xml")
    assert all((own in atom) == (kind != "ghost") for own in IDS[kind].values())
    assert atom.count("<entry") == len(TITLES)


def test_without_a_title_or_link_in_common_a_story_is_new(newsroom: Newsroom) -> None:
    old = newsroom.folder / "other.xml"
    item = RSS_ITEM.format(name="elsewhere", title="Something else", id="https://times.example.org/?p=7")
    old.write_text(RSS.format(generator="WordPress", items=item), encoding="utf-8")
    found = newsroom.json("feeds", "compare", str(old), "latest")
    assert (found["same"], found["again"], found["gone"]) == (0, [], 1)
    assert found["new"] == 3
