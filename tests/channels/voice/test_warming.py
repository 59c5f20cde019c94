"""What the first words of a caller need is read before anybody calls, and only where people can call."""

from __future__ import annotations

import structlog

from base.database import transaction
from bot import talk_language
from channels.voice.warming import warm_up
from outreach.accounts.book import AccountBook
from outreach.accounts.service import disable_account
from tests.channels.voice.conftest import Desk


async def test_models_are_read_where_there_is_a_number_and_not_elsewhere(desk: Desk) -> None:
    talk_language._detector.cache_clear()
    with structlog.testing.capture_logs() as logs:
        await warm_up(AccountBook(desk.house.sessions, desk.house.keys))
    assert [one["event"] for one in logs] == ["voice_warmed_up"]
    assert talk_language._detector.cache_info().currsize == 1
    talk_language.follow_language("en", "page", "I would like a demo", ("en", "de"), first_words=True)
    assert talk_language._detector.cache_info().currsize == 1, "a caller's first words read another model"


async def test_without_a_number_nothing_is_read(desk: Desk) -> None:
    async with transaction(desk.house.sessions) as session:
        await disable_account(session, channel="voice", name="main", now=desk.house.clock.now())
    talk_language._detector.cache_clear()
    await warm_up(AccountBook(desk.house.sessions, desk.house.keys))
    assert talk_language._detector.cache_info().currsize == 0
