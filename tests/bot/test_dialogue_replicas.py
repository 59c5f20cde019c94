"""Several dialogue processes, some of which are having a bad day: nobody waits for those, and they come back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import dialogue as client_module
from bot import dialogue_replica as replica_module
from bot.dialogue import DialogueFailed, DialogueUnavailable, MemorySource, RasaDialogue
from bot.dialogue_breaker import FIRST_PAUSE, TRIPS_AFTER
from tests.bot.scripted_dialogue import say, scripted_dialogue
from tests.bot.test_dialogue import FLOWS, MODEL, client_of, nowhere, request


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.add_flows(FLOWS)
    source.add_model(MODEL)
    return source


def break_off(_body: dict[str, Any]) -> web.Response:
    """As a script: the process is killed in the middle of its answer."""
    return CutShort()


class CutShort(web.Response):
    """An answer of which nothing arrives."""

    async def prepare(self, request: web.BaseRequest) -> Any:
        assert request.transport is not None
        request.transport.abort()
        raise ConnectionResetError


async def fail(client: RasaDialogue, source: MemorySource, times: int) -> None:
    for _ in range(times):
        with pytest.raises(DialogueFailed):
            await client.turn(request(source))


async def test_the_least_busy_is_asked(source: MemorySource) -> None:
    async with scripted_dialogue() as slow, scripted_dialogue() as quick:
        slow.delay = 30.0
        async with client_of(source, slow.url, quick.url) as client:
            waiting = asyncio.create_task(client.turn(request(source)))
            while not slow.requests:
                await asyncio.sleep(0.01)
            for _ in range(11):
                await client.turn(request(source))
            waiting.cancel()
        assert len(slow.requests) == 1
        assert len(quick.requests) == 11


async def test_when_one_ends_in_the_middle_of_a_turn_another_answers_it(source: MemorySource) -> None:
    async with scripted_dialogue() as dying, scripted_dialogue() as other:
        dying.script = break_off
        async with client_of(source, dying.url, other.url) as client:
            for _ in range(4):
                assert (await client.turn(request(source))).replies[0].text == "echo hi"
        assert dying.requests


async def test_a_message_that_ends_them_all_is_not_tried_on_more_than_two(source: MemorySource) -> None:
    async with scripted_dialogue() as one, scripted_dialogue() as two, scripted_dialogue() as three:
        every = (one, two, three)
        for each in every:
            each.script = break_off
        async with client_of(source, *(each.url for each in every)) as client:
            await fail(client, source, 1)
        assert sum(len(each.requests) for each in every) == 2


@pytest.mark.parametrize("answer", [500, {"nothing": 1}], ids=["500", "no turn"])
async def test_one_that_fails_again_and_again_is_left_alone_and_the_message_waits(
    source: MemorySource, answer: Any
) -> None:
    async with scripted_dialogue() as failing:
        failing.script = lambda _body: answer
        async with client_of(source, failing.url) as client:
            await fail(client, source, TRIPS_AFTER)
            with pytest.raises(DialogueUnavailable, match="left alone"):
                await client.turn(request(source))
            assert len(failing.requests) == TRIPS_AFTER
            failing.script = lambda _body: say("well again")
            await asyncio.sleep(FIRST_PAUSE)
            assert (await client.turn(request(source))).replies[0].text == "well again"


async def test_one_that_hangs_costs_its_turns_the_time_out_and_then_nobody_anything(
    source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "TURN_TIMEOUT", 1.0)
    async with scripted_dialogue() as hanging, scripted_dialogue() as other:
        hanging.delay = 30.0
        async with client_of(source, hanging.url, other.url) as client:
            first = await asyncio.gather(*(client.turn(request(source)) for _ in range(10)), return_exceptions=True)
            assert sum(isinstance(one, DialogueFailed) for one in first) == 5
            for _ in range(20):
                began = time.monotonic()
                assert (await client.turn(request(source))).replies[0].text == "echo hi"
                assert time.monotonic() - began < 0.9


async def test_one_that_was_away_is_tried_out_by_a_copy_and_given_what_it_lacks_before_anybody_waits_for_it(
    source: MemorySource,
) -> None:
    async with scripted_dialogue() as back, scripted_dialogue() as other:
        back.script = lambda _body: 503
        async with client_of(source, back.url, other.url) as client:
            for _ in range(3):
                assert (await client.turn(request(source))).replies[0].text == "echo hi"
            seen = len(back.requests)
            assert seen <= 2
            back.script, back.strict, back.push_delay = lambda _body: say("back"), True, 0.7
            await asyncio.sleep(FIRST_PAUSE)
            waits: list[float] = []
            texts: set[str | None] = set()
            async with asyncio.timeout(30):
                while len(texts) < 2:
                    began = time.monotonic()
                    texts.add((await client.turn(request(source))).replies[0].text)
                    waits.append(time.monotonic() - began)
                    await asyncio.sleep(0.02)
        assert texts == {"echo hi", "back"}
        assert sorted(path.split("/")[3] for path in back.pushes) == ["flows", "models"]
        assert max(waits) < 0.65, "less than one of the two pushes takes"


async def test_while_nobody_else_is_there_one_that_was_away_is_looked_for_each_time(
    source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica_module, "_AT_ONCE", 10.0)
    async with scripted_dialogue() as only:
        only.script = lambda _body: 503
        async with client_of(source, only.url, nowhere()) as client:
            for _ in range(5):
                with pytest.raises(DialogueUnavailable):
                    await client.turn(request(source))
            only.script = lambda _body: say("here")
            assert (await client.turn(request(source))).replies[0].text == "here"


async def standing_becomes(client: RasaDialogue, *standings: str) -> None:
    async with asyncio.timeout(20):
        while client.replicas[0].standing not in standings:
            await asyncio.sleep(0.01)


async def test_one_that_refuses_the_model_is_left_alone_is_not_pushed_it_each_time_and_is_told_of(
    source: MemorySource,
) -> None:
    async with scripted_dialogue() as refusing:
        refusing.strict, refusing.push_status = True, 400
        refusing.flows[FLOWS["version"]] = FLOWS
        async with client_of(source, refusing.url) as client:
            with capture_logs() as logged:
                for _ in range(20):
                    with pytest.raises(DialogueUnavailable, match=r"left alone|refused the model with 400"):
                        await client.turn(request(source))
            assert 1 <= len(refusing.pushes) < 10
            events = [line["event"] for line in logged]
            assert events.count("dialogue_left_alone") == 1
            (first, *_) = [line for line in logged if line["event"] == "dialogue_refused"]
            assert (first["part"], first["status"], "not taken" in first["problem"]) == ("model", 400, True)
            # It says that it is well, and that counts for nothing.
            watching = asyncio.create_task(client.watch(every=0.01))
            await asyncio.sleep(FIRST_PAUSE)
            assert client.replicas[0].standing != "closed"
            watching.cancel()
            refusing.push_status = None
            await standing_becomes(client, "half_open")
            assert (await client.turn(request(source))).replies
            assert client.replicas[0].standing == "closed"


async def test_one_with_another_secret_is_passed_over_and_no_health_makes_it_well(source: MemorySource) -> None:
    async with scripted_dialogue() as other, scripted_dialogue() as well:
        other.script = lambda _body: 403
        async with client_of(source, other.url, well.url) as client:
            for _ in range(4):
                assert (await client.turn(request(source))).replies[0].text == "echo hi"
            await client.replicas[0].look(rested=0)
            assert client.replicas[0].standing != "closed"


async def test_where_nobody_talks_it_is_known_all_the_same_who_went_away_and_who_came_back(
    source: MemorySource,
) -> None:
    async with scripted_dialogue() as idle:
        async with client_of(source, idle.url) as client:
            watching = asyncio.create_task(client.watch(every=0.01))
            await asyncio.sleep(0.1)
            assert client.replicas[0].standing == "closed"
            idle.is_well = False
            await standing_becomes(client, "open", "half_open")
            idle.is_well = True
            await standing_becomes(client, "closed")
            watching.cancel()
        assert idle.requests == []


async def test_one_that_somebody_asks_is_not_looked_at(source: MemorySource) -> None:
    async with scripted_dialogue() as asked, client_of(source, asked.url) as client:
        asked.is_well = False
        await client.turn(request(source))
        await client.replicas[0].look()
        assert client.replicas[0].standing == "closed"


async def test_whoever_is_asked_second_has_only_what_is_left_so_that_its_silence_counts(
    source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "TURN_PATIENCE", 1.8)
    monkeypatch.setattr(client_module, "TURN_TIMEOUT", 1.6)
    async with scripted_dialogue() as dying, scripted_dialogue() as hanging:
        dying.script, dying.delay, hanging.delay = break_off, 0.5, 30.0
        async with client_of(source, dying.url, hanging.url) as client:
            with pytest.raises(DialogueFailed, match="TimeoutError"):
                await client.turn(request(source))


async def test_flows_that_are_gone_are_no_fault_of_the_replica(source: MemorySource) -> None:
    async with scripted_dialogue() as strict:
        strict.strict = True
        async with client_of(source, strict.url) as client:
            for _ in range(TRIPS_AFTER + 1):
                with pytest.raises(DialogueFailed, match="gone"):
                    await client.turn(request(source, flows="gone"))
            assert (await client.turn(request(source))).replies


async def test_a_trial_that_is_broken_off_leaves_the_next_one_possible(source: MemorySource) -> None:
    async with scripted_dialogue() as failing:
        failing.script = lambda _body: 500
        async with client_of(source, failing.url) as client:
            await fail(client, source, TRIPS_AFTER)
            await asyncio.sleep(FIRST_PAUSE)
            failing.delay = 30.0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.turn(request(source))
            failing.delay, failing.script = 0.0, lambda _body: say("well again")
            assert (await client.turn(request(source))).replies[0].text == "well again"
