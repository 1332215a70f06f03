"""The lanes as the daemon drains them: side by side, batched, and without asking the dead over and over."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import apps
from syndicate import operators
from syndicate.daemon.app import App
from syndicate.distribute import clerk as clerk_module
from syndicate.distribute import engine as engine_module
from syndicate.distribute import operate
from syndicate.distribute.engine import Distributor
from syndicate.distribute.hosts import Hosts, is_down
from syndicate.errors import StorageError
from syndicate.installed import load_settings
from syndicate.model import Outcome, Verdict
from syndicate.reports.lane_views import lane_hosts
from syndicate.reports.overview import overview
from syndicate.telemetry.metrics import REGISTRY
from syndicate.transports.base import StoryPush

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
OK = Outcome(verdict=Verdict.DELIVERED, status=204)
AWAY = Outcome(verdict=Verdict.RETRY, detail="the connection was refused")


@dataclass
class Endpoint:
    """A partner's endpoint that answers as told and keeps what it got."""

    answer: Callable[[StoryPush], Outcome] = lambda push: OK
    got: list[StoryPush] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Answers wait for it."""

    async def send(self, push: StoryPush) -> Outcome:
        self.got.append(push)
        if self.held:
            await self.held.wait()
        return self.answer(push)


class Log:
    """A logger that keeps what is said."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self._lines = lines

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **words: self._lines.append({"level": level, "event": event, **words})


class House:
    """An application with partners at two hosts, whose clock and receivers a test moves."""

    def __init__(self, folder: Path, lanes: dict[str, str], more: str = "") -> None:
        self.folder = folder
        self.ahead = timedelta(0)
        partners = "".join(apps.partner(f"https://{host}/in", name) for name, host in lanes.items())
        self.settings = load_settings(apps.configured(folder, partners + more))
        self.app = App(self.settings, clock=self.now)
        self.endpoints = {f"{name}/main": Endpoint() for name in lanes}

    def now(self) -> datetime:
        return START + self.ahead

    async def __aenter__(self) -> House:
        await self.app.__aenter__()
        self.plug_in()
        return self

    async def __aexit__(self, *words: object) -> None:
        await self.app.__aexit__(*words)

    def plug_in(self) -> None:
        for name, receiver in self.app.receivers.stories.items():
            object.__setattr__(receiver, "transport", self.endpoints[name])

    def all_answer(self, answer: Outcome) -> None:
        for endpoint in self.endpoints.values():
            endpoint.answer = lambda push: answer

    async def publish(self, *names: str, status: str = "usable") -> None:
        for name in names:
            text = f"---\ntitle: {name}\nid: {name}\nstatus: {status}\n---\nThe story of {name} is short.\n"
            (self.folder / "stories" / f"{name}.md").write_text(text, encoding="utf-8")
        await self.app.poll_all()

    async def drain(self, **later: float) -> None:
        self.ahead += timedelta(**later)
        await self.app.distributor.drain()

    def requests(self) -> int:
        return sum(len(endpoint.got) for endpoint in self.endpoints.values())

    def lanes(self) -> dict[str, Any]:
        view = overview(self.app.storage, self.settings, self.now())
        return {lane.name: lane for lane in view.lanes}

    def asked_next(self) -> datetime:
        """When somebody may ask again on behalf of all."""
        return max(self.now(), min(lane.due for lane in self.lanes().values() if lane.due))

    def shut(self) -> list[str]:
        return [h.host for h in overview(self.app.storage, self.settings, self.now()).shut_hosts]


MANY = {f"p{n}": "one.example.net" for n in range(12)} | {"other": "two.example.net"}


def run(test: Any) -> None:
    asyncio.run(test)


# -- a breaker by host -------------------------------------------------------------------


def test_several_lanes_to_one_dead_host_do_not_each_ask_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            house.endpoints["other/main"].answer = lambda push: OK
            await house.publish("a")
            await house.drain()
            before = house.requests()
            assert house.shut() == ["one.example.net:443"]
            assert len(house.endpoints["other/main"].got) == 1, "another host is nobody's concern"
            await house.drain(seconds=20)
            assert house.requests() == before, "not before the pause is over"
            for _ in range(5):
                before = house.requests()
                await house.drain(minutes=16)
                assert house.requests() == before + 1, "one request a pause asks for all of them"

    run(go())


def test_waiting_for_a_host_is_no_failed_attempt(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            await house.publish("a")
            await house.drain()
            asked = {name: len(e.got) for name, e in house.endpoints.items()}
            await house.publish("b")
            await house.drain(seconds=8)
            lanes = house.lanes()
            assert all(lanes[name].failures == count for name, count in asked.items() if name != "other/main")
            seen = overview(house.app.storage, house.settings, house.now()).attempts
            assert seen == {Verdict.RETRY: house.requests()}, "attempts by verdict"
            waiting = [lanes[name] for name in asked if name != "other/main"]
            assert all(lane.shut_until and lane.due >= lane.shut_until for lane in waiting)

    run(go())


def test_when_the_host_is_well_again_everybody_gets_everything_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            await house.publish("a", "b")
            for _ in range(6):
                await house.drain(hours=1)
            house.all_answer(OK)
            await house.drain(hours=3)
            assert house.shut() == []
            assert all(lane.pending == 0 and lane.exceptions == 0 for lane in house.lanes().values())
            ids = Counter(push.id for e in house.endpoints.values() for push in e.got)
            assert len(ids) == 2 * len(MANY), "each story under one id a lane"

    run(go())


def test_who_failed_for_long_does_not_wait_when_another_finds_the_host_well(tmp_path: Path) -> None:
    async def go() -> None:
        slow = '[delivery]\nretry = ["30s", "6h"]\n'
        async with House(tmp_path, MANY, slow) as house:
            house.all_answer(AWAY)
            house.endpoints["other/main"].answer = lambda push: OK
            await house.publish("a", "b")
            await house.drain()
            for _ in range(6):  # who asks for all and fails once more is to ask again in hours
                until = house.asked_next()
                house.ahead = until - START
                late = [n for n, lane in house.lanes().items() if lane.due and lane.due > until]
                if len(late) >= 3:
                    break
                await house.drain()
            assert len(late) >= 3
            house.all_answer(OK)
            await house.drain()
            assert house.shut() == []
            waiting = {n: (v.due, v.pending, v.exceptions) for n, v in house.lanes().items()}
            assert set(waiting.values()) == {(None, 0, 0)}, "all go on at once, with what failed as well"
            assert house.now() == until

    run(go())


@pytest.mark.parametrize("act", [operators.retry, operators.resume])
def test_an_operator_who_wants_it_tried_now_does_not_wait_for_the_pause_of_its_host(
    tmp_path: Path, act: Any
) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            await house.publish("a", "b")
            for _ in range(6):
                await house.drain(minutes=16)
            house.all_answer(OK)
            before = house.requests()
            await house.drain(seconds=1)
            assert house.requests() == before, "the pause is a quarter of an hour by now"
            with house.app.storage.write() as tx:  # as a command beside the daemon does
                lane, host = operate.named(tx, "p3/main"), lane_hosts(house.settings)["p3/main"]
                act(tx, lane, by=operators.Actor("amina", "command"), now=house.now(), host=host)
            await house.drain()
            assert house.shut() == ["two.example.net:443"]
            waiting = {n: (v.pending, v.exceptions) for n, v in house.lanes().items() if n != "other/main"}
            assert set(waiting.values()) == {(0, 0)}, "it was well, so that all who waited there have it too"

    run(go())


def test_an_operator_who_asks_a_dead_host_has_it_asked_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            await house.publish("a")
            for _ in range(6):
                await house.drain(minutes=16)
            before = house.requests()
            with house.app.storage.write() as tx:
                lane, host = operate.named(tx, "p3/main"), lane_hosts(house.settings)["p3/main"]
                operate.retry(tx, lane, house.now(), host)
            await house.drain()
            await house.drain(seconds=1)
            assert house.requests() == before + 1

    run(go())


def test_who_is_resumed_gets_what_failed_before_as_well(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, {"p": "one.example.net"}) as house:
            house.all_answer(Outcome(verdict=Verdict.FAULT, status=401, detail="401"))
            await house.publish("a")
            for _ in range(12):
                await house.drain(hours=13)
            house.all_answer(OK)
            assert house.lanes()["p/main"].state == "disabled"
            with house.app.storage.write() as tx:
                assert operate.resume(tx, operate.named(tx, "p/main"), house.now())
            await house.drain()
            assert house.lanes()["p/main"].exceptions == 0, "and not in twelve hours"

    run(go())


def test_a_kill_asks_a_host_that_is_shut_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            await house.publish("bad")
            await house.drain()
            house.all_answer(AWAY)
            await house.publish("b")
            await house.drain(seconds=1)
            assert "one.example.net:443" in house.shut()
            before = house.requests()
            await house.publish("bad", status="canceled")
            await house.drain(seconds=1)
            kills = [p for e in house.endpoints.values() for p in e.got[-1:] if b"canceled" in p.body]
            assert len(kills) == len(MANY) == house.requests() - before
            await house.drain(seconds=1)
            assert house.requests() - before == len(MANY), "and is then left in peace like the rest"

    run(go())


def test_a_restart_does_not_begin_with_asking_the_dead(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.all_answer(AWAY)
            await house.publish("a")
            for _ in range(3):
                await house.drain(minutes=16)
            before, app = house.requests(), house.app
            await app.distributor.stop()
            app.parts.deliveries.distributor = Distributor(
                app.storage, app.site, app.receivers, app.distributor._clerk.limits, house.now
            )
            with app.storage.write() as tx:  # as if nothing but the host were in the way
                shut = [lane.name for lane in tx.lanes.all() if not lane.name.startswith("other")]
                tx.lanes.hurry(shut, house.now())
            await house.drain(seconds=1)
            assert house.requests() == before
            await house.drain(minutes=16)
            assert house.requests() == before + 2, "one probe for each of the two hosts"

    run(go())


@pytest.mark.parametrize(
    ("outcome", "down"),
    [
        (AWAY, True),
        (Outcome(verdict=Verdict.RETRY, status=503), True),
        (Outcome(verdict=Verdict.RETRY, status=500), False),
        (Outcome(verdict=Verdict.RETRY, status=429), False),
        (Outcome(verdict=Verdict.FAULT, status=401), False),
        (Outcome(verdict=Verdict.REFUSED, status=422), False),
        (Outcome(verdict=Verdict.REFUSED, detail="cannot be rendered"), None),
        (Outcome(verdict=Verdict.WAITING), None),
        (OK, False),
    ],
)
def test_an_answer_shows_that_the_host_is_there(outcome: Outcome, down: bool | None) -> None:
    assert is_down(outcome) is down


def test_a_clock_that_was_set_back_does_not_shut_a_host_for_ever() -> None:
    times = [datetime(2026, 1, 5, tzinfo=UTC)]
    hosts = Hosts("push", lambda: times[-1])
    for _ in range(5):
        hosts.heard("h:443", AWAY)
    times.append(times[0] - timedelta(days=30))
    until = hosts.shut_until("h:443")
    assert until is not None
    assert until - times[-1] <= timedelta(minutes=15)


def taken_after() -> tuple[float, float]:
    """How many stories partners took in this process, and the seconds from the journal till then, summed."""
    name = "syndicate_acknowledgement_latency_seconds"
    count, total = (REGISTRY.get_sample_value(f"{name}_{end}") for end in ("count", "sum"))
    assert count is not None
    assert total is not None
    return count, total


def test_the_time_until_a_partner_has_it_counts_what_failed_before(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, {"p0": "one.example.net"}) as house:
            count, total = taken_after()
            house.all_answer(AWAY)
            await house.publish("a")
            await house.drain(minutes=30)
            assert taken_after() == (count, total), "it was sent, and not taken"
            house.all_answer(OK)
            await house.drain(hours=2)
            assert taken_after() == (count + 1, pytest.approx(total + 9000)), "not from the first try"
            with house.app.storage.write() as tx:
                lane = tx.lanes.named("p0/main")
                assert lane
                operate.replay(tx, lane, operate.Replay(lane=lane.name, kind=lane.kind, position=0))
            await house.drain(hours=24)
            assert len(house.endpoints["p0/main"].got) == 3, "it was sent again"
            assert taken_after()[0] == count + 1, "which is no late delivery"

    run(go())


# -- side by side -------------------------------------------------------------------------


def test_a_slow_partner_does_not_slow_another(tmp_path: Path) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            slow = house.endpoints["p0/main"]
            slow.held = asyncio.Event()
            await house.publish("a", "b", "c")
            draining = asyncio.create_task(house.drain())
            async with asyncio.timeout(60):
                while any(len(e.got) < 3 for e in house.endpoints.values() if e is not slow):
                    await asyncio.sleep(0.01)
            assert len(slow.got) == 1, "the others had all of it while it still took its time"
            slow.held.set()
            await draining
            assert len(slow.got) == 3

    run(go())


def test_a_fault_of_ours_in_one_lane_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "IDLE_SECONDS", 0.01)

    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            real = clerk_module.plan

            def broken(desk: Any, lane_id: int, *words: Any, **more: Any) -> Any:
                if desk.lane(lane_id).name == "p3/main":
                    raise RuntimeError("our own fault")
                return real(desk, lane_id, *words, **more)

            lines: list[dict[str, Any]] = []
            monkeypatch.setattr(clerk_module, "log", Log(lines))
            monkeypatch.setattr(clerk_module, "plan", broken)
            await house.publish("a", "b")
            await house.drain()
            counts = {name: len(e.got) for name, e in house.endpoints.items()}
            assert counts == {name: 0 if name == "p3/main" else 2 for name in counts}
            assert "lane_failed" in [line["event"] for line in lines]
            monkeypatch.setattr(clerk_module, "plan", real)
            await apps.until(lambda: not house.app.distributor._resting)
            await house.drain()
            assert len(house.endpoints["p3/main"].got) == 2, "nothing was lost"

    run(go())


def test_a_database_that_fails_for_a_moment_costs_no_second_push(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            await house.publish("a")
            failing = [True]
            real = clerk_module.Clerk._settle

            def settle(self: Any, desk: Any, sent: Any, now: Any) -> Any:
                if sent and failing:
                    failing.clear()
                    raise StorageError("the disk is full")
                return real(self, desk, sent, now)

            monkeypatch.setattr(clerk_module.Clerk, "_settle", settle)
            with pytest.raises(StorageError):
                await house.drain()
            await house.drain()
            assert all(len(e.got) == 1 for e in house.endpoints.values())
            assert all(lane.pending == 0 for lane in house.lanes().values())

    run(go())


@pytest.mark.parametrize("at", [0, 3, 9])
def test_a_database_that_fails_while_lanes_go_one_by_one_costs_no_second_push(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """A fault of ours parts the lanes; then the disk is full before the lane that is ``at``-th in turn."""

    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            house.endpoints["p5/main"].answer = lambda push: AWAY
            await house.publish("a")
            steps: list[int] = []
            real = clerk_module.Clerk._together

            def together(self: Any, sent: Any, fresh: Any, **more: Any) -> Any:
                if not sent or len(steps) > at + 1:
                    return real(self, sent, fresh, **more)
                steps.append(len(sent))
                if len(sent) > 1:
                    raise RuntimeError("our own fault")
                if len(steps) == at + 2:
                    raise StorageError("the disk is full")
                return real(self, sent, fresh, **more)

            monkeypatch.setattr(clerk_module.Clerk, "_together", together)
            with pytest.raises(StorageError):
                await house.drain()
            assert steps == [len(MANY), *[1] * (at + 1)]
            await house.drain()
            assert all(len(e.got) == 1 for e in house.endpoints.values())
            lanes = house.lanes()
            assert lanes["p5/main"].failures == 1, "what came of it counts once"
            assert all(lane.last_ok for name, lane in lanes.items() if name != "p5/main")
            with house.app.storage.read() as tx:
                assert len(tx.lanes.attempts(limit=100)) == len(MANY)

    run(go())


def test_an_answer_is_kept_where_the_plan_after_it_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "IDLE_SECONDS", 0.01)

    async def go() -> None:
        async with House(tmp_path, MANY) as house:
            await house.publish("a")
            endpoint, real, broken = house.endpoints["p3/main"], clerk_module.plan, [True]

            def plan(desk: Any, lane_id: int, *words: Any, **more: Any) -> Any:
                if broken and endpoint.got and desk.lane(lane_id).name == "p3/main":
                    raise RuntimeError("our own fault")
                return real(desk, lane_id, *words, **more)

            monkeypatch.setattr(clerk_module, "plan", plan)
            await house.drain()
            broken.clear()
            await apps.until(lambda: not house.app.distributor._resting)
            await house.drain()
            assert len(endpoint.got) == 1, "it was not forgotten that it took the story"
            assert house.lanes()["p3/main"].last_ok

    run(go())


def test_many_lanes_share_a_transaction_and_one_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        async with House(tmp_path, {f"p{n}": f"h{n}.example.net" for n in range(60)}) as house:
            steps, rendered = [], []
            real, render = clerk_module.Clerk._together, clerk_module.Clerk._rendered

            def together(self: Any, sent: Any, fresh: Any, **more: Any) -> Any:
                steps.append(len(sent) + len(fresh))
                return real(self, sent, fresh, **more)

            def once(self: Any, article: Any, wanted: Any, now: Any) -> Any:
                rendered.append(article.id)
                return render(self, article, wanted, now)

            monkeypatch.setattr(clerk_module.Clerk, "_together", together)
            monkeypatch.setattr(clerk_module.Clerk, "_rendered", once)
            await house.publish("a")
            await house.drain()
            assert house.requests() == 60
            assert len(steps) <= 10
            assert len(rendered) == 1

    run(go())


def test_disabling_is_said_before_it_happens_logged_when_it_does_and_undone_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(engine_module, "log", Log(lines))

    async def go() -> None:
        async with House(tmp_path, {"p": "one.example.net"}) as house:
            house.all_answer(Outcome(verdict=Verdict.FAULT, status=401, detail="401"))
            await house.publish("a")
            for _ in range(12):
                await house.drain(hours=13)
            events = [line["event"] for line in lines]
            assert "lane_will_be_disabled" in events
            assert events.index("lane_will_be_disabled") < events.index("lane_stopped")
            (stopped,) = [line for line in lines if line["event"] == "lane_stopped"]
            warned = [line for line in lines if line["event"] in ("push_fault", "lane_will_be_disabled")]
            assert {line["level"] for line in warned} == {"warning"}
            assert {line["status"] for line in warned if "status" in line} == {401}
            assert stopped["level"] == "error"
            needs = overview(house.app.storage, house.settings, house.now()).needs
            assert "lanes that were stopped: p/main (`syndicate lanes resume`)" in needs
            assert stopped["resume"] == "syndicate lanes resume p/main"
            assert house.lanes()["p/main"].state == "disabled"
            house.all_answer(OK)
            before = house.requests()
            await house.drain(days=1)
            assert house.requests() == before
            with house.app.storage.write() as tx:
                assert operate.resume(tx, operate.named(tx, "p/main"), house.now())
            house.app.distributor.wake()
            await house.drain()
            assert house.lanes()["p/main"].exceptions == 0, "what waited went out"

    run(go())


# -- secrets -----------------------------------------------------------------------------------


class Partner:
    """A receiver on loopback that takes what the reference library verifies under the secret it knows."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.taken: list[str] = []
        self.refused = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from standardwebhooks.webhooks import Webhook, WebhookVerificationError

        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        status = "204 No Content"
        try:
            story = Webhook(self.secret).verify(body, headers)
            self.taken.append(story["headlines"][0]["value"])
        except WebhookVerificationError:
            self.refused += 1
            status = "401 Unauthorized"
        writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


def test_a_secret_is_exchanged_without_a_gap(tmp_path: Path) -> None:
    """Both stand in the configuration while the partner changes; a reload each, no restart, no 401."""
    other = "whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyEhIQ=="

    async def go() -> None:
        partner = Partner(apps.SECRET)
        server = await asyncio.start_server(partner.answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        file = tmp_path / "syndicate.toml"

        async def goes(house: House, name: str) -> None:
            await house.publish(name)
            house.ahead = datetime.now(UTC) - START  # the library goes by its own clock
            await house.app.distributor.drain()
            assert (partner.taken[-1], partner.refused) == (name, 0)

        async def configured(house: House, *secrets: str) -> None:
            words = ", ".join(f'"{s}"' for s in secrets)
            text = re.sub(r"secrets = .*", f"secrets = [{words}]", file.read_text(encoding="utf-8"))
            file.write_text(text, encoding="utf-8")
            await house.app.reload()

        more = '[network]\nallow = ["127.0.0.0/8"]\n'
        house = House(tmp_path, {"p": "one.example.net"}, more)
        file.write_text(
            file.read_text(encoding="utf-8").replace("https://one.example.net", f"http://127.0.0.1:{port}"),
            encoding="utf-8",
        )
        house.settings = load_settings(file)
        house.app = App(house.settings, clock=house.now, settings_file=file)
        async with server, house.app:
            await house.app.serve()
            await goes(house, "before")
            await configured(house, apps.SECRET, other)
            await goes(house, "both stand there, it knows the old one")
            partner.secret = other
            await goes(house, "both stand there, it knows the new one")
            await configured(house, other)
            await goes(house, "after")
            partner.secret = apps.SECRET
            await house.publish("to whom only the old one is known")
            await house.app.distributor.drain()
            assert partner.refused == 1, "and the old one is worth nothing any more"

    run(go())
