"""Reports in any number and order end in the same state."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from base.delivery_states import further, states_below

reports = st.sampled_from(["accepted", "undelivered", "delivered", "read"])
states = st.sampled_from(["planned", "deferred", "sending", "unknown", "accepted", "undelivered", "delivered", "read"])
outside = st.sampled_from(["failed", "skipped", "cancelled"])


@given(states, st.lists(reports, max_size=6), st.randoms())
def test_any_multiset_and_order_of_reports_ends_in_the_same_state(state, told, chance) -> None:
    shuffled = [*told, *told]
    chance.shuffle(shuffled)
    assert reduce(further, told, state) == reduce(further, shuffled, state)


@given(states, reports)
def test_a_state_never_goes_back(state, report) -> None:
    reached = further(state, report)
    assert further(reached, report) == reached
    assert reached == state or state in states_below(report)
    assert further(reached, "accepted") == reached


@given(outside, reports)
def test_what_never_left_is_moved_by_no_report(state, report) -> None:
    assert further(state, report) == state
    assert state not in states_below(report)
