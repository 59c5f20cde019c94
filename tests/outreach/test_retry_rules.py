"""What becomes of a message after a send."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.ports import Accepted, InDoubt, Refused, RetryLater
from outreach.retry_rules import MOST_ATTEMPTS, settle, settle_interrupted, wait_before

classes = st.sampled_from(["promotional", "requested", "web"])
attempts = st.integers(1, 12)
outcomes = st.one_of(
    st.just(Accepted("id")),
    st.just(Refused("hard_bounce", "No such mailbox.")),
    st.builds(RetryLater, st.just("Later."), st.none() | st.timedeltas(timedelta(0), timedelta(days=400))),
    st.just(InDoubt("No answer.")),
)


@given(outcomes, classes, attempts)
def test_a_message_is_planned_again_exactly_when_it_has_a_time_to_wait(outcome, message_class, tried):
    settled = settle(outcome, message_class, tried)
    assert (settled.state == "planned") == (settled.wait is not None)
    assert settled.state in {"accepted", "failed", "unknown", "planned"}
    assert settled.state == "accepted" or (settled.rule and settled.reason)


@given(outcomes, classes, attempts)
def test_attempts_are_bounded(outcome, message_class, tried):
    assert settle(outcome, message_class, tried + MOST_ATTEMPTS).state != "planned"
    assert settle_interrupted(message_class, tried + MOST_ATTEMPTS).state != "planned"


@given(attempts)
def test_promotion_in_doubt_is_never_sent_again(tried):
    assert settle(InDoubt("No answer."), "promotional", tried).state == "unknown"
    assert settle_interrupted("promotional", tried).state == "unknown"


def test_what_was_requested_is_sent_twice_at_most_when_in_doubt():
    assert [settle(InDoubt("?"), "requested", tried).state for tried in (1, 2)] == ["planned", "unknown"]
    assert [settle_interrupted("requested", tried).state for tried in (1, 2)] == ["planned", "unknown"]


def test_a_message_whose_attempts_keep_crashing_is_quarantined():
    states = [settle_interrupted("web", tried) for tried in (1, 2, 3)]
    assert [one.state for one in states] == ["planned", "planned", "failed"]
    assert states[-1].rule == "quarantined"


def test_the_provider_may_ask_for_a_longer_pause_but_not_for_ever():
    assert settle(RetryLater("Later.", timedelta(hours=1)), "promotional", 1).wait == timedelta(hours=1)
    assert settle(RetryLater("Later.", timedelta(days=30)), "promotional", 1).wait == timedelta(hours=6)


@pytest.mark.parametrize("attempt", range(2, 30))
def test_pauses_never_get_shorter(attempt):
    assert wait_before(attempt) <= wait_before(attempt + 1)
