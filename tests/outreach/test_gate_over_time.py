"""Over any history of consents, stops, sends and hours the gate never says yes where it may not.

What is checked is worked out anew here, from the events and by hand-written hours, not by the gate's own rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.consent.rules import consent_for, fold
from crm.places.rules import Whereabouts, find_whereabouts
from outreach.basis_rules import BasisEntry, fold_bases
from outreach.decisions import Allow, Defer, Deny, PastSend, Snapshot
from outreach.gate import may_send
from outreach.rule_pack import read_rule_pack

PACK = read_rule_pack()
CONTACT = UUID(int=7)
FIRST = datetime(2026, 2, 20, 15, 0, tzinfo=UTC)

PLACES = {
    "Miami": {"numbers": ["+13055550123"]},
    "Pensacola": {"numbers": ["+18505550123"]},
    "Dallas": {"numbers": ["+12145550123"]},
    "Providence": {"numbers": ["+14015550123"]},
    "Mobile AL": {"numbers": ["+12515550123"]},
    "Bangor": {"numbers": ["+12075550123"]},
    "Miami number, Texan address": {"fields": {"state": "TX"}, "numbers": ["+13055550123"]},
    "New York browser, Oregon number": {"numbers": ["+15035550123"], "zones": ["America/New_York"]},
    "toll-free in New York": {"numbers": ["+18005550123"], "zones": ["America/New_York"]},
    "London": {"numbers": ["+442079460018"]},
    "nowhere": {},
}
HOLIDAYS = {date(2026, 4, 3), date(2026, 5, 25), date(2026, 4, 27)}
"""Of Alabama, in the time these histories run."""


def _hour(local: datetime, opens: int, closes: int, days: range = range(7)) -> bool:
    return local.weekday() in days and time(opens) <= local.time() and local.hour < closes


OPEN = {
    "FL": lambda local: _hour(local, 8, 20),
    "TX": lambda local: _hour(local, 12 if local.weekday() == 6 else 9, 21),
    "RI": lambda local: _hour(local, 9, 18, range(5)),
    "AL": lambda local: _hour(local, 8, 20, range(6)) and local.date() not in HOLIDAYS,
    "ME": lambda local: _hour(local, 9, 17, range(5)),
    "OR": lambda local: _hour(local, 8, 19),
    "ZZ": lambda local: _hour(local, 10, 17, range(5)),
}
"""Hours of text messages in 2026, by state; `ZZ`: not known."""

scopes = st.tuples(st.sampled_from(["marketing", "news"]), st.sampled_from(["sms", "email"]))
wide_scopes = st.tuples(st.sampled_from(["marketing", "news", "all"]), st.sampled_from(["sms", "email", "all"]))
says = st.one_of(
    st.tuples(st.sampled_from(["given", "given", "confirmed", "imported"]), scopes),
    st.tuples(st.sampled_from(["refused", "withdrawn", "expired", "superseded"]), wide_scopes),
    st.tuples(st.just("requested"), scopes),
)
basis_names = st.sampled_from(["consent", "consent", "consent", "implied_purchase", "legitimate_interest"])
lasts = st.none() | st.integers(1, 200).map(lambda hours: timedelta(hours=hours))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), says, basis_names, lasts),
        st.tuples(st.just("send"), scopes, st.sampled_from(["first", "second"])),
        st.tuples(st.just("send"), st.just(("marketing", "sms")), st.just("first")),
        st.tuples(st.just("wait"), st.sampled_from([7, 60, 180, 360, 1_437])),
        st.tuples(st.just("stop"), st.sampled_from(["all", "sms", "email"])),
    ),
    min_size=3,
    max_size=30,
)


@dataclass
class History:
    """One person's events, in their order, and what was sent."""

    where: Whereabouts
    now: datetime
    entries: list[BasisEntry] = field(default_factory=list)
    suppressed: dict[str, str] = field(default_factory=dict)
    sends: list[PastSend] = field(default_factory=list)

    def say(self, event: str, scope: tuple[str, str], lawful_basis: str, valid: timedelta | None) -> None:
        seq = len(self.entries) + 1
        until = None if valid is None else self.now + valid
        self.entries.append(
            BasisEntry(seq, UUID(int=seq), event, *scope, self.now, until, None, lawful_basis=lawful_basis)
        )

    def snapshot(self, scope: tuple[str, str], topic: str) -> Snapshot:
        states = {known: state.at(self.now) for known, state in fold(self.entries).items()}
        return Snapshot(
            contact_id=CONTACT,
            channel=scope[1],
            purpose=scope[0],
            message_class="promotional",
            due_at=self.now,
            created_at=self.now,
            has_address=True,
            consents={known: state.state for known, state in states.items()}
            | {scope: consent_for(states, *scope).state},
            bases=fold_bases(self.entries),
            suppressed=dict(self.suppressed),
            countries=self.where.countries,
            states=self.where.states,
            zones=self.where.zones,
            past_sends=tuple(self.sends),
            topic=topic,
        )

    def check_allowed(self, scope: tuple[str, str], topic: str) -> None:
        """Everything that a yes stands for."""
        about = [entry for entry in self.entries if _is_about(entry, scope)]
        noes = [entry.seq for entry in about if entry.event in ("refused", "withdrawn", "expired", "superseded")]
        standing = [
            entry
            for entry in about
            if entry.event in ("given", "confirmed", "imported")
            and entry.seq > max(noes, default=0)
            and (entry.valid_until is None or entry.valid_until > self.now)
        ]
        assert standing, "no basis, or it was withdrawn or has run out"
        assert any(entry.lawful_basis != "legitimate_interest" or entry.event == "confirmed" for entry in standing)
        assert not {"all", scope[1]} & set(self.suppressed), "stopped"
        assert self.where.countries, "the country is not known"
        assert self.where.zones, "the zone is not known"
        for zone in self.where.zones:
            local = self.now.astimezone(ZoneInfo(zone))
            assert 7 <= local.hour < 21, "night in a zone"
            if scope[1] == "sms" and "US" in self.where.countries:
                assert all(OPEN[state](local) for state in self.where.states), "closed in a state"
        day = [one for one in self.sends if self.now - one.at < timedelta(hours=24)]
        week = [one for one in self.sends if self.now - one.at < timedelta(days=7)]
        assert len(day) < 3
        assert len(week) < 8
        assert len([one for one in week if one.topic == topic]) < 5
        assert len([one for one in week if one.channel == scope[1]]) < 5
        if scope[1] == "sms" and {"ME", "ZZ"} & set(self.where.states):
            assert not [one for one in day if one.channel == "sms" and self.now - one.at < timedelta(hours=8)]


def _is_about(entry: BasisEntry, scope: tuple[str, str]) -> bool:
    return entry.purpose in ("all", scope[0]) and entry.channel in ("all", scope[1])


def live_through(place: str, events) -> list[str]:
    """Lives through a history; the gate's answers in their order."""
    history = History(find_whereabouts(**{"fields": {}} | PLACES[place]), FIRST)
    answers = []
    for kind, *told in events:
        if kind == "wait":
            history.now += timedelta(minutes=told[0])
        elif kind == "stop":
            history.suppressed[told[0]] = "stop"
        elif kind == "say":
            (event, scope), lawful_basis, valid = told
            history.say(event, scope, lawful_basis, valid)
        else:
            scope, topic = told
            decision = may_send(history.snapshot(scope, topic), history.now, PACK)
            answers.append(decision.answer)
            if isinstance(decision, Allow):
                history.check_allowed(scope, topic)
                history.sends.append(PastSend(scope[1], history.now, topic))
            elif isinstance(decision, Defer):
                assert decision.until > history.now
            else:
                assert isinstance(decision, Deny)
    return answers


FOR_AN_HOUR = ("say", ("given", ("marketing", "sms")), "consent", timedelta(hours=1))
AGREE = ("say", ("given", ("marketing", "sms")), "consent", None)
SEND = ("send", ("marketing", "sms"), "first")


@settings(max_examples=300)
@given(st.sampled_from(sorted(PLACES)), steps)
@example("Miami", [AGREE, SEND, ("say", ("withdrawn", ("all", "all")), "consent", None), SEND])
@example("Miami", [AGREE, SEND, SEND, SEND, SEND])
def test_no_history_brings_the_gate_to_a_yes_that_it_may_not_give(place, events):
    live_through(place, events)


@settings(max_examples=200)
@given(st.sampled_from(sorted(set(PLACES) - {"nowhere", "toll-free in New York"})), st.integers(0, 60 * 24 * 60))
def test_after_one_consent_a_yes_comes_exactly_in_the_hours_of_every_place_and_zone(place, minutes):
    where = find_whereabouts(**{"fields": {}} | PLACES[place])
    history = History(where, FIRST)
    history.say("given", ("marketing", "sms"), "consent", None)
    history.now += timedelta(minutes=minutes)
    decision = may_send(history.snapshot(("marketing", "sms"), "first"), history.now, PACK)
    local = [history.now.astimezone(ZoneInfo(zone)) for zone in where.zones]
    if "US" in where.countries:
        expected = all(OPEN[state](one) for state in where.states for one in local)
    else:
        expected = all(_hour(one, 9, 20, range(6)) for one in local)
    assert isinstance(decision, Allow if expected else Defer)


@pytest.mark.parametrize(
    ("place", "events", "answers"),
    [
        ("Miami", [SEND], ["deny"]),
        ("Miami", [AGREE, SEND], ["allow"]),
        ("nowhere", [AGREE, SEND], ["deny"]),
        ("toll-free in New York", [AGREE, SEND, ("wait", 360), SEND], ["allow", "defer"]),
        ("toll-free in New York", [AGREE, ("wait", 360), ("wait", 180), SEND], ["defer"]),
        ("Miami", [AGREE, SEND, SEND, SEND, SEND], ["allow", "allow", "allow", "defer"]),
        ("Bangor", [AGREE, SEND, ("wait", 60), SEND], ["allow", "defer"]),
        ("Miami", [AGREE, ("say", ("withdrawn", ("all", "sms")), "consent", None), SEND], ["deny"]),
        ("Miami", [AGREE, ("stop", "sms"), SEND], ["deny"]),
        ("Miami", [("say", ("given", ("marketing", "sms")), "implied_purchase", None), SEND], ["deny"]),
        ("Miami", [FOR_AN_HOUR, ("wait", 60), SEND], ["deny"]),
        ("Miami", [("say", ("requested", ("marketing", "sms")), "consent", None), SEND], ["deny"]),
    ],
)  # fmt: skip
def test_the_gate_says_yes_where_it_may_and_no_where_it_may_not(place, events, answers):
    assert live_through(place, events) == answers


def text_from(zone: str, at: str) -> Allow | Defer | Deny:
    """A text message to a number of Florida whose browser told a zone, at a moment in UTC."""
    where = find_whereabouts({}, numbers=["+13055550123"], zones=[zone])
    history = History(where, datetime.fromisoformat(at).replace(tzinfo=UTC))
    history.say("given", ("marketing", "sms"), "consent", None)
    return may_send(history.snapshot(("marketing", "sms"), "first"), history.now, PACK)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # 8 March 2026, a Sunday: 02:30 does not exist in New York; 08:00 comes an hour earlier by UTC.
        ("2026-03-08T06:30", "2026-03-08T12:00"),
        ("2026-03-08T07:30", "2026-03-08T12:00"),
        ("2026-03-08T01:00", "2026-03-08T12:00"),
        ("2026-03-07T12:59", "2026-03-07T13:00"),
        ("2026-03-08T12:00", None),
        # 1 November 2026: 01:30 comes twice, and neither is day; 08:00 comes an hour later by UTC.
        ("2026-11-01T05:30", "2026-11-01T13:00"),
        ("2026-11-01T06:30", "2026-11-01T13:00"),
        ("2026-11-01T12:30", "2026-11-01T13:00"),
        ("2026-10-31T12:30", None),
        ("2026-11-01T00:30", "2026-11-01T13:00"),
    ],
)
def test_hours_keep_the_wall_clock_over_a_change_of_it(at, until):
    decision = text_from("America/New_York", at)
    if until is None:
        assert decision == Allow()
    else:
        assert isinstance(decision, Defer)
        assert decision.until == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_a_wall_time_that_does_not_exist_is_an_hour_later_and_one_that_comes_twice_is_two_instants():
    zone = ZoneInfo("America/New_York")
    gap = datetime(2026, 3, 8, 2, 30, tzinfo=zone)
    assert gap.astimezone(UTC).astimezone(zone).time() == time(3, 30)
    twice = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    assert twice.replace(fold=1).astimezone(UTC) - twice.astimezone(UTC) == timedelta(hours=1)


def test_from_the_same_hour_of_one_day_to_the_next_it_is_23_hours_over_the_change_in_spring():
    before, after = text_from("America/New_York", "2026-03-07T11:00"), text_from("America/New_York", "2026-03-08T11:00")
    assert isinstance(before, Defer)
    assert isinstance(after, Defer)
    assert after.until - before.until == timedelta(hours=23)


def test_promotion_waits_while_the_clocks_disagree_by_more_than_five_seconds():
    history = History(find_whereabouts(**{"fields": {}} | PLACES["Miami"]), FIRST)
    history.say("given", ("marketing", "sms"), "consent", None)
    snapshot = history.snapshot(("marketing", "sms"), "first")

    assert may_send(replace(snapshot, clock_skew=timedelta(seconds=5)), FIRST, PACK) == Allow()
    waits = may_send(replace(snapshot, clock_skew=timedelta(seconds=5.1)), FIRST, PACK)
    assert isinstance(waits, Defer)
    assert waits.rule == "clock_skew"
    asked = replace(snapshot, purpose="service", message_class="requested", clock_skew=timedelta(days=1))
    assert may_send(asked, FIRST, PACK) == Allow()
