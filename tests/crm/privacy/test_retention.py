"""What was kept long enough goes in sets; what may stay stays; idle people are erased with a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.ids import new_id
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.privacy.models import Erasure
from crm.privacy.persons import table_named
from crm.privacy.registry import read_registry
from crm.privacy.retention import list_idle, list_timed, remove_old
from crm.timeline.service import record
from server.privacy_jobs import retain_all
from server.settings import Settings
from server.wiring import Platform
from tests.admin.people import make_contact, make_talk, outbox_row
from tests.conftest import Database


@dataclass
class StandingClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def platform(database: Database, keys: KeyRing, now: datetime, tmp_path: Path) -> Platform:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    return Platform(settings, database.engine, database.sessions, keys, StandingClock(now), "test")


async def count(sessions: Sessions, name: str) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(table_named(name))) or 0


async def add_events(sessions: Sessions, ages: list[float], state: str, now: datetime) -> None:
    """Things that a provider told us, this many days ago."""
    rows = [
        {
            "id": new_id(),
            "account_id": new_id(),
            "channel": "sms",
            "provider_id": str(new_id()),
            "sender_index": b"1",
            "sealed": b"k1\0x" if state == "pending" else None,
            "state": state,
            "attempts": 0,
            "received_at": now - timedelta(days=days),
        }
        for days in ages
    ]
    async with transaction(sessions) as session:
        await session.execute(insert(table_named("inbound_events")).values(rows))


async def test_rows_go_in_sets_when_their_days_are_over_and_not_before(database: Database, now: datetime) -> None:
    days = read_registry().tables["inbound_events"].keep.days  # type: ignore[union-attr]
    await add_events(database.sessions, [days + 1] * 5 + [days - 1] * 2, "done", now)
    await add_events(database.sessions, [days + 100], "pending", now)
    removed = []
    for _ in range(4):
        async with transaction(database.sessions) as session:
            removed.append(await remove_old(session, "inbound_events", now, limit=2))
    assert removed == [2, 2, 1, 0]
    assert await count(database.sessions, "inbound_events") == 3, "the young ones, and what is still to be done"


@pytest.mark.parametrize("name", list_timed())
async def test_every_time_of_the_registry_is_a_statement_that_runs(
    database: Database, now: datetime, name: str
) -> None:
    async with transaction(database.sessions) as session:
        assert await remove_old(session, name, now, limit=10) == 0


async def test_a_table_without_a_time_of_its_own_is_refused(database: Database, now: datetime) -> None:
    async with database.sessions() as session:
        with pytest.raises(LookupError):
            await remove_old(session, "messages", now, limit=10)


async def idle_person(platform: Platform, days: float, **columns: Any) -> UUID:
    """Somebody with whom nothing has happened for this many days."""
    at = platform.clock.now() - timedelta(days=days)
    async with transaction(platform.sessions) as session:
        return await make_contact(
            session,
            platform.keys,
            at,
            email=f"{new_id().hex}@customer.example",
            created_at=at,
            updated_at=at,
            **columns,
        )


async def test_idle_people_are_erased_by_their_stage_and_customers_stay(platform: Platform, now: datetime) -> None:
    idle = read_registry().tables["contacts"].idle
    gone = {await idle_person(platform, days + 1, stage=stage) for stage, days in idle.items()}
    kept = {await idle_person(platform, days - 1, stage=stage) for stage, days in idle.items()}
    kept.add(await idle_person(platform, 9_000, stage="customer"))
    letter = platform.settings.mail_folder / "1.eml"
    letter.parent.mkdir()
    async with platform.sessions() as session:
        point = await session.scalar(select(ContactPoint).where(ContactPoint.contact_id == min(gone)))
    address = platform.keys.unseal(point.value_sealed, column=SEALED_COLUMN, row=point.id)
    letter.write_text(f"To: {address}\n\nHello\n", "utf-8")
    removed = await retain_all(platform)
    assert not letter.exists()
    assert removed["people"] == len(gone)
    async with platform.sessions() as session:
        assert set(await session.scalars(select(Contact.id))) == kept
        erasures = (await session.scalars(select(Erasure))).all()
        assert {(one.contact_id, one.reason) for one in erasures} == {(one, "retention") for one in gone}
    assert await retain_all(platform) == {}


async def test_whoever_still_has_something_coming_or_was_heard_of_is_not_idle(
    platform: Platform, now: datetime
) -> None:
    days = 4_000
    waiting, heard, talked, asked, gone = [await idle_person(platform, days, stage="lead") for _ in range(5)]
    async with transaction(platform.sessions) as session:
        session.add(outbox_row(waiting, now + timedelta(days=1)))
        await record(session, kind="link_clicked", contact_id=heard, conversation_id=None, data={}, now=now)
        await make_talk(session, talked, now - timedelta(days=2), texts=("Hello",))
        await session.execute(
            insert(table_named("privacy_requests")).values(
                id=new_id(), contact_id=asked, kind="access", status="open", channel="web", made_by="subject",
                detail={}, received_at=now - timedelta(days=1), due_at=now,
            )
        )  # fmt: skip
    async with platform.sessions() as session:
        assert await list_idle(session, now, limit=10) == [gone]


async def test_the_night_removes_a_talk_with_its_messages_and_keeps_the_one_of_yesterday(
    platform: Platform, now: datetime
) -> None:
    async with transaction(platform.sessions) as session:
        customer = await make_contact(session, platform.keys, now, email="ada@customer.example", stage="customer")
        await make_talk(session, customer, now - timedelta(days=800), texts=("old words",))
        await make_talk(session, customer, now - timedelta(days=1), texts=("new words",))
    removed = await retain_all(platform)
    assert removed["conversations"] == 1
    async with platform.sessions() as session:
        texts = await session.scalars(select(table_named("messages").c.text).where(table_named("messages").c.seq > 0))
        assert list(texts) == ["new words"]
