"""Codes: hard to guess, easy to type, good once, for a day, on the channels they were made for."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from base.database import transaction
from base.encryption import KeyRing
from bot.models import ResumeCode
from bot.resume_codes import (
    ALPHABET,
    LENGTH,
    LIFETIME,
    CodeNotValid,
    draw_code,
    find_code,
    issue_code,
    redeem_code,
)
from tests.bot.stage import Stage

KEYS = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)


async def issue(stage: Stage, attempt_key: str = "m/step/0", channels: tuple[str, ...] = ("sms",)) -> str:
    async with transaction(stage.sessions) as session:
        return await issue_code(
            session,
            stage.keys,
            conversation_id=stage.conversation_id,
            channels=channels,
            attempt_key=attempt_key,
            now=stage.clock.now(),
        )


async def redeem(stage: Stage, code: str, channel: str = "sms") -> object:
    async with transaction(stage.sessions) as session:
        return await redeem_code(session, stage.keys, code, channel=channel, now=stage.clock.now())


@given(st.text(max_size=40), st.integers(0, 3))
def test_a_code_is_drawn_the_same_for_the_same_attempt_and_found_however_it_is_typed(key: str, number: int) -> None:
    code = draw_code(KEYS, key, number)
    assert code == draw_code(KEYS, key, number)
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    for typed in (code, code.lower(), f" {code[:3]} {code[3:]}\n", f"{code[:3]}-{code[3:]}"):
        assert find_code(typed) == code


@given(st.text())
def test_what_is_found_is_made_of_a_codes_letters_and_digits(text: str) -> None:
    code = find_code(text)
    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET))


@pytest.mark.parametrize("text", ["234567", "BCDFGH", "hello", "K7M2Q", "K7M2QXX", "K7M2Q0", "my code is K7M2QX", ""])
def test_numbers_words_and_sentences_are_no_codes(text: str) -> None:
    assert find_code(text) is None


def test_other_attempts_and_other_keys_draw_other_codes() -> None:
    drawn = {draw_code(KEYS, f"attempt {number}") for number in range(2_000)}
    assert len(drawn) == 2_000
    other = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x03" * 32)
    assert draw_code(other, "attempt 1") not in drawn


async def test_a_code_opens_its_conversation_once(stage: Stage) -> None:
    code = await issue(stage)
    assert await redeem(stage, code.lower()) == stage.conversation_id
    with pytest.raises(CodeNotValid):
        await redeem(stage, code)


async def test_of_two_who_use_a_code_at_once_one_gets_in(stage: Stage) -> None:
    code = await issue(stage)
    results = await asyncio.gather(*(redeem(stage, code) for _ in range(6)), return_exceptions=True)
    assert [type(result) for result in results].count(CodeNotValid) == 5


async def test_a_code_is_for_its_channels_and_its_day_only(stage: Stage) -> None:
    code = await issue(stage)
    with pytest.raises(CodeNotValid):
        await redeem(stage, code, "telegram")
    stage.clock.move(LIFETIME)
    with pytest.raises(CodeNotValid):
        await redeem(stage, code)
    stage.clock.move(-timedelta(seconds=1))
    assert await redeem(stage, code) == stage.conversation_id


async def test_the_same_attempt_gets_the_same_code_and_another_conversations_code_is_never_given_out(
    stage: Stage,
) -> None:
    first = await issue(stage)
    assert await issue(stage) == first
    # By chance another conversation's attempt draws a code that is taken already.
    await stage.begin_again()
    second = await issue(stage)
    assert second != first
    async with stage.sessions() as session:
        owners = dict((await session.execute(select(ResumeCode.conversation_id, ResumeCode.code_sha256))).all())
    assert len(owners) == 2


async def test_nothing_that_stands_in_the_database_says_the_code(stage: Stage, now: datetime) -> None:
    code = await issue(stage)
    async with stage.sessions() as session:
        row = (await session.scalars(select(ResumeCode))).one()
    assert row.code_sha256 != hashlib.sha256(code.encode()).digest(), "which trying all codes would find"
    assert row.expires_at == now + LIFETIME
