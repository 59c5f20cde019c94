"""Whatever comes over the socket is read or refused: no crash, no stack trace, nothing half stored."""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from base.errors import Malformed
from base.messages import MAX_TEXT, Stored
from bot.models import Message
from channels.web.frames import MAX_FRAME, SaidText, TappedChoice, read_client_frame, read_hello, to_shown
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import Process, texts

_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLIENT_ID = "0192f3a4-0000-7000-8000-000000000001"
MESSAGE = f'{{"type":"message","client_id":"{CLIENT_ID}","text":'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
near_frames = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "choice", "start", "hello", "received"]) | json_values},
    optional={
        "client_id": st.uuids().map(str) | json_values,
        "text": st.text() | json_values,
        "step": st.text() | json_values,
        "value": st.text() | json_values,
        "kind": st.just("start"),
    },
)
raw_frames = st.text() | json_values.map(json.dumps) | near_frames.map(json.dumps)


@given(raw_frames | st.binary())
@example("[" * 100_000)
@example('{"a":' * 10_000 + "1" + "}" * 10_000)
@example(MESSAGE + '"\\ud800"}')
@example(MESSAGE + '"\ud800"}')
@example('{"type":"message","client_id":' + "9" * 10_000 + ',"text":"x"}')
@example('{"type":"message","client_id":1e999,"text":"x"}')
@example(b"\xff\xfe\x00")
def test_a_frame_is_read_into_storable_text_or_refused(raw: str | bytes) -> None:
    with suppress(Malformed):
        frame = read_client_frame(raw)
        assert isinstance(frame, SaidText | TappedChoice)
        assert "\x00" not in frame.text
        frame.text.encode()
        if isinstance(frame, SaidText):
            assert frame.text.strip()


@given(st.text() | json_values.map(json.dumps))
@example('{"type":"hello","token":"\ud800"}')
@example('{"type":"hello","token":"x","last_seen":NaN}')
def test_a_hello_is_read_or_refused(raw: str) -> None:
    with suppress(Malformed):
        read_hello(raw)


@given(st.text(max_size=300))
def test_a_text_is_stored_as_it_was_written_but_for_what_is_no_text(text: str) -> None:
    frame = {"type": "message", "client_id": CLIENT_ID, "text": text}
    clean = text.replace("\x00", "")
    if clean.strip():
        assert read_client_frame(json.dumps(frame, ensure_ascii=False)).text == clean
    else:
        with pytest.raises(Malformed, match="empty"):
            read_client_frame(json.dumps(frame))


def test_what_is_no_part_of_a_message_is_never_shown() -> None:
    data = {"step": "a/b", "consent": {"purpose": "marketing"}, "value": "x", "internal": 1, "id": "forged", "seq": 99}
    stored = Stored(uuid4(), uuid4(), 7, "visitor", "hi", _NOON, UUID(CLIENT_ID), data)
    shown = to_shown(stored)
    assert (shown["id"], shown["seq"], shown["step"], shown["client_id"]) == (str(stored.id), 7, "a/b", CLIENT_ID)
    assert not {"consent", "value", "internal"} & set(shown)
    assert shown["at"] == "2026-11-23T12:00:00+00:00"


def test_media_cards_and_limits_are_shown_where_a_message_has_them() -> None:
    parts: dict[str, Any] = {
        "media": {"kind": "image", "url": "https://a.example/a.png", "alt": "A plan"},
        "cards": [{"title": "Starter"}],
        "limits": {"accept": ["pdf", "hologram"], "max_megabytes": 5},
    }
    shown = to_shown(Stored(uuid4(), uuid4(), 1, "bot", "", _NOON, None, parts | {"input": "file"}))
    assert (shown["media"], shown["cards"]) == (parts["media"], parts["cards"])
    assert shown["limits"] == parts["limits"] | {"types": ".pdf"}
    bare = to_shown(Stored(uuid4(), uuid4(), 1, "bot", "hi", _NOON))
    assert (bare["media"], bare["cards"], bare["limits"]) == (None, [], None)


def test_a_follow_ups_outbox_id_is_not_shown() -> None:
    assert to_shown(Stored(uuid4(), uuid4(), 1, "follow_up", "hi", _NOON, uuid4()))["client_id"] is None


@pytest.mark.parametrize(
    "text",
    [
        "🙂👩‍👩‍👧‍👦🇩🇪",
        "good \u202eevil\u202c שלום",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        '/start{"email":"x"}',
        "'; DROP TABLE messages; --",
        "a\nb\r\n\tc",
        "{{ slot }} ${x} %s {0}",
        "é" * MAX_TEXT,
        "🙂" * MAX_TEXT,
        "x" * MAX_TEXT,
    ],
)
async def test_any_text_is_taken_stored_and_shown_as_it_was_written(
    process: Process, opened: dict[str, Any], text: str
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say(text)
        assert texts(await visitor.messages(3)) == [(2, "visitor", text), (3, "bot", f"echo {text}")]


@pytest.mark.parametrize("text", ["x" * (MAX_TEXT + 1), "🙂" * (MAX_TEXT + 1)])
async def test_a_text_over_the_limit_is_refused_by_name_and_not_stored(
    process: Process, opened: dict[str, Any], text: str
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        frame = {"type": "message", "client_id": str(uuid4()), "text": text}
        await visitor.send(frame)
        error = await visitor.frame("error")
        assert (error["code"], error["client_id"]) == ("too_long", frame["client_id"])
    assert await stored_texts(process) == ["", "welcome"]
    status, answer = await post(process, opened, frame)
    assert (status, answer["code"]) == (422, "too_long")


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"start"}',
        MESSAGE.replace("message", "start") + '""}',
        MESSAGE + '"","kind":"start"}',
        MESSAGE + '"   \\n"}',
        MESSAGE + '"\\u0000"}',
        MESSAGE + '"\\ud800"}',
        MESSAGE + "5}",
        MESSAGE.removesuffix(',"text":') + "}",
        '{"type":"message","client_id":"not-a-uuid","text":"x"}',
        '{"type":"message","text":"x"}',
        '{"type":"hello","token":"x"}',
        MESSAGE.replace("message", "choice") + '"x","step":"s","value":"' + "v" * 201 + '"}',
        "not json",
        "null",
        "",
        "[" * 8_000,
        '{"type":"message","client_id":' + "9" * 5_000 + ',"text":"x"}',
    ],
    ids=lambda frame: frame[:50],
)
async def test_a_frame_that_is_no_message_is_refused_and_the_chat_goes_on(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue, frame: str
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.send(frame)
        assert (await visitor.frame("error"))["code"] == "malformed"
        await visitor.say("and now properly")
        assert texts(await visitor.messages(3))[-1] == (3, "bot", "echo and now properly")
    assert await stored_texts(process) == ["", "welcome", "and now properly", "echo and now properly"]
    assert [body["message"]["kind"] for body in dialogue.requests] == ["start", "text"]
    status, answer = await post(process, opened, frame)
    assert (status, answer["code"]) == (400, "malformed")


async def test_extra_fields_change_nothing(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    extra = {"kind": "start", "author": "bot", "seq": 99, "turn_state": "done", "state": {"slots": {"email": "x"}}}
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.send({"type": "message", "client_id": CLIENT_ID, "text": "hi", **extra})
        assert texts(await visitor.messages(3)) == [(2, "visitor", "hi"), (3, "bot", "echo hi")]
    assert dialogue.requests[-1]["message"]["kind"] == "text"
    assert dialogue.requests[-1]["state"] == {"v": 2}


async def test_the_last_of_doubled_keys_counts_and_nothing_else_happens(
    process: Process, opened: dict[str, Any]
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.send('{"type":"start",' + MESSAGE[1:] + '"first","text":"second"}')
        assert texts(await visitor.messages(3))[0] == (2, "visitor", "second")


async def test_a_binary_frame_is_passed_over(process: Process, opened: dict[str, Any]) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.socket.send_bytes(b'{"type":"message"}')
        await visitor.say("text")
        assert (await visitor.frame("received"))["seq"] == 2


@pytest.mark.parametrize("size", [MAX_FRAME + 1, 100_000])
async def test_a_frame_that_is_too_large_closes_the_socket_and_is_not_stored(
    process: Process, opened: dict[str, Any], size: int
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.send("x" * size)
        assert await visitor.close_code() == 1009
    assert await stored_texts(process) == ["", "welcome"]


async def test_a_body_that_is_too_large_is_refused_however_it_is_sent(process: Process, opened: dict[str, Any]) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 1_000

    for path in ("/chat/messages", "/chat/session"):
        for body in (b" " * (MAX_FRAME + 1), chunks()):
            async with process.request("POST", path, token=opened["token"], data=body) as answer:
                assert answer.status == 413
                assert answer.content_type == "application/problem+json"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(frames=st.lists(raw_frames, min_size=1, max_size=4))
async def test_no_frame_breaks_the_server(
    process: Process,
    opened: dict[str, Any],
    logged: list[MutableMapping[str, Any]],
    caplog: pytest.LogCaptureFixture,
    frames: list[str],
) -> None:
    for frame in frames:
        status, _ = await post(process, opened, frame)
        assert status in (202, 400, 413, 422)
    async with process.visitor(opened["token"], last_seen=2**53) as visitor:
        for frame in frames:
            with suppress(UnicodeEncodeError):  # what no browser can send
                await visitor.send(frame)
        client_id = await visitor.say("still here")
        while (await visitor.frame("received"))["client_id"] != client_id:
            pass
    await process.turns.drain()
    assert [entry for entry in logged if entry["log_level"] in ("error", "critical")] == []
    assert [entry for entry in caplog.records if entry.levelno >= logging.ERROR] == []
    async with process.sessions() as session:
        rows = (await session.execute(select(Message.seq, Message.turn_state).order_by(Message.seq))).all()
    assert [seq for seq, _ in rows] == list(range(len(rows)))
    assert {turn_state for _, turn_state in rows} <= {None, "done"}


async def post(process: Process, opened: dict[str, Any], frame: Any) -> tuple[int, dict[str, Any]]:
    body = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
    raw = body.encode("utf-8", "surrogatepass")
    async with process.request("POST", "/chat/messages", token=opened["token"], data=raw) as answer:
        return answer.status, await answer.json()


async def stored_texts(process: Process) -> list[str]:
    """Everything stored, the opening too, in order."""
    async with process.sessions() as session:
        return list(await session.scalars(select(Message.text).order_by(Message.seq)))
