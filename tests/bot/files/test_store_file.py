"""Keeping files: what is accepted, how many, and that the same is kept once."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from base.database import Sessions, transaction
from base.errors import NotFound
from bot.conversations import start_conversation
from bot.files import service
from bot.files.service import FileNotAccepted, FileTooLarge, StoredFile, TooManyFiles, read_file, store_file
from tests.bot.files import samples
from tests.conftest import Database


@pytest.fixture
async def conversation_id(database: Database, now: datetime) -> UUID:
    async with transaction(database.sessions) as session:
        return await start_conversation(session, channel="web", language="en", time_zone=None, page_url=None, now=now)


async def store(sessions: Sessions, conversation_id: UUID, now: datetime, **changed: Any) -> StoredFile:
    upload = {"name": "a.png", "data": samples.png(), "accept": ("image", "pdf"), "max_bytes": 1_000_000, **changed}
    async with transaction(sessions) as session:
        return await store_file(session, conversation_id=conversation_id, now=now, **upload)


async def test_a_file_is_kept_and_read_again(database: Database, conversation_id: UUID, now: datetime) -> None:
    stored = await store(database.sessions, conversation_id, now, name="../photo.exe")
    async with database.sessions() as session:
        row = await read_file(session, stored.id)
    assert (row.name, row.kind, row.media_type, row.data) == ("photo.png", "image", "image/png", samples.png())


async def test_the_same_bytes_again_are_the_same_file(database: Database, conversation_id: UUID, now: datetime) -> None:
    first = await store(database.sessions, conversation_id, now)
    assert await store(database.sessions, conversation_id, now) == first


async def test_the_kind_is_the_first_accepted_one(database: Database, conversation_id: UUID, now: datetime) -> None:
    table = {"name": "a.csv", "data": b"a,b\n1,2\n"}
    stored = await store(database.sessions, conversation_id, now, accept=("text",), **table)
    assert stored.kind == "text"
    stored = await store(database.sessions, conversation_id, now, accept=("text", "spreadsheet"), **table)
    assert stored.kind == "spreadsheet"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"max_bytes": 10}, FileTooLarge),
        ({"accept": ("pdf",)}, FileNotAccepted),
        ({"data": b"<svg/>"}, FileNotAccepted),
        ({"data": b""}, FileNotAccepted),
    ],
)
async def test_what_is_not_wanted_is_refused(
    database: Database, conversation_id: UUID, now: datetime, changed: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await store(database.sessions, conversation_id, now, **changed)


async def test_a_file_needs_its_conversation(database: Database, now: datetime) -> None:
    with pytest.raises(NotFound):
        await store(database.sessions, uuid4(), now)
    async with database.sessions() as session:
        with pytest.raises(NotFound):
            await read_file(session, uuid4())


async def test_uploads_at_the_same_time_do_not_pass_the_number_of_files(
    database: Database, conversation_id: UUID, now: datetime
) -> None:
    uploads = [
        store(database.sessions, conversation_id, now, data=samples.png(str(number).encode()))
        for number in range(service.FILES + 5)
    ]
    results = await asyncio.gather(*uploads, return_exceptions=True)
    assert sum(isinstance(result, StoredFile) for result in results) == service.FILES
    assert sum(isinstance(result, TooManyFiles) for result in results) == 5


async def test_all_files_of_a_conversation_have_a_size_together(
    database: Database, conversation_id: UUID, now: datetime
) -> None:
    big = 20 * 1024 * 1024
    for letter in (b"a", b"b"):
        data = samples.pdf() + letter * (big - len(samples.pdf()))
        await store(database.sessions, conversation_id, now, data=data, max_bytes=big)
    with pytest.raises(TooManyFiles):
        await store(database.sessions, conversation_id, now, data=samples.pdf() + b"c" * (big - 200), max_bytes=big)
    await store(database.sessions, conversation_id, now)
