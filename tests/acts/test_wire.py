"""A wire in a folder: versions, kills and embargoes, whatever order the files come in."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from house import START, House, draft
from wire_help import Wire

from syndicate.ingest.trial import attempt
from syndicate.model import PubStatus
from syndicate.sources.base import Batch

G2 = "http://iptc.org/std/nar/2006-10-01/"


@pytest.fixture
def wire(house: House, tmp_path: Path) -> Wire:
    return Wire(house, tmp_path)


def item(
    guid: str = "urn:x:1", version: int = 1, status: str = "usable", *, headline: str = "", meta: str = ""
) -> str:
    said = headline or f"Report {guid} in version {version}"
    text = f"This is the report {guid} as it stands in version {version}. It goes on for a sentence."
    return f"""<newsItem xmlns="{G2}" guid="{guid}" version="{version}" xml:lang="en">
<itemMeta><itemClass qcode="ninat:text"/><provider literal="HWA"><name>Hilltop Wire</name></provider>
<versionCreated>2026-03-02T05:{version:02}:00Z</versionCreated><pubStatus qcode="stat:{status}"/>{meta}</itemMeta>
<contentMeta><headline>{said}</headline><by>Noor Gul</by></contentMeta>
<contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml">
<body><p>{text}</p></body></html></inlineXML></contentSet></newsItem>"""


def test_a_story_and_its_versions_in_files_of_any_name(wire: Wire) -> None:
    assert wire.send("b.xml", item(version=2)).actions == {"published": 1}
    assert wire.send("c.xml", item(version=3)).actions == {"updated": 1}
    assert wire.send("d.xml", item(version=1)).actions == {}
    article = wire.house.article("urn:x:1")
    assert (article.story.headline, article.story.credit.agency) == (
        "Report urn:x:1 in version 3", "Hilltop Wire",
    )  # fmt: skip
    assert article.story.byline == ("Noor Gul",)
    assert wire.poll().seen == 0
    assert wire.house.problems() == []


def test_a_kill_withdraws_by_guid_and_an_older_version_does_not_bring_it_back(wire: Wire) -> None:
    wire.send("1.xml", item(version=1))
    assert wire.send("2.xml", item(version=2, status="canceled")).actions == {"withdrawn": 1}
    assert wire.send("3.xml", item(version=1, headline="Again")).actions == {}
    assert wire.send("4.xml", item(version=2, headline="Again")).actions == {}
    article = wire.house.article("urn:x:1")
    assert (article.status, article.reason) == (PubStatus.CANCELED, "the agency withdrew it")
    assert wire.send("5.xml", item(version=3, headline="It stands")).actions == {"updated": 1}
    assert wire.house.article("urn:x:1").status is PubStatus.USABLE


def test_a_kill_that_comes_before_its_story_is_remembered(wire: Wire) -> None:
    assert wire.send("2.xml", item(version=2, status="canceled")).actions == {}
    assert wire.send("1.xml", item(version=1)).actions == {}
    assert wire.send("2b.xml", item(version=2)).actions == {}
    assert wire.house.actions() == []
    assert wire.send("3.xml", item(version=3)).actions == {"published": 1}


def test_an_old_kill_does_not_touch_a_newer_version(wire: Wire) -> None:
    wire.send("3.xml", item(version=3))
    assert wire.send("2.xml", item(version=2, status="canceled")).actions == {}
    assert wire.house.article("urn:x:1").status is PubStatus.USABLE


def test_a_story_and_its_kill_in_one_look_publish_nothing(wire: Wire) -> None:
    both = item(version=1) + item(version=2, status="canceled")
    wire.send("m.xml", f'<newsMessage xmlns="{G2}"><itemSet>{both}</itemSet></newsMessage>')
    assert wire.house.actions() == []


def test_a_message_with_one_bad_item_gives_the_others_and_names_it(wire: Wire) -> None:
    bad = item("urn:x:2").replace("stat:usable", "stat:odd")
    message = (
        f'<newsMessage xmlns="{G2}"><itemSet>\n{item()}\n{bad}\n{item("urn:x:3")}</itemSet></newsMessage>'
    )
    assert wire.send("m.xml", message).actions == {"published": 2}
    (problem,) = wire.house.problems()
    assert problem.ref == "m.xml"
    assert "<pubStatus> in line" in problem.reason
    wire.send("m.xml", message.replace("stat:odd", "stat:usable"))
    assert wire.house.problems() == []
    assert wire.house.article("urn:x:2").live


def test_an_embargo_is_kept_and_lifts(wire: Wire) -> None:
    until = (START + timedelta(hours=1)).isoformat()
    wire.send("1.xml", item(meta=f"<embargoed>{until}</embargoed>"))
    assert wire.house.actions() == []
    wire.house.later(hours=2)
    wire.house.tick()
    assert wire.house.actions() == ["published"]


def test_a_kill_before_the_embargos_end_leaves_no_trace(wire: Wire) -> None:
    until = (START + timedelta(hours=1)).isoformat()
    wire.send("1.xml", item(meta=f"<embargoed>{until}</embargoed>"))
    wire.send("2.xml", item(version=2, status="canceled"))
    wire.house.later(hours=2)
    wire.house.tick()
    assert wire.house.actions() == []


LONG = (
    "Farmers near the town cleaned the old canal on Monday, and it took them nineteen days of work in the cold. "
    "They had no machine and no money, said the man who led them, and the water runs past forty villages again. "
    "The flood had closed it in the second week of February, and the council paid for lime and for bread."
)


@pytest.mark.parametrize(("theirs", "actions"), [("https://wire.example/1", ["withdrawn"]), (None, [])])
def test_a_kill_of_a_copy_counts_only_if_it_is_the_originators(
    house: House, tmp_path: Path, theirs: str | None, actions: list[str]
) -> None:
    """The story is out from the outlet's own system; the wire's version is kept beside it."""
    house.configure('\n[agencies.hilltop]\nname = "Hilltop Wire"\nurl = "https://wire.example/"\n')
    ours = draft("a", f"<p>{LONG}</p>", agency="Hilltop Wire", language="en")
    house.ingest._store("cms", Batch(drafts=(replace(ours, source="cms"),)))
    wire = Wire(house, tmp_path, kind="ninjs")
    sent = {"uri": "urn:1", "version": "1", "headline": "About a", "language": "en", "body_text": LONG}
    wire.send("1.json", json.dumps({**sent, **({"canonicalurl": theirs} if theirs else {})}))
    assert house.actions() == ["published"], "it is the same story"
    wire.send("2.json", json.dumps({"uri": "urn:1", "version": "2", "pubstatus": "canceled"}))
    assert house.actions() == ["published", *actions]


def test_a_version_without_an_end_of_its_embargo_is_held_back(wire: Wire) -> None:
    wire.send("1.xml", item(version=1))
    wire.send("2.xml", item(version=2, meta="<embargoed/>"))
    assert wire.house.article("urn:x:1").status is PubStatus.WITHHELD


def test_a_correction_is_told(wire: Wire) -> None:
    wire.send("1.xml", item(version=1))
    note = '<edNote role="r:correction">The name was wrong.</edNote><signal qcode="sig:correction"/>'
    assert wire.send("2.xml", item(version=2, meta=note)).actions == {"corrected": 1}
    assert wire.house.article("urn:x:1").story.corrections[0].note == "The name was wrong."


def test_a_notice_in_the_text_of_a_usable_item_still_kills(wire: Wire) -> None:
    wire.send("1.xml", item(headline="River rises in the valley"))
    notice = item("urn:x:9", headline="KILL: River rises in the valley").replace(
        "This is the report urn:x:9", "Please do not use the story “River rises in the valley”. This is it"
    )
    assert wire.send("9.xml", notice).actions == {"withdrawn": 1}


def test_a_nitf_kill_names_the_document(house: House, tmp_path: Path) -> None:
    wire = Wire(house, tmp_path)
    story = (
        '<nitf xml:lang="en"><head><docdata><doc-id id-string="d:7"/><du-key key="k" version="1"/></docdata></head>'
        "<body><body.head><hedline><hl1>Bridge opens</hl1></hedline></body.head><body.content>"
        "<p>The bridge was opened on Monday, officials said in the town.</p></body.content></body></nitf>"
    )
    kill = (
        '<nitf><head><docdata management-doc-idref="d:7:1" management-idref-status="canceled"/></head></nitf>'
    )
    assert wire.send("a.nitf", story).actions == {"published": 1}
    assert wire.send("b.nitf", kill).actions == {"withdrawn": 1}
    assert wire.house.article("k").status is PubStatus.CANCELED
    assert wire.send("c.nitf", story.replace("Monday", "Sunday")).actions == {}


def test_half_written_bombs_and_large_files_are_named_and_taken_once_they_are_whole(wire: Wire) -> None:
    assert wire.send("a.xml", item()[:200]).actions == {}
    assert "in line" in wire.house.problems()[0].reason
    assert wire.send("a.xml", item()).actions == {"published": 1}
    assert wire.house.problems() == []
    wire.send("b.xml", '<!DOCTYPE a [<!ENTITY a "a">]><nitf>&a;</nitf>')
    wire.send("c.xml", item("urn:x:2") + " " * 2_000_001)
    assert {p.ref for p in wire.house.problems()} == {"b.xml", "c.xml"}


def test_files_that_the_agency_clears_away_withdraw_nothing_unless_asked(
    house: House, tmp_path: Path
) -> None:
    wire = Wire(house, tmp_path, on_missing="withdraw", missing_after="10s")
    message = f'<newsMessage xmlns="{G2}"><itemSet>{item("urn:a")}{item("urn:b")}</itemSet></newsMessage>'
    wire.send("1.xml", message)
    wire.send("2.xml", item("urn:b", version=2))
    wire.send("3.xml", item("urn:c"))
    (wire.folder / "1.xml").unlink()
    wire.poll()
    wire.wall += 60
    assert wire.poll().actions == {"withdrawn": 1}
    assert house.article("urn:a").status is PubStatus.CANCELED
    assert house.article("urn:b").status is PubStatus.USABLE, "another file holds a version of it"
    for file in wire.folder.iterdir():
        file.unlink()
    wire.wall += 60
    assert wire.poll().actions == {}
    assert "at once" in house.problems()[0].reason


def test_an_agencys_address_is_the_originals_and_ours_is_a_page_here(house: House, tmp_path: Path) -> None:
    text = '{"uri": "urn:1", "version": "1", "headline": "Snow in Khost", "creditline": "Hilltop Wire", "language": "en",' \
        ' "canonicalurl": "https://wire.example/1", "body_text": "Snow fell in Khost on Monday night."}'  # fmt: skip
    wire = Wire(house, tmp_path, kind="ninjs")
    wire.send("1.json", text)
    story = house.article("urn:1").story
    assert (story.url, story.credit.original_url) == (None, "https://wire.example/1")
    assert story.credit.agency == "Hilltop Wire"


def test_an_own_wire_keeps_its_address(house: House, tmp_path: Path) -> None:
    text = '{"uri": "urn:1", "headline": "Snow in Khost", "altIds": [{"role": "web",' \
        ' "value": "https://times.example.org/1"}], "body_text": "Snow fell in Khost on Monday night."}'  # fmt: skip
    wire = Wire(house, tmp_path, kind="ninjs", address="own")
    wire.send("1.json", text)
    assert house.article("urn:1").story.url == "https://times.example.org/1"


def test_a_trial_shows_what_a_wire_would_take_back(wire: Wire) -> None:
    wire.send("1.xml", item("urn:x:1"))
    wire.send("2.xml", item("urn:x:2"))
    for name, text in (
        ("3.xml", item("urn:x:1", 2, "canceled")),
        ("4.xml", item("urn:x:9", 3, "canceled")),
        ("5.xml", item("urn:x:9", 1)),
        ("6.xml", item("urn:x:2", 2, headline="Better")),
    ):
        (wire.folder / name).write_text(text, encoding="utf-8")
    wire.wall += 60
    trial = asyncio.run(attempt(wire.house.storage, wire.house.ingest, wire.source, wire.house.now))
    found = {(v.source_id, v.what, v.why) for v in trial.verdicts}
    assert ("urn:x:1", "withdrawn", "the agency withdrew it") in found
    assert ("urn:x:9", "kept out", "the agency withdrew it; it is not here, and stays out") in found
    assert ("urn:x:9", "unchanged", "an older version: a newer one is here") in found
    assert sorted(v.what for v in trial.verdicts if v.source_id == "urn:x:9") == ["kept out", "unchanged"]
    assert [v.headline for v in trial.verdicts if v.what == "changed"] == ["Better"]
    assert wire.house.article("urn:x:1").status is PubStatus.USABLE, "nothing was stored"
    assert wire.poll().actions == {"withdrawn": 1, "updated": 1}
