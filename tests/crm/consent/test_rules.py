"""What a person agreed to, as a fold of events."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm.consent.ledger import NOTHING_SAID, consent_for, fold
from crm.consent.rules import ALL, GRANTING, LedgerEntry

_NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
_PURPOSES, _CHANNELS = ("marketing", "research"), ("email", "sms", "web")
_EVENTS = ("requested", "given", "confirmed", "refused", "withdrawn", "expired", "superseded", "imported")

_scopes = st.tuples(st.sampled_from((*_PURPOSES, ALL)), st.sampled_from((*_CHANNELS, ALL)))
_times = st.integers(-1_000, 1_000).map(lambda minutes: _NOW + timedelta(minutes=minutes))
_said = st.tuples(st.sampled_from(_EVENTS), _scopes, _times, st.none() | _times)
_histories = st.lists(_said, max_size=12).map(lambda said: [_entry(seq, *one) for seq, one in enumerate(said, 1)])


def _entry(seq, event, scope, at=_NOW, valid_until=None):
    return LedgerEntry(seq, UUID(int=seq), event, *scope, at, valid_until)


def _stand(history, purpose="marketing", channel="email", now=_NOW):
    return consent_for(fold(history), purpose, channel).at(now).state


@given(_histories, st.randoms(use_true_random=False))
def test_only_the_order_in_the_ledger_matters(history, shuffling: random.Random) -> None:
    shuffled = list(history)
    shuffling.shuffle(shuffled)
    assert fold(shuffled) == fold(history) == fold(iter(history))


@given(_histories, st.lists(_times, min_size=12, max_size=12))
def test_the_time_an_event_took_effect_decides_nothing(history, times) -> None:
    moved = [
        LedgerEntry(entry.seq, entry.id, entry.event, entry.purpose, entry.channel, at, entry.valid_until)
        for entry, at in zip(history, times, strict=False)
    ]
    assert {scope: state.state for scope, state in fold(moved).items()} == {
        scope: state.state for scope, state in fold(history).items()
    }


@given(_histories, _scopes, _times)
def test_a_withdrawal_after_anything_stops_all_it_names(history, scope, at) -> None:
    after = [*history, _entry(99, "withdrawn", scope, at)]
    for purpose in _PURPOSES:
        for channel in _CHANNELS:
            named = scope[0] in (purpose, ALL) and scope[1] in (channel, ALL)
            expected = "withdrawn" if named else _stand(history, purpose, channel)
            assert _stand(after, purpose, channel) == expected


@given(_histories)
def test_consent_after_a_withdrawal_of_everything_restores_only_what_it_names(history) -> None:
    after = [*history, _entry(98, "withdrawn", (ALL, ALL)), _entry(99, "given", ("marketing", "email"))]
    standing = {(purpose, channel): _stand(after, purpose, channel) for purpose in _PURPOSES for channel in _CHANNELS}
    assert standing.pop(("marketing", "email")) == "given"
    assert set(standing.values()) == {"withdrawn"}


@given(_histories)
def test_nothing_is_given_that_no_event_gave_by_name(history) -> None:
    for (purpose, channel), state in fold(history).items():
        if state.state == "given":
            own = [entry for entry in history if (entry.purpose, entry.channel) == (purpose, channel)]
            assert [entry for entry in own if entry.event in GRANTING and entry.id == state.event_id]


@given(_histories)
def test_asking_alone_changes_nothing(history) -> None:
    assert fold([*history, _entry(99, "requested", ("marketing", "email"))]) == fold(history)


@given(_histories)
def test_an_expiry_never_softens_a_refusal(history) -> None:
    before = _stand(history)
    after = _stand([*history, _entry(99, "expired", (ALL, ALL))])
    assert after == ("expired" if before in ("given", "expired") else before)


def test_of_a_person_who_said_nothing_nothing_is_assumed() -> None:
    assert consent_for({}, "marketing", "email") == NOTHING_SAID
    assert _stand([]) == "none"


def test_a_consent_runs_out_at_its_last_moment() -> None:
    until = _NOW + timedelta(days=1)
    history = [_entry(1, "given", ("marketing", "email"), _NOW, until)]
    assert _stand(history, now=until - timedelta(microseconds=1)) == "given"
    state = consent_for(fold(history), "marketing", "email").at(until)
    assert (state.state, state.since_at) == ("expired", until)


def test_a_refusal_of_a_purpose_on_all_channels_holds_for_channels_never_named() -> None:
    history = [_entry(1, "given", ("marketing", "email")), _entry(2, "refused", ("marketing", ALL))]
    assert [_stand(history, "marketing", channel) for channel in _CHANNELS] == ["refused"] * 3
    assert _stand(history, "research", "email") == "none"


_brands = st.sampled_from((None, "main", "outlet", ALL))


def _branded(history, brands):
    return [replace(entry, brand=brand) for entry, brand in zip(history, brands, strict=False)]


@given(_histories, st.lists(_brands, min_size=12, max_size=12), st.sampled_from(("main", "outlet", "other")))
def test_a_consent_counts_for_its_own_brand_only(history, brands, brand) -> None:
    branded = _branded(history, brands)
    for scope, state in fold(branded, brand).items():
        if state.state == "given":
            (giving,) = [entry for entry in branded if entry.id == state.event_id]
            assert (giving.brand or "main") == brand, scope


@given(_histories, st.lists(_brands, min_size=12, max_size=12), st.sampled_from(("main", "outlet", "other")))
def test_a_no_that_names_no_brand_stops_every_brand(history, brands, brand) -> None:
    after = [*_branded(history, brands), _entry(99, "withdrawn", (ALL, ALL))]
    assert {state.state for state in fold(after, brand).values()} == {"withdrawn"}


@given(_histories)
def test_without_brands_everything_is_about_the_sites_own(history) -> None:
    assert fold(history) == fold(
        [replace(entry, brand="main") for entry in history if entry.event in GRANTING]
        + [entry for entry in history if entry.event not in GRANTING]
    )
