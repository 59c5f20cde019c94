"""The registry names every table there is, and says of each what can be done with it."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
from pydantic import ValidationError
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import configure_mappers

from base.database import libpq_url
from base.tables import Table
from crm.privacy.persons import Person, rows_of, table_named
from crm.privacy.registry import Erase, Keep, Merge, Way, read_registry
from server.settings import ROOT
from tests.base.test_migrations import ROOMS

NOBODY = Person(
    contact_id=None,
    contacts=frozenset(),
    conversations=frozenset(),
    points=frozenset(),
    addresses=frozenset(),
    senders=frozenset(),
)


def tables_of(url: str) -> set[str]:
    with psycopg.connect(libpq_url(url)) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return {name for (name,) in rows}


def test_every_table_of_the_database_is_in_the_registry_and_no_other(fresh_database_url: str) -> None:
    registry = read_registry()
    assert {*registry.tables, *registry.others} == tables_of(fresh_database_url)


def test_a_table_that_points_at_a_contact_or_a_talk_is_never_among_those_that_hold_nothing_of_people() -> None:
    assert ROOMS
    configure_mappers()
    pointing = {
        table.name
        for table in Table.metadata.sorted_tables
        if {"contact_id", "conversation_id", "principal_ref", "message_id", "sender_index"} & set(table.c.keys())
    }
    assert pointing
    assert pointing <= read_registry().tables.keys()


NAMING = {"contact_id", "principal_ref"}
"""Columns that hold a contact's id, whichever else the registry or a foreign key says do."""


def _naming_columns(name: str) -> set[str]:
    table = Table.metadata.tables[name]
    ways = {way.contact for way in read_registry().tables[name].find if way.contact is not None}
    keys = {key.parent.name for key in table.foreign_keys if key.column.table.name == "contacts"}
    return ways | keys | (NAMING & set(table.c.keys()))


def test_every_table_that_names_a_contact_says_what_becomes_of_its_rows_when_two_turn_out_to_be_one() -> None:
    for name, held in read_registry().tables.items():
        assert (held.merge is not None) == bool(_naming_columns(name)), f"{name}: add `merge` to registry.yml"
        if held.merge is not None and held.merge.move is not None:
            assert held.merge.move in _naming_columns(name)
            assert {*held.merge.about, *held.merge.ends_with, *held.merge.ends, *held.merge.where} <= set(
                table_named(name).c.keys()
            )


def test_rows_that_stay_do_not_go_with_the_contact_that_is_merged_away() -> None:
    for name, held in read_registry().tables.items():
        if held.merge is not None and held.merge.keep is not None:
            keys = [key for key in Table.metadata.tables[name].foreign_keys if key.column.table.name == "contacts"]
            assert keys == [], name


def test_of_what_a_contact_has_one_at_most_the_registry_says_what_becomes_of_a_second() -> None:
    for name, held in read_registry().tables.items():
        if held.merge is None or held.merge.move is None:
            continue
        table = Table.metadata.tables[name]
        unique = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
        unique += [index.columns for index in table.indexes if index.unique]
        others = [{column.name for column in columns} for columns in unique]
        by_contact = [columns - {held.merge.move} for columns in others if held.merge.move in columns]
        if by_contact:
            assert by_contact == [set(held.merge.one or ())], name
        else:
            assert held.merge.one is None, name


@pytest.mark.parametrize("process", ["server.web", "server.worker"])
def test_every_process_that_erases_has_loaded_every_table(process: str) -> None:
    """Asked of a process of its own: this one has loaded what other tests needed."""
    asked = (
        f"import {process}; from base.tables import Table; from crm.privacy.registry import read_registry; "
        "print(sorted(read_registry().tables.keys() - Table.metadata.tables.keys()))"
    )
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("name", sorted(read_registry().tables))
def test_the_columns_the_registry_names_are_there(name: str) -> None:
    held, columns = read_registry().tables[name], set(table_named(name).c.keys())
    named = {*held.export, *held.sealed, *held.erase.empty, *(held.keep.age if held.keep else ())}
    named |= {column for way in held.find for column in (way.contact, way.conversation, way.address) if column}
    assert named <= columns, named - columns
    for where in held.keep.where if held.keep else ():
        assert where in columns
    assert str(rows_of(name, NOBODY))


def test_rows_are_erased_before_what_they_are_found_by() -> None:
    order = list(read_registry().tables)
    for name, held in read_registry().tables.items():
        for way in held.find:
            if way.within is not None:
                assert order.index(name) < order.index(way.within.partition(".")[0]), name
        if held.erase.with_ is not None:
            keys = Table.metadata.tables[name].foreign_keys
            assert any(key.column.table.name == held.erase.with_ and key.ondelete == "CASCADE" for key in keys)


def test_nothing_that_goes_with_its_contact_is_left_to_the_database_alone() -> None:
    """A cascade erases, but nobody counts it: each such table has a line of its own."""
    for table in Table.metadata.sorted_tables:
        if any(key.ondelete == "CASCADE" and key.column.table.name == "contacts" for key in table.foreign_keys):
            assert read_registry().tables[table.name].erase.deletes, table.name


def test_a_way_to_rows_names_one_column() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Way(contact="a", conversation="b")
    with pytest.raises(ValidationError, match="need `in`"):
        Way(column="a")


def test_rows_of_merged_contacts_move_or_are_kept() -> None:
    with pytest.raises(ValidationError, match="move, are kept, or are made anew"):
        Merge()
    with pytest.raises(ValidationError, match="move, are kept, or are made anew"):
        Merge(move="contact_id", keep="Both.")
    with pytest.raises(ValidationError, match="needs `one`"):
        Merge(move="contact_id", ends={"state": "exited"})


def test_what_is_kept_has_days_and_an_age() -> None:
    with pytest.raises(ValidationError):
        Keep(days=0, age=["created_at"])
    with pytest.raises(ValidationError):
        Keep(days=1, age=[])
    assert Erase().deletes
    assert not Erase(keep="The law.").deletes
