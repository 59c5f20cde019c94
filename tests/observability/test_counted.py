"""What is counted and timed while people talk and messages leave."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest

from admin.api.problems import problem_middleware
from base.errors import NotAllowed
from base.metrics import REGISTRY, count_gate_answer, count_opt_out, count_send
from base.played import QUIET_THREADS
from server.metrics.requests import watch_requests
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.channels.sms.contract_bench import OURS, PEOPLE, Bench
from tests.contracts.house import House
from tests.observability.conftest import Counted

SECRET_WORDS = "my number is 14155552671 and I am ada@customer.example"


async def test_a_turn_is_counted_and_timed_by_its_parts(stage: Stage, counted: Counted) -> None:
    await stage.say("hello")
    assert counted("parley_turns_total", channel="web", result="answered") == 1
    for part in ("whole", "dialogue", "database"):
        assert counted("parley_turn_seconds_count", channel="web", part=part) == 1
    whole = counted("parley_turn_seconds_sum", channel="web", part="whole")
    parts = [counted("parley_turn_seconds_sum", channel="web", part=part) for part in ("dialogue", "database")]
    assert 0 < sum(parts) < whole
    assert counted("parley_answer_seconds_count", channel="web") == 1


async def test_time_that_the_dialogue_takes_is_the_dialogues(stage: Stage, counted: Counted) -> None:
    stage.dialogue.delay = 0.2
    await stage.say("hello")
    assert counted("parley_turn_seconds_sum", channel="web", part="dialogue") > 0.19
    whole = counted("parley_turn_seconds_sum", channel="web", part="whole")
    assert counted("parley_turn_seconds_sum", channel="web", part="database") < whole - 0.19
    assert counted("parley_dialogue_seconds_sum", replica="1", asked="turn", result="answered") > 0.19


async def test_a_turn_that_fails_is_given_back_and_in_the_end_handed_over(stage: Stage, counted: Counted) -> None:
    stage.dialogue.script = lambda _body: 500
    await stage.say("hello")
    for _ in range(3):
        stage.clock.move_seconds(60)
        await stage.turns.resume(stage.conversation_id)
    assert counted("parley_turns_total", channel="web", result="given_back") == 2
    assert counted("parley_turns_total", channel="web", result="handed_over") == 1
    assert counted("parley_turns_total", channel="web", result="answered") == 0
    assert counted("parley_dialogue_seconds_count", asked="turn", result="failed") > 0


async def test_who_asks_for_a_person_while_the_dialogue_is_away_is_handed_over(stage: Stage, counted: Counted) -> None:
    stage.dialogue.script = lambda _body: 503
    await stage.say("Can I talk to a person, please?")
    assert counted("parley_turns_total", channel="web", result="handed_over") == 1
    assert counted("parley_turns_total", channel="web", result="answered") == 0


async def test_a_turn_that_breaks_is_counted_as_broken(
    stage: Stage, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET_WORDS)

    monkeypatch.setattr("bot.turns.finish_alone", broken)
    await stage.say("hello")
    assert counted("parley_turns_total", channel="web", result="broke") == 1


async def test_sends_and_what_the_gate_said_are_counted(house: House, bench: Bench, counted: Counted) -> None:
    await bench.say("hello")
    await house.settle()
    await house.deliver()
    assert counted("parley_sends_total", channel="sms", outcome="accepted", reason="") == 1
    assert counted("parley_send_seconds_count", channel="sms") == 1
    assert counted("parley_gate_answers_total", stage="claim", answer="allow") == 1
    assert counted("parley_gate_answers_total", stage="wire", answer="allow") == 1


async def test_refusals_and_doubts_are_counted_with_their_reasons(house: House, bench: Bench, counted: Counted) -> None:
    bench.play("the number cannot text")
    await bench.say("hello")
    await house.settle()
    await house.deliver()
    (refused,) = await house.outbox()
    assert refused.reason_rule is not None
    assert counted("parley_sends_total", channel="sms", outcome="refused", reason=refused.reason_rule) == 1
    bench.play("the line breaks")
    await bench.say("hello?", person=1)
    await house.settle()
    await house.deliver()
    assert counted("parley_sends_total", channel="sms", outcome="in_doubt", reason="") == 1


async def test_an_opt_out_is_counted_once_however_often_it_is_told(
    house: House, bench: Bench, counted: Counted
) -> None:
    await bench.say("please stop texting me")
    await bench.repeat()
    await house.settle()
    assert counted("parley_opt_outs_total", channel="sms") + counted("parley_opt_outs_total", channel="all") == 1


@pytest.mark.parametrize("how", ["no signature", "wrong key", "unknown account"])
async def test_webhooks_are_counted_by_what_was_answered(
    house: House, bench: Bench, counted: Counted, how: str
) -> None:
    await bench.say("hello")
    assert counted("parley_webhooks_in_total", hook="sms", answer="accepted") == 1
    status = await bench.forge(how)
    answer = {403: "not_signed", 404: "unknown"}[status]
    assert counted("parley_webhooks_in_total", hook="sms", answer=answer) == 1
    assert counted("parley_request_seconds_count", area="webhook", status="2xx") == 1
    assert counted("parley_request_seconds_count", area="webhook", status="4xx") == 1


async def test_requests_are_counted_by_area_and_never_by_path(counted: Counted) -> None:
    async def handle(request: web.Request) -> web.Response:
        match request.match_info.get("what"):
            case "refuse":
                raise NotAllowed
            case "break":
                raise RuntimeError(SECRET_WORDS)
            case "redirect":
                raise web.HTTPFound("/api/v1/fine")
        return web.Response()

    app = web.Application(middlewares=[watch_requests, problem_middleware])
    app.add_routes([web.get("/api/v1/{what}", handle), web.get("/chat/messages", handle)])
    async with TestClient(TestServer(app)) as client:
        for what in ("fine", "refuse", "break", "redirect"):
            await client.get(f"/api/v1/{what}", allow_redirects=False)
        await client.get("/14155552671")
        await client.get("/chat/messages")
    for status in ("2xx", "3xx", "4xx", "5xx"):
        assert counted("parley_request_seconds_count", area="api", status=status) == 1
    assert counted("parley_request_seconds_count", area="nowhere", status="4xx") == 1
    assert counted("parley_request_seconds_count", area="chat") == 0
    assert "14155552671" not in generate_latest(REGISTRY).decode()


async def test_nothing_that_people_say_or_are_reached_at_is_in_the_figures(house: House, bench: Bench) -> None:
    house.dialogue.script = lambda _body: say(SECRET_WORDS)
    await bench.say(SECRET_WORDS)
    await house.settle()
    await house.deliver()
    text = generate_latest(REGISTRY).decode()
    for secret in ("ada@", PEOPLE[0].lstrip("+"), OURS.lstrip("+"), str(bench.account_id), *bench.secrets):
        assert secret not in text


def test_what_is_only_played_is_not_counted(counted: Counted) -> None:
    def play() -> None:
        count_send("email", "accepted", 0.1)
        count_gate_answer("wire", "allow", "allow")
        count_opt_out("email")

    thread = threading.Thread(target=play, name=f"{QUIET_THREADS}-journeys_0")
    thread.start()
    thread.join()
    assert counted("parley_sends_total", channel="email") == 0
    assert counted("parley_gate_answers_total", stage="wire") == 0
    assert counted("parley_opt_outs_total", channel="email") == 0
    play()
    assert counted("parley_sends_total", channel="email") == 1
