"""`parley keys …` as operators run it: a key goes once no row needs it, and the addresses stay readable."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.encryption import KeyProblem, create_key_file, read_key_file
from crm.contacts.models import SEALED_COLUMN, ContactPoint
from crm.contacts.service import attach_address, create_contact, read_addresses
from server.key_rotation import sealed_tables
from tests.server.command_line import CommandLine


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "var" / "keys" / "root.json"
    create_key_file(path)
    return path


@pytest.fixture
def parley(tmp_path, database, key_file):
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return CommandLine(tmp_path, settings, "keys")


async def test_a_key_is_rotated_and_retired_and_a_copy_of_before_cannot_be_read(parley, database, key_file, now):
    keys = read_key_file(key_file)
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
    async with database.sessions() as session:
        before = await session.scalar(ContactPoint.__table__.select().with_only_columns(ContactPoint.value_sealed))
        point_id = await session.scalar(ContactPoint.__table__.select().with_only_columns(ContactPoint.id))
    assert "k1" in (await parley("list")).out
    assert (await parley("retire", "k1", "--yes")).code == 1
    assert "1 secrets" in (await parley("rotate")).out
    listed = (await parley("list")).out.splitlines()
    assert ("0 rows" in listed[0], "1 rows" in listed[1]) == (True, True)
    assert "k1 is retired" in (await parley("retire", "k1", "--yes")).out
    ring = read_key_file(key_file)
    async with database.sessions() as session:
        assert await read_addresses(session, ring, [contact_id]) == {contact_id: {"email": "ann@example.com"}}
    with pytest.raises(KeyProblem):
        ring.unseal(before, column=SEALED_COLUMN, row=point_id)


async def test_a_key_that_rows_still_need_stays(parley, database, key_file, now):
    from base.encryption import add_root_key

    keys = read_key_file(key_file)
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
    add_root_key(key_file)
    refused = await parley("retire", "k1", "--yes")
    assert refused.code == 1
    assert "1 in contact_points" in refused.out + refused.err
    assert "k1" in read_key_file(key_file).column_roots


def test_every_sealed_column_names_its_key():
    assert all("key_id" in table.c for table in sealed_tables())
