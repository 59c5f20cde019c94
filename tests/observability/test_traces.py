"""One message, followed over web process, dialogue process, outbox and provider; and nothing personal in any span."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from base.tracing import _Tracing, add_trace_id, span, start_tracing, trace_headers
from bot.models import Message
from channels.sms.webhook import OVERRIDES, inbound_url
from server.metrics.observing import observed
from server.settings import read_settings
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.channels.sms.contract_bench import OURS, PEOPLE, TOKEN, Bench
from tests.contracts.house import House

ADDRESS, NUMBER, NAME, VISITOR_TOKEN = "ada@customer.example", "4155559876", "Ada Lovelace", "tok_3f9a1c"
WORDS = f"I am {NAME}, {ADDRESS}, call {NUMBER}, code {VISITOR_TOKEN}"


def finished(spans: InMemorySpanExporter) -> list[ReadableSpan]:
    spans.stop_tracing()  # type: ignore[attr-defined]
    return list(spans.get_finished_spans())


def one(found: list[ReadableSpan], name: str) -> ReadableSpan:
    (only,) = [each for each in found if each.name == name]
    return only


def facts(each: ReadableSpan) -> dict[str, Any]:
    return {name.removeprefix("parley."): value for name, value in (each.attributes or {}).items()}


async def whole_way(house: House, bench: Bench) -> None:
    """A text comes in, is answered by a dialogue that repeats it, and the answer leaves."""
    house.dialogue.script = lambda body: say(
        f"You said: {body['message']['text']}", state={"v": 2, "slots": {"email": ADDRESS}}
    )
    await bench.say(WORDS)
    await house.settle()
    await house.deliver()


async def test_a_message_is_one_trace_from_the_webhook_to_the_stored_answer(
    house: House, bench: Bench, spans: InMemorySpanExporter
) -> None:
    await whole_way(house, bench)
    found = finished(spans)
    hook, turn, asked = one(found, "webhook"), one(found, "turn"), one(found, "dialogue")
    assert hook.parent is None
    assert {each.context.trace_id for each in (hook, turn, asked)} == {hook.context.trace_id}
    assert asked.parent is not None
    assert asked.parent.span_id == turn.context.span_id
    written = [
        each
        for each in found
        if each.name == "transaction" and each.parent and each.parent.span_id == turn.context.span_id
    ]
    assert written
    assert facts(turn)["result"] == "answered"
    # The dialogue process was told the same trace.
    header = house.dialogue.traceparents[-1]
    assert header is not None
    assert header.startswith(f"00-{asked.context.trace_id:032x}-{asked.context.span_id:016x}-")


async def test_a_send_names_the_answer_that_its_turn_made(
    house: House, bench: Bench, spans: InMemorySpanExporter
) -> None:
    await whole_way(house, bench)
    found = finished(spans)
    turn, send = one(found, "turn"), one(found, "send")
    (row,) = await house.outbox()
    assert facts(send)["outbox_id"] == str(row.id)
    assert facts(send)["message_id"] in facts(turn)["said"]
    assert facts(send)["conversation_id"] == facts(turn)["conversation_id"]
    assert facts(send)["outcome"] == "accepted"


async def test_no_span_holds_an_address_a_number_a_name_or_a_token(
    house: House, bench: Bench, spans: InMemorySpanExporter
) -> None:
    await whole_way(house, bench)
    bench.play("nonsense")
    await bench.say(WORDS, person=1)
    house.dialogue.script = lambda _body: 500
    await house.settle()
    await house.deliver()
    found = finished(spans)
    assert {"webhook", "turn", "dialogue", "transaction", "send"} <= {each.name for each in found}
    everything = "\n".join(each.to_json() for each in found)
    said = [each.text for each in await house.rows(Message)]
    assert any(ADDRESS in text for text in said), "what is looked for was really said"
    for secret in (
        ADDRESS,
        "customer.example",
        NUMBER,
        NAME,
        "Lovelace",
        VISITOR_TOKEN,
        TOKEN,
        "You said",
        OURS[1:],
        PEOPLE[0][1:],
        PEOPLE[1][1:],
    ):
        assert secret not in everything
    assert "/hooks/" not in everything


async def test_an_error_is_told_by_its_kind_and_never_by_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Ada"), span("job", task="t"):
        raise ValueError(WORDS)
    only = one(finished(spans), "job")
    assert only.status.description == "ValueError"
    assert only.events == ()
    assert "Ada" not in only.to_json()


async def test_what_is_no_name_of_ours_is_left_out_of_a_span(spans: InMemorySpanExporter) -> None:
    with span("job", task=ADDRESS, number=f"+{NUMBER}", words=WORDS, attempt=2, kind="text", nothing=None):
        pass
    assert facts(one(finished(spans), "job")) == {"attempt": 2, "kind": "text"}


async def test_a_trace_that_somebody_outside_began_is_not_gone_on_with(
    house: House, bench: Bench, spans: InMemorySpanExporter
) -> None:
    """Else whoever knocks decides what is kept, and could join traces of others."""
    from aiohttp import ClientSession

    theirs = "00-11111111111111111111111111111111-2222222222222222-01"
    url = inbound_url(house.public_url, bench.account_id) + OVERRIDES
    async with ClientSession() as http, http.post(url.split("#")[0], headers={"traceparent": theirs}) as answer:
        assert answer.status == 403
    hook = one(finished(spans), "webhook")
    assert f"{hook.context.trace_id:032x}" != "1" * 32
    assert facts(hook)["status"] == 403


async def test_logs_name_the_trace_they_were_written_in(spans: InMemorySpanExporter) -> None:
    assert add_trace_id(None, "info", {"event": "x"}) == {"event": "x"}
    with span("job", task="t"):
        logged = add_trace_id(None, "info", {"event": "x"})
    assert logged["trace_id"] == f"{one(finished(spans), 'job').context.trace_id:032x}"


async def test_the_real_log_has_it(spans: InMemorySpanExporter, capfd: pytest.CaptureFixture[str]) -> None:
    import logging

    import structlog

    from base.logging import configure_logging

    kept, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging()
        with span("job", task="t"):
            structlog.get_logger("of.this.test").info("something_happened")
            logging.getLogger("of.a.library").info("too")
    finally:
        structlog.configure(**kept)
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    trace_id = f"{one(finished(spans), 'job').context.trace_id:032x}"
    assert [line["trace_id"] for line in lines] == [trace_id, trace_id]


async def test_without_a_collector_nothing_is_traced_and_no_header_is_sent(stage: Stage) -> None:
    assert _Tracing.tracer is None
    assert trace_headers() == {}
    await stage.say("hello")
    assert stage.dialogue.traceparents[-1] is None
    with capture_logs() as logged, span("job", task="t") as none:
        assert not none.is_recording()
    assert logged == []


async def test_a_collector_that_is_away_holds_up_neither_the_work_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    monkeypatch.setattr("base.tracing.SPAN_TIMEOUT", 0.5)
    # The port of "discard": nobody listens there.
    stop = start_tracing("test", "p1", OTLPSpanExporter(endpoint="http://127.0.0.1:9/v1/traces", timeout=0.5))
    began = time.monotonic()
    for _ in range(3000):
        with span("job", alone=True, task="t"):
            pass
    assert time.monotonic() - began < 5
    began = time.monotonic()
    await asyncio.to_thread(stop)
    # The exporter by itself goes on trying for a minute.
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (1.0, 20)])
async def test_only_the_share_that_was_asked_for_is_kept(share: float, kept: int) -> None:
    exporter = InMemorySpanExporter()
    stop = start_tracing("test", "p1", exporter, share=share)
    for _ in range(20):
        with span("job", alone=True, task="t"):
            pass
    stop()
    assert len(exporter.get_finished_spans()) == kept


async def test_spans_reach_a_collector_over_http(database: Any, tmp_path: Any) -> None:
    """A local server that takes what OTLP/HTTP sends; what it got is read by the protocol's own types."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from pydantic import SecretStr

    from base.encryption import create_key_file
    from server.wiring import open_platform

    taken: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    server = TestServer(app)
    await server.start_server()
    settings = read_settings(
        database_url=SecretStr(database.url), data_dir=tmp_path, otlp_endpoint=str(server.make_url("/")).rstrip("/")
    )
    create_key_file(settings.key_file)
    platform = open_platform(settings)
    async with observed(platform, "worker"):
        with span("job", alone=True, task="outreach.pump_due"):
            await asyncio.sleep(0)
    await server.close()
    await platform.engine.dispose()
    (resource,) = [each for request in taken for each in request.resource_spans]
    told = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert told["service.name"] == "parley-worker"
    assert [each.name for scope in resource.scope_spans for each in scope.spans] == ["job"]
    assert re.fullmatch(r"[0-9a-f]{12}", told["service.instance.id"])
