"""From the journal to documents and files."""

from __future__ import annotations

import errno
import gzip
from collections.abc import Callable
from datetime import timedelta

import brotli
import pytest
from house import START, House, draft

from syndicate.errors import StoryError
from syndicate.formats import gate
from syndicate.formats.registry import FORMATS
from syndicate.model import Finding
from syndicate.publish import feed_build, files
from syndicate.publish.build import Publisher
from syndicate.publish.pages import StoryPages


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


def test_retraction_a_neutral_notice_stands_for_a_time_and_then_goes(house: House) -> None:
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


def test_retraction_an_older_story_that_was_corrected_re_enters_the_window(house: House) -> None:
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
        type(rss), "check", lambda self, body, now: [Finding(severity="error", rule="R9", message="no")]
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


def test_files_that_the_disk_refuses_follow_when_it_takes_them(house: House) -> None:
    folder = house.folder / "feeds"
    folder.write_text("no folder")  # whatever is written under it is refused
    house.take(draft("a"), draft("b", url=None))
    built = house.publish()
    assert {d.feed for d in built.documents} >= {"latest"}, "what is stored is served all the same"
    (problem,) = house.problems()
    assert (problem.scope, problem.ref) == ("files", "output")
    assert "cannot write" in problem.reason
    assert problem.fix
    house.take(draft("c"))
    house.publish()
    assert house.publisher.is_due(house.now)
    folder.unlink()
    house.publish()
    assert sorted(house.titles()) == ["About a", "About b", "About c"]
    assert (folder / "stories" / house.article("b").id / "index.html").is_file()
    assert house.problems() == []
    assert not house.publisher.is_due(house.now)
    assert house.publisher.repair(house.now) == 0


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A disk that has no room for any more bytes; what is called makes it so."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(files, "_replace", refuse)


def held(house: House, words: str) -> set[str]:
    """The public files that hold these words."""
    root = house.folder / "feeds"
    unpacked = {"": bytes, ".gz": gzip.decompress, ".br": brotli.decompress}
    known = [(f, unpacked.get(f.suffix, bytes)) for f in root.rglob("*") if f.is_file()]
    return {str(f.relative_to(root)) for f, unpack in known if words.encode() in unpack(f.read_bytes())}


def test_what_is_withdrawn_leaves_the_files_of_a_full_disk(house: House, full: Callable[[], None]) -> None:
    more = draft("b", url=None, text="<p>Of something else altogether.</p>", section="Sport")
    house.take(draft("a", url=None, text="<p>The mirrowick matter.</p>"), more)
    house.publish()
    page = f"stories/{house.article('a').id}/index.html"
    assert {"latest/rss.xml", "latest/atom.xml.br", "latest/feed.json.gz", page} <= held(house, "mirrowick")
    full()
    house.withdraw("a")
    house.publish()
    assert held(house, "mirrowick") == set(), "to take a file away needs no room"
    assert held(house, "something else altogether") >= {"sport/rss.xml"}, "what is right stays"
    assert b"mirrowick" not in house.publisher.document("latest", "rss").bodies["identity"]
    (problem,) = house.problems()
    assert "No space" in problem.reason


def test_a_withdrawal_leaves_archives_of_a_full_disk(house: House, full: Callable[[], None]) -> None:
    house.take(draft("a", text="<p>The mirrowick matter.</p>"))
    for number in range(6):
        house.take(draft(f"s{number}"))
        house.publish()
    assert any("latest/archive/" in file for file in held(house, "mirrowick"))
    full()
    house.withdraw("a")
    house.publish()
    assert held(house, "mirrowick") == set()


def test_a_file_that_a_crash_left_goes_at_the_next_start_with_a_full_disk(
    house: House, monkeypatch: pytest.MonkeyPatch, full: Callable[[], None]
) -> None:
    house.take(draft("a", url=None, text="<p>The mirrowick matter.</p>"))
    house.publish()
    house.withdraw("a")
    with monkeypatch.context() as pulled:
        pulled.setattr(files, "write_document", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.publish()
    assert held(house, "mirrowick")
    full()
    house.publisher = Publisher(house.storage, house.settings, house.directory)
    house.publisher.repair(house.now)
    house.publish(everything=True)
    assert held(house, "mirrowick") == set()


def test_a_page_follows_its_story_that_left_every_feed(house: House) -> None:
    house.take(draft("a", url=None, section="Sport", text="<p>The mirrowick matter.</p>"))
    house.publish()
    page = f"stories/{house.article('a').id}/index.html"
    article_id = house.article("a").id
    with house.storage.write() as tx:  # as when the rules of its feeds change
        tx.feeds.remove(article_id)
    house.publish(everything=True)
    assert held(house, "mirrowick") == {page + coding for coding in ("", ".gz", ".br")}
    house.withdraw("a")
    built = house.publish()
    assert built.pages == (house.article("a").id,)
    assert held(house, "mirrowick") == set()
    assert (house.folder / "feeds" / page).is_file(), "a notice stands there"
    assert house.publish().pages == (), "it is looked at once"


def test_a_page_follows_what_was_stored_while_it_was_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a", url=None, text="<p>The mirrowick matter.</p>"))
    article_id, follow = house.article("a").id, StoryPages.follow

    def late(pages: StoryPages) -> tuple[str, ...]:
        with house.storage.write() as tx:
            tx.feeds.remove(article_id)
        house.withdraw("a")
        monkeypatch.undo()
        return follow(pages)

    monkeypatch.setattr(StoryPages, "follow", late)
    house.publish()
    assert not [file for file in held(house, "mirrowick") if file.startswith("stories/")]


def test_a_page_follows_its_story_that_slid_out_of_every_window(house: House) -> None:
    house.take(draft("old", url=None, text="<p>The mirrowick matter.</p>"))
    for number in range(5):
        house.take(draft(f"s{number}"))
        house.publish()
    house.take(draft("old", url=None, text="<p>The zanthorpian matter.</p>"))
    house.publish()
    page = f"stories/{house.article('old').id}/index.html"
    assert (page in held(house, "mirrowick"), page in held(house, "zanthorpian")) == (False, True)


def test_a_page_that_a_crash_left_is_found_at_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a", url=None, text="<p>The mirrowick matter.</p>"))
    house.publish()
    house.withdraw("a")
    with monkeypatch.context() as pulled:
        pulled.setattr(StoryPages, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.publish()
    house.publisher = Publisher(house.storage, house.settings, house.directory)
    house.publisher.repair(house.now)
    house.publish(everything=True)
    assert held(house, "mirrowick") == set()


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
    assert feed_build.PAGE_ENTRIES == 50


def test_x1_a_story_that_does_not_pass_the_gate_is_set_aside_and_the_rest_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(FORMATS["rss"]).fragment

    def spoil(self: object, entry: object) -> bytes:
        fragment = real(self, entry)  # type: ignore[arg-type]
        return fragment.replace(b"&lt;p&gt;The text of a", b"&lt;script&gt;The text of a")

    monkeypatch.setattr(type(FORMATS["rss"]), "fragment", spoil)
    house.take(draft("a"), draft("b"))
    house.publish()
    assert "About a" not in house.text("latest", "rss.xml")
    assert "About b" in house.text("latest", "rss.xml")
    assert "About a" in house.text("latest", "atom.xml")
    (problem,) = house.problems()
    assert (problem.ref, problem.warning) == (house.article("a").id, False)
    assert "X6" in problem.reason
    assert problem.fix
    digest = house.publisher.renderer.digest(house.settings.feeds["latest"], FORMATS["rss"])
    wanted = [(house.article("a").id, 1)]
    with house.storage.read() as tx:
        kept = tx.documents.fragments(wanted, "rss", digest)
    assert kept == {}, "what did not pass is not kept"
    house.publish(everything=True)
    assert len(house.problems()) == 1
    monkeypatch.undo()
    house.publish(everything=True)
    assert "About a" in house.text("latest", "rss.xml")
    assert house.problems() == []


def test_x4_two_stories_of_one_id_leave_the_last_good_document_and_the_other_formats(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a"))
    house.publish()
    real = type(FORMATS["rss"]).fragment

    def same(self: object, entry: object) -> bytes:
        fragment = real(self, entry)  # type: ignore[arg-type]
        start, end = fragment.index(b"urn:uuid:"), fragment.index(b"</guid>")
        return fragment[:start] + b"urn:uuid:the-same" + fragment[end:]

    monkeypatch.setattr(type(FORMATS["rss"]), "fragment", same)
    house.take(draft("b"), draft("c"))
    house.publish()
    assert "About a" in house.text("latest", "rss.xml")
    assert "About c" not in house.text("latest", "rss.xml")
    assert "About c" in house.text("latest", "atom.xml")
    assert [(p.ref, "X4" in p.reason) for p in house.problems()] == [("document:rss", True)]


def test_no_fragment_that_older_checkers_let_through_is_joined(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a"))
    house.publish()
    checked: list[bytes] = []
    real = type(FORMATS["rss"]).check_fragment

    def watch(self: object, fragment: bytes, now: object = None) -> list[Finding]:
        checked.append(fragment)
        return real(self, fragment, now)  # type: ignore[arg-type]

    monkeypatch.setattr(type(FORMATS["rss"]), "check_fragment", watch)
    house.publish(everything=True)
    assert checked == []
    monkeypatch.setattr(gate, "VERSION", gate.VERSION + 1)
    house.configure()
    house.publish(everything=True)
    assert len(checked) == 1


def test_what_is_said_of_a_story_stands_for_as_long_as_it_is_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Finding(severity="warning", rule="X7", message="long", line=1, fix="shorten it")
    real = type(FORMATS["rss"]).check_fragment

    def warn(self: object, fragment: bytes, now: object = None) -> list[Finding]:
        return [odd] if b"About a<" in fragment else real(self, fragment, now)  # type: ignore[arg-type]

    monkeypatch.setattr(type(FORMATS["rss"]), "check_fragment", warn)
    house.take(draft("a"))
    house.publish()
    house.take(draft("b"))
    house.publish()
    assert [(p.reason, p.warning) for p in house.problems()] == [("rss: long (rule X7)", True)]
    house.take(draft("a", headline="Shorter"))
    house.publish()
    assert house.problems() == []


def test_h3_what_the_feed_says_of_polling_agrees_with_its_cache_time(house: House) -> None:
    house.configure('[web]\ncache = "20m"\n')
    house.take(draft("a"))
    house.publish()
    assert "<ttl>20</ttl>" in house.text("latest", "rss.xml")


def test_retraction_the_notice_stays_for_the_time_that_is_set(house: House) -> None:
    house.configure('[retention]\ntombstone = "2d"\n')
    house.take(draft("a"), draft("b"))
    house.publish()
    house.withdraw("a")
    house.later(days=2, seconds=-2)
    house.tick()
    house.publish()
    assert len(house.titles()) == 2
    house.later(seconds=3)
    house.tick()
    house.publish()
    assert house.titles() == ["About b"]


def test_retraction_a_correction_keeps_the_id_and_is_said_in_the_text_and_to_machines(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    (before,) = house.feed()["items"]
    house.later(hours=1)
    house.correct("a", "The river rose by two metres.")
    house.publish()
    (after,) = house.feed()["items"]
    assert after["id"] == before["id"]
    assert after["date_modified"] > before["date_modified"]
    assert after["date_published"] == before["date_published"]
    assert "The river rose by two metres." in after["content_html"]
    assert after["_syndicate"]["corrections"][0]["note"] == "The river rose by two metres."
    for name in ("rss.xml", "atom.xml"):
        text = house.text("latest", name)
        assert "The river rose by two metres." in text
        assert "http://cv.iptc.org/newscodes/signal/" in text


def test_retraction_an_older_story_that_was_withdrawn_re_enters_as_its_notice(house: House) -> None:
    for number in range(5):
        house.take(draft(f"s{number}", published=START - timedelta(hours=9 - number)))
    house.publish()
    old = house.article("s0")
    house.withdraw("s0")
    house.publish()
    assert house.feed()["items"][0]["id"] == f"urn:uuid:{old.id}"
    assert "About s0" not in str(house.feed())
