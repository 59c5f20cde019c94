"""The client of the dialogue processes: what it pushes, whom it asks next, and what it makes of wrong answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from bot import dialogue as client_module
from bot.dialogue import (
    DialogueFailed,
    DialogueUnavailable,
    Landing,
    MemorySource,
    RasaDialogue,
    ReplicaHealth,
    TurnMessage,
    TurnRequest,
)
from bot.dialogue_replica import LARGEST_ANSWER
from tests.bot.scripted_dialogue import SECRET, STATE_TOO_NEW, ScriptedDialogue, say, scripted_dialogue

FLOWS: dict[str, Any] = {"version": "3f1c00000000", "format": 2}
MODEL = b"a model"


@pytest.fixture
async def other() -> AsyncIterator[ScriptedDialogue]:
    async with scripted_dialogue() as running:
        yield running


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.add_flows(FLOWS)
    source.add_model(MODEL)
    return source


def request(source: MemorySource, **changes: Any) -> TurnRequest:
    """A text on the flows and the model of these tests."""
    fields: dict[str, Any] = {
        "flows": FLOWS["version"],
        "model": source.add_model(MODEL),
        "conversation_id": "c",
        "subject": "c",
        "channel": "web",
        "language": "en",
        "now": datetime(2026, 11, 23, 15, tzinfo=UTC),
        "message": TurnMessage(id="m", kind="text", text="hi"),
        "state": None,
    }
    return TurnRequest(**(fields | changes))


@asynccontextmanager
async def client_of(source: MemorySource, *urls: str) -> AsyncIterator[RasaDialogue]:
    client = RasaDialogue(urls, SECRET, source)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


def nowhere() -> str:
    """An address nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


async def test_a_replica_that_lacks_flows_and_model_is_given_them_and_asked_again(
    dialogue: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.strict = True
    async with client_of(source, dialogue.url) as client:
        results = [await client.turn(request(source)) for _ in range(2)]
    assert [reply.text for result in results for reply in result.replies] == ["echo hi"] * 2
    assert dialogue.flows == {FLOWS["version"]: FLOWS}
    assert list(dialogue.models.values()) == [MODEL]
    assert len(dialogue.pushes) == 2
    assert set(dialogue.secrets) == {SECRET}


async def test_many_turns_that_lack_the_same_push_it_once_per_replica(
    dialogue: ScriptedDialogue, other: ScriptedDialogue, source: MemorySource
) -> None:
    for one in (dialogue, other):
        one.strict, one.push_delay = True, 0.05
    async with client_of(source, dialogue.url, other.url) as client:
        results = await asyncio.gather(*(client.turn(request(source)) for _ in range(20)))
    assert len(results) == 20
    for one in (dialogue, other):
        assert len(one.requests) == 10
        assert sorted(path.split("/")[3] for path in one.pushes) == ["flows", "models"]


async def test_all_that_a_turn_can_bring_is_read(dialogue: ScriptedDialogue, source: MemorySource) -> None:
    reply = {
        "text": "When?", "step": "lead/ask_day", "input": "date", "choices": [], "notice": None, "consent": None,
        "source": None, "media": {"kind": "image", "url": "https://x.example/a.png", "alt": "a"},
        "cards": [{"title": "One", "text": None, "image": None, "link": "https://x.example", "button": "See"}],
        "limits": {"earliest": "2026-11-23", "latest": None},
    }  # fmt: skip
    need = {"need": "free_times", "step": "lead/book", "calendar": "sales", "after": None, "count": 3}
    timer = {"kind": "no_reply", "step": "lead/ask_day", "seconds": 1200}
    dialogue.script = lambda _body: say(need=need, timer=timer, debounce=2.5) | {"replies": [reply]}
    async with client_of(source, dialogue.url) as client:
        result = await client.turn(request(source))
    assert result.replies[0].media is not None
    assert result.replies[0].media.url == "https://x.example/a.png"
    assert result.replies[0].cards[0].button == "See"
    assert result.replies[0].limits is not None
    assert result.replies[0].limits.earliest == "2026-11-23"
    assert result.need is not None
    assert (result.need.need, result.need.step, result.need.calendar, result.need.count) == (
        "free_times", "lead/book", "sales", 3,
    )  # fmt: skip
    assert result.timer is not None
    assert (result.timer.kind, result.timer.seconds, result.debounce) == ("no_reply", 1200, 2.5)


async def test_the_request_says_when_it_is_where_the_visitor_is(
    dialogue: ScriptedDialogue, source: MemorySource
) -> None:
    async with client_of(source, dialogue.url) as client:
        now = datetime.fromisoformat("2026-11-23T16:00:00+01:00")
        await client.turn(request(source, now=now, idle_seconds=90, facts={"email": "a@b.example"}))
    body = dialogue.requests[0]
    assert (body["now"], body["idle_seconds"]) == ("2026-11-23T16:00:00+01:00", 90)
    assert body["facts"] == {"email": "a@b.example"}
    assert set(body["message"]) == {"id", "kind", "text", "value", "step", "need"}


def test_a_time_without_its_zone_is_refused(source: MemorySource) -> None:
    with pytest.raises(ValidationError):
        request(source, now=datetime(2026, 11, 23, 15))  # noqa: DTZ001  # what must be refused


async def test_a_replica_too_old_for_the_state_passes_it_on_to_the_next(
    dialogue: ScriptedDialogue, other: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.script = lambda _body: STATE_TOO_NEW
    async with client_of(source, dialogue.url, other.url) as client:
        for _ in range(4):
            assert (await client.turn(request(source))).replies[0].text == "echo hi"
    assert len(other.requests) == 4


async def test_when_no_replica_knows_the_state_the_message_waits(
    dialogue: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.script = lambda _body: STATE_TOO_NEW
    async with client_of(source, dialogue.url, nowhere()) as client:
        with pytest.raises(DialogueUnavailable, match="state_too_new"):
            await client.turn(request(source))


async def test_a_replica_that_is_down_or_starting_is_passed_over(
    dialogue: ScriptedDialogue, other: ScriptedDialogue, source: MemorySource
) -> None:
    other.script = lambda _body: 503
    async with client_of(source, nowhere(), other.url, dialogue.url) as client:
        for _ in range(3):
            assert (await client.turn(request(source))).replies[0].text == "echo hi"


async def test_a_replica_that_takes_no_push_is_passed_over(
    dialogue: ScriptedDialogue, other: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.strict, dialogue.push_status = True, 400
    async with client_of(source, dialogue.url, other.url) as client:
        for _ in range(2):
            assert (await client.turn(request(source))).replies[0].text == "echo hi"
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueUnavailable, match="refused the flows with 400"):
            await client.turn(request(source))


async def test_a_replica_that_forgets_at_once_is_not_pushed_to_for_ever(
    dialogue: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.script = lambda _body: {"error": "missing", "missing": ["flows"]}
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueUnavailable):
            await client.turn(request(source))
    assert 1 < len(dialogue.pushes) < 10


async def test_flows_that_nobody_has_any_more_fail_the_turn(dialogue: ScriptedDialogue, source: MemorySource) -> None:
    dialogue.strict = True
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueFailed, match="gone"):
            await client.turn(request(source, flows="gone"))
        with pytest.raises(DialogueFailed, match="gone"):
            await client.turn(request(source, model="gone"))


@pytest.mark.parametrize(
    "answer",
    [403, 500, 204, {}, {"state": None, "replies": [{"text": None}], "effects": []}, {"error": "huh"} | say("x"),
     {"error": "missing", "missing": ["teeth"]},
     say(need={"need": "money", "step": "a/b"}), say(timer={"kind": "no_reply", "step": "a/b", "seconds": -1})],
)  # fmt: skip
async def test_any_other_answer_counts_as_none(dialogue: ScriptedDialogue, source: MemorySource, answer: Any) -> None:
    dialogue.script = lambda _body: answer
    async with client_of(source, dialogue.url) as client:
        with pytest.raises((DialogueFailed, DialogueUnavailable)):
            await client.turn(request(source))


async def test_a_turn_does_not_wait_for_a_slow_push_which_goes_on_without_it(
    dialogue: ScriptedDialogue, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "TURN_PATIENCE", 0.05)
    dialogue.strict, dialogue.push_delay = True, 0.2
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueUnavailable):
            await client.turn(request(source))
        while not dialogue.flows:
            await asyncio.sleep(0.01)
        monkeypatch.setattr(client_module, "TURN_PATIENCE", 5)
        assert (await client.turn(request(source))).replies
    assert len(dialogue.pushes) == 2


async def test_preloading_gives_every_replica_what_it_lacks_and_names_those_it_could_not(
    dialogue: ScriptedDialogue, other: ScriptedDialogue, source: MemorySource
) -> None:
    down = nowhere()
    other.push_status = 400
    model = source.add_model(MODEL)
    async with client_of(source, dialogue.url, other.url, down) as client:
        first = await client.preload(FLOWS["version"], model)
        again = await client.preload(FLOWS["version"], model)
        unknown = await client.preload("gone", model)
        health = await client.health()
    assert first[dialogue.url] is None
    assert "refused the flows with 400" in (first[other.url] or "")
    assert first[down] == "does not answer"
    assert again[dialogue.url] is None
    assert len(dialogue.pushes) == 2
    assert "gone" in (unknown[dialogue.url] or "")
    assert health[dialogue.url] == ReplicaHealth(status="ok", flows=[FLOWS["version"]], models=[model], state_version=2)
    assert health[down] is None


async def test_landings_are_asked_for_in_batches_and_stay_in_order(
    dialogue: ScriptedDialogue, source: MemorySource
) -> None:
    dialogue.strict = True
    states = [{"v": 2, "stack": [{"flow": "lead", "step": str(number)}]} for number in range(1_001)]
    async with client_of(source, dialogue.url) as client:
        landings = await client.landings(FLOWS["version"], states)
        assert await client.landings(FLOWS["version"], []) == []
    assert dialogue.landing_batches == [500, 500, 1]
    expected = [f"lead/{number}" for number in range(1_001)]
    assert landings == [Landing(before=step, after=step, moved=False) for step in expected]


async def test_a_landing_that_is_none_fails(dialogue: ScriptedDialogue, source: MemorySource) -> None:
    dialogue.landing = lambda _state: {"after": 5}
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueFailed):
            await client.landings(FLOWS["version"], [{"v": 2}])


async def test_a_script_may_answer_with_a_whole_response(dialogue: ScriptedDialogue, source: MemorySource) -> None:
    dialogue.script = lambda _body: web.Response(status=409, text="no JSON")
    async with client_of(source, dialogue.url) as client:
        with pytest.raises(DialogueFailed, match="409"):
            await client.turn(request(source))


async def test_a_source_in_memory_asks_the_one_behind_it_for_the_rest(source: MemorySource) -> None:
    front = MemorySource(source)
    draft = front.add_flows({"version": "draft0000000"})
    assert await front.flows_document(draft) == {"version": draft}
    assert await front.flows_document(FLOWS["version"]) == FLOWS
    assert await front.model_file(source.add_model(MODEL)) == MODEL
    assert await source.flows_document(draft) is None
    assert await front.model_file("gone") is None


@pytest.mark.parametrize(
    "answer",
    [
        say("x" * (LARGEST_ANSWER + 1)),
        say(*["x"] * 101),
        say(effects=[{"effect": "tag"}] * 501),
        say(timer={"kind": "no_reply", "step": "a/b", "seconds": 10**12}),
        say(debounce=1e9),
        say(debounce=-1),
        say(state={"v": 2, "slots": {"size": float("nan")}}),
        say("zero \0 byte"),
        say(need={"need": "http", "step": "a/b", "connector": "crm", "method": "GET", "path": "/" + "x" * 5000}),
        say(need={"need": "http", "step": "x" * 5000}),
    ],
    ids=[
        "bytes", "replies", "effects", "timer", "debounce", "negative debounce", "number", "zero byte", "path", "step",
    ],
)  # fmt: skip
async def test_an_answer_beyond_all_measure_is_no_answer(source: MemorySource, answer: dict[str, Any]) -> None:
    async with scripted_dialogue() as wild:
        wild.script = lambda _body: answer
        client = RasaDialogue([wild.url], SECRET, source)
        await client.open()
        with pytest.raises(DialogueFailed):
            await client.turn(request(source))
        await client.close()


async def test_personal_data_is_asked_for_in_batches_and_comes_back_in_order(source: MemorySource) -> None:
    async with scripted_dialogue() as reader:
        reader.facts = lambda text: [{"fact": "email", "said": text}] if "@" in text else []
        client = RasaDialogue([reader.url], SECRET, source)
        await client.open()
        texts = [f"{number}@b.example" if number % 2 else "nothing" for number in range(150)]
        found = await client.personal_data(texts, "en")
        assert [[datum.said for datum in one] for one in found] == [[text] if "@" in text else [] for text in texts]
        reader.facts = lambda _text: [{"said": "no kind"}]
        with pytest.raises(DialogueFailed):
            await client.personal_data(["a"], "en")
        assert await client.personal_data([], "en") == []
        await client.close()
