"""Lanes and deliveries: where receivers stand and what operators do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from newsroom_cli import HEADER, KEY, SECRET, Newsroom

from syndicate.lanes import LaneKind


def lane(newsroom: Newsroom, name: str = "gazette/main") -> dict[str, object]:
    return next(v for v in newsroom.json("lanes", "list") if v["name"] == name)


def test_lanes_say_what_is_pending(newsroom: Newsroom) -> None:
    found = {v["name"]: v for v in newsroom.json("lanes", "list")}
    assert set(found) == {"gazette/main"} | {
        f"hub:hub/{n}" for n in ("latest/rss", "latest/atom", "latest/json", "sport/rss")
    }
    assert (found["gazette/main"]["pending"], found["hub:hub/sport/rss"]["pending"]) == (3, 1)
    assert found["gazette/main"]["oldest"]


def test_a_failing_receiver_shows_and_is_no_failure_of_the_round(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    found = lane(newsroom)
    assert found["state"] == "active"
    assert found["failures"] == 1
    assert found["failing_since"]
    attempts = newsroom.json("deliveries", "list", "--lane", "gazette/main")
    assert [a["verdict"] for a in attempts] == ["retry"]


def test_pause_and_resume(newsroom: Newsroom) -> None:
    assert newsroom.json("lanes", "pause", "gazette/main") == [{"lane": "gazette/main", "result": "paused"}]
    assert lane(newsroom)["state"] == "paused"
    newsroom.run("run", "--once")
    assert newsroom.json("deliveries", "list", "--lane", "gazette/main") == []
    newsroom.run("lanes", "resume", "--all")
    assert lane(newsroom)["state"] == "active"


def test_resuming_forgets_the_failures(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    newsroom.run("lanes", "resume", "gazette/main")
    found = lane(newsroom)
    assert (found["failures"], found["due"], found["failing_since"]) == (0, None, None)


def test_retry_makes_everything_due_now(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    assert lane(newsroom)["due"]
    newsroom.run("lanes", "retry", "gazette/main")
    assert lane(newsroom)["due"] is None
    newsroom.run("run", "--once")
    assert len(newsroom.json("deliveries", "list", "--lane", "gazette/main")) == 2


def test_retrying_a_lane_that_rests_says_that_it_rests(newsroom: Newsroom) -> None:
    newsroom.run("lanes", "pause", "gazette/main")
    _, out, _ = newsroom.run("lanes", "retry", "gazette/main")
    assert "paused" in out
    assert "lanes resume gazette/main" in out


def test_an_unknown_lane_names_the_nearest(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("lanes", "pause", "gazete/main")
    assert status == 1
    assert "'gazette/main'" in err


@pytest.mark.parametrize("command", ["pause", "resume", "retry"])
@pytest.mark.parametrize("wrong", [[], ["gazette/main", "--all"]])
def test_one_lane_or_all_of_them(newsroom: Newsroom, command: str, wrong: list[str]) -> None:
    assert newsroom.run("lanes", command, *wrong)[0] == 2


def test_a_dry_run_of_a_replay_says_how_many_and_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.run("articles", "withdraw", newsroom.id("market"), "--reason", "legal")
    before = newsroom.json("lanes", "list")
    told = newsroom.json("lanes", "replay", "gazette/main", "--since", "30d", "--dry-run")
    (plan,) = told["lanes"]
    assert (plan["stories"], plan["withdrawals"], plan["position"]) == (2, 0, 0)
    assert newsroom.json("lanes", "list") == before


def test_a_replay_sends_again_as_new(newsroom: Newsroom) -> None:
    storage = newsroom.storage()
    with storage.write() as tx:
        found = tx.lanes.named("gazette/main")
        assert found
        tx.lanes.save(replace(found, position=3, urgent_position=3))
    newsroom.run("lanes", "replay", "gazette/main", "--from", "1")
    with storage.read() as tx:
        after = tx.lanes.named("gazette/main")
    storage.close()
    assert after
    assert (after.position, after.generation) == (1, found.generation + 1)


def test_a_replay_of_a_topic_announces_it_again(newsroom: Newsroom) -> None:
    storage = newsroom.storage()
    with storage.write() as tx:
        found = tx.lanes.named("hub:hub/sport/rss")
        assert found
        tx.lanes.save(replace(found, version=1))
    storage.close()
    assert lane(newsroom, "hub:hub/sport/rss")["pending"] == 0
    newsroom.run("lanes", "replay", "hub:hub/sport/rss", "--since", "1d")
    assert lane(newsroom, "hub:hub/sport/rss")["pending"] == 1


@pytest.mark.parametrize(
    "wrong", [[], ["--from", "4"], ["--from", "-1"], ["--since", "soon"], ["--since", "1d", "--from", "0"]]
)
def test_a_replay_from_nowhere_is_wrong_usage(newsroom: Newsroom, wrong: list[str]) -> None:
    assert newsroom.run("lanes", "replay", "gazette/main", *wrong)[0] == 2


def test_attempts_are_listed_and_shown(newsroom: Newsroom) -> None:
    number = newsroom.refuse("bridge")
    assert [a["id"] for a in newsroom.json("deliveries", "list", "--failed")] == [number]
    assert [a["id"] for a in newsroom.json("deliveries", "list", "--article", newsroom.id("bridge"))] == [
        number
    ]
    assert newsroom.json("deliveries", "list", "--article", newsroom.id("market")) == []
    status, out, _ = newsroom.run("deliveries", "show", str(number))
    assert status == 0
    assert "422 no such section" in out
    assert "The bridge opens" in out
    assert newsroom.run("deliveries", "show", "999")[0] == 1


@pytest.fixture
def refused(newsroom: Newsroom) -> tuple[int, int]:
    """Two stories that two receivers refused: ``gazette/main`` the bridge, ``herald/main`` the market; the attempts."""
    storage = newsroom.storage()
    with storage.write() as tx:
        tx.lanes.ensure("herald/main", LaneKind.STORIES, "herald", "main", position=0)
    storage.close()
    return newsroom.refuse("bridge"), newsroom.refuse("market", "herald/main")


def left(newsroom: Newsroom) -> set[str]:
    return {r["lane"] for r in newsroom.json("deliveries", "refused")}


def test_what_was_refused_is_due_again_after_a_redrive(newsroom: Newsroom, refused: tuple[int, int]) -> None:
    """By attempt, receiver, story, and all: that, and nothing else."""
    assert left(newsroom) == {"gazette/main", "herald/main"}
    for wanted in (
        [str(refused[0])],
        ["--lane", "gazette/main"],
        ["--article", newsroom.id("bridge")],
    ):
        assert newsroom.json("deliveries", "redrive", *wanted) == {"due_now": 1}, wanted
        assert left(newsroom) == {"herald/main"}, wanted
        status, out, _ = newsroom.run("deliveries", "redrive", *wanted)
        assert status == 1
        assert "nothing of that stands refused" in out
        newsroom.refuse("bridge")
    assert newsroom.json("deliveries", "redrive", "--all") == {"due_now": 2}
    assert left(newsroom) == set()


def test_a_redrive_takes_what_was_refused_in_a_range(newsroom: Newsroom, refused: tuple[int, int]) -> None:
    storage = newsroom.storage()
    with storage.write() as tx:  # the herald's four days ago
        lane = tx.lanes.named("herald/main")
        assert lane
        (held,) = tx.lanes.held(lane.id, [newsroom.id("market")]).values()
        tx.lanes.hold(lane.id, replace(held, since=held.since - timedelta(days=4)))
    storage.close()
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert newsroom.run("deliveries", "redrive", "--since", tomorrow)[0] == 1
    assert newsroom.run("deliveries", "redrive", "--since", "3d", "--until", "1d")[0] == 1
    assert len(left(newsroom)) == 2
    assert newsroom.json("deliveries", "redrive", "--since", "5d", "--until", "3d") == {"due_now": 1}
    assert left(newsroom) == {"gazette/main"}
    assert newsroom.run("deliveries", "redrive", "--until", "1h")[0] == 1
    assert newsroom.json("deliveries", "redrive", "--lane", "gazette/main", "--since", "1h") == {"due_now": 1}
    assert left(newsroom) == set()


@pytest.mark.parametrize("wrong", [[], ["--all", "--lane", "gazette/main"], ["1", "--lane", "gazette/main"]])
def test_a_redrive_of_nothing_in_particular_is_wrong_usage(newsroom: Newsroom, wrong: list[str]) -> None:
    newsroom.refuse("bridge")
    assert newsroom.run("deliveries", "redrive", *wrong)[0] == 2


def test_partners_are_listed_without_their_secrets(newsroom: Newsroom) -> None:
    (partner,) = newsroom.json("partners", "list")
    assert (partner["partner"], partner["feeds"], partner["delay"]) == ("gazette", ["latest"], "0s")
    assert partner["endpoints"][0]["host"] == "127.0.0.1"
    for arguments in (["partners", "list"], ["partners", "list", "--json"]):
        _, out, err = newsroom.run(*arguments)
        assert "gazette" in out
        assert not [s for s in (SECRET, HEADER, KEY) if s in out + err]


def test_lanes_are_listed_a_page_at_a_time_and_the_rest_is_said(newsroom: Newsroom) -> None:
    names = [v["name"] for v in newsroom.json("lanes", "list")]
    assert len(names) > 2
    first = newsroom.json("lanes", "list", "--limit", "2")
    assert [v["name"] for v in first["lanes"]] == names[:2]
    assert (first["more"], first["next"]) == (len(names) - 2, names[1])
    rest = newsroom.json("lanes", "list", "--after", first["next"])
    assert [v["name"] for v in rest["lanes"]] == names[2:]
    assert (rest["more"], rest["next"]) == (0, None)
    status, out, err = newsroom.run("lanes", "list", "--limit", "1")
    assert status == 0
    assert out.startswith(names[0])
    words = f"{len(names) - 1} more: narrow by a part of the name or --state, or go on: --after {names[0]}"
    assert err.strip() == words


def test_lanes_are_narrowed_by_name_and_state(newsroom: Newsroom) -> None:
    assert [v["name"] for v in newsroom.json("lanes", "list", "GAZETTE")] == ["gazette/main"]
    assert newsroom.json("lanes", "list", "--state", "trouble") == []
    newsroom.run("lanes", "pause", "gazette/main")
    for state in ("paused", "trouble"):
        assert [v["name"] for v in newsroom.json("lanes", "list", "--state", state)] == ["gazette/main"]
    assert newsroom.run("lanes", "list", "none")[1].strip() == "no such lane"
    assert newsroom.run("lanes", "list", "--state", "retired")[0] == 2
