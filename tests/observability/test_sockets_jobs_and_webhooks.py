"""Open chats and what is pushed to them, the worker's jobs, and webhooks of ours."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import procrastinate
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from procrastinate.testing import InMemoryConnector

from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from crm.timeline.service import record
from crm.webhooks import service
from crm.webhooks.sending import WebhookSending
from crm.webhooks.service import Wish
from server.metrics.jobs import watch_job
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import running_process
from tests.conftest import Database
from tests.observability.conftest import Counted
from tests.observability.test_traces import facts, finished, one

TOKEN_IN_URL = "in-the-address-of-a-receiver"


async def test_open_chats_are_counted_and_what_is_pushed_to_them_is_timed_but_not_the_replay(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue, counted: Counted
) -> None:
    async with running_process(database, keys, now, dialogue) as process:
        opened = await process.open()
        await process.turns.drain()
        async with process.visitor(opened["token"]) as visitor:
            await visitor.messages(1)
            assert counted("parley_sockets_open", kind="chat") == 1
            assert counted("parley_push_seconds_count") == 0
            await visitor.say("hello", uuid4())
            await visitor.messages(3)
            # What they said themselves is shown, too, and is no push.
            assert counted("parley_push_seconds_count") == 1
        async with asyncio.timeout(5):
            while counted("parley_sockets_open", kind="chat"):
                await asyncio.sleep(0.02)


async def test_jobs_are_timed_by_task_and_result(counted: Counted, spans: InMemorySpanExporter) -> None:
    app = procrastinate.App(connector=InMemoryConnector())

    @app.task(name="test.good")
    async def good() -> None: ...

    @app.task(name="test.bad")
    async def bad(address: str) -> None:
        raise ValueError(address)

    async with app.open_async():
        await good.defer_async()
        await bad.defer_async(address="ada@customer.example")
        await app.run_worker_async(wait=False, install_signal_handlers=False, worker_middleware=[watch_job])
    assert counted("parley_job_seconds_count", task="test.good", result="done") == 1
    assert counted("parley_job_seconds_count", task="test.bad", result="failed") == 1
    found = [each for each in finished(spans) if each.name == "job"]
    assert {facts(each)["task"] for each in found} == {"test.good", "test.bad"}
    assert "ada@" not in "".join(each.to_json() for each in found)


@pytest.mark.parametrize("answered", [(204, "delivered"), (500, "waiting")])
async def test_webhooks_of_ours_are_counted_and_traced_without_their_address(
    database: Database, keys: KeyRing, counted: Counted, spans: InMemorySpanExporter, answered: tuple[int, str]
) -> None:
    status, result = answered

    async def take(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    app, clock = web.Application(), SystemClock()
    app.router.add_post("/{token}", take)
    async with TestServer(app, host="127.0.0.1") as server:
        wish = Wish("shop", str(server.make_url(f"/{TOKEN_IN_URL}")), ("lead_captured",), False)
        async with transaction(database.sessions) as session:
            await service.make_endpoint(session, keys, wish, allow_private=True, made_by=new_id(), now=clock.now())
        async with transaction(database.sessions) as session:
            await record(session, kind="lead_captured", contact_id=None, conversation_id=None, data={}, now=clock.now())
        sent = WebhookSending(database.sessions, keys, clock, allow_private=True)
        assert await sent.send_due() == 1
    assert counted("parley_webhooks_out_total", result=result) == 1
    found = finished(spans)
    out = one(found, "webhook_out")
    assert facts(out)["status"] == status
    assert TOKEN_IN_URL not in "".join(each.to_json() for each in found)
