"""`parley contacts …` as operators run it, on a real database."""

from __future__ import annotations

import csv
import json

import pytest
from pyarrow import parquet
from sqlalchemy import func, select

from base.encryption import create_key_file
from crm.contacts.models import Contact
from tests.crm.imports.people import write_csv
from tests.server.command_line import CommandLine


@pytest.fixture
def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return CommandLine(tmp_path, settings, "contacts")


async def count(database) -> int:
    async with database.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Contact)) or 0


async def test_people_are_previewed_imported_exported_and_taken_back(parley, database, tmp_path) -> None:
    path = write_csv(
        tmp_path / "people.csv",
        ["Mail 2", "Name", "Tel", "Secret"],
        ["jane@company.com", "DOE, JANE", "(415) 555-2671", "x"],
        ["jane@company.com", "Jim", "", "x"],
        ["", "Nobody", "12", "x"],
    )
    options = (str(path), "--map", "Mail 2=email", "--country", "us")
    preview = (await parley("import", *options, "--preview")).out
    assert "Mail 2: email" in preview
    assert "Secret: (left out)" in preview
    assert "row 2: " in preview
    assert "+14155552671" in preview
    assert await count(database) == 0
    done = (await parley("import", *options)).out
    assert "3 rows, 1 new contacts, 0 consents, 2 rows refused" in done
    listed = tmp_path / "people.csv.problems.csv"
    assert listed.stat().st_mode & 0o077 == 0
    with listed.open(newline="") as file:
        told = [(row["row"], row["became"]) for row in csv.DictReader(file)]
    assert told == [("3", "refused"), ("4", "left out"), ("4", "refused")]
    await parley("export", str(tmp_path / "all.json"))
    (jane,) = json.loads((tmp_path / "all.json").read_text())
    assert (jane["email"], jane["fields"]) == ("jane@company.com", {"first_name": "Jane", "last_name": "Doe"})
    assert (tmp_path / "all.json").stat().st_mode & 0o077 == 0
    await parley("export", str(tmp_path / "all.parquet"))
    (same,) = parquet.read_table(tmp_path / "all.parquet").to_pylist()
    assert (same["email"], same["last_name"]) == ("jane@company.com", "Doe")
    listing = (await parley("imports")).out
    import_id = listing.split()[0]
    assert import_id in done
    assert "done  1 of 3 rows" in listing
    assert "1 contacts removed, 0 kept" in (await parley("undo", import_id, "--yes")).out
    assert await count(database) == 0


async def test_what_cannot_be_imported_says_what_to_do(parley, tmp_path) -> None:
    path = write_csv(tmp_path / "people.csv", ["Name"], ["Jane"])
    refused = await parley("import", str(path))
    assert refused.code == 1
    assert "No column is an address" in refused.err
    assert "take one of marketing" in (await parley("import", str(path), "--purpose", "spam")).err
    assert "ends in .csv, .json or .parquet" in (await parley("export", str(tmp_path / "all.pdf"))).err
