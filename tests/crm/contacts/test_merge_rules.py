"""What two contacts' own rows come to as one, and that taking it back undoes exactly that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.contacts.merge_rules import conflicts_of, join_rows, part_row

VALUES = st.sampled_from([None, "", "a", "b", 1])
ROWS = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(st.sampled_from(["first_name", "city", "note"]), VALUES),
        "tags": st.lists(st.sampled_from(["vip", "fair", "new"]), unique=True),
        "stage": st.sampled_from(["visitor", "lead", "mql", "sql", "customer", "disqualified"]),
        "qualification": st.sampled_from([None, "hot", "cold"]),
        "time_zone": st.sampled_from([None, "Europe/Vienna"]),
        "score": st.integers(0, 9),
        "updated_at": st.integers(0, 3),
    }
)


@given(ROWS, ROWS, st.lists(st.sampled_from(["first_name", "city"])))
def test_what_nobody_changed_since_is_as_it_was(survivor, merged, take) -> None:
    after = {**survivor, **join_rows(survivor, merged, take), "updated_at": 9}
    assert part_row(after, survivor, after) == survivor


@given(ROWS, ROWS, ROWS)
def test_what_was_changed_since_stays_changed(survivor, merged, now) -> None:
    after = {**survivor, **join_rows(survivor, merged), "updated_at": 9}
    parted = part_row(now, survivor, after)
    for name in ("stage", "qualification", "time_zone", "score"):
        assert parted[name] == (survivor[name] if now[name] == after[name] else now[name])
    for name, value in now["fields"].items():
        if name not in after["fields"] or value != after["fields"][name]:
            assert parted["fields"][name] == value
    assert {tag for tag in now["tags"] if tag not in after["tags"]} <= set(parted["tags"])
    assert set(parted["tags"]) <= {*now["tags"], *survivor["tags"]}


@given(ROWS, ROWS)
def test_nothing_that_either_knows_is_lost(survivor, merged) -> None:
    joined, conflicts = join_rows(survivor, merged), conflicts_of(survivor, merged)
    for name, value in survivor["fields"].items():
        if value not in (None, ""):
            assert joined["fields"][name] == value
    for name, value in merged["fields"].items():
        if value not in (None, ""):
            assert value in (joined["fields"][name], conflicts.get(name, (None, None))[1])
    assert set(joined["tags"]) == {*survivor["tags"], *merged["tags"]}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("visitor", "lead", "lead"),
        ("sql", "mql", "sql"),
        ("disqualified", "sql", "disqualified"),
        ("disqualified", "customer", "customer"),
    ],
)
def test_the_further_stage_counts_and_a_colleague_s_no_unless_they_bought(one, other, together) -> None:
    row = {"fields": {}, "tags": [], "qualification": None, "time_zone": None}
    for survivor, merged in ((one, other), (other, one)):
        assert join_rows({**row, "stage": survivor}, {**row, "stage": merged})["stage"] == together
