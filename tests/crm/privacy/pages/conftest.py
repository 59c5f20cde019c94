"""The pages on a real server, with somebody whose links they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncSession

import server.web  # noqa: F401  # loads every room's tables
from base.database import Sessions, transaction
from base.encryption import KeyRing
from bot.intake.sealing import sender_index_of
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import attach_address, create_contact, set_fields
from crm.privacy.pages.routes import PrivacyPages, routes
from crm.privacy.pages.tokens import Holder, issue_preferences_token
from crm.privacy.requests import Hands
from tests.conftest import Database

EMAIL = "ada@customer.example"
PHONE = "+14155552671"


@dataclass
class MovedClock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def forward(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class NotedStops:
    """Keeps what was to be stopped: reason, channels and whether only promotion."""

    stopped: list[tuple[str, tuple[str, ...] | None, bool]] = field(default_factory=list)

    async def stop(
        self,
        session: AsyncSession,
        *,
        contact_id: UUID,
        reason: str,
        now: datetime,
        channels: Sequence[str] | None = None,
        promotion_only: bool = False,
    ) -> None:
        self.stopped.append((reason, None if channels is None else tuple(channels), promotion_only))


@dataclass
class Reader:
    """Somebody with a browser, and what stands behind the pages."""

    client: TestClient[web.Request, web.Application]
    sessions: Sessions
    keys: KeyRing
    clock: MovedClock
    stops: NotedStops
    hands: Hands
    contact_id: UUID
    mails: Path

    @property
    def token(self) -> str:
        index = self.keys.blind_index(EMAIL, kind="email")
        return issue_preferences_token(self.keys, Holder(self.contact_id, index))

    async def get(self, path: str, *, status: int = 200, language: str = "en") -> str:
        async with self.client.get(path, headers={"Accept-Language": language}) as answer:
            assert answer.status == status, await answer.text()
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
            return await answer.text()

    async def post(self, path: str, *, status: int = 200, **form: Any) -> str:
        data = [(name, one) for name, value in form.items() for one in ([value] if isinstance(value, str) else value)]
        async with self.client.post(path, data=data, headers={"Accept-Language": "en"}) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def agree(self, purpose: str, channel: str) -> None:
        async with transaction(self.sessions) as session:
            await record_consent_event(
                session,
                ConsentFact(
                    event="given",
                    principal_ref=self.contact_id,
                    purpose=purpose,
                    channel=channel,
                    controller="North & <Wind>",
                    language="en",
                    method="chat_choice",
                    actor="subject",
                    effective_at=self.clock.now(),
                    notice_text="May we write to you?",
                ),
                self.clock.now(),
            )


@pytest.fixture
async def reader(database: Database, keys: KeyRing, now: datetime, tmp_path: Path) -> AsyncIterator[Reader]:
    clock, stops = MovedClock(now), NotedStops()
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="de", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
        await attach_address(session, keys, contact_id, kind="phone", value=PHONE, now=now)
        await set_fields(session, contact_id, {"first_name": "Ada", "country": "US"}, now)
    hands = Hands(keys, stops, sender_index_of(keys), "North & <Wind>", tmp_path)
    app = web.Application()
    app.add_routes(routes(PrivacyPages(database.sessions, clock, hands)))
    async with TestClient(TestServer(app)) as client:
        yield Reader(client, database.sessions, keys, clock, stops, hands, contact_id, tmp_path)
