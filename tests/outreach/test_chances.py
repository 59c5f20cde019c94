"""The planner takes the channel and the moment with the best chance, and says why it left out the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from base.ids import new_id
from outreach.chances import Habit, Option, choose, find_moment, is_unconfirmed
from outreach.decisions import Basis, Snapshot
from outreach.habits import habit_of
from outreach.prices import PricesProblem, read_prices
from outreach.rule_pack import read_rule_pack

LONDON = ZoneInfo("Europe/London")
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def pack():
    return read_rule_pack()


def asked(**facts):
    known = {
        "contact_id": new_id(), "channel": "email", "purpose": "marketing", "message_class": "promotional",
        "due_at": NIGHT, "created_at": NIGHT, "has_address": True, "countries": ("GB",),
        "zones": ("Europe/London",), "consents": {("marketing", "email"): "given"},
        "bases": {("marketing", "email"): (Basis("express", NIGHT - DAY),)},
    }  # fmt: skip
    return Snapshot(**(known | facts))


def find(snapshot, pack, *, latest=NIGHT + DAY, hour=None):
    return find_moment(snapshot, NIGHT, latest, pack, hour=hour, zone=LONDON)


def option(channel, place=0, at=MORNING, chance=0.5, cost=0.0, **rest):
    return Option(channel, place, at, chance, cost, **rest)


def test_a_message_leaves_as_soon_as_it_is_lawful(pack):
    assert find(asked(), pack) == MORNING


def test_it_waits_for_the_hour_they_answer_at_where_there_is_time(pack):
    evening = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert find(asked(), pack, hour=18) == evening
    assert find(asked(), pack, hour=18, latest=evening - timedelta(minutes=1)) == MORNING


def test_an_hour_in_the_night_is_not_waited_for(pack):
    assert find(asked(), pack, hour=23) == MORNING


def test_what_waits_for_a_link_may_leave_as_if_they_followed_it_at_once(pack):
    scope = ("marketing", "email")
    waiting = asked(consents={}, bases={}, countries=("DE",), confirming={scope: NIGHT + 3 * DAY})
    assert is_unconfirmed(waiting, NIGHT, pack)
    assert find(waiting, pack) == MORNING
    assert not is_unconfirmed(asked(), NIGHT, pack)
    assert find(asked(consents={scope: "withdrawn"}, confirming={scope: NIGHT + 3 * DAY}), pack).rule == "consent"


def test_what_is_not_lawful_before_the_deadline_comes_back_as_the_answer_of_the_gate(pack):
    found = find(asked(), pack, latest=MORNING - timedelta(minutes=1))
    assert (found.answer, found.rule) == ("defer", "quiet_hours")
    denied = find(asked(consents={}), pack)
    assert (denied.answer, denied.rule) == ("deny", "consent")


def test_clocks_that_disagree_now_are_no_reason_against_later(pack):
    assert find(asked(clock_skew=timedelta(minutes=3)), pack) == MORNING


@pytest.mark.parametrize(
    ("options", "taken", "why"),
    [
        ([option("sms", 0, chance=0.5), option("email", 1, chance=0.8)], "email", "is likelier to be answered"),
        ([option("sms", 0, cost=0.08), option("email", 1, cost=0.001)], "email", "costs less"),
        ([option("sms", 0, chance=0.8, unconfirmed=True), option("email", 1)], "email", "is agreed to already"),
        ([option("telegram", 0, at=MORNING + DAY), option("web", 1)], "web", "may leave earlier"),
        ([option("telegram", 0), option("web", 1)], "telegram", "was wished for first"),
        ([option("telegram", 0, chance=0.51), option("web", 1, chance=0.54)], "telegram", "was wished for first"),
    ],
)
def test_the_better_chance_counts_then_the_price_the_time_and_the_wish(options, taken, why):
    best, left_out = choose(options, None, "EUR")
    assert best.channel == taken
    assert [one.rule for one in left_out] == ["not_chosen"]
    assert why in left_out[0].reason


def test_a_channel_that_is_too_dear_is_left_out_however_good_it_is():
    best, left_out = choose([option("sms", chance=0.9, cost=0.16), option("email", 1)], 0.10, "EUR")
    assert best.channel == "email"
    assert [(one.channel, one.rule) for one in left_out] == [("sms", "too_dear")]
    assert left_out[0].reason == "It would cost 0.16 EUR, more than 0.10."
    assert choose([option("sms", cost=0.16)], 0.10, "EUR")[0] is None


def test_of_somebody_unknown_a_half_is_expected_and_each_answer_says_more():
    assert Habit().chance == 0.5
    sent = [NIGHT, NIGHT + DAY * 5, NIGHT + DAY * 10]
    answers = [NIGHT + DAY, NIGHT + DAY * 9]
    habit = habit_of(sent, answers, LONDON)
    # The second answer came four days after what it might have been to.
    assert (habit.sent, habit.answered, habit.chance) == (3, 1, 0.4)


def test_one_answer_makes_no_hour_of_theirs():
    assert habit_of([], [NIGHT], LONDON).hour is None
    assert habit_of([], [NIGHT, NIGHT + DAY], LONDON).hour == 2
    assert habit_of([], [NIGHT, NIGHT + DAY], ZoneInfo("America/New_York")).hour == 21


def test_a_text_message_costs_by_its_parts_and_other_channels_by_the_message():
    prices = read_prices()
    one = prices.cost_of("sms", "Hello")
    assert one > 0
    assert prices.cost_of("sms", "x" * 161) == 2 * one
    assert prices.cost_of("email", "x" * 161) == prices.cost_of("email", "x")
    assert prices.cost_of("carrier_pigeon", "x") == 0


def test_an_operators_own_prices_replace_those_that_are_shipped(tmp_path):
    own = tmp_path / "prices.yml"
    assert read_prices(own).currency == "EUR"
    mine = tmp_path / "mine.yml"
    mine.write_text('version: "2026-11-28"\ncurrency: USD\nchannels: {email: {each: 2}}\n')
    assert (read_prices(mine).currency, read_prices(mine).cost_of("email", "x")) == ("USD", 2)
    broken = tmp_path / "broken.yml"
    broken.write_text("currency: euros\n")
    with pytest.raises(PricesProblem, match=r"broken\.yml is no price list"):
        read_prices(broken)
