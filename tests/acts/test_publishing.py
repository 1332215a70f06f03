"""From the journal to documents and files."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from house import START, House, draft

from syndicate.errors import StoryError
from syndicate.formats.registry import FORMATS
from syndicate.model import Finding
from syndicate.publish import build


def test_x5_newest_first_and_no_more_than_the_limit(house: House) -> None:
    for number in range(5):
        house.take(draft(f"s{number}", published=START - timedelta(hours=9 - number)))
    house.publish()
    assert house.titles() == ["About s4", "About s3", "About s2"]


def test_only_feeds_that_were_touched_are_rebuilt(house: House) -> None:
    house.take(draft("a", section="Sport"), draft("b"))
    house.publish()
    house.take(draft("c", section="News"))
    built = house.publish()
    assert {d.feed for d in built.documents} == {"latest", ""}
    assert house.publish().documents == ()


def test_x3_the_same_stories_keep_bytes_versions_and_validators(house: House) -> None:
    house.take(draft("a"))
    house.publish(everything=True)
    before = house.publisher.document("latest", "rss")
    house.later(hours=5)
    assert house.publish(everything=True).documents == ()
    after = house.publisher.document("latest", "rss")
    assert (after.version, after.etags, after.modified) == (before.version, before.etags, before.modified)


def test_x3_updated_is_the_newest_change_and_never_runs_backwards(house: House) -> None:
    house.take(draft("a", published=START - timedelta(days=2)))
    house.publish()
    first = house.publisher.document("latest", "atom").updated
    assert first == START - timedelta(days=2)
    house.take(draft("a", published=START - timedelta(days=2), headline="New"))
    house.publish()
    second = house.publisher.document("latest", "atom").updated
    assert second == house.now
    house.withdraw("a")
    house.publish()
    house.later(days=8)
    house.tick()
    house.publish()
    assert house.titles() == []
    assert house.publisher.document("latest", "atom").updated >= second


def test_a_withdrawn_story_leaves_a_neutral_notice_for_a_time_and_then_goes(house: House) -> None:
    house.take(draft("a", headline="The libel"), draft("b"))
    house.publish()
    (item,) = [i for i in house.feed()["items"] if i["title"] == "The libel"]
    house.withdraw("a")
    house.publish()
    (notice,) = [i for i in house.feed()["items"] if i["id"] == item["id"]]
    assert "libel" not in str(house.feed())
    assert notice["date_modified"] > item.get("date_modified", item["date_published"])
    for name in ("rss.xml", "atom.xml", "index.html"):
        assert "The text of a" not in house.text("latest", name)
        assert "libel" not in house.text("latest", name)
    house.later(days=7, seconds=1)
    house.tick()
    house.publish()
    assert [i["id"] for i in house.feed()["items"]] == [
        i["id"] for i in house.feed()["items"] if i["id"] != item["id"]
    ]
    assert house.titles() == ["About b"]


def test_an_older_story_that_was_corrected_re_enters_the_window(house: House) -> None:
    for number in range(5):
        house.take(draft(f"s{number}", published=START - timedelta(hours=9 - number)))
    house.publish()
    assert "About s0" not in house.titles()
    house.correct("s0", "It was not so.")
    house.publish()
    assert house.titles()[0] == "About s0"
    assert "It was not so." in house.text("latest", "rss.xml")


def test_a_story_that_changes_section_leaves_one_feed_and_enters_another(house: House) -> None:
    house.take(draft("a", section="Sport"))
    house.publish()
    assert house.titles("sport") == ["About a"]
    house.take(draft("a", section="News"))
    house.publish()
    assert house.titles("sport") == []
    assert house.titles("latest") == ["About a"]


def test_a_new_feed_is_filled_from_what_is_stored_and_an_old_one_is_taken_away(house: House) -> None:
    house.take(draft("a", section="Sport"), draft("b"))
    house.publish()
    house.configure('[feeds.second]\ntitle = "Second"\nmatch = { section = ["Sport"] }\n')
    house.publish(everything=True)
    assert house.titles("second") == ["About a"]
    house.configure()
    house.publish(everything=True)
    assert not (house.folder / "feeds" / "second").exists()


def test_the_gate_keeps_the_last_good_document_and_shows_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a"))
    house.publish()
    rss = FORMATS["rss"]
    monkeypatch.setattr(
        type(rss), "check", lambda self, body: [Finding(severity="error", rule="R9", message="no")]
    )
    house.take(draft("b"))
    house.publish()
    assert "About b" not in house.text("latest", "rss.xml")
    assert "About b" in house.text("latest", "atom.xml")
    assert any("R9" in p.reason for p in house.problems())
    monkeypatch.undo()
    house.take(draft("c"))
    house.publish()
    assert "About b" in house.text("latest", "rss.xml")
    assert house.problems() == []


def test_x1_a_story_that_cannot_be_rendered_is_left_out_and_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(FORMATS["rss"]).fragment

    def refuse(self: object, entry: object) -> bytes:
        if entry.title == "About a":  # type: ignore[attr-defined]
            raise StoryError("it cannot be", fix="mend it")
        return real(self, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(type(FORMATS["rss"]), "fragment", refuse)
    house.take(draft("a"), draft("b"))
    house.publish()
    assert "About a" not in house.text("latest", "rss.xml")
    assert "About b" in house.text("latest", "rss.xml")
    assert [p.reason for p in house.problems()] == ["it cannot be"]
    monkeypatch.undo()
    house.take(draft("a", headline="About a, mended"))
    house.publish()
    assert house.problems() == []


def test_an_entry_is_rendered_once_for_as_long_as_nothing_about_it_changes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[str] = []
    real = type(FORMATS["rss"]).fragment

    def count(self: object, entry: object) -> bytes:
        rendered.append(entry.title)  # type: ignore[attr-defined]
        return real(self, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(type(FORMATS["rss"]), "fragment", count)
    house.take(draft("a"))
    house.publish()
    house.take(draft("b"))
    house.publish()
    assert rendered == ["About a", "About b"]
    house.configure("[agencies.reuters]\nexcerpt_words = 20\n")
    house.publish(everything=True)
    assert sorted(rendered[2:]) == ["About a", "About b"], "an agency's terms are part of a fragment's key"


def test_files_are_projections_and_are_repaired(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    file = house.folder / "feeds" / "latest" / "rss.xml"
    good = file.read_bytes()
    file.write_bytes(b"half a fi")
    (file.parent / "atom.xml.gz").unlink()
    assert house.publisher.repair(house.now) == 2
    assert file.read_bytes() == good
    assert gzip.decompress((file.parent / "rss.xml.gz").read_bytes()) == good
    assert house.publisher.repair(house.now) == 0


def test_a_story_without_an_address_gets_a_page_and_loses_it_when_withdrawn(house: House) -> None:
    house.take(draft("a", url=None))
    built = house.publish()
    article = house.article("a")
    assert built.pages == (article.id,)
    page = house.folder / "feeds" / "stories" / article.id / "index.html"
    assert "The text of a" in page.read_text(encoding="utf-8")
    assert house.feed()["items"][0]["url"].endswith(f"/feeds/stories/{article.id}/")
    house.withdraw("a")
    house.publish()
    assert "The text of a" not in page.read_text(encoding="utf-8")
    found = house.publisher.load_page(f"/feeds/stories/{article.id}/")
    assert found
    assert b"The text of a" not in found[0]


def test_a_page_of_what_is_not_published_is_not_shown(house: House) -> None:
    house.take(draft("a", url=None, embargo=START + timedelta(hours=3)))
    assert house.publisher.load_page(f"/feeds/stories/{house.article('a').id}/") is None
    assert house.publisher.load_page("/feeds/stories/../../etc/passwd/") is None


def test_a_push_is_worth_it_for_stories_but_not_for_settings(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    first = house.publisher.document("latest", "rss")
    assert first.push_version == first.version
    house.configure('[external_hubs.near]\nurl = "https://hub.example.org/"\n')
    house.publish(everything=True)
    second = house.publisher.document("latest", "rss")
    assert second.version == first.version + 1
    assert second.push_version == first.push_version
    house.take(draft("b"))
    house.publish()
    third = house.publisher.document("latest", "rss")
    assert third.push_version == third.version == second.version + 1


def test_the_list_of_feeds_follows(house: House) -> None:
    house.take(draft("a"))
    house.publish(everything=True)
    listing = (house.folder / "feeds" / "feeds.opml").read_text(encoding="utf-8")
    assert 'xmlUrl="http://127.0.0.1:8080/feeds/latest/rss.xml"' in listing
    assert "Sport" in (house.folder / "feeds" / "index.html").read_text(encoding="utf-8")
    assert build.PAGE_ENTRIES == 50
