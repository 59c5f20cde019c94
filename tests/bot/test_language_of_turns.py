"""The dialogue is asked in the language a person writes, and the conversation remembers it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.models import Conversation
from bot.ports import Live
from tests.bot.stage import Stage

SPANISH = "quiero hablar con una persona de ventas"
ITALIAN = "vorrei parlare con una persona dell'ufficio vendite"


async def language_of(stage: Stage) -> tuple[str, str]:
    async with stage.sessions() as session:
        columns = (Conversation.language, Conversation.language_from)
        row = (await session.execute(select(*columns).where(Conversation.id == stage.conversation_id))).one()
    return row.language, row.language_from


async def test_who_writes_another_language_is_answered_in_it_from_then_on(stage: Stage) -> None:
    stage.live.shown = Live(1, "flows-1", "model-1", ("en", "es"))
    await stage.say(SPANISH)
    await stage.say("ok")
    assert [request["language"] for request in stage.dialogue.requests] == ["es", "es"]
    assert await language_of(stage) == ("es", "detected")


@pytest.mark.parametrize(
    ("text", "languages", "named"),
    [
        (SPANISH, ("en", "de"), "English and German"),
        (ITALIAN, ("en", "de", "es", "fr"), "English, German, Spanish, and French"),
    ],
)
async def test_who_writes_a_language_without_content_is_told_once_which_there_are(
    stage: Stage, text: str, languages: tuple[str, ...], named: str
) -> None:
    stage.live.shown = Live(1, "flows-1", "model-1", languages)
    await stage.say(text)
    await stage.say(text)
    said = [said for author, said in await stage.transcript() if author == "bot"]
    assert said == [f"<language_not_spoken en> {named}", f"echo {text}", f"echo {text}"]
    assert await language_of(stage) == ("en", "detected")


async def test_a_page_in_a_language_without_content_is_answered_in_the_default_one(stage: Stage) -> None:
    stage.live.shown = Live(1, "flows-1", "model-1", ("fr", "de"))
    await stage.say("ok", value="small", step="demo/ask_size")
    assert stage.dialogue.requests[0]["language"] == "fr"
    assert await language_of(stage) == ("fr", "page")
