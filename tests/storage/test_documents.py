from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from stored import NOW, at, document, keep

from syndicate.storage import Place, Stale, Storage, Transaction


def fill(tx: Transaction, feed: str, **hours_ago: float) -> None:
    for name, hours in hours_ago.items():
        if tx.articles.get(name) is None:
            keep(tx, name)
        tx.feeds.add(feed, [Place(article_id=name, sort_at=at(hours=hours))])


def order(tx: Transaction, feed: str, limit: int = 10) -> list[str]:
    return [place.article_id for place in tx.feeds.window(feed, limit)]


# -- membership ----------------------------------------------------------------------


def test_the_window_shows_the_newest_places_with_their_revisions(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "b", revision=4, changed=at(minutes=5))
        fill(tx, "all", a=3, b=1, c=2)
        fill(tx, "sport", a=0)
        assert order(tx, "all") == ["b", "c", "a"]
        assert order(tx, "all", 2) == ["b", "c"]
        (newest,) = tx.feeds.window("all", 1)
        assert newest == Place(article_id="b", sort_at=at(hours=1), revision=4, changed=at(minutes=5))
        assert order(tx, "nobody") == []


def test_articles_of_one_moment_keep_one_order(storage: Storage) -> None:
    with storage.write() as tx:
        fill(tx, "all", b=1, a=1, c=1)
        assert order(tx, "all") == ["c", "b", "a"]
        assert order(tx, "all", 2) == ["c", "b"]


def test_an_article_that_is_in_a_feed_already_keeps_its_place(storage: Storage) -> None:
    with storage.write() as tx:
        fill(tx, "all", a=3, b=2)
        fill(tx, "all", a=0)
        assert order(tx, "all") == ["b", "a"]
        assert tx.feeds.place("all", "a") == at(hours=3)
        assert tx.feeds.place("all", "c") is None


def test_an_article_is_taken_out_of_some_feeds_or_of_all(storage: Storage) -> None:
    with storage.write() as tx:
        for feed in ("all", "sport", "news"):
            fill(tx, feed, a=1, b=1)
        assert tx.feeds.of("a") == {"all", "sport", "news"}
        tx.feeds.remove("a", ["sport", "unknown"])
        assert tx.feeds.of("a") == {"all", "news"}
        tx.feeds.remove("a", [])
        assert tx.feeds.of("a") == {"all", "news"}, "out of no feed is not out of all"
        tx.feeds.remove("a")
        assert tx.feeds.of("a") == set()
        assert tx.feeds.count() == {"all": 1, "sport": 1, "news": 1}


def test_the_floor_is_the_last_place_of_a_full_window(storage: Storage) -> None:
    with storage.write() as tx:
        fill(tx, "all", a=1, b=2)
        assert tx.feeds.floor("all", 3) is None, "there is room"
        assert tx.feeds.floor("all", 2) == at(hours=2)
        assert tx.feeds.floor("all", 1) == at(hours=1)


def test_a_raised_article_re_enters_the_window(storage: Storage) -> None:
    with storage.write() as tx:
        fill(tx, "all", a=9, b=2, c=1)
        fill(tx, "sport", a=9)
        tx.feeds.raise_to("all", "a", NOW)
        assert order(tx, "all", 2) == ["a", "c"]
        assert tx.feeds.place("sport", "a") == at(hours=9), "in this feed alone"


def test_a_feed_is_stale_from_the_row_that_touched_it_until_it_is_built(storage: Storage) -> None:
    with storage.write() as tx:
        for feed in ("all", "sport"):
            tx.feeds.begin(feed, "rule")
        assert tx.feeds.stale() == []
        tx.feeds.touch(["all"], 7, push=True)
        assert tx.feeds.stale() == [Stale(feed="all", touched=7, pushable=7, built=0)]
        assert tx.feeds.staleness("all").worth_a_push
        tx.feeds.set_built("all", 7)
        assert tx.feeds.stale() == []
        tx.feeds.touch(["all", "unknown"], 9, push=False)
        assert tx.feeds.staleness("all") == Stale(feed="all", touched=9, pushable=7, built=7)
        assert not tx.feeds.staleness("all").worth_a_push, "a notice that lapsed tells nobody"
        tx.feeds.touch([], 10, push=True)
        assert tx.feeds.staleness("sport").touched == 0


def test_beginning_anew_empties_a_feed_but_not_how_far_it_is_built(storage: Storage) -> None:
    with storage.write() as tx:
        assert tx.feeds.rule_digest("all") is None
        tx.feeds.begin("all", "one")
        fill(tx, "all", a=1)
        fill(tx, "sport", a=1)
        tx.feeds.touch(["all"], 5, push=True)
        tx.feeds.set_built("all", 5)
        tx.feeds.begin("all", "two")
        assert tx.feeds.rule_digest("all") == "two"
        assert tx.feeds.of("a") == {"sport"}
        assert tx.feeds.staleness("all").built == 5
        tx.feeds.keep_rule("all", "three")
        assert tx.feeds.rule_digest("all") == "three"


def test_feeds_no_longer_configured_are_dropped(storage: Storage) -> None:
    with storage.write() as tx:
        for feed in ("all", "sport"):
            tx.feeds.begin(feed, "rule")
            fill(tx, feed, a=1)
        assert tx.feeds.retire_all_but({"all"}) == ["sport"]
        assert tx.feeds.of("a") == {"all"}
        assert tx.feeds.rule_digest("sport") is None
        assert tx.feeds.retire_all_but({"all"}) == []


# -- fragments -------------------------------------------------------------------------


def test_fragments_are_found_by_article_revision_format_and_terms(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        tx.documents.keep_fragments([("a", 1, b"a1"), ("b", 1, b"\x00b")], "rss", "full", NOW)
        tx.documents.keep_fragments([("a", 2, b"a2")], "rss", "full", NOW)
        tx.documents.keep_fragments([("a", 1, b"short")], "rss", "excerpt", NOW)
        find = tx.documents.fragments
        assert find([("a", 1), ("b", 1), ("b", 2), ("c", 1)], "rss", "full") == {"a": b"a1", "b": b"\x00b"}
        assert find([("a", 2)], "rss", "full") == {}, "only the newest revision's is kept"
        assert find([("a", 1)], "rss", "excerpt") == {"a": b"short"}
        assert find([("a", 1)], "atom", "full") == {}
        assert find([], "rss", "full") == {}
        tx.documents.keep_fragments([("a", 1, b"again")], "rss", "full", NOW)
        assert find([("a", 1)], "rss", "full") == {"a": b"again"}
        tx.documents.keep_fragments([], "rss", "full", NOW)


def test_fragments_of_a_big_window_are_found_whole(storage: Storage) -> None:
    names = [f"a{n}" for n in range(1000)]
    with storage.write() as tx:
        for name in names:
            keep(tx, name)
        tx.documents.keep_fragments([(name, 1, name.encode()) for name in names], "rss", "full", NOW)
        found = tx.documents.fragments([(name, 1) for name in names], "rss", "full")
    assert found == {name: name.encode() for name in names}


# -- documents ---------------------------------------------------------------------------


def test_a_document_comes_back_byte_for_byte(storage: Storage) -> None:
    made = document(bodies={"identity": bytes(range(256)), "br": b""}, etags={"identity": '"x"', "br": '"y"'})
    with storage.write() as tx:
        assert tx.documents.get("all", "rss") is None
        assert tx.documents.head("all", "rss") is None
        tx.documents.save(made, "https://x.example/all.rss")
    with storage.read() as tx:
        assert tx.documents.get("all", "rss") == made
        head = tx.documents.head("all", "rss")
        assert head and (head.topic, head.version, head.etags["br"]) == (
            "https://x.example/all.rss",
            1,
            '"y"',
        )
        assert tx.documents.by_topic("https://x.example/all.rss") == head
        assert tx.documents.by_topic("https://x.example/other") is None


def test_a_new_version_replaces_the_old_one_with_all_its_codings(storage: Storage) -> None:
    with storage.write() as tx:
        tx.documents.save(document(), "old-topic")
        tx.documents.save(document("sport"), "sport-topic")
        later = NOW + timedelta(minutes=1)
        after = document(
            version=2, bodies={"identity": b"new"}, etags={"identity": '"three"'}, modified=later
        )
        tx.documents.save(after, "topic")
        assert tx.documents.get("all", "rss") == after, "no gzip of the version before"
        assert tx.documents.by_topic("old-topic") is None
        other = tx.documents.get("sport", "rss")
        assert other and set(other.bodies) == {"identity", "gzip"}


def test_documents_are_listed_in_order_and_dropped_one_by_one(storage: Storage) -> None:
    with storage.write() as tx:
        made = [
            document(feed, format=form) for feed, form in (("sport", "rss"), ("all", "rss"), ("all", "atom"))
        ]
        for one in made:
            tx.documents.save(one, f"{one.feed}.{one.format}")
        assert [(d.feed, d.format) for d in tx.documents.heads()] == [
            ("all", "atom"),
            ("all", "rss"),
            ("sport", "rss"),
        ]
        assert tx.documents.all() == [made[2], made[1], made[0]]
        tx.documents.drop([("all", "rss"), ("nobody", "rss")])
        assert tx.documents.all() == [made[2], made[0]]
        tx.documents.save(replace(made[1], bodies={"identity": b"x"}), "all.rss")
        again = tx.documents.get("all", "rss")
        assert again and again.bodies == {"identity": b"x"}, "its bytes went with it"
