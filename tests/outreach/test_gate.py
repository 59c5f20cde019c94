"""The gate is total, errs on the side of silence, and its answers hang together."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.places.numbers import Destination
from outreach import basis_rules, gate_rules, number_rules, timing_rules
from outreach.decisions import Allow, Basis, Defer, Deny, PastSend, Snapshot, WaitingSend, message_class_of
from outreach.gate import may_send
from outreach.rule_pack import read_rule_pack
from outreach.spending.rules import Ceiling, Spent

PACK = read_rule_pack()
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CONTACT = UUID(int=7)

FIRST, LAST = datetime(2025, 1, 1), datetime(2028, 1, 1)  # noqa: DTZ001  # Hypothesis takes naive bounds
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
channels = st.sampled_from(["email", "web", "sms", "voice", "telegram", "carrier_pigeon"])
purposes = st.sampled_from(["marketing", "service", "news", "rights"])
topics = st.sampled_from(["follow_up", "news"])
states = st.sampled_from(["given", "refused", "withdrawn", "expired", "none"])
bases = st.builds(
    Basis,
    st.sampled_from(["express", "double_opt_in", "implied_purchase", "implied_inquiry", "soft_opt_in"]),
    st.integers(0, 1_000).map(lambda days: NOW - timedelta(days=days)),
    st.none() | st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days)),
)
countries = st.lists(st.sampled_from(["US", "GB", "DE", "CA", "IN", "ZZ"]), max_size=2, unique=True).map(tuple)
us_states = st.lists(st.sampled_from(["FL", "TX", "RI", "AL", "ME", "OH", "ZZ"]), max_size=2, unique=True).map(tuple)
zones = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Nowhere/Land"])


destinations = st.none() | st.builds(
    Destination, st.sampled_from(["US", "DE", None]), st.sampled_from(["ordinary", "premium_rate", "unknown"])
)
spent = st.none() | st.builds(
    Spent,
    st.sampled_from([0.0, 9.95, 10.0]),
    st.sampled_from([0.0, 99.0]),
    st.builds(Ceiling, st.none() | st.just(10.0), st.none() | st.just(99.05)),
    st.just("EUR"),
)


@st.composite
def snapshots(draw) -> Snapshot:
    channel, purpose, now = draw(channels), draw(purposes), NOW
    return Snapshot(
        contact_id=CONTACT,
        channel=channel,
        purpose=purpose,
        message_class=message_class_of(channel, purpose),
        due_at=now - timedelta(minutes=draw(st.integers(-60, 20_000))),
        created_at=now - timedelta(minutes=draw(st.integers(0, 20_000))),
        contact_exists=draw(st.integers(0, 9)) > 0,
        stage=draw(st.sampled_from(["visitor", "lead", "customer", "disqualified"])),
        has_address=draw(st.booleans()),
        consents=draw(st.dictionaries(st.tuples(purposes, channels), states, max_size=6)),
        bases=draw(st.dictionaries(st.tuples(purposes, channels), st.lists(bases, max_size=2).map(tuple), max_size=6)),
        countries=draw(countries),
        states=draw(us_states),
        suppressed=draw(st.dictionaries(st.sampled_from(["all", "email", "sms", "web"]), st.just("stop"), max_size=2)),
        zones=tuple(draw(st.lists(zones, max_size=3, unique=True))),
        default_zones=tuple(draw(st.lists(zones, max_size=2, unique=True))),
        past_sends=tuple(
            PastSend(draw(channels), now - timedelta(minutes=draw(st.integers(-5, 12_000))), draw(topics))
            for _ in range(draw(st.integers(0, 9)))
        ),
        with_a_person=draw(st.booleans()),
        own_conversation=draw(st.booleans()),
        missing_setting=draw(st.sampled_from([None, None, "the SMTP server is not set."])),
        topic=draw(topics),
        has_request=draw(st.booleans()),
        clock_skew=timedelta(seconds=draw(st.sampled_from([0, 0, 0, 5, 6]))),
        frequency_class=draw(st.sampled_from(["normal", "occasional"])),
        waiting=tuple(
            WaitingSend(draw(channels), now + timedelta(minutes=draw(st.integers(-120, 12_000))), draw(topics))
            for _ in range(draw(st.integers(0, 4)))
        ),
        destination=draw(destinations),
        allowed_countries=draw(st.sampled_from([None, None, frozenset({"US", "GB"})])),
        challenged_at=draw(st.none() | st.integers(0, 30).map(lambda minutes: NOW - timedelta(minutes=minutes))),
        from_web=draw(st.booleans()),
        cost=draw(st.sampled_from([0.0, 0.08, 0.8])),
        spent=draw(spent),
    )


def a_snapshot(**changes) -> Snapshot:
    """An e-mail nothing speaks against."""
    values = {
        "contact_id": CONTACT,
        "channel": "email",
        "purpose": "marketing",
        "message_class": "promotional",
        "due_at": NOW,
        "created_at": NOW,
        "has_address": True,
        "consents": {("marketing", "email"): "given"},
        "bases": {("marketing", "email"): (Basis("express", NOW - timedelta(days=1)),)},
        "countries": ("GB",),
        "zones": ("Europe/London",),
    }
    return Snapshot(**values | changes)


@given(snapshots(), moments)
def test_the_gate_answers_everything_with_a_rule_and_a_reason_in_words(snapshot, now):
    decision = may_send(snapshot, now, PACK)
    assert decision.rule.isidentifier()
    assert " " in decision.reason
    assert "{" not in decision.reason
    assert decision.reason.endswith(".")


@given(snapshots(), moments)
def test_deny_beats_defer_beats_allow(snapshot, now):
    objections = [rule(snapshot) for rule in (*gate_rules.RULES, *number_rules.RULES)]
    timed = (basis_rules.basis, *timing_rules.RULES, *number_rules.TIMED)
    objections += [rule(snapshot, now, PACK) for rule in timed]
    decision = may_send(snapshot, now, PACK)
    if any(isinstance(one, Deny) for one in objections):
        assert isinstance(decision, Deny)
    elif any(isinstance(one, Defer) for one in objections):
        assert isinstance(decision, Defer)
        assert decision.until == max(one.until for one in objections if one is not None)
    else:
        assert decision == Allow()


@given(snapshots(), moments)
def test_promotion_never_leaves_without_a_consent_that_stands(snapshot, now):
    if isinstance(may_send(snapshot, now, PACK), Allow) and snapshot.promotional:
        state = snapshot.consents.get((snapshot.purpose, snapshot.channel), "none")
        said = {name for (purpose, _), name in snapshot.consents.items() if purpose == snapshot.purpose}
        assert state == "given" or (snapshot.channel == "web" and not said & {"refused", "withdrawn"})


@given(snapshots(), moments, st.sampled_from(["refused", "withdrawn", "expired"]))
def test_nothing_promotional_leaves_after_a_no(snapshot, now, said):
    told = dict(snapshot.consents) | {(snapshot.purpose, snapshot.channel): said}
    asked = _changed(snapshot, consents=told)
    assert not asked.promotional or isinstance(may_send(asked, now, PACK), Deny)


@given(snapshots(), moments, st.sampled_from(["all", "own"]))
def test_nothing_at_all_goes_to_the_suppressed(snapshot, now, which):
    channel = "all" if which == "all" else snapshot.channel
    assert isinstance(may_send(_changed(snapshot, suppressed={channel: "stop"}), now, PACK), Deny)


@given(snapshots(), moments, st.sampled_from(["hard_bounce", "complaint", "sms_keyword", "unsubscribe_link"]))
def test_whoever_stopped_us_gets_what_they_asked_about_their_data_and_nothing_else(snapshot, now, reason):
    own = reason in {"sms_keyword", "unsubscribe_link"}
    suppressed = _changed(snapshot, suppressed={"all": reason})
    asked = _changed(suppressed, purpose="rights", message_class="requested", has_request=True)
    assert (gate_rules.suppression(asked) is None) == own
    assert isinstance(may_send(_changed(asked, has_request=False), now, PACK), Deny)
    if suppressed.purpose != "rights":
        assert isinstance(may_send(_changed(suppressed, has_request=True), now, PACK), Deny)


@given(snapshots(), moments)
def test_when_a_deferral_ends_its_own_rule_lets_the_message_through(snapshot, now):
    for rule in (timing_rules.quiet_hours, timing_rules.cap):
        objection = rule(snapshot, now, PACK)
        if isinstance(objection, Defer):
            assert objection.until > now
            assert rule(snapshot, objection.until, PACK) is None


@given(snapshots(), moments)
def test_the_snapshot_can_be_stored_with_the_decision(snapshot, now):
    assert json.loads(json.dumps(snapshot.as_inputs()))["contact_id"] == str(CONTACT)


def test_what_nothing_speaks_against_is_allowed():
    assert may_send(a_snapshot(), NOW, PACK) == Allow()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"contact_exists": False}, "erased"),
        ({"suppressed": {"email": "unsubscribe_link"}}, "suppression"),
        ({"suppressed": {"all": "stop"}}, "suppression"),
        ({"consents": {}}, "consent"),
        ({"consents": {("marketing", "sms"): "given"}}, "consent"),
        ({"consents": {("marketing", "email"): "expired"}}, "consent"),
        ({"stage": "disqualified"}, "disqualified"),
        ({"with_a_person": True}, "with_a_person"),
        ({"has_address": False}, "no_address"),
        ({"missing_setting": "the SMTP server (smtp_url) is not set."}, "channel_not_configured"),
        ({"due_at": NOW - timedelta(hours=25)}, "too_late"),
        ({"created_at": NOW - timedelta(days=8)}, "too_late"),
        ({"zones": ()}, "quiet_hours"),
        ({"bases": {}}, "basis"),
        ({"countries": ()}, "basis"),
        ({"countries": ("DE",)}, "basis"),
        ({"channel": "web", "consents": {}, "message_class": "web"}, "own_conversation"),
    ],
)
def test_each_rule_denies_by_its_name(changes, rule):
    decision = may_send(a_snapshot(**changes), NOW, PACK)
    assert isinstance(decision, Deny)
    assert decision.rule == rule


def test_a_missing_setting_is_named_in_the_reason():
    decision = may_send(a_snapshot(missing_setting="the SMTP server (smtp_url) is not set."), NOW, PACK)
    assert "smtp_url" in decision.reason


@pytest.mark.parametrize("purpose", ["service", "marketing"])
def test_an_unknown_time_zone_is_judged_by_the_operators_zones_for_email_and_denied_for_calls(purpose):
    said = (Basis("express", NOW),)
    email = a_snapshot(
        zones=(),
        default_zones=("Asia/Tokyo",),
        purpose=purpose,
        consents={(purpose, "email"): "given"},
        bases={(purpose, "email"): said, (purpose, "voice"): said},
    )
    call = _changed(email, channel="voice", consents={(purpose, "voice"): "given"}, message_class="promotional")
    if purpose == "service":
        assert may_send(_changed(email, message_class="requested"), NOW, PACK) == Allow()
    else:
        assert isinstance(may_send(email, NOW, PACK), Defer)  # midnight in Tokyo
    assert may_send(call, NOW, PACK).rule == "quiet_hours"
    assert isinstance(may_send(call, NOW, PACK), Deny)


def test_the_fourth_promotion_in_a_day_waits_until_the_first_is_a_day_old():
    sends = tuple(
        PastSend(channel, NOW - timedelta(hours=hours)) for channel, hours in [("sms", 20), ("email", 3), ("web", 1)]
    )
    decision = may_send(a_snapshot(past_sends=sends), NOW, PACK)
    assert isinstance(decision, Defer)
    assert (decision.rule, decision.until) == ("cap", NOW + timedelta(hours=4))
    assert may_send(a_snapshot(past_sends=sends[1:]), NOW, PACK) == Allow()


@given(snapshots())
def test_an_occasional_message_waits_exactly_when_it_would_hold_back_one_that_is_not(snapshot):
    asked = _changed(snapshot, frequency_class="occasional", purpose="marketing", message_class="promotional")
    own, before, held_back = PastSend(asked.channel, NOW, asked.topic), list(asked.past_sends), []
    for one in sorted(asked.waiting, key=lambda one: one.due_at):
        if one.due_at + timedelta(hours=1) <= NOW:
            continue  # It had its hour.
        at, other = max(one.due_at, NOW), _changed(asked, channel=one.channel, topic=one.topic)
        free, taken = (
            timing_rules.cap(_changed(other, past_sends=sends), at, PACK) is None
            for sends in (tuple(before), (*before, own))
        )
        held_back += [at] if free and not taken else []
        before.append(PastSend(one.channel, at, one.topic))
    objection = timing_rules.gives_way(asked, NOW, PACK)
    if held_back:
        assert (objection.rule, objection.until) == ("frequency_class", max(held_back) + timedelta(hours=1))
    else:
        assert objection is None
    assert timing_rules.gives_way(_changed(asked, frequency_class="normal"), NOW, PACK) is None


@given(snapshots(), st.sampled_from(["service", "rights"]))
def test_what_was_asked_for_gives_way_to_nothing_whatever_its_class(snapshot, purpose):
    for frequency_class in ("essential", "normal", "occasional"):
        asked = _changed(snapshot, purpose=purpose, message_class="requested", frequency_class=frequency_class)
        assert timing_rules.cap(asked, NOW, PACK) is None
        assert timing_rules.gives_way(asked, NOW, PACK) is None


def test_the_last_place_of_a_day_is_kept_for_an_hour_after_it_was_due():
    sends = tuple(PastSend("email", NOW - timedelta(hours=hours), "news") for hours in (20, 3))
    cart = WaitingSend("sms", NOW + timedelta(minutes=30), "cart_rescue")
    tips = a_snapshot(frequency_class="occasional", topic="tips", past_sends=sends, waiting=(cart,))
    decision = may_send(tips, NOW, PACK)
    assert (decision.rule, decision.until) == ("frequency_class", cart.due_at + timedelta(hours=1))
    assert decision.reason == (
        "Its journey is an occasional one: the last of 3 messages in 24 hours is kept for another that waits"
        " (cart_rescue)."
    )
    assert may_send(tips, decision.until, PACK) == Allow()
    assert may_send(_changed(tips, past_sends=sends[:1]), NOW, PACK) == Allow()
    # By then the first of the two is older than a day, and there is room for both.
    later = replace(cart, due_at=NOW + timedelta(hours=5))
    assert may_send(_changed(tips, waiting=(later,)), NOW, PACK) == Allow()


def test_in_the_visitors_own_chat_silence_is_enough_but_a_no_is_a_no():
    chat = a_snapshot(channel="web", message_class="web", consents={}, own_conversation=True, has_address=False)
    assert may_send(chat, NOW, PACK) == Allow()
    assert may_send(_changed(chat, consents={("marketing", "email"): "refused"}), NOW, PACK).rule == "consent"
    assert may_send(_changed(chat, consents={("all", "all"): "withdrawn"}), NOW, PACK).rule == "consent"


def test_what_was_asked_for_needs_no_consent_and_knows_no_hours():
    asked = a_snapshot(purpose="service", message_class="requested", consents={}, zones=(), with_a_person=True)
    night = NOW.replace(hour=3)
    assert may_send(_changed(asked, due_at=night, created_at=night), night, PACK) == Allow()


def _changed(snapshot: Snapshot, **changes) -> Snapshot:
    return replace(snapshot, **changes)
