"""The one table of Twilio's errors: the same code means the same as an answer and in a report."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.sms.refusals import find_refusal, known_codes, outcome_of
from outreach.ports import InDoubt, Refused, RetryLater


@pytest.mark.parametrize(
    ("status", "code", "kind", "dead", "opted_out", "holds"),
    [
        (400, 21610, Refused, False, True, None),
        (400, 21211, Refused, True, False, None),
        (400, 21614, Refused, True, False, None),
        (400, 30003, Refused, False, False, None),
        (400, 30004, Refused, False, False, None),
        (400, 30005, Refused, True, False, None),
        (400, 30006, Refused, True, False, None),
        (400, 30007, Refused, False, False, None),
        (400, 30034, Refused, False, False, None),
        (400, 30610, RetryLater, None, None, False),
        (429, 20429, RetryLater, None, None, True),
        (429, None, RetryLater, None, None, True),
        (401, 20003, RetryLater, None, None, True),
        (401, None, RetryLater, None, None, True),
        (403, None, RetryLater, None, None, True),
        (404, 20404, RetryLater, None, None, True),
        (400, None, Refused, False, False, None),
        (422, 12345, Refused, False, False, None),
        (500, 20500, InDoubt, None, None, None),
        (503, None, InDoubt, None, None, None),
    ],
)
def test_an_answer_means_what_the_table_says(  # noqa: PLR0917
    status, code, kind, dead, opted_out, holds
) -> None:
    outcome = outcome_of(status, code)
    assert type(outcome) is kind
    if isinstance(outcome, Refused):
        assert (outcome.dead_address, outcome.opted_out) == (dead, opted_out)
        assert outcome.rule == str(code or status)
    if isinstance(outcome, RetryLater):
        assert outcome.holds_account == holds
        assert outcome.after


def test_a_pause_that_twilio_asks_for_is_kept() -> None:
    outcome = outcome_of(429, 20429, retry_after=timedelta(seconds=77))
    assert isinstance(outcome, RetryLater)
    assert outcome.after == timedelta(seconds=77)


def test_every_reason_can_be_shown_to_a_marketer() -> None:
    for code in known_codes():
        reason = find_refusal(code).reason
        assert reason.endswith(".")
        assert str(code) not in reason
        assert len(reason) > 20
