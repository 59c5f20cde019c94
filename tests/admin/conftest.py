"""The admin room in an aiohttp application with the problem middleware, as the composition root will run it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from admin.api.problems import problem_middleware
from admin.app import create_admin_routes
from admin.context import AdminContext
from admin.flows.desk import FlowDesk
from admin.models import AdminUser
from admin.sessions.passwords import Passwords
from admin.static_ui import NONCE
from base.database import transaction
from base.ids import new_id
from bot.dialogue import DialogueUnavailable, TurnRequest, TurnResult
from bot.publishing.source import PublishedSource
from tests.bot.knowledge.word_vectors import WordVectors
from tests.bot.understanding.missed_talk import AddressFinder
from tests.statements import statements

PASSWORD = "correct horse battery"
EMAIL = "ada@example.com"
INDEX = f'<!doctype html><meta property="csp-nonce" nonce="{NONCE}"><title>Parley</title>'
COMMAND = {"X-Requested-With": "parley", "Content-Type": "application/json"}


@dataclass
class SetClock:
    """A clock that tests move."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class Admin:
    """A browser at the admin API."""

    client: TestClient[web.Request, web.Application]
    context: AdminContext
    clock: SetClock
    headers: dict[str, str] = field(default_factory=lambda: dict(COMMAND))

    async def get(self, path: str, **params: Any) -> ClientResponse:
        return await self.client.get(path, params=params)

    async def send(self, method: str, path: str, content: Any = None, **headers: str) -> ClientResponse:
        return await self.client.request(method, path, json=content, headers={**self.headers, **headers})

    async def read(self, path: str, **params: Any) -> Any:
        answer = await self.get(path, **params)
        assert answer.status == 200, await answer.text()
        return await answer.json()

    async def sign_in(self, password: str = PASSWORD, email: str = EMAIL) -> ClientResponse:
        return await self.send("POST", "/api/v1/session", {"email": email, "password": password})

    def forget_cookies(self) -> None:
        self.client.session.cookie_jar.clear()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Real argon2id, but quick: the shipped parameters have tests of their own."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1))


@pytest.fixture
def clock(now) -> SetClock:
    return SetClock(now)


@dataclass
class WakeUps:
    """Counts how often a worker was woken."""

    count: int = 0

    async def wake(self) -> None:
        self.count += 1


class NobodyAnswers:
    """Dialogue processes that are away."""

    async def turn(self, request: TurnRequest) -> TurnResult:
        raise DialogueUnavailable


@pytest.fixture
def wake_ups() -> WakeUps:
    return WakeUps()


@pytest.fixture
def context(database, keys, clock, passwords, tmp_path, wake_ups) -> AdminContext:  # noqa: PLR0917  # fixtures
    return AdminContext(
        sessions=database.sessions,
        keys=keys,
        clock=clock,
        public_url="http://127.0.0.1:8080",
        facts=AddressFinder(),
        wake_understanding=wake_ups.wake,
        wake_imports=wake_ups.wake,
        imports_folder=tmp_path / "imports",
        wake_scores=wake_ups.wake,
        wake_segments=wake_ups.wake,
        wake_bulk=wake_ups.wake,
        meanings=WordVectors(),
        flows=FlowDesk(NobodyAnswers(), PublishedSource(database.sessions), wake_ups.wake),
        ui_build=tmp_path / "dist",
        passwords=passwords,
    )


@pytest.fixture
async def admin(context, clock) -> AsyncIterator[Admin]:
    """Nobody is signed in, and there is no user."""
    async with client_of(context) as client:
        yield Admin(client, context, clock)


@pytest.fixture
async def user(context, passwords, now) -> AdminUser:
    user = AdminUser(
        id=new_id(),
        email=EMAIL,
        name="Ada",
        role="owner",
        password_hash=await passwords.hash(PASSWORD),
        created_at=now,
    )
    async with transaction(context.sessions) as session:
        session.add(user)
    return user


@pytest.fixture
async def signed_in(admin, user) -> Admin:
    """The browser of the one user."""
    answer = await admin.sign_in()
    assert answer.status == 200
    return admin


@pytest.fixture
async def join(context, clock, passwords) -> AsyncIterator[Callable[..., Awaitable[Admin]]]:
    """Makes a further user of a role and gives them a browser of their own, signed in."""
    async with AsyncExitStack() as stack:

        async def make(role: str, email: str | None = None, name: str = "Grace") -> Admin:
            email = email or f"{role.replace(' ', '_').lower()}@example.com"
            hashed = await passwords.hash(PASSWORD)
            made = AdminUser(
                id=new_id(), email=email, name=name, role=role, password_hash=hashed, created_at=clock.now()
            )
            async with transaction(context.sessions) as session:
                session.add(made)
            browser = Admin(await stack.enter_async_context(client_of(context)), context, clock)
            answer = await browser.sign_in(email=email)
            assert answer.status == 200
            return browser

        yield make


def client_of(context: AdminContext) -> TestClient[web.Request, web.Application]:
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(create_admin_routes(context))
    return TestClient(TestServer(app))


@pytest.fixture
def counted(database):
    """Counts the statements that reach the database inside `with counted() as statements`."""
    return lambda: statements(database.sessions)


@pytest.fixture
def build(context) -> Path:
    """A folder as `npm run build` leaves it."""
    assets = context.ui_build / "assets"
    assets.mkdir(parents=True)
    (context.ui_build / "index.html").write_text(INDEX)
    (assets / "index-B4d5.js").write_text("console.log(1)")
    (context.ui_build.parent / "secret.txt").write_text("not for you")
    return context.ui_build
