"""The breaker of a replica: whatever happens in whatever order, these hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.dialogue_breaker import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_TRIAL, TRIPS_AFTER, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class BreakerMachine(RuleBasedStateMachine):
    """Any number of requests, which end in any order, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock)
        self.under_way: list[tuple[tuple[int, int], str]] = []

    @rule()
    def ask(self) -> None:
        """As the client does: of a replica that is left alone only what costs nothing."""
        standing = self.breaker.standing
        self.under_way.append((self.breaker.enter(), standing))

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 50), how=st.sampled_from(["answered", "failed", "away", "broken_off"]))
    def end(self, which: int, how: str) -> None:
        ticket, began_in = self.under_way.pop(which % len(self.under_way))
        before = self.breaker.standing
        if how == "answered":
            changed = self.breaker.answered(ticket)
            assert not changed or self.breaker.standing == "closed"
        elif how == "broken_off":
            self.breaker.broken_off(ticket)
            assert (before == "closed") == (self.breaker.standing == "closed")
        else:
            opened = self.breaker.failed(ticket, at_once=how == "away")
            assert not opened or (before == "closed" and self.breaker.standing == "open")
            if before == "open" and began_in != "half_open":
                assert self.breaker.standing == "open"

    @rule(seconds=st.floats(0, 2 * LONGEST_PAUSE))
    def wait(self, seconds: float) -> None:
        closed = self.breaker.standing == "closed"
        self.clock.now += seconds
        assert (self.breaker.standing == "closed") == closed

    @invariant()
    def one_trial_at_most(self) -> None:
        if self.breaker.standing == "half_open":
            ticket = self.breaker.enter()
            assert self.breaker.standing == "open"
            self.breaker.broken_off(ticket)
            assert self.breaker.standing == "half_open"

    @invariant()
    def it_is_tried_again_after_the_longest_pause_or_trial(self) -> None:
        if self.breaker.standing == "open":
            was = self.clock.now
            self.clock.now += LONGEST_PAUSE
            trial_runs = any(began == "half_open" for _, began in self.under_way)
            assert self.breaker.standing == "half_open" or trial_runs
            self.clock.now = was + max(LONGEST_PAUSE, LONGEST_TRIAL)
            assert self.breaker.standing == "half_open"
            self.clock.now = was


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_it_opens_after_so_many_failures_in_a_row_and_an_answer_between_starts_the_count_anew() -> None:
    breaker = Breaker(Clock())
    for failed in (True, True, False, True, True, True):
        assert breaker.standing == "closed"
        ticket = breaker.enter()
        _ = breaker.failed(ticket) if failed else breaker.answered(ticket)
    assert TRIPS_AFTER == 3
    assert breaker.standing == "open"


def test_what_surely_is_not_there_opens_it_at_once() -> None:
    breaker = Breaker(Clock())
    assert breaker.failed(breaker.enter(), at_once=True)
    assert breaker.standing == "open"


def test_many_that_time_out_together_are_one_outage() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    tickets = [breaker.enter() for _ in range(50)]
    assert [breaker.failed(ticket) for ticket in tickets].count(True) == 1
    clock.now = FIRST_PAUSE
    assert breaker.standing == "half_open"


def test_a_trial_that_takes_long_keeps_nobody_from_trying_for_longer_than_a_turn_may_take() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed(breaker.enter(), at_once=True)
    clock.now += FIRST_PAUSE
    long_work = breaker.enter()
    assert breaker.standing == "open"
    clock.now += LONGEST_TRIAL
    assert breaker.standing == "half_open"
    assert breaker.answered(breaker.enter())
    assert not breaker.failed(long_work, at_once=True)
    assert breaker.standing == "closed"


def test_each_trial_that_fails_doubles_the_pause_up_to_the_longest_and_an_answer_forgets_all() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed(breaker.enter(), at_once=True)
    pauses = []
    for _ in range(8):
        began = clock.now
        while breaker.standing != "half_open":
            clock.now += 0.25
        pauses.append(clock.now - began)
        breaker.failed(breaker.enter())
    assert pauses == [0.5, 1, 2, 3, 3, 3, 3, 3]
    clock.now += LONGEST_PAUSE
    assert breaker.answered(breaker.enter())
    breaker.failed(breaker.enter(), at_once=True)
    clock.now += FIRST_PAUSE
    assert breaker.standing == "half_open"
