"""What idle lanes cost: asking for ready lanes among 10 and among 100,000 that have nothing to do.

    python benchmarks/lanes.py [--idle 100000] [--rounds 200] [--json] [--url postgresql://…]

Half of the lanes are of stories, half of documents; one of each has something
to send. Compare the ratio, which should stay near 1.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from syndicate.lanes import LaneKind, LaneState
from syndicate.model import Article, Document, JournalAction, PubStatus, Story
from syndicate.storage import Storage, Transaction
from syndicate.storage import schema as s
from syndicate.storage.migrate import upgrade

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
FEW = 10
TOPIC = "https://x.example/all.rss"
ASKING: dict[str, Callable[[Transaction], object]] = {
    "ready_stories": lambda tx: tx.lanes.ready_stories(2, 2, NOW, 256),
    "ready_documents": lambda tx: tx.lanes.ready_documents(NOW, 256),
    "next_due": lambda tx: tx.lanes.next_due(NOW),
}


def lane(number: int, kind: LaneKind, *, idle: bool) -> dict[str, object]:
    """A lane that knows everything, or nothing."""
    at = 5 if idle else 0
    return {
        "name": f"{kind}/{number}/{idle}",
        "kind": kind,
        "receiver": "r",
        "target": TOPIC,
        "state": LaneState.ACTIVE,
        "position": at,
        "urgent_position": at,
        "version": at,
        "generation": 0,
        "failures": 0,
        "waits": 0,
    }


def outlet(tx: Transaction) -> None:
    """One withdrawn story, one document, and a lane of each kind that was not told."""
    story = Story(headline="x", markup="", excerpt="", language="en")
    made = Article(
        id="a",
        source="desk",
        source_id="a",
        revision=1,
        status=PubStatus.USABLE,
        story=story,
        published=NOW,
        changed=NOW,
        first_seen=NOW,
    )
    tx.articles.save(made, draft_digest=None, cause="source", at=NOW)
    for action in (JournalAction.PUBLISHED, JournalAction.WITHDRAWN):
        tx.journal.append(made, action, NOW)
    tx.documents.save(
        Document(
            feed="all",
            format="rss",
            media_type="application/rss+xml",
            version=5,
            push_version=5,
            updated=NOW,
            modified=NOW,
            bodies={"identity": b""},
            etags={"identity": '"x"'},
        ),
        TOPIC,
    )
    tx.connection.execute(insert(s.lanes), [lane(0, kind, idle=False) for kind in LaneKind])


def fill(storage: Storage, start: int, stop: int) -> None:
    """Idle lanes, half of each kind."""
    with storage.write() as tx:
        rows = [lane(n, kind, idle=True) for n in range(start // 2, stop // 2) for kind in LaneKind]
        for first in range(0, len(rows), 10_000):
            tx.connection.execute(insert(s.lanes), rows[first : first + 10_000])


def measure(storage: Storage, rounds: int) -> dict[str, float]:
    """The median microseconds of each question."""
    found: dict[str, float] = {}
    with storage.read() as tx:
        for name, ask in ASKING.items():
            ask(tx)
            times = []
            for _ in range(rounds):
                started = time.perf_counter()
                ask(tx)
                times.append(time.perf_counter() - started)
            found[name] = statistics.median(times) * 1e6
    return found


def run(url: str, idle: int, rounds: int) -> dict[str, dict[str, float]]:
    """``{question: {few, many, ratio}}``; few and many in microseconds."""
    storage = Storage(url)
    upgrade(storage)
    with storage.write() as tx:
        outlet(tx)
    fill(storage, 0, FEW)
    few = measure(storage, rounds)
    fill(storage, FEW, idle)
    many = measure(storage, rounds)
    storage.close()
    return {name: {"few": few[name], "many": many[name], "ratio": many[name] / few[name]} for name in ASKING}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--idle", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--url", help="an empty database; a fresh SQLite file if not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(given.url or f"sqlite:///{Path(folder) / 'lanes.db'}", given.idle, given.rounds)
    if given.json:
        print(json.dumps({"idle": given.idle, "questions": found}))
        return
    for name, took in found.items():
        times = f"{took['few']:7.0f} µs of {FEW}, {took['many']:7.0f} µs of {given.idle}"
        print(f"{name:16} {times}: {took['ratio']:.2f} times")


if __name__ == "__main__":
    main()
