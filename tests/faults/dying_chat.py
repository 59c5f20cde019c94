"""A web process with a chat, which takes a tap and asks the dialogue for so long that it dies in the turn.

A tap, because what reads texts takes seconds to load.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from base.database import create_engine, create_sessions
from base.messages import Inbound
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.channels.web.chat_stage import running_process
from tests.conftest import Database
from tests.faults.sms_house import KEYS, NOW


@dataclass(frozen=True)
class ChatOrders:
    """What is tapped, and in which talk."""

    url: str
    conversation_id: UUID
    text: str


def begin_a_turn(orders: ChatOrders, progress: Any) -> None:
    """Runs until it is killed; tells its parent when the turn is under way."""
    asyncio.run(_begin_a_turn(orders, progress))


async def _begin_a_turn(orders: ChatOrders, progress: Any) -> None:
    engine = create_engine(orders.url)
    database = Database(orders.url, engine, create_sessions(engine))
    async with (
        scripted_dialogue() as dialogue,
        running_process(database, KEYS, NOW, dialogue, "dying") as process,
    ):
        while process.turns._presence.number is None:
            await asyncio.sleep(0.01)
        dialogue.delay = 600
        taken = await process.turns.take(Inbound(orders.conversation_id, uuid4(), "choice", orders.text, value="x"))
        process.turns.answer_soon(taken.claim)
        while not dialogue.requests:
            await asyncio.sleep(0.01)
        progress.send("begins")
        await asyncio.Event().wait()
