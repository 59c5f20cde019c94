"""What the first words of a talk need is read before anybody says them."""

from __future__ import annotations

import structlog

from bot import talk_language
from bot.warming import warm_up


async def test_the_first_words_read_no_model_that_was_not_read_before() -> None:
    talk_language._detector.cache_clear()
    with structlog.testing.capture_logs() as logs:
        await warm_up()
    assert [one["event"] for one in logs] == ["warmed_up"]
    assert talk_language._detector.cache_info().currsize == 1
    talk_language.follow_language("en", "page", "I would like a demo", ("en", "de"), first_words=True)
    assert talk_language._detector.cache_info().currsize == 1, "the first words read another model"
