"""One table says what Telegram's answers, and its silence, come to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from telegram.error import TelegramError

from channels.telegram.api import NoAnswer, TurnedDown, Unreachable
from channels.telegram.refusals import concerns_media, outcome_of
from outreach.ports import InDoubt, Refused, RetryLater


@pytest.mark.parametrize(
    ("status", "description", "rule", "dead", "stopped"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked", False, True),
        (403, "Forbidden: user is deactivated", "deactivated", True, False),
        (403, "Forbidden: bot can't initiate conversation with a user", "never_written", False, False),
        (403, "Forbidden: bot was kicked from the group chat", "forbidden", False, False),
        (400, "Bad Request: chat not found", "no_chat", True, False),
        (400, "Bad Request: PEER_ID_INVALID", "no_chat", True, False),
        (400, "Bad Request: message is too long", "too_long", False, False),
        (400, "Bad Request: BUTTON_DATA_INVALID", "unsendable", False, False),
        (409, "Conflict", "refused", False, False),
    ],
)
def test_a_refusal_is_for_good_and_says_what_it_stops(status, description, rule, dead, stopped):
    outcome = outcome_of(TurnedDown(status, description))
    assert isinstance(outcome, Refused)
    assert (outcome.rule, outcome.dead_address, outcome.opted_out) == (rule, dead, stopped)


def test_a_flood_holds_the_whole_bot_for_as_long_as_telegram_says():
    outcome = outcome_of(TurnedDown(429, "Too Many Requests: retry after 35", timedelta(seconds=35)))
    assert outcome == RetryLater("Telegram asked for a pause (429).", timedelta(seconds=35), holds_account=True)
    unsaid = outcome_of(TurnedDown(429, "Too Many Requests"))
    assert isinstance(unsaid, RetryLater)
    assert unsaid.after is not None


@pytest.mark.parametrize("status", [401, 404])
def test_a_token_that_is_not_known_waits_for_the_operator(status):
    outcome = outcome_of(TurnedDown(status, "Unauthorized"))
    assert isinstance(outcome, RetryLater)
    assert outcome.holds_account
    assert "parley channels check telegram" in outcome.reason


@pytest.mark.parametrize("error", [NoAnswer(), TurnedDown(500), TurnedDown(502, "Bad Gateway"), TelegramError("?")])
def test_what_may_have_arrived_is_in_doubt(error):
    assert isinstance(outcome_of(error), InDoubt)


def test_what_never_left_is_tried_again():
    assert isinstance(outcome_of(Unreachable()), RetryLater)


def test_only_what_cannot_be_shown_is_said_in_words_instead():
    assert concerns_media(TurnedDown(400, "Bad Request: failed to get HTTP URL content"))
    assert concerns_media(TurnedDown(400, "Bad Request: wrong type of the web page content"))
    assert not concerns_media(TurnedDown(400, "Bad Request: chat not found"))
    assert not concerns_media(TurnedDown(403, "Forbidden: bot was blocked by the user"))
    assert not concerns_media(NoAnswer())
