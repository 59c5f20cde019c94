"""`parley privacy …` as operators run it, on a real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select

from base.database import transaction
from base.encryption import create_key_file, read_key_file
from crm.contacts.models import Contact
from crm.privacy.models import PrivacyRequest
from tests.admin.people import make_contact, make_talk
from tests.server.command_line import CommandLine

EMAIL = "ada@customer.example"


@pytest.fixture
def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return CommandLine(tmp_path, settings, "privacy")


async def test_a_person_is_found_exported_and_erased_with_their_mails(parley, database, tmp_path) -> None:
    keys, now = read_key_file(tmp_path / "var" / "keys" / "root.json"), datetime.now(UTC)
    async with transaction(database.sessions) as session:
        contact_id = await make_contact(session, keys, now, email=EMAIL, fields={"first_name": "Ada"})
        await make_talk(session, contact_id, now, texts=("Hello Ada",))
    mails = tmp_path / "var" / "mailbox"
    mails.mkdir()
    (mails / "1.eml").write_text(f"To: {EMAIL}\n\nHello Ada")
    assert (await parley("find", EMAIL)).out.strip() == str(contact_id)
    await parley("export", str(contact_id), str(tmp_path / "ada.zip"))
    with ZipFile(tmp_path / "ada.zip") as archive:
        assert EMAIL in archive.read("summary.txt").decode()
    assert (tmp_path / "ada.zip").stat().st_mode & 0o077 == 0
    told = (await parley("erase", str(contact_id), "--yes")).out
    assert "." in told
    assert list(mails.iterdir()) == []
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 0
        (request,) = (await session.scalars(select(PrivacyRequest))).all()
    assert (request.kind, request.status, request.closed_by) == ("erase", "done", "operator")


async def test_the_record_is_printed_for_people_and_programs(parley) -> None:
    assert (await parley("record")).out.startswith("# Record of processing activities")
    assert json.loads((await parley("record", "--json")).out)["activities"]


async def test_nothing_is_removed_where_nothing_is_old(parley) -> None:
    assert "nothing is older than it may be" in (await parley("retain")).out
