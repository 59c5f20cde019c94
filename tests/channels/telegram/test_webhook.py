"""Only Telegram is heard: anything else leaves nothing behind. What it brings is kept before it is acknowledged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from base.database import transaction
from channels.telegram.settings import webhook_secret
from channels.telegram.webhook import SECRET_HEADER, webhook_url
from outreach.accounts.service import disable_account
from tests.channels.telegram.stage import TelegramStage


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def update(text: str = "hi", **message: Any) -> dict[str, Any]:
    ada = {"id": 777, "is_bot": False, "first_name": "Ada"}
    chat = {"id": 777, "type": "private"}
    return {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": chat, "from": ada, "text": text, **message}}


async def post(
    stage: TelegramStage, http: aiohttp.ClientSession, body: Any, *, secret: str | None = "", account: object = None
) -> int:
    """A request to the webhook; by default with the right secret."""
    right = webhook_secret(stage.account.id, stage.typed.token)
    headers = {} if secret is None else {SECRET_HEADER: secret or right}
    url = webhook_url(stage.house.public_url, stage.account.id)
    if account is not None:
        url = url.replace(str(stage.account.id), str(account))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with http.post(url, data=data, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    "secret",
    [None, " ", "wrong", "the right one cut short", "the right one and more", "of another account", "the token", "é"],
)
async def test_a_missing_or_wrong_secret_leaves_no_row(
    stage: TelegramStage, http: aiohttp.ClientSession, secret: str | None
) -> None:
    right = webhook_secret(stage.account.id, stage.typed.token)
    wrong = {
        "the right one cut short": right[:-1],
        "the right one and more": right + "x",
        "of another account": webhook_secret(uuid4(), stage.typed.token),
        "the token": stage.typed.token,
    }
    before = await stage.house.count_rows()
    assert await post(stage, http, update(), secret=wrong.get(secret or "", secret)) == 403
    assert await post(stage, http, b"not even JSON", secret=wrong.get(secret or "", secret)) == 403, "before it is read"
    await stage.settle()
    assert await stage.house.count_rows() == before


@pytest.mark.parametrize("account", [UUID(int=1), "nobody", "../telegram"])
async def test_an_account_that_is_none_is_refused_like_a_wrong_secret(
    stage: TelegramStage, http: aiohttp.ClientSession, account: object
) -> None:
    assert await post(stage, http, update(), account=account) in (403, 404)


async def test_a_bot_that_was_removed_hears_nothing(stage: TelegramStage, http: aiohttp.ClientSession) -> None:
    async with transaction(stage.house.sessions) as session:
        await disable_account(session, channel="telegram", name="main", now=stage.house.clock.now())
    await stage.house.accounts.refresh(now=True)
    assert await post(stage, http, update()) == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"update_id": "1"}', b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_update_is_malformed_even_with_the_secret(
    stage: TelegramStage, http: aiohttp.ClientSession, body: bytes
) -> None:
    assert await post(stage, http, body) == 400


@pytest.mark.parametrize(
    "body",
    [
        {"update_id": 1},
        {"update_id": 1, "poll_answer": {"x": 1}},
        {"update_id": 1, "message": {"message_id": "one"}},
        update(chat={"id": -1, "type": "group"}),
    ],
)
async def test_what_is_of_no_concern_is_acknowledged_and_leaves_no_row(
    stage: TelegramStage, http: aiohttp.ClientSession, body: dict[str, Any]
) -> None:
    before = await stage.house.count_rows()
    assert await post(stage, http, body) == 200
    assert await stage.house.count_rows() == before


async def test_the_longest_message_that_answers_another_is_taken_and_a_flood_of_bytes_is_not(
    stage: TelegramStage, http: aiohttp.ClientSession
) -> None:
    long = "я" * 4096
    body = update(long, reply_to_message={**update(long)["message"], "reply_markup": {"x": long}})
    assert len(json.dumps(body)) > 65_536
    assert await post(stage, http, body) == 200
    await stage.settle()
    (heard,) = await stage.house.heard()
    assert heard == long[:4000]
    assert await post(stage, http, b" " * (512 * 1024 + 1)) == 413


async def test_what_could_not_be_kept_is_not_acknowledged_and_comes_again(
    stage: TelegramStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = stage.house.intake._keeper._together._write, [True, True]

    async def fail_first(rows: Any) -> Any:
        if failures:
            failures.pop()
            raise OperationalError("insert", {}, Exception("the database is away"))
        return await write(rows)

    monkeypatch.setattr(stage.house.intake._keeper._together, "_write", fail_first)
    ada = stage.person()
    ada.says("do not lose me")
    await stage.settle()
    assert await stage.house.heard() == ["do not lose me"]
    assert failures == []
    assert stage.bot.last_error is not None
    assert "503" in stage.bot.last_error[1]
