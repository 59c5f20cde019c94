"""Exporting contacts: all of them, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import select

from base.database import transaction
from crm.contacts.models import Contact
from crm.imports import exporting
from crm.imports.exporting import export_csv, export_json, export_parquet, guard_formula
from tests.admin.people import make_contact
from tests.crm.imports.people import import_file, write_csv

EVIL = '=HYPERLINK("http://evil.example","Jane")'


@given(st.text(max_size=30))
def test_no_cell_begins_as_a_formula_unless_it_is_a_plain_number(text: str) -> None:
    guarded = guard_formula(text)
    assert guarded.removeprefix("'") == text.removeprefix("'")
    if guarded[:1] and guarded[0] in "=+-@\t\r\n":
        assert guarded.lstrip("+-").replace(".", "").isdecimal()


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", "+1 415"])
def test_what_a_spreadsheet_would_run_is_a_text(cell: str) -> None:
    assert guard_formula(cell) == f"'{cell}"


async def test_all_contacts_are_given_out_over_pages_and_come_back_the_same(
    database, keys, now, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(exporting, "_PAGE", 2)
    async with transaction(database.sessions) as session:
        for number in range(5):
            fields = {"company": EVIL, "city": f"Köln {number}"}
            await make_contact(
                session, keys, now, email=f"p{number}@company.com", phone=f"+1415555267{number}", fields=fields
            )
        pieces = [piece async for piece in export_csv(session, keys)]
        people = json.loads("".join([piece async for piece in export_json(session, keys)]))
        before = [one.fields for one in await session.scalars(select(Contact).order_by(Contact.id))]
    rows = list(csv.DictReader(pieces))
    assert [row["email"] for row in rows] == [f"p{number}@company.com" for number in range(5)]
    assert rows[0]["company"] == f"'{EVIL}"
    assert rows[0]["phone"] == "+14155552670"
    assert [one["fields"] for one in people] == before
    assert [one["email"] for one in people] == [row["email"] for row in rows]
    async with transaction(database.sessions) as session:
        for contact in await session.scalars(select(Contact)):
            await session.delete(contact)
    path = write_csv(tmp_path / "p.csv", *csv.reader(pieces))
    done, problems = await import_file(database, keys, now, path)
    assert (done.created, problems) == (5, [])
    async with database.sessions() as session:
        assert [one.fields for one in await session.scalars(select(Contact).order_by(Contact.id))] == before


async def test_of_nobody_there_is_an_empty_list(database, keys) -> None:
    async with database.sessions() as session:
        assert json.loads("".join([piece async for piece in export_json(session, keys)])) == []
        assert len([piece async for piece in export_csv(session, keys)]) == 1


async def test_a_parquet_file_holds_everybody_by_the_types_that_their_values_have(
    database, keys, now, monkeypatch
) -> None:
    monkeypatch.setattr(exporting, "_ROW_GROUP", 2)
    told = [
        {
            "employees": 12,
            "renews_on": "2026-03-31",
            "is_partner": True,
            "mixed": 3,
            "company": EVIL,
            "email": "a field",
        },
        {"employees": 2.5, "renews_on": None, "mixed": "three", "said_on": "2026-02-31"},
        {},
    ]
    async with transaction(database.sessions) as session:
        for number, fields in enumerate(told):
            await make_contact(session, keys, now, email=f"p{number}@company.com", fields=fields, score=number)
        content = b"".join([piece async for piece in export_parquet(session, keys)])
    read = parquet.ParquetFile(io.BytesIO(content))
    assert read.num_row_groups == 2
    table = read.read()
    kinds = {name: table.schema.field(name).type for name in table.column_names}
    assert kinds["created_at"] == pa.timestamp("us", tz="UTC")
    assert kinds["score"] == pa.int64()
    assert kinds["employees"] == pa.float64()
    assert kinds["renews_on"] == pa.date32()
    assert kinds["is_partner"] == pa.bool_()
    assert kinds["tags"] == pa.list_(pa.string())
    assert kinds["mixed"] == kinds["said_on"] == pa.string(), "there is no 31st of February"
    first, second, third = table.to_pylist()
    assert (first["email"], first["field_email"], first["created_at"]) == ("p0@company.com", "a field", now)
    assert (first["employees"], first["renews_on"], first["is_partner"]) == (12.0, date(2026, 3, 31), True)
    assert (first["mixed"], second["mixed"]) == ("3", "three")
    assert first["company"] == EVIL, "no spreadsheet runs what is in here"
    assert (second["employees"], second["renews_on"]) == (2.5, None)
    assert (third["score"], third["employees"], third["tags"]) == (2, None, [])


async def test_a_parquet_file_of_nobody_is_one_all_the_same(database, keys) -> None:
    async with transaction(database.sessions) as session:
        content = b"".join([piece async for piece in export_parquet(session, keys)])
    assert parquet.read_table(io.BytesIO(content)).num_rows == 0
