"""Imports and exports over the API: from a file that is sent to contacts, and nothing that a file can do to us."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest
from openpyxl import Workbook
from pyarrow import parquet
from sqlalchemy import func, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from base.ids import new_id
from crm.contacts.models import Contact
from crm.imports.models import ContactImport
from crm.imports.work import ImportWork
from tests.admin.people import make_contact

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PEOPLE = b'Mail 2,Name,Tel,Shoe\njane@company.com,"DOE, JANE",(415) 555-2671,38\n,Nobody,12,\n'
TAKEN = {"columns": ["email", "name", "phone", "field:shoe_size"], "country": "us"}


async def send(admin, content, content_type=CSV, **params):
    headers = {"X-Requested-With": "parley", "Content-Type": content_type}
    return await admin.client.post("/api/v1/imports", data=io.BytesIO(content), headers=headers, params=params)


async def sent(admin, content=PEOPLE, content_type=CSV, **params):
    answer = await send(admin, content, content_type, **params)
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def ask(admin, imported, what, content=None, status=202):
    answer = await admin.send("POST", f"/api/v1/imports/{imported}/{what}", content)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def work(admin) -> None:
    context = admin.context
    await ImportWork(context.sessions, context.keys, context.clock, context.imports_folder, "Northwind").do_all()


async def count(admin) -> int:
    async with admin.context.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Contact))


def workbook(*rows) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, part: str, instead: bytes) -> bytes:
    """The workbook with another content of one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), part}:
            new.writestr(name, instead if name == part else old.read(name))
    return out.getvalue()


async def test_a_file_is_sent_previewed_imported_and_taken_back(signed_in, wake_ups) -> None:
    came = await sent(signed_in, name="C:\\leads\\people.csv")
    one = came["imported"]["id"]
    assert (came["imported"]["state"], came["imported"]["file_name"]) == ("uploaded", "people.csv")
    assert [column["target"] for column in came["columns"]] == [None, "name", "phone", None]
    assert "job_title" in came["targets"]
    shown = await ask(signed_in, one, "preview", TAKEN, status=200)
    assert shown["rows"][0]["values"] == {
        "email": "jane@company.com", "phone": "+14155552671", "first_name": "Jane", "last_name": "Doe",
        "shoe_size": "38", "language": "en",
    }  # fmt: skip
    assert [problem["refused"] for problem in shown["rows"][1]["problems"]] == [False, True]
    assert await count(signed_in) == 0
    assert (await ask(signed_in, one, "start", TAKEN))["state"] == "waiting"
    assert (await ask(signed_in, one, "start", TAKEN))["state"] == "waiting"
    assert wake_ups.count == 2
    await work(signed_in)
    done = await signed_in.read(f"/api/v1/imports/{one}")
    assert (done["state"], done["rows"], done["created"], done["refused"], done["problems"]) == ("done", 2, 1, 1, 2)
    assert (done["rows_expected"], done["file_name"]) == (2, None)
    listed = await (await signed_in.get(f"/api/v1/imports/{one}/problems")).text()
    assert [line.split(",")[:3] for line in listed.splitlines()[1:]] == [
        ["3", "phone", "left out"],
        ["3", "", "refused"],
    ]
    assert (await ask(signed_in, one, "undo"))["state"] == "undoing"
    assert (await ask(signed_in, one, "undo"))["state"] == "undoing"
    await work(signed_in)
    undone = await signed_in.read(f"/api/v1/imports/{one}")
    assert (undone["state"], undone["removed"], await count(signed_in)) == ("undone", 1, 0)
    assert undone["undone_by"].startswith("user:")


async def test_the_columns_of_a_file_can_be_read_again_until_it_is_imported(signed_in) -> None:
    came = await sent(signed_in, "Mail;Größe\njane@company.com;38\n".encode("cp1252"), encoding="cp1252")
    one = came["imported"]["id"]
    again = await signed_in.read(f"/api/v1/imports/{one}/columns")
    assert again == came
    assert [column["heading"] for column in again["columns"]] == ["Mail", "Größe"]
    await ask(signed_in, one, "start", {"columns": ["email", None]})
    await work(signed_in)
    answer = await signed_in.get(f"/api/v1/imports/{one}/columns")
    assert answer.status == 409
    assert "send it again" in (await answer.json())["detail"]


async def test_imports_are_listed_a_page_at_a_time_the_latest_first(signed_in, clock) -> None:
    ids = []
    for _ in range(3):
        ids.append((await sent(signed_in))["imported"]["id"])
        clock.forward(minutes=1)
    first = await signed_in.read("/api/v1/imports", limit=2)
    second = await signed_in.read("/api/v1/imports", limit=2, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None


async def test_a_workbook_is_taken_like_a_csv_file(signed_in) -> None:
    came = await sent(signed_in, workbook(["E-mail", "Phone"], ["a@company.com", 14155552671]), XLSX)
    await ask(signed_in, came["imported"]["id"], "start", {"country": "US"})
    await work(signed_in)
    assert (await signed_in.read(f"/api/v1/imports/{came['imported']['id']}"))["created"] == 1


async def test_an_import_that_is_cancelled_is_over_and_its_file_is_gone(signed_in) -> None:
    one = (await sent(signed_in))["imported"]["id"]
    assert (await ask(signed_in, one, "cancel", status=200))["state"] == "cancelled"
    assert (await ask(signed_in, one, "cancel", status=200))["state"] == "cancelled"
    assert list(signed_in.context.imports_folder.iterdir()) == []
    for what, body in (("start", TAKEN), ("preview", TAKEN), ("resume", None)):
        await ask(signed_in, one, what, body, status=409)
    await work(signed_in)
    assert await count(signed_in) == 0


async def test_the_same_file_sent_twice_at_once_makes_nobody_twice(signed_in) -> None:
    ids = [(await sent(signed_in))["imported"]["id"] for _ in range(2)]
    for one in ids:
        await ask(signed_in, one, "start", TAKEN)
    await work(signed_in)
    assert sorted([(await signed_in.read(f"/api/v1/imports/{one}"))["created"] for one in ids]) == [0, 1]
    assert await count(signed_in) == 1


@pytest.mark.parametrize(
    ("content", "content_type", "params", "status", "told"),
    [
        (b"Name\nM\xfcller\n", CSV, {}, 422, "not in this encoding"),
        (b"Email\n", CSV, {"encoding": "zip"}, 422, "not in this encoding"),
        (b"Email\n", CSV, {"encoding": "no-such"}, 422, "not in this encoding"),
        ("Email\n".encode("utf-16"), CSV, {}, 422, "not in this encoding"),
        (b"Email\n", CSV, {"encoding": "a b"}, 422, ""),
        (b"Email\n", CSV, {"name": "a\0b"}, 422, ""),
        (b"no zip at all", XLSX, {}, 422, "no XLSX"),
        (workbook()[:-200], XLSX, {}, 422, "no XLSX"),
        (b'"' + b"x" * 10_000_000 + b'"\n', CSV, {}, 422, ""),
        (b"x" * 10_000_000, CSV, {}, 422, ""),
        (b"," * 1_500_000, CSV, {}, 422, "no row at all"),
        (b"x," * 1_500, CSV, {}, 422, "columns"),
        (b"", CSV, {}, 422, "no row at all"),
        (b"Email\n", "text/plain", {}, 415, "as what it is"),
        (b"Email\n", "application/octet-stream", {}, 415, ""),
        (b"Email\n", "multipart/form-data; boundary=x", {}, 415, ""),
    ],
)
async def test_what_is_no_table_is_the_senders_fault_and_leaves_nothing(  # noqa: PLR0917
    signed_in, content, content_type, params, status, told
) -> None:
    answer = await send(signed_in, content, content_type, **params)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert told in (await answer.json())["detail"]
    folder = signed_in.context.imports_folder
    assert not folder.exists() or list(folder.iterdir()) == []
    assert (await signed_in.read("/api/v1/imports"))["items"] == []


async def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(signed_in) -> None:
    """The table of texts is the part that is read whole: three hundred megabytes of it are 300 kB packed."""
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    bomb = repacked(workbook(["Email"]), "xl/sharedStrings.xml", strings + b"x" * 300_000_000)
    assert len(bomb) < 1_000_000
    answer = await send(signed_in, bomb, XLSX)
    assert answer.status == 422
    assert "unpacks to more" in (await answer.json())["detail"]


def sheet(rows: str, before: str = "") -> str:
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'{before}<worksheet xmlns="{name}"><sheetData>{rows}</sheetData></worksheet>'


_ENTITIES = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "content",
    [
        sheet('<row><c t="str"><v>&i;</v></c></row>', f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{_ENTITIES}]>'),
        sheet('<row r="2000000000"><c t="str"><v>Email</v></c></row>'),
        sheet('<row r="1"><c r="XFD1" t="str"><v>Email</v></c></row>'),
        sheet(f'<row r="1"><c t="str"><v>{"x" * 10_000_000}</v></c></row>'),
        sheet('<row r="1"><c t="s"><v>99</v></c></row>'),
        "<worksheet",
    ],
    ids=[
        "entities that unfold to a billion letters",
        "a row far below",
        "a cell far to the right",
        "a cell of ten megabytes",
        "a text that is not there",
        "no XML",
    ],
)
async def test_a_sheet_that_is_more_than_a_table_is_refused(signed_in, content) -> None:
    packed = repacked(workbook(["Email"]), "xl/worksheets/sheet1.xml", content.encode())
    answer = await send(signed_in, packed, XLSX)
    assert answer.status == 422, await answer.text()
    assert list(signed_in.context.imports_folder.iterdir()) == []


async def test_what_a_database_cannot_store_is_taken_out_of_cells_and_headings(signed_in) -> None:
    came = await sent(signed_in, b"Em\0ail,Na\0me\na@company.com,A\0nn\nb@company.com,\n", name="a\x01b.csv")
    assert [column["heading"] for column in came["columns"]] == ["Em ail", "Na me"]
    one = came["imported"]["id"]
    await ask(signed_in, one, "start", {"columns": ["email", "first_name"]})
    await work(signed_in)
    assert (await signed_in.read(f"/api/v1/imports/{one}"))["created"] == 2
    # Half surrogates come by encodings that write them out.
    came = await sent(signed_in, b"Email,\\ud800\nc@company.com,\\udc00x\n", encoding="unicode_escape")
    await ask(signed_in, came["imported"]["id"], "start", {"columns": ["email", "company"]})
    await work(signed_in)
    assert (await signed_in.read(f"/api/v1/imports/{came['imported']['id']}"))["created"] == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"columns": ["email", "email"]}, "become the same"),
        ({"columns": ["e-mail"]}, "cannot become"),
        ({"columns": ["email", None, None, None, "phone"]}, "only 4 columns"),
        ({"columns": [None]}, "No column is an address"),
        ({"columns": ["email"], "purpose": "spam"}, "no purpose"),
        ({"columns": ["email"], "country": "Atlantis"}, "no such country"),
        ({"columns": ["email"], "language": "xx"}, "no such language"),
    ],
)
async def test_what_a_file_cannot_be_taken_as_is_said_before_it_is_started(signed_in, body, told) -> None:
    one = (await sent(signed_in))["imported"]["id"]
    for what in ("preview", "start"):
        assert told in (await ask(signed_in, one, what, body, status=422))["detail"]
    assert (await signed_in.read(f"/api/v1/imports/{one}"))["state"] == "uploaded"


async def test_two_columns_of_one_name_are_told_apart(signed_in) -> None:
    one = (await sent(signed_in, b"Contact,Contact\nAnn Li,a@company.com\n"))["imported"]["id"]
    await ask(signed_in, one, "start", {"columns": ["name", "email"]})
    await work(signed_in)
    assert (await signed_in.read(f"/api/v1/imports/{one}"))["created"] == 1


async def test_an_import_that_is_not_there_is_not_found(signed_in) -> None:
    for what, body in (("preview", TAKEN), ("start", TAKEN), ("resume", None), ("cancel", None), ("undo", None)):
        await ask(signed_in, new_id(), what, body, status=404)
    for path in ("", "/problems"):
        assert (await signed_in.get(f"/api/v1/imports/{new_id()}{path}")).status == 404


async def test_contacts_are_exported_as_csv_and_json_all_or_some(signed_in, keys, now) -> None:
    async with transaction(signed_in.context.sessions) as session:
        await make_contact(session, keys, now, email="a@company.com", fields={"first_name": "Ann", "company": "=1+1"})
        await make_contact(session, keys, now, email="b@other.com", fields={"first_name": "Bob"})
        row = (await session.scalars(select(Contact).where(Contact.fields["first_name"].astext == "Bob"))).one()
        row.tags, row.stage = ["vip"], "customer"
    answer = await signed_in.get("/api/v1/contacts/export")
    assert (answer.content_type, answer.headers["Content-Disposition"]) == (
        "text/csv",
        'attachment; filename="contacts.csv"',
    )
    rows = [*csv.DictReader(io.StringIO(await answer.text()))]
    assert [(row["email"], row["company"]) for row in rows] == [("a@company.com", "'=1+1"), ("b@other.com", "")]
    for some in ({"tag": "vip"}, {"stage": "customer"}, {"q": "bob"}, {"q": "b@other.com"}):
        found = json.loads(await (await signed_in.get("/api/v1/contacts/export", format="json", **some)).text())
        assert [one["email"] for one in found] == ["b@other.com"], some
    assert json.loads(await (await signed_in.get("/api/v1/contacts/export", format="json", tag="none")).text()) == []
    assert (await signed_in.get("/api/v1/contacts/export", stage="king")).status == 422
    answer = await signed_in.get("/api/v1/contacts/export", format="parquet", tag="vip")
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert 'filename="contacts.parquet"' in answer.headers["Content-Disposition"]
    (bob,) = parquet.read_table(io.BytesIO(await answer.read())).to_pylist()
    assert (bob["email"], bob["first_name"], bob["tags"]) == ("b@other.com", "Bob", ["vip"])


async def test_a_long_export_is_sent_as_it_is_read_and_at_one_moment(signed_in, keys, now) -> None:
    async with transaction(signed_in.context.sessions) as session:
        session.add_all(
            Contact(id=new_id(), stage="lead", fields={"note": "x" * 500}, created_at=now, updated_at=now)
            for _ in range(2_500)
        )
    answer = await signed_in.get("/api/v1/contacts/export", format="json")
    assert answer.headers.get("Transfer-Encoding") == "chunked"
    first = await answer.content.readany()
    async with transaction(signed_in.context.sessions) as session:
        session.add(Contact(id=new_id(), stage="lead", fields={"late": "x"}, created_at=now, updated_at=now))
    assert len(json.loads(first + await answer.read())) == 2_500


async def test_files_that_are_sent_and_left_are_removed_after_a_day(signed_in, now) -> None:
    await sent(signed_in)
    context = signed_in.context
    later = SimpleNamespace(now=lambda: now + timedelta(days=1, seconds=1))
    await ImportWork(context.sessions, context.keys, later, context.imports_folder, "Northwind").clean_up()
    assert list(context.imports_folder.iterdir()) == []
    async with context.sessions() as session:
        assert (await session.scalars(select(ContactImport.state))).all() == ["cancelled"]
