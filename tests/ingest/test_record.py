"""What recording a story writes: revision, journal row, places in feeds, and what the clock owes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.config import Feed
from syndicate.ingest import record
from syndicate.model import Article, Correction, JournalAction, Picture, PubStatus, Story
from syndicate.storage import Place, Storage

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DESK = record.Desk(
    feeds={
        "all": Feed(title="All", limit=2),
        "sport": Feed(title="Sport", match={"section": ("Sport",)}),
        "news": Feed(title="News", match={"section": ("News",)}),
    },
    tombstone=timedelta(days=7),
)
PUBLISHED, UPDATED, CORRECTED, WITHDRAWN, LAPSED = JournalAction
NOTE = (Correction(note="Not Monday.", at=NOW),)


def story(**given: Any) -> Story:
    words: dict[str, Any] = {
        "headline": "Rain",
        "markup": "<p>x</p>",
        "excerpt": "x",
        "language": "en",
        "section": "News",
    }
    return Story(**{**words, **given})


def article(name: str = "a", *, told: Story | None = None, **given: Any) -> Article:
    values: dict[str, Any] = {"published": NOW, "changed": NOW, "first_seen": NOW, "status": PubStatus.USABLE}
    return Article(
        id=name, source="desk", source_id=name, revision=1, story=told or story(), **{**values, **given}
    )


class Book:
    """One transaction at a time on a database, by the clock given."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def first(self, made: Article, now: datetime = NOW) -> JournalAction | None:
        with self.storage.write() as tx:
            for feed in DESK.feeds:
                if tx.feeds.rule_digest(feed) is None:
                    tx.feeds.begin(feed, "rule")
            return record.first(tx, DESK, made, digest="d", now=now)

    def get(self, name: str = "a") -> Article:
        with self.storage.read() as tx:
            found = tx.articles.get(name)
        assert found
        return found

    def revise(self, told: Story, now: datetime = NOW + HOUR, **given: Any) -> JournalAction | None:
        before = self.get()
        with self.storage.write() as tx:
            return record.revise(tx, DESK, before, told, cause="edit", now=now, **given)

    def withdraw(
        self, now: datetime = NOW + HOUR, by: str = "operator", **given: Any
    ) -> JournalAction | None:
        before = self.get()
        with self.storage.write() as tx:
            return record.withdraw(tx, DESK, before, by=by, reason="wrong", now=now, **given)

    def restore(self, now: datetime = NOW + 2 * HOUR, by: str | None = None) -> JournalAction | None:
        before = self.get()
        with self.storage.write() as tx:
            return record.restore(tx, DESK, before, now=now, by=by)

    def fall_due(self, now: datetime) -> list[tuple[str, JournalAction]]:
        with self.storage.write() as tx:
            return record.fall_due(tx, DESK, now)

    def actions(self, name: str = "a") -> list[JournalAction]:
        return self.look(lambda tx: [row.action for row in tx.journal.of(name)])

    def feeds(self, name: str = "a") -> set[str]:
        return self.look(lambda tx: tx.feeds.of(name))

    def owed(self) -> dict[str, datetime]:
        return self.look(lambda tx: {kind: at for _, kind, at in tx.articles.due(NOW + 999 * DAY)})

    def look(self, at: Any) -> Any:
        with self.storage.read() as tx:
            return at(tx)


@pytest.fixture
def book(storage: Storage) -> Book:
    return Book(storage)


# -- first publication -------------------------------------------------------------------


def test_a_new_story_is_published_with_one_journal_row_in_its_feeds(book: Book) -> None:
    assert book.first(article()) is PUBLISHED
    assert (book.actions(), book.feeds(), book.owed()) == ([PUBLISHED], {"all", "news"}, {})
    assert book.get().live
    stale = book.look(lambda tx: {s.feed: s.pushable for s in tx.feeds.stale()})
    assert stale == {"all": 1, "news": 1}


@pytest.mark.parametrize(
    ("given", "owes"),
    [
        ({"told": story(embargo=NOW + HOUR)}, {"embargo": NOW + HOUR}),
        ({"published": NOW + HOUR}, {"embargo": NOW + HOUR}),
        ({"published": NOW + HOUR, "told": story(embargo=NOW + 2 * HOUR)}, {"embargo": NOW + 2 * HOUR}),
        ({"hold": "two agencies"}, {}),
        ({"status": PubStatus.CANCELED}, {}),
        ({"status": PubStatus.WITHHELD}, {}),
    ],
)
def test_what_may_not_go_out_yet_is_kept_without_a_journal_row(
    book: Book, given: dict[str, Any], owes: dict[str, datetime]
) -> None:
    assert book.first(article(**given)) is None
    assert (book.actions(), book.feeds(), book.owed()) == ([], set(), owes)
    assert not book.get().live


def test_an_embargo_that_is_over_holds_nothing_up(book: Book) -> None:
    assert book.first(article(told=story(embargo=NOW))) is PUBLISHED
    assert book.owed() == {}


def test_an_embargo_ends_by_the_clock_and_once(book: Book) -> None:
    book.first(article(told=story(embargo=NOW + HOUR)))
    assert book.fall_due(NOW + HOUR - timedelta(microseconds=1)) == []
    assert book.fall_due(NOW + HOUR) == [("a", PUBLISHED)]
    assert book.fall_due(NOW + 2 * HOUR) == []
    assert book.look(lambda tx: tx.lanes.standings(["a"])["a"].live_since) == NOW + HOUR


def test_an_embargo_that_ends_while_on_hold_publishes_nothing_until_released(book: Book) -> None:
    book.first(article(told=story(embargo=NOW + HOUR), hold="two agencies"))
    assert book.fall_due(NOW + HOUR) == []
    assert book.restore() is PUBLISHED


def test_a_released_story_still_waits_for_its_embargo(book: Book) -> None:
    book.first(article(told=story(embargo=NOW + DAY), hold="two agencies"))
    assert book.restore() is None
    assert book.fall_due(NOW + DAY) == [("a", PUBLISHED)]


@pytest.mark.parametrize("moved", [NOW + DAY, NOW + timedelta(minutes=30)])
def test_an_embargo_that_is_moved_ends_when_it_says_now(book: Book, moved: datetime) -> None:
    book.first(article(told=story(embargo=NOW + HOUR)))
    assert book.revise(story(embargo=moved), now=NOW + timedelta(minutes=1)) is None
    assert book.owed() == {"embargo": moved}


def test_an_embargo_that_is_lifted_publishes_at_once(book: Book) -> None:
    book.first(article(told=story(embargo=NOW + DAY)))
    assert book.revise(story()) is PUBLISHED
    assert book.get().revision == 2
    assert book.owed() == {}


# -- changes -----------------------------------------------------------------------------


def test_an_unchanged_story_makes_no_revision_but_remembers_the_draft(book: Book) -> None:
    book.first(article())
    assert book.revise(story(), digest="e") is None
    assert (book.get().revision, book.actions()) == (1, [PUBLISHED])
    assert book.look(lambda tx: tx.articles.digest_of("a")) == "e"


def test_a_change_is_an_update_and_a_new_note_a_correction(book: Book) -> None:
    book.first(article())
    assert book.revise(story(headline="Snow")) is UPDATED
    assert book.revise(story(headline="Snow", corrections=NOTE), NOW + 2 * HOUR) is CORRECTED
    assert book.revise(story(headline="Hail", corrections=NOTE), NOW + 3 * HOUR) is UPDATED, "the note is old"
    assert book.revise(story(headline="Hail"), NOW + 4 * HOUR) is UPDATED, "a note less is no correction"
    assert book.get().revision == 5
    assert book.look(lambda tx: [row.urgent for row in tx.journal.of("a")]) == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_x3_the_time_of_change_never_runs_backwards_nor_into_the_future(book: Book) -> None:
    book.first(article())
    book.revise(story(headline="1"), NOW + HOUR, at=NOW + timedelta(minutes=30))
    assert book.get().changed == NOW + timedelta(minutes=30), "what the source says"
    book.revise(story(headline="2"), NOW + HOUR, at=NOW)
    assert book.get().changed == NOW + HOUR, "not before the last change"
    book.revise(story(headline="3"), NOW + HOUR, at=NOW + DAY)
    assert book.get().changed == NOW + HOUR + timedelta(seconds=1), "not in the future, and later than before"
    book.revise(story(headline="4"), NOW - DAY)
    assert book.get().changed == NOW + HOUR + timedelta(seconds=2), "although the clock went back"


def test_a_story_moves_between_feeds_and_both_are_rebuilt(book: Book) -> None:
    book.first(article())
    book.revise(story(section="Sport"))
    assert book.feeds() == {"all", "sport"}
    assert book.look(lambda tx: {s.feed: s.touched for s in tx.feeds.stale()}) == {
        "all": 2,
        "news": 2,
        "sport": 2,
    }
    assert book.look(lambda tx: tx.feeds.place("sport", "a")) == NOW, "sorted by first publication"


def test_a_feed_the_configuration_does_not_name_keeps_its_places(book: Book) -> None:
    """Another configuration may be in the making beside this one."""
    book.first(article())
    with book.storage.write() as tx:
        tx.feeds.add("other", [Place(article_id="a", sort_at=NOW)])
    book.revise(story(section="Sport"))
    assert book.feeds() == {"all", "sport", "other"}


def test_a_story_out_of_the_window_re_enters_it_when_corrected_and_not_when_edited(book: Book) -> None:
    for n, name in enumerate("abc"):
        book.first(article(name, published=NOW - (3 - n) * HOUR))
    window = lambda: book.look(lambda tx: [p.article_id for p in tx.feeds.window("all", 2)])  # noqa: E731
    book.revise(story(headline="Snow"))
    assert window() == ["c", "b"]
    book.revise(story(headline="Snow", corrections=NOTE))
    assert window() == ["a", "c"]
    assert book.get().published == NOW - 3 * HOUR, "its first publication stays what it was"


def test_a_story_in_the_window_keeps_its_place_when_corrected(book: Book) -> None:
    for n, name in enumerate("ab"):
        book.first(article(name, published=NOW - (2 - n) * HOUR))
    book.revise(story(corrections=NOTE))
    assert book.look(lambda tx: [p.article_id for p in tx.feeds.window("all", 2)]) == ["b", "a"]


# -- withdrawals --------------------------------------------------------------------------


def test_a_withdrawn_story_keeps_its_places_for_the_notice_until_that_lapses(book: Book) -> None:
    book.first(article(told=story(expires=NOW + 30 * DAY)))
    assert book.withdraw() is WITHDRAWN
    dead = book.get()
    assert (dead.status, dead.revision, dead.withdrawn, dead.reason) == (
        PubStatus.CANCELED,
        2,
        NOW + HOUR,
        "wrong",
    )
    assert book.feeds() == {"all", "news"}
    assert book.owed() == {"tombstone": NOW + HOUR + 7 * DAY}
    assert book.fall_due(NOW + HOUR + 7 * DAY) == [("a", LAPSED)]
    assert (book.feeds(), book.get().revision) == (set(), 2)
    stale = book.look(lambda tx: {s.feed: (s.touched, s.pushable) for s in tx.feeds.stale()})
    assert stale == {"all": (3, 2), "news": (3, 2)}, "rebuilt, and nobody is told"


def test_a_story_withdrawn_before_it_was_published_leaves_no_trace_outside(book: Book) -> None:
    book.first(article(told=story(embargo=NOW + DAY)))
    assert book.withdraw() is None
    assert (book.actions(), book.owed()) == ([], {})
    assert book.fall_due(NOW + 2 * DAY) == []
    assert book.get().status is PubStatus.CANCELED


def test_a_second_withdrawal_is_logged_but_changes_nothing(book: Book) -> None:
    book.first(article())
    book.withdraw(by="source")
    assert book.withdraw(NOW + 2 * HOUR) is None
    assert (book.get().revision, book.actions()) == (2, [PUBLISHED, WITHDRAWN])
    assert book.restore(by="source") is None, "the operator's stands"
    assert book.get().status is PubStatus.CANCELED


def test_a_withdrawn_story_takes_no_new_version_until_it_is_released(book: Book) -> None:
    book.first(article())
    book.withdraw()
    assert book.revise(story(headline="Snow"), NOW + 2 * HOUR, digest="e") is None
    assert (book.get().revision, book.get().story.headline) == (2, "Rain")
    assert book.look(lambda tx: tx.articles.digest_of("a")) == "e"


def test_a_release_is_a_new_revision_and_takes_the_end_of_the_notice_back(book: Book) -> None:
    book.first(article(told=story(expires=NOW + 30 * DAY)))
    book.withdraw(status=PubStatus.WITHHELD)
    assert book.restore() is UPDATED
    back = book.get()
    assert (back.status, back.revision, back.withdrawn, back.reason) == (PubStatus.USABLE, 3, None, None)
    assert book.owed() == {"expiry": NOW + 30 * DAY}
    assert book.feeds() == {"all", "news"}


def test_a_release_after_the_notice_lapsed_puts_the_story_back_into_its_feeds(book: Book) -> None:
    book.first(article())
    book.withdraw()
    book.fall_due(NOW + 30 * DAY)
    assert book.restore(NOW + 31 * DAY) is UPDATED
    assert book.feeds() == {"all", "news"}


# -- the clock ------------------------------------------------------------------------------


def test_an_expiry_withdraws_by_the_clock(book: Book) -> None:
    book.first(article(told=story(expires=NOW + DAY)))
    assert book.fall_due(NOW + DAY) == [("a", WITHDRAWN)]
    assert book.look(lambda tx: tx.articles.withdrawal("a").by) == "clock"


def test_an_expiry_taken_back_in_time_withdraws_nothing(book: Book) -> None:
    book.first(article(told=story(expires=NOW + DAY)))
    book.revise(story())
    assert book.fall_due(NOW + 2 * DAY) == []


def test_a_picture_whose_rights_end_goes_and_the_story_stays(book: Book) -> None:
    picture = Picture(url="https://x.example/a.jpg", expires=NOW + DAY)
    book.first(article(told=story(image=picture)))
    assert book.fall_due(NOW + DAY) == [("a", UPDATED)]
    assert (book.get().story.image, book.get().status) == (None, PubStatus.USABLE)
    assert book.owed() == {}


def test_what_falls_due_is_done_oldest_first_and_all_of_it(book: Book) -> None:
    for n in range(5):
        book.first(article(f"a{n}", told=story(embargo=NOW + (5 - n) * HOUR)))
    assert [name for name, _ in book.fall_due(NOW + DAY)] == ["a4", "a3", "a2", "a1", "a0"]


def test_an_error_leaves_neither_revision_nor_row_nor_debt(book: Book) -> None:
    book.first(article(told=story(expires=NOW + DAY)))

    with pytest.raises(KeyError), book.storage.write() as tx:
        before = tx.articles.get("a")
        assert before
        record.withdraw(tx, DESK, before, by="operator", reason="x", now=NOW)
        raise KeyError
    assert (book.get().revision, book.actions(), book.owed()) == (1, [PUBLISHED], {"expiry": NOW + DAY})


def test_a_trace_follows_the_story_into_the_journal(book: Book) -> None:
    book.first(article())
    book.revise(story(headline="Snow"), trace="t-1")
    assert book.look(lambda tx: [row.trace for row in tx.journal.of("a")]) == [None, "t-1"]
