"""Pauses that were dated by a clock that ran ahead: when it is set right, nobody waits for it to be there again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps import configured, partner, run
from syndicate.daemon.app import App
from syndicate.installed import load_settings
from syndicate.lanes import RETRY_EVERY, Limits, longest_pause
from syndicate.model import Outcome, Verdict
from syndicate.storage import Pending

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HUB = "[hub]\nenabled = true\n"


def test_no_pause_is_longer_than_the_longest_that_is_made() -> None:
    assert longest_pause(Limits()) == RETRY_EVERY * 1.2
    assert longest_pause(Limits(retry_after_cap=timedelta(days=2))) == timedelta(days=2) * 1.2
    assert longest_pause(Limits(retry_times=(timedelta(days=1),))) == timedelta(days=1) * 1.2


def test_whoever_failed_while_the_clock_ran_ahead_is_tried_when_it_is_set_right(tmp_path: Path) -> None:
    async def go() -> None:
        now = NOW
        got: list[object] = []

        class Away:
            async def send(self, push: object) -> Outcome:
                got.append(push)
                return Outcome(verdict=Verdict.RETRY, status=500, detail="500")

        file = configured(tmp_path, HUB + partner("https://partner.example/in"))
        async with App(load_settings(file), clock=lambda: now) as app:
            receiver = app.receivers.stories["gazette/main"]
            object.__setattr__(receiver, "transport", Away())
            deliveries = app.parts.deliveries
            assert deliveries.jobs()["pauses"][0] == deliveries.heed_clock
            await deliveries.heed_clock()
            (tmp_path / "stories/a.md").write_text(
                "---\ntitle: a\n---\nThe bridge is open.\n", encoding="utf-8"
            )
            await app.poll_all()
            await app.publish()
            now = NOW + timedelta(days=3)
            with app.storage.write() as tx:
                topic = app.site.topic("latest", "rss")
                asked = Pending(
                    mode="subscribe", topic=topic, callback="http://127.0.0.1:9/", host="127.0.0.1",
                    method="sha256", lease=timedelta(days=9), created=now, due=now + timedelta(minutes=5),
                )  # fmt: skip
                number = tx.subscriptions.confirm(asked, now, 1)
                tx.subscriptions.wait([(number, now + timedelta(hours=2))])
                tx.subscriptions.ask(asked)
            await app.distributor.drain()
            assert len(got) == 1
            await deliveries.heed_clock()
            now = NOW
            await app.distributor.drain()
            assert len(got) == 1, "it would wait for three days"
            await deliveries.heed_clock()
            await app.distributor.drain()
            assert len(got) == 2
            with app.storage.read() as tx:
                (seen,) = tx.subscriptions.views()
                assert (seen.due, len(tx.subscriptions.pending(now, 9))) == (NOW, 1)
                before = tx.lanes.named("gazette/main")
            assert before and before.due
            now -= timedelta(seconds=1)
            await deliveries.heed_clock()
            with app.storage.read() as tx:
                assert tx.lanes.named("gazette/main") == before, "ordinary pauses stand"

    run(go())
