"""What the web process serves beside the chat: a closed list of files, health, and headers on all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import text
from yarl import URL

from base.database import libpq_url, transaction
from base.encryption import create_key_file
from base.schema_version import SchemaTooOld
from bot.presence import PRESENCE_LOCKS
from bot.publishing.models import Publication
from server.settings import SettingsProblem, read_settings
from server.web import create_web_app
from server.wiring import open_platform
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue
from tests.conftest import Database
from tests.contracts.house import free_port

SITE = "http://127.0.0.1:8080"


@pytest.fixture
async def server(database: Database, dialogue: ScriptedDialogue, tmp_path: Path) -> AsyncIterator[TestServer]:
    async with running(database.url, dialogue.url, tmp_path) as started:
        yield started


def running(database_url: str, dialogue_url: str, folder: Path) -> TestServer:
    """The whole web process, set up by its own composition root."""
    settings = read_settings(
        database_url=SecretStr(database_url), rasa_urls=dialogue_url, rasa_secret=SecretStr(SECRET), data_dir=folder
    )
    create_key_file(settings.key_file)
    return TestServer(create_web_app(open_platform(settings)))


async def publish_something(database: Database) -> None:
    """Flows that the scripted dialogue process does not look at."""
    async with transaction(database.sessions) as session:
        session.add(
            Publication(
                flows_version="0" * 12, contents={}, model_id="0" * 64,
                compiled={"version": "0" * 12, "default_language": "en", "wording": {}},
                author="test", report={}, published_at=datetime.now(UTC),
            )
        )  # fmt: skip


async def get(server: TestServer, path: str) -> tuple[ClientResponse, str]:
    """A path exactly as given, dots and escapes too."""
    async with ClientSession() as http:
        url = URL(f"http://127.0.0.1:{server.port}{path}", encoded=True)
        async with http.get(url, allow_redirects=False) as answer:
            return answer, await answer.text()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "html"),
        ("/site.css", "css"),
        ("/site.js", "javascript"),
        ("/favicon.svg", "svg"),
        ("/widget.js", "javascript"),
        ("/healthz", "json"),
        ("/readyz", "json"),
    ],
)
async def test_the_site_is_served_with_security_headers(server: TestServer, path: str, kind: str) -> None:
    answer, body = await get(server, path)
    assert answer.status == 200
    assert kind in answer.content_type
    assert body
    check_headers(answer)


async def test_errors_carry_the_headers_too_and_are_problem_details(server: TestServer) -> None:
    answer, body = await get(server, "/nothing-here")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404
    check_headers(answer)


def check_headers(answer: ClientResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" in answer.headers
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy


@pytest.mark.parametrize(
    "path",
    [
        "/../server/settings.py",
        "/..%2fserver%2fsettings.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/site.css/../../chat.py",
        "/site.css%00.html",
        "/index.html",
        "/chat.py",
        "/favicon.svg/",
        "/widget/src/main.ts",
        "/.env",
        "/admin/../../../pyproject.toml",
        "/admin/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/admin/..%2f..%2f..%2fpyproject.toml",
    ],
)
async def test_nothing_else_of_the_disk_can_be_reached(server: TestServer, path: str) -> None:
    answer, body = await get(server, path)
    assert answer.status in (301, 302, 303, 307, 308, 400, 403, 404) or answer.content_type == "text/html"
    for secret in ("root:", "import annotations", "[project]", "PARLEY_"):
        assert secret not in body


async def test_a_process_without_its_database_is_alive_but_not_ready(
    database: Database, postgres_url: str, dialogue: ScriptedDialogue, tmp_path: Path
) -> None:
    name = database.engine.url.database
    async with running(database.url, dialogue.url, tmp_path) as server:
        assert (await get(server, "/readyz"))[0].status == 200
        async with await psycopg.AsyncConnection.connect(libpq_url(postgres_url), autocommit=True) as admin:
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            answer, body = await get(server, "/readyz")
            assert (answer.status, json.loads(body)["code"]) == (503, "database_unavailable")
            assert (await get(server, "/healthz"))[0].status == 200
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert (await get(server, "/readyz"))[0].status == 200


async def test_without_anybody_to_answer_or_words_to_say_so_it_is_not_ready(database: Database, tmp_path: Path) -> None:
    async with running(database.url, f"http://127.0.0.1:{free_port()}", tmp_path) as server:
        answer, body = await get(server, "/readyz")
        assert (answer.status, json.loads(body)["code"]) == (503, "nothing_published")
        await publish_something(database)
        async with asyncio.timeout(20):
            while (await get(server, "/readyz"))[0].status != 200:
                await asyncio.sleep(0.1)
        # An upgrade goes on under it, to a schema that it cannot do with.
        async with transaction(database.sessions) as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert (await get(server, "/readyz"))[0].status == 200, "marked as one on which it still runs"
        async with transaction(database.sessions) as session:
            await session.execute(text("""UPDATE site_facts SET value = '{"runs_since": "9999"}'"""))
        answer, body = await get(server, "/readyz")
        assert (answer.status, json.loads(body)["code"]) == (503, "schema_too_new")


async def test_on_an_older_schema_it_does_not_start(
    database: Database, dialogue: ScriptedDialogue, tmp_path: Path
) -> None:
    async with transaction(database.sessions) as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    server = running(database.url, dialogue.url, tmp_path)
    with pytest.raises(SchemaTooOld, match="parley migrate"):
        await server.start_server()
    await server.close()


async def test_what_a_dead_process_left_unanswered_is_answered_by_the_sweep(
    database: Database, dialogue: ScriptedDialogue, tmp_path: Path
) -> None:
    await publish_something(database)
    dialogue.script = lambda _body: 503
    async with running(database.url, dialogue.url, tmp_path) as server, ClientSession() as http:
        address = f"http://127.0.0.1:{server.port}"
        async with http.post(f"{address}/chat/session", headers={"Origin": SITE}, data="{}") as answer:
            token = (await answer.json())["token"]
        await asyncio.sleep(0.1)
        await until(database, shown := f"pg_locks WHERE classid = {PRESENCE_LOCKS}")
        dialogue.script = lambda _body: {"state": {"v": 1}, "replies": [{"text": "welcome"}], "effects": []}
        dialogue.delay = 0.5
        await until(database, f"{shown} AND objid IN (SELECT turn_claimed_by FROM conversations)")
        headers = {"Origin": SITE, "Authorization": f"Bearer {token}"}
        async with http.get(f"{address}/chat/messages?after=0&wait=10", headers=headers) as answer:
            assert [message["text"] for message in (await answer.json())["messages"]] == ["welcome"]


async def until(database: Database, found: str) -> None:
    """Until there are such rows."""
    async with asyncio.timeout(10), database.sessions() as session:
        while not await session.scalar(text(f"SELECT EXISTS (SELECT FROM {found})")):
            await session.rollback()
            await asyncio.sleep(0.02)


def test_a_web_process_without_a_dialogue_address_is_not_started(fresh_database_url: str, tmp_path: Path) -> None:
    settings = read_settings(database_url=SecretStr(fresh_database_url), data_dir=tmp_path)
    create_key_file(settings.key_file)
    with pytest.raises(SettingsProblem, match="PARLEY_RASA_URLS and PARLEY_RASA_SECRET"):
        create_web_app(open_platform(settings))
