"""What fields take, wherever a value comes from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.database import transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.service import create_contact, get_contact, set_fields
from crm.fields.rules import Definition, FieldType, WrongValue, built_in_fields, read_value
from crm.fields.service import (
    FieldExists,
    change_field,
    create_field,
    definition_of,
    delete_field,
    list_own_fields,
    read_fields,
)

SIZES = Definition("size", "Size", "choice", choices=("S", "Large"))
OTHERS: dict[FieldType, Definition] = {
    kind: Definition(kind, kind.title(), kind) for kind in ("text", "number", "date", "yes_no", "url")
}


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("text", " two \t words \u202e", " two \t words \u202e"),
        ("text", 7, "7"),
        ("number", " 1500 ", 1500),
        ("number", "-0.5", -0.5),
        ("number", 3.0, 3),
        ("date", "2026-03-31", "2026-03-31"),
        ("date", "2026-03-31T00:00:00", "2026-03-31"),
        ("yes_no", "Ja", True),
        ("yes_no", False, False),
        ("yes_no", 0, False),
        ("url", "northwind.example/shop?a=b", "https://northwind.example/shop?a=b"),
        ("url", "http://sub.northwind.example:8080", "http://sub.northwind.example:8080"),
        ("url", "https://münchen.example", "https://münchen.example"),
    ],
)
def test_a_value_that_fits_is_stored_in_one_form(kind: FieldType, value, stored) -> None:
    read = read_value(OTHERS[kind], value)
    assert (read, type(read)) == (stored, type(stored))
    assert read_value(OTHERS[kind], read) == stored


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "x" * 2_001),
        ("text", ["a"]),
        ("text", True),
        ("number", "1,500"),
        ("number", "1.500,00"),
        ("number", "many"),
        ("number", True),
        ("number", 10**40),
        ("number", "٣"),
        ("date", "31.03.2026"),
        ("date", "2026-02-30"),
        ("date", "20260331"),
        ("date", 20260331),
        ("yes_no", "maybe"),
        ("url", "no address"),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:secret@northwind.example"),
        ("url", "https://northwind.example:99999"),
        ("url", "https://northwind.example/\x7f"),
        ("url", "localhost"),
        ("url", 7),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(kind: FieldType, value) -> None:
    with pytest.raises(WrongValue) as refused:
        read_value(OTHERS[kind], value)
    assert refused.value.message.startswith(f"{kind.title()}: ")
    assert str(value) not in refused.value.message or value in ("many", 7)


def test_a_choice_is_stored_as_it_was_defined_and_no_other_is_taken() -> None:
    assert read_value(SIZES, " LARGE ") == "Large"
    with pytest.raises(WrongValue, match=r"Size: choose one of S, Large\."):
        read_value(SIZES, "M")


@given(st.sampled_from([*OTHERS.values(), SIZES]), st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_any_value_is_stored_the_same_again_or_refused(definition: Definition, value) -> None:
    try:
        stored = read_value(definition, value)
    except InvalidInput:
        return
    assert read_value(definition, stored) == stored
    assert "\0" not in str(stored)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", float("nan"), float("-inf")])
def test_what_no_database_stores_is_refused_for_every_type(value) -> None:
    for definition in (*OTHERS.values(), SIZES):
        with pytest.raises(InvalidInput, match="cannot be stored"):
            read_value(definition, value)


def test_our_own_fields_are_described_by_the_same_means() -> None:
    ours = built_in_fields()
    assert ours["website"].type == "url"
    assert ours["first_name"] == Definition("first_name", "First name", "text")
    assert all(one.built_in for one in ours.values())


async def test_every_write_of_a_defined_field_is_checked_and_others_take_anything(database, now) -> None:
    async with transaction(database.sessions) as session:
        await create_field(session, Definition("employees", "Employees", "number"), now)
        contact_id = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, contact_id, {"employees": "250", "website": "a.example", "mood": ["good"]}, now)
        with pytest.raises(WrongValue) as refused:
            await set_fields(session, contact_id, {"employees": "many", "website": "?", "mood": "bad"}, now)
        assert {error["field"] for error in refused.value.errors} == {"employees", "website"}
        assert (await get_contact(session, contact_id)).fields == {
            "employees": 250,
            "website": "https://a.example",
            "mood": ["good"],
        }
        await set_fields(session, contact_id, {"employees": None}, now)
        assert "employees" not in (await get_contact(session, contact_id)).fields


async def test_a_field_can_be_renamed_for_people_and_given_more_choices_but_none_less(database, now) -> None:
    later = now + timedelta(days=1)
    async with transaction(database.sessions) as session:
        row = await create_field(session, SIZES, now)
        changed = await change_field(session, row.id, later, label="T-shirt", choices=["S", "M", "Large"], keep_days=30)
        assert definition_of(changed) == Definition("size", "T-shirt", "choice", ("S", "M", "Large"), keep_days=30)
        assert changed.updated_at == later
        with pytest.raises(InvalidInput, match="Contacts may have S"):
            await change_field(session, row.id, later, choices=["M", "Large"])
        with pytest.raises(NotFound):
            await change_field(session, new_id(), later, label="x")


@pytest.mark.parametrize("name", ["Size", "1st", "", "x" * 61, "email", "consent_at", "tags", "größe"])
async def test_a_name_that_means_something_else_or_is_none_is_refused(database, now, name: str) -> None:
    async with transaction(database.sessions) as session:
        with pytest.raises(InvalidInput):
            await create_field(session, Definition(name, "Label", "text"), now)


@pytest.mark.parametrize(("kind", "choices"), [("choice", ()), ("choice", ("a", "A")), ("text", ("a",))])
async def test_choices_belong_to_choice_fields_each_once(database, now, kind, choices) -> None:
    async with transaction(database.sessions) as session:
        with pytest.raises(InvalidInput):
            await create_field(session, Definition("size", "Size", kind, choices), now)


async def test_a_name_is_taken_once_also_by_ours_and_free_again_when_its_field_goes(database, now) -> None:
    async with transaction(database.sessions) as session:
        row = await create_field(session, SIZES, now)
        for name in ("size", "company"):
            with pytest.raises(FieldExists):
                await create_field(session, Definition(name, "Again", "text"), now)
        await delete_field(session, row.id)
        with pytest.raises(NotFound):
            await delete_field(session, row.id)
        assert await list_own_fields(session) == []
        assert await read_fields(session, {"size": 12}) == {"size": 12}
