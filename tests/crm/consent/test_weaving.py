"""What several ids of one person said, read as one: the stricter state wins where they became one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm.consent.rules import ALL, MAIN_BRAND, LedgerEntry, consent_for, fold
from crm.consent.weaving import Link, weave

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))
PURPOSES, CHANNELS = ("marketing", "profiling"), ("email", "sms")
SCOPES = [(purpose, channel) for purpose in PURPOSES for channel in CHANNELS]
NO = {"refused", "withdrawn"}


def entry(seq: int, event: str, purpose: str = "marketing", channel: str = "email", brand=None) -> LedgerEntry:
    return LedgerEntry(seq, UUID(int=1_000 + seq), event, purpose, channel, AT, None, brand)


@st.composite
def ledgers(draw, refs=(A, B)):
    """Events of several principals in one ledger."""
    said = draw(
        st.lists(
            st.tuples(
                st.sampled_from(refs),
                st.sampled_from(["given", "refused", "withdrawn", "expired", "requested"]),
                st.sampled_from([*PURPOSES, ALL]),
                st.sampled_from([*CHANNELS, ALL]),
                st.sampled_from([None, "other"]),
            ),
            max_size=12,
        )
    )
    return [
        (ref, entry(seq, event, purpose, channel, brand))
        for seq, (ref, event, purpose, channel, brand) in enumerate(said, start=1)
        if not (event == "given" and ALL in (purpose, channel))
    ]


def standing(entries, scope, brand=MAIN_BRAND) -> str:
    return consent_for(fold(entries, brand), *scope).state


@given(ledgers(), st.sampled_from(SCOPES), st.sampled_from([MAIN_BRAND, "other"]))
def test_a_no_of_either_holds_where_they_become_one(said, scope, brand) -> None:
    woven = weave(A, said, [Link(B, A, len(said) + 5)])
    alone = {standing([one for whose, one in said if whose == ref], scope, brand) for ref in (A, B)}
    together = standing(woven, scope, brand)
    assert (together in NO) == bool(alone & NO)
    if together == "given":
        assert "given" in alone


@given(ledgers(), st.integers(0, 12), st.sampled_from(SCOPES))
def test_what_is_said_after_it_is_one_person_s_last_word(said, after_seq, scope) -> None:
    later = [entry(100, "given", *scope)]
    assert standing(weave(A, [*said, (A, later[0])], [Link(B, A, after_seq)]), scope) == "given"
    assert standing(weave(A, [*said, (B, entry(100, "withdrawn", ALL, ALL))], [Link(B, A, after_seq)]), scope) in NO


@given(ledgers(refs=(A, B, C)), st.integers(0, 6), st.integers(6, 12), st.sampled_from(SCOPES))
def test_in_a_chain_whoever_had_said_no_when_joining_is_heard(said, first, second, scope) -> None:
    woven = weave(A, said, [Link(C, B, first), Link(B, A, second)])
    by_ref = {ref: [one for whose, one in said if whose == ref and one.seq <= second] for ref in (A, B, C)}
    pair = weave(B, [(ref, one) for ref in (B, C) for one in by_ref[ref]], [Link(C, B, first)])
    until = [one for one in woven if one.seq <= second]
    expected = bool({standing(by_ref[A], scope), standing(pair, scope)} & NO)
    assert (standing(until, scope) in NO) == expected


@given(ledgers(refs=(A,)))
def test_who_was_never_merged_is_read_as_written(said) -> None:
    assert weave(A, said, []) == [one for _, one in said]


def test_a_later_yes_of_the_other_does_not_undo_a_stop() -> None:
    said = [(B, entry(1, "withdrawn", ALL, ALL)), (A, entry(2, "given"))]
    assert standing([one for _, one in said], ("marketing", "email")) == "given"
    assert standing(weave(A, said, [Link(B, A, 2)]), ("marketing", "email")) == "withdrawn"
    agreed_again = [*said, (A, entry(3, "given"))]
    assert standing(weave(A, agreed_again, [Link(B, A, 2)]), ("marketing", "email")) == "given"
