"""Simulates journeys on a database that is thrown away: nothing of the site is read or written, nobody is reached."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import insert, make_url, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import create_engine, create_sessions, libpq_url
from base.encryption import KeyRing
from base.ids import new_id
from base.migrate import migrate
from base.postgres import start_embedded
from bot.models import Conversation, Message
from flows.compiler import compile_journeys
from flows.content import Content
from flows.journey_test_models import JourneyTest
from outreach.decisions import message_class_of
from outreach.models import OutboxMessage
from outreach.ports import Opening
from outreach.rule_pack import RulePack, read_rule_pack
from outreach.simulation import Place
from outreach.simulation_flow import Flowed, simulate
from outreach.simulation_tests import run_test
from server.reactions import ScoresAndSegments

_TEMPLATE = "simulation_template"
_numbers = itertools.count(1)


class ScratchTalks:
    """`outreach.ports.Talks` and `outreach.simulation_people.WrittenTalks`: rows, without a dialogue behind them.

    How a talk goes on is for who simulates to say; its opening is one message.
    """

    async def begin(self, session: AsyncSession, openings: Sequence[Opening], now: datetime) -> Mapping[str, UUID]:
        begun: dict[str, UUID] = {}
        for one in openings:
            talk = one.conversation_id or await self.open(session, one.contact_id, one.channel, now)
            begun[one.occurrence] = talk
            await session.execute(
                insert(OutboxMessage).values(
                    id=new_id(), occurrence=f"{one.occurrence}:opening", contact_id=one.contact_id,
                    conversation_id=talk, enrolment_id=one.enrolment_id, journey=one.journey, step=one.step,
                    channel=one.channel, purpose=one.purpose,
                    message_class=message_class_of(one.channel, one.purpose), text=f"[begins {one.flow}]",
                    message_id=new_id(), state="planned", due_at=now, created_at=now, updated_at=now,
                )
            )  # fmt: skip
        return begun

    async def open(self, session: AsyncSession, contact_id: UUID, channel: str, now: datetime) -> UUID:
        talk = new_id()
        await session.execute(
            insert(Conversation).values(
                id=talk, channel=channel, contact_id=contact_id, language="en", created_at=now, last_message_at=now
            )
        )
        return talk

    async def say(self, session: AsyncSession, conversation_id: UUID, now: datetime) -> None:
        await session.execute(
            insert(Message).values(
                id=new_id(), conversation_id=conversation_id, seq=1, author="visitor", kind="text", text="Yes, please.",
                turn_state="done", created_at=now,
            )
        )  # fmt: skip

    async def hand_over(self, session: AsyncSession, conversation_id: UUID) -> None:
        await session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(status="handed_off")
        )


class ScratchServer:
    """A PostgreSQL with a template, of which each simulation gets a fresh copy."""

    def __init__(self, url: str, *, pack: RulePack | None = None, default_zone: str = "Europe/London") -> None:
        self._url = url
        self._pack = pack or read_rule_pack()
        self._default_zone = default_zone

    def prepare(self) -> None:
        """Makes the template."""
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {_TEMPLATE}")
        migrate(self._address(_TEMPLATE))

    @asynccontextmanager
    async def place(self, template: str = _TEMPLATE) -> AsyncIterator[Place]:
        """An empty place, dropped afterwards."""
        name = f"simulation_{next(_numbers)}"
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        engine = create_engine(self._address(name))
        # Addresses in here are made up: that they cannot be read without the key protects nobody.
        keys = KeyRing("simulation", {"simulation": bytes(32)}, bytes(32))
        try:
            sessions, reactions = create_sessions(engine), [ScoresAndSegments(keys)]
            yield Place(sessions, keys, self._pack, reactions, ScratchTalks(), self._default_zone)
        finally:
            await engine.dispose()
            with self._admin() as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(libpq_url(self._url), autocommit=True) as connection:
            yield connection

    def _address(self, database: str) -> str:
        return make_url(self._url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def scratch_server(*, pack: RulePack | None = None, default_zone: str = "Europe/London") -> Iterator[ScratchServer]:
    """A server of its own in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="parley-simulation-") as folder:
        postgres = start_embedded(Path(folder) / "pg")
        try:
            with psycopg.connect(libpq_url(postgres.url), autocommit=True) as admin:
                # It lives for one command and need not survive a power cut.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    admin.execute(f"ALTER SYSTEM SET {setting} = off")
                admin.execute("SELECT pg_reload_conf()")
            server = ScratchServer(postgres.url, pack=pack, default_zone=default_zone)
            server.prepare()
            yield server
        finally:
            postgres.stop()


def run_tests(content: Content, journey: str | None) -> Iterator[tuple[str, JourneyTest, list[str]]]:
    """Runs the tests of one journey, or of all: which journey, which test, and what came otherwise."""
    compiled = compile_journeys(content)
    wanted = {name: file for name, file in sorted(content.journey_tests.items()) if journey in (None, name)}

    async def run(server: ScratchServer, name: str, test: JourneyTest) -> list[str]:
        async with server.place() as place:
            return await run_test(place, ScratchTalks(), compiled[name], test)

    with scratch_server() as server:
        for name, file in wanted.items():
            for test in file.tests.root:
                yield name, test, asyncio.run(run(server, name, test))


def run_population(content: Content, journey: str, people: int, lasts: timedelta, *, seed: int) -> Flowed:
    """Lets people through a journey."""
    compiled = compile_journeys(content)[journey]
    # A weekday's morning.
    begins = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

    async def run(server: ScratchServer) -> Flowed:
        async with server.place() as place:
            return await simulate(place, compiled, people, begins, lasts, seed=seed)

    with scratch_server() as server:
        return asyncio.run(run(server))
