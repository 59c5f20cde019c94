"""Who may use the chat: pages of allowed origins, with a token that was issued to them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from itsdangerous import TimestampSigner

from base.encryption import KeyRing
from channels.web.tokens import MAX_AGE, TokenInvalid, VisitorTokens
from tests.channels.web.chat_stage import FOREIGN_ORIGIN, ORIGIN, OTHER_ORIGIN, Process

REFUSED = [None, "null", FOREIGN_ORIGIN, ORIGIN + ".evil.example", ORIGIN.replace("https", "http"), ORIGIN + ":8443",
           ORIGIN + "/", ORIGIN.upper(), "", "*"]  # fmt: skip
FRAME = {"type": "message", "client_id": str(uuid4()), "text": "x"}


@pytest.mark.parametrize("origin", REFUSED)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chat/session"),
        ("POST", "/chat/messages"),
        ("OPTIONS", "/chat/session"),
        ("OPTIONS", "/chat/messages"),
    ],
)
async def test_other_origins_are_refused(
    process: Process, opened: dict[str, Any], method: str, path: str, origin: str | None
) -> None:
    async with process.request(method, path, origin=origin, token=opened["token"], data=json.dumps(FRAME)) as answer:
        assert answer.status == 403
        assert (await answer.json())["code"] == "origin_not_allowed"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origin", [origin for origin in REFUSED if origin is not None])
async def test_a_poll_of_another_origin_is_refused(process: Process, opened: dict[str, Any], origin: str) -> None:
    async with process.request("GET", "/chat/messages", origin=origin, token=opened["token"]) as answer:
        assert answer.status == 403


async def test_a_poll_of_the_same_origin_carries_no_origin_and_is_decided_by_its_token(
    process: Process, opened: dict[str, Any]
) -> None:
    async with process.request("GET", "/chat/messages", origin=None, token=opened["token"]) as answer:
        assert answer.status == 200
    async with process.request("GET", "/chat/messages", origin=None) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("origin", REFUSED)
async def test_a_socket_of_another_origin_is_closed_with_4403(process: Process, origin: str | None) -> None:
    async with process.socket(origin=origin) as socket:
        message = await socket.receive()
        assert (socket.close_code, message.extra) == (4403, "origin not allowed")


@pytest.mark.parametrize("origin", [ORIGIN, OTHER_ORIGIN])
async def test_allowed_pages_may_read_the_answers_errors_too(process: Process, origin: str) -> None:
    opened = await process.open(origin=origin)
    for method, path, token, status in [
        ("POST", "/chat/session", None, 200),
        ("OPTIONS", "/chat/messages", None, 204),
        ("GET", "/chat/messages", opened["token"], 200),
        ("GET", "/chat/messages", "forged", 401),
        ("POST", "/chat/messages", "forged", 401),
    ]:
        async with process.request(method, path, origin=origin, token=token, data="{}") as answer:
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert answer.headers["Vary"] == "Origin"
            assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_the_preflight_allows_what_the_widget_sends(process: Process) -> None:
    async with process.request("OPTIONS", "/chat/messages") as answer:
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, X-Client-Id"


def altered(token: str) -> list[str]:
    payload, stamp, signature = token.split(".")
    swapped = "B" if signature[5] != "B" else "C"
    return [
        "",
        "x",
        "..",
        token[:-1],
        f"{payload}.{stamp}.{signature[:5]}{swapped}{signature[6:]}",
        f"{payload[:-2]}AA.{stamp}.{signature}",
        f"{payload}.AAAAAA.{signature}",
        f"{payload}.{stamp}",
        "é\x00🙂",
        token * 20,
    ]


async def test_an_altered_token_opens_nothing(process: Process, opened: dict[str, Any]) -> None:
    for token in altered(opened["token"]):
        async with process.visitor(token) as visitor:
            assert await visitor.close_code() == 4401
        if token.isascii():
            for method in ("GET", "POST"):
                async with process.request(method, "/chat/messages", token=token, data=json.dumps(FRAME)) as answer:
                    assert (answer.status, answer.content_type) == (401, "application/problem+json")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token} more"])
async def test_the_token_is_taken_only_as_a_bearer(process: Process, opened: dict[str, Any], header: str) -> None:
    headers = {"Origin": ORIGIN, "Authorization": header.format(token=opened["token"])}
    async with process.http.get(process.server.make_url("/chat/messages"), headers=headers) as answer:
        assert answer.status == 401
    async with process.http.get(
        process.server.make_url(f"/chat/messages?token={opened['token']}"), headers={"Origin": ORIGIN}
    ) as answer:
        assert answer.status == 401, "never in a URL"


async def test_a_token_of_another_origin_opens_nothing(process: Process) -> None:
    """Both origins are allowed, but what one page's visitor said is not the other page's to read."""
    elsewhere = await process.open(origin=OTHER_ORIGIN)
    async with process.visitor(elsewhere["token"]) as visitor:
        assert await visitor.close_code() == 4401
    for method in ("GET", "POST"):
        request = process.request(method, "/chat/messages", token=elsewhere["token"], data=json.dumps(FRAME))
        async with request as answer:
            assert answer.status == 401
    assert (await process.open(token=elsewhere["token"]))["conversation_id"] != elsewhere["conversation_id"]


async def test_an_expired_token_opens_nothing(
    process: Process, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = TimestampSigner("any").get_timestamp()
    with monkeypatch.context() as patched:
        patched.setattr(TimestampSigner, "get_timestamp", lambda _self: now - MAX_AGE - 60)
        old = process.tokens.issue(UUID(opened["conversation_id"]), ORIGIN)
    async with process.visitor(old) as visitor:
        assert await visitor.close_code() == 4401
    async with process.request("GET", "/chat/messages", token=old) as answer:
        assert answer.status == 401


async def test_a_token_of_another_installation_opens_nothing(process: Process, opened: dict[str, Any]) -> None:
    foreign = VisitorTokens(KeyRing("k1", {"k1": b"\x07" * 32}, b"\x02" * 32))
    async with process.visitor(foreign.issue(UUID(opened["conversation_id"]), ORIGIN)) as visitor:
        assert await visitor.close_code() == 4401


def test_a_token_outlives_the_rotation_of_its_key_and_ends_with_its_removal() -> None:
    conversation_id = uuid4()
    old, new, index = b"\x01" * 32, b"\x03" * 32, b"\x02" * 32
    token = VisitorTokens(KeyRing("k1", {"k1": old}, index)).issue(conversation_id, ORIGIN)
    rotated = VisitorTokens(KeyRing("k2", {"k1": old, "k2": new}, index))
    assert rotated.read(token, ORIGIN) == conversation_id
    only_new = VisitorTokens(KeyRing("k2", {"k2": new}, index))
    assert only_new.read(rotated.issue(conversation_id, ORIGIN), ORIGIN) == conversation_id
    with pytest.raises(TokenInvalid):
        only_new.read(token, ORIGIN)


@pytest.mark.parametrize(
    "first", ["", "{}", "[]", "hello", '{"type":"message","client_id":"x","text":"x"}', '{"type":"hello"}',
              '{"type":"hello","token":5}', '{"type":"hello","token":"x","last_seen":-1}',
              '{"type":"hello","token":"x","last_seen":1e999}'],
)  # fmt: skip
async def test_a_first_frame_that_is_no_hello_closes_the_socket(process: Process, first: str) -> None:
    async with process.socket() as socket:
        await socket.send_str(first)
        await socket.receive()
        assert socket.close_code == 4401


async def test_a_binary_first_frame_closes_the_socket(process: Process) -> None:
    async with process.socket() as socket:
        await socket.send_bytes(b"\x00\x01")
        await socket.receive()
        assert socket.closed
