"""Two clocks: one that can be set, and one that cannot. No embargo lifts by a jump alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.timekeeping import PAUSE, Timekeeper, boot_id, elapsed_seconds, is_kept

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Machine:
    """A machine: time goes by, somebody sets its clock, it is switched off."""

    def __init__(self) -> None:
        self.wall = START
        self.up = 100.0
        self.boot = "first"
        self.kept = False

    def keeper(self, known: str | None = None) -> Timekeeper:
        made = Timekeeper(
            lambda: self.wall,
            elapsed=lambda: self.up,
            boot=self.boot,
            kept=lambda: self.kept,
            confirm_after=HOUR,
        )
        made.load(known)
        return made

    def goes_on(self, span: timedelta) -> None:
        self.wall += span
        self.up += span.total_seconds()

    def is_set(self, by: timedelta) -> None:
        self.wall += by

    def off_for(self, span: timedelta) -> None:
        self.wall += span
        self.up, self.boot = 5.0, self.boot + "'"


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_while_both_clocks_agree_the_wall_clock_counts(machine: Machine) -> None:
    keeper = machine.keeper()
    for _ in range(50):
        machine.goes_on(timedelta(minutes=7))
        assert keeper.free() == machine.wall
        assert keeper.jump() is None


@pytest.mark.parametrize("slip", [-0.9, 0.9])
def test_small_steps_of_a_time_service_are_no_jump(machine: Machine, slip: float) -> None:
    keeper = machine.keeper()
    for _ in range(20):
        machine.goes_on(timedelta(minutes=2))
        machine.is_set(timedelta(seconds=slip))
        assert keeper.free() == machine.wall


def test_after_a_jump_ahead_the_other_clock_counts(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START
    machine.goes_on(timedelta(minutes=30))
    assert keeper.free() == START + timedelta(minutes=30)
    jump = keeper.jump()
    assert jump is not None
    assert jump.by == pytest.approx(86400)
    assert keeper.confirmed_at(jump) == START + timedelta(days=1) + HOUR


def test_after_a_jump_back_the_wall_clock_counts(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(-HOUR)
    machine.goes_on(timedelta(minutes=10))
    assert keeper.free() == START - timedelta(minutes=50)
    assert keeper.jump() is not None


def test_time_that_both_clocks_agree_on_confirms(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START
    machine.goes_on(HOUR - SECOND)
    assert keeper.free() < machine.wall
    machine.goes_on(SECOND)
    assert keeper.free() == machine.wall
    assert keeper.jump() is None


def test_a_second_jump_begins_the_wait_anew(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    keeper.free()
    machine.goes_on(timedelta(minutes=50))
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START + timedelta(minutes=50)
    machine.goes_on(timedelta(minutes=50))
    assert keeper.free() == START + timedelta(minutes=100)


def test_a_clock_that_is_set_and_set_back_needs_no_confirming(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START
    machine.goes_on(timedelta(minutes=3))
    machine.is_set(-timedelta(days=1))
    assert keeper.free() == machine.wall == START + timedelta(minutes=3)
    assert keeper.jump() is None


def test_a_time_service_confirms(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START
    machine.kept = True
    assert keeper.free() == machine.wall


def test_an_operator_confirms(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    assert keeper.free() == START
    keeper.confirm()
    assert keeper.free() == machine.wall


def test_many_little_steps_do_not_add_up_to_a_jump(machine: Machine) -> None:
    keeper = machine.keeper()
    for _ in range(600):
        machine.goes_on(SECOND)
        machine.is_set(timedelta(seconds=0.5))
        keeper.free()
    # a second a minute at most goes by unnoticed
    assert keeper.free() <= START + timedelta(seconds=600 + 12)


# -- over a restart ----------------------------------------------------------------------


def test_a_restart_while_the_machine_stays_up_is_no_gap(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.goes_on(timedelta(days=40))
    assert machine.keeper(known).free() == machine.wall


def test_a_clock_set_while_the_daemon_was_down_is_seen(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.goes_on(HOUR)
    machine.is_set(timedelta(days=1))
    keeper = machine.keeper(known)
    assert keeper.free() == START + HOUR
    assert keeper.jump() is not None


def test_a_jump_that_waits_goes_on_waiting_after_a_restart(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    keeper.free()
    machine.goes_on(timedelta(minutes=40))
    again = machine.keeper(keeper.dump())
    assert again.free() == START + timedelta(minutes=40)
    machine.goes_on(timedelta(minutes=20))
    assert again.free() == machine.wall


def test_a_reboot_of_some_minutes_is_believed(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.off_for(PAUSE)
    assert machine.keeper(known).free() == machine.wall


@pytest.mark.parametrize("off", [PAUSE + timedelta(seconds=3), timedelta(days=7)])
def test_a_machine_that_was_off_for_long_waits_and_needs_nobody(machine: Machine, off: timedelta) -> None:
    known = machine.keeper().dump()
    machine.off_for(off)
    keeper = machine.keeper(known)
    assert keeper.free() == START
    assert keeper.jump() is not None
    machine.goes_on(HOUR)
    assert keeper.free() == machine.wall


def test_a_machine_that_was_off_for_a_week_is_believed_once_its_time_service_runs(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.off_for(timedelta(days=7))
    machine.kept = True
    assert machine.keeper(known).free() == machine.wall


def test_a_machine_that_starts_in_the_past_waits_for_the_right_time(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.off_for(timedelta(minutes=5))
    machine.wall = datetime(1970, 1, 1, tzinfo=UTC)
    keeper = machine.keeper(known)
    assert keeper.free() == machine.wall
    machine.wall, machine.kept = START + timedelta(minutes=5), True
    assert keeper.free() == machine.wall


def test_a_reboot_does_not_launder_a_jump(machine: Machine) -> None:
    keeper = machine.keeper()
    machine.is_set(timedelta(days=1))
    machine.goes_on(timedelta(minutes=5))
    known = keeper.dump()
    machine.off_for(timedelta(minutes=2))
    assert machine.keeper(known).free() == START + timedelta(minutes=5)


def test_an_elapsed_clock_that_began_anew_is_a_reboot_whatever_the_system_says(machine: Machine) -> None:
    known = machine.keeper().dump()
    machine.up, machine.wall = 3.0, START + timedelta(days=2)
    keeper = machine.keeper(known)
    assert keeper.free() == START


steps = st.one_of(
    st.tuples(st.just("on"), st.integers(1, 3000)),
    st.tuples(st.just("set"), st.integers(-7200, 7200)),
    st.tuples(st.just("restart"), st.just(0)),
)


@given(st.lists(steps, max_size=30))
def test_whatever_happens_nothing_is_free_before_the_wall_clock_says_so(what: list[tuple[str, int]]) -> None:
    machine = Machine()
    keeper = machine.keeper()
    for kind, amount in what:
        if kind == "on":
            machine.goes_on(timedelta(seconds=amount))
        elif kind == "set":
            machine.is_set(timedelta(seconds=amount))
        else:
            keeper = machine.keeper(keeper.dump())
        free = keeper.free()
        assert free <= machine.wall
        assert keeper.jump() is not None or free == machine.wall


def test_the_machines_own_clocks() -> None:
    assert elapsed_seconds() <= elapsed_seconds()
    assert boot_id() == boot_id()
    assert is_kept() in (True, False)
    keeper = Timekeeper()
    assert abs(keeper.free() - datetime.now(UTC)) < timedelta(seconds=5)
    again = Timekeeper()
    again.load(keeper.dump())
    assert again.jump() is None
