"""A whole set-up of one company with one of everything that the API speaks of: its own database, keys and web process.

What people and colleagues left behind is filled in by the tests of erasing, which know every table; the rest is made
over the API, as pages and programs make it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import Uuid, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.permissions import PERMISSIONS
from admin.models import AdminUser
from admin.passkeys.models import Passkey
from base.clock import SystemClock
from base.database import transaction
from base.encryption import create_key_file
from base.ids import new_id
from base.tables import Table
from bot.publishing.models import ContentNote, PublishJob
from crm.segments.models import Segment
from outreach.accounts.service import save_account
from outreach.entry_models import JourneyBackfill
from outreach.experiments.models import Experiment
from server.settings import read_settings
from server.web import create_web_app
from server.wiring import Platform, open_platform
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue, say
from tests.bot.stage import staged
from tests.contracts.house import free_port
from tests.crm.privacy.test_erasing import chat, fill

EMAIL = "olivia@site.example"
PASSWORD = "a long enough passphrase"
COMMAND = {"X-Requested-With": "parley", "Content-Type": "application/json"}
_PASSING = (
    "admin_sessions", "api_tokens", "admin_login_attempts", "procrastinate_jobs", "procrastinate_events",
    "procrastinate_workers", "procrastinate_periodic_defers",
)  # fmt: skip
"""Tables that change by being used: when a session was seen last."""
_CLAIMS = "{turn_fence,turn_claimed_until,turn_claimed_by,turn_not_before}"
"""Columns that say whose turn it is to answer somebody: the web process looks each second."""
_PATIENCE = 20
_DESIGN = {
    "goal": {"kind": "order_placed"}, "holdout_percent": 0, "stop": {},
    "variants": [{"name": "plain", "weight": 1}, {"name": "warm", "weight": 1}],
}  # fmt: skip


@dataclass
class FullSetUp:
    """A running set-up; `owner` is the browser of its owner, `token` an API token of theirs that may do everything."""

    platform: Platform
    app: web.Application
    owner: TestClient[web.Request, web.Application]
    token: str = ""
    event_token: str = ""
    made: dict[str, str] = field(default_factory=dict)
    """The ids of what was made, by what it is."""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> ClientResponse:
        """By the owner's session."""
        return await self.owner.request(method, path, json=body, headers={**COMMAND, **headers})

    async def make(self, kind: str, path: str, body: object) -> Any:
        """Makes something over the API and notes its id."""
        answer = await self.ask("POST", f"/api/v1/{path}", body)
        assert answer.status in {200, 201, 202}, f"{path}: {await answer.text()}"
        told = await answer.json()
        inner = [one for one in (told, *told.values()) if isinstance(one, dict) and "id" in one]
        if inner:
            self.made[kind] = inner[0]["id"]
        return told

    async def sign_in(self) -> None:
        answer = await self.ask("POST", "/api/v1/session", {"email": EMAIL, "password": PASSWORD})
        assert answer.status == 200, await answer.text()

    async def list_ids(self, each: int = 2) -> list[UUID]:
        """Ids of everything there is: of every table some, the latest first."""
        found: dict[UUID, None] = {}
        async with self.platform.sessions() as session:
            for table in Table.metadata.sorted_tables:
                for column in table.primary_key.columns:
                    if isinstance(column.type, Uuid):
                        rows = await session.scalars(select(column).order_by(column.desc()).limit(each))
                        found |= dict.fromkeys(rows)
        return list(found)

    async def settle(self) -> dict[str, Any]:
        """The state once everything that is waiting was answered: the web process looks each second."""
        before, moving = await self.state(), list[str]()
        for _ in range(_PATIENCE):
            await asyncio.sleep(2)
            now = await self.state()
            moving = [name for name in now if now[name] != before[name]]
            if not moving:
                return now
            before = now
        raise AssertionError(f"{moving} do not come to rest")

    async def state(self) -> dict[str, Any]:
        """What stands in every table, as a digest."""
        row = f"to_jsonb(t) - '{_CLAIMS}'::text[]"
        async with self.platform.sessions() as session:
            return {
                table.name: await session.scalar(
                    select(
                        func.md5(func.string_agg(text(f"({row})::text"), text(f"'|' ORDER BY ({row})::text")))
                    ).select_from(text(f'"{table.name}" AS t'))
                )
                for table in Table.metadata.sorted_tables
                if table.name not in _PASSING
            }


@asynccontextmanager
async def full_set_up(url: str, dialogue: ScriptedDialogue, folder: Path) -> AsyncIterator[FullSetUp]:
    """Starts a set-up on a fresh database and fills it."""
    port = free_port()
    settings = read_settings(
        database_url=SecretStr(url), rasa_urls=dialogue.url, rasa_secret=SecretStr(SECRET), data_dir=folder,
        public_url=f"http://127.0.0.1:{port}", chat_messages_a_minute=600,
    )  # fmt: skip
    create_key_file(settings.key_file)
    platform = open_platform(settings)
    app = create_web_app(platform)
    async with TestClient(TestServer(app, host="127.0.0.1", port=port)) as owner:
        set_up = FullSetUp(platform, app, owner)
        await _fill(set_up, dialogue)
        yield set_up


async def _fill(set_up: FullSetUp, dialogue: ScriptedDialogue) -> None:
    platform, now = set_up.platform, SystemClock().now()
    async with staged(platform.sessions, platform.keys, now, dialogue) as stage:
        contact = await chat(stage)
        await fill(stage, contact)
        set_up.made |= {"contact": str(contact), "conversation": str(stage.conversation_id)}
    async with transaction(platform.sessions) as session:
        await _add_rows(session, set_up, now)
    dialogue.script = lambda _body: say("Thank you")
    await set_up.sign_in()
    await _make_by_the_api(set_up)
    await set_up.settle()


async def _add_rows(session: AsyncSession, set_up: FullSetUp, now: datetime) -> None:
    """Who signs in, and what no endpoint makes at once."""
    hashed = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1).hash(PASSWORD)
    owner = AdminUser(id=new_id(), email=EMAIL, name="Olivia", role="owner", password_hash=hashed, created_at=now)
    session.add(owner)
    await session.flush()
    segment = await session.scalar(select(Segment.id))
    await session.execute(update(Experiment).values(design=_DESIGN))
    session.add_all(
        [
            Passkey(
                id=new_id(), user_id=owner.id, credential_id=owner.id.bytes, public_key=b"-", sign_count=0,
                name="Telephone", created_at=now,
            ),
            ContentNote(id=new_id(), item="library/demo_request", text="Too long", author="user:1", created_at=now),
            PublishJob(id=new_id(), kind="try", status="done", wish={}, author="user:1", asked_at=now),
            JourneyBackfill(
                id=new_id(), journey="carts", segment_id=segment, total=1, made_by="user:1", made_at=now
            ),
        ]
    )  # fmt: skip
    await save_account(
        session, set_up.platform.keys, channel="email", name="main", address="hello@site.example", settings={},
        secrets={}, now=now,
    )  # fmt: skip
    set_up.made["owner"] = str(owner.id)


async def _make_by_the_api(set_up: FullSetUp) -> None:
    make = set_up.make
    granted = sorted(PERMISSIONS)
    set_up.token = (await make("token", "api-tokens", {"name": "All", "permissions": granted}))["token"]
    await make("role", "roles", {"name": "Readers", "permissions": ["contacts.read"]})
    await make("invitation", "invitations", {"email": "new@site.example", "name": "New", "role": "agent"})
    await make("company", "companies", {"name": "Northwind"})
    await make("canned_reply", "canned-replies", {"name": "Hours", "language": "en", "text": "From nine to five"})
    await make("team", "inbox/teams", {"name": "sales", "members": [set_up.made["owner"]]})
    await make("field", "contact-fields", {"name": "budget", "label": "Budget", "type": "text"})
    await make("segment", "segments", {"name": "Tagged", "tree": {"tag": "vip"}})
    source = await make("source", "event-sources", {"name": "shop", "way": "api"})
    set_up.event_token = source["secret"]
    hook = {"name": "Hook", "url": "https://hooks.site.invalid/in", "kinds": ["lead_captured"]}
    await make("webhook", "webhooks", hook)
    table = {**COMMAND, "Content-Type": "text/csv"}
    answer = await set_up.owner.post(
        "/api/v1/imports?name=people.csv", data="email,name\na@x.example,A\n", headers=table
    )
    assert answer.status == 201, await answer.text()
    set_up.made["import"] = (await answer.json())["imported"]["id"]
    await make("bulk", "contacts/bulk", {"selection": {"ids": [set_up.made["contact"]]}, "operation": "export"})
    company = {"company_id": set_up.made["company"]}
    answer = await set_up.ask("PUT", f"/api/v1/contacts/{set_up.made['contact']}/company", company)
    assert answer.status < 300, await answer.text()
