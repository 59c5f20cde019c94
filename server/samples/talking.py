"""Has a talk of the sample workspace take place, in the caller's transaction: by the functions that real talks use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from base.messages import Author
from bot.conversations import append_message, start_conversation
from bot.handoff import service as handoff
from bot.handoff.ratings import rating_question
from bot.models import Conversation
from bot.understanding.models import Gap
from bot.walked import WALKED
from crm.timeline.service import record
from server.samples.content import HandOff, Line, SampleGap, Script


@dataclass(frozen=True, slots=True)
class Taking:
    """A talk that takes place: with whom, who helps them, and what stands for the words in braces."""

    script: Script
    contact_id: UUID
    point_id: UUID | None
    user_id: UUID
    words: Mapping[str, str]
    zone: str


@dataclass
class _Talk:
    """A talk so far."""

    id: UUID
    at: datetime
    step: str | None = None
    handoff_id: UUID | None = None
    said_last: UUID | None = None
    """The last message of the visitor."""


async def take_place(session: AsyncSession, taking: Taking, begins: datetime, until: datetime) -> UUID:
    """Says each line in its turn; nothing is said later than `until`. Returns the conversation's id."""
    script = taking.script
    talk = _Talk(
        await start_conversation(
            session,
            channel=script.channel,
            language="en",
            time_zone=taking.zone,
            page_url=script.page,
            now=begins,
            opening=None,
            contact_id=taking.contact_id,
            contact_point_id=taking.point_id,
        ),
        begins,
    )
    for line in script.lines:
        talk.at = min(talk.at + timedelta(minutes=line.wait), until)
        await _carry_out(session, taking, talk, line)
    if script.flow is not None and script.outcome is not None:
        told = {"flow": script.flow, "outcome": script.outcome}
        await record(
            session, kind="flow_ended", contact_id=taking.contact_id, conversation_id=talk.id, data=told, now=talk.at
        )
    return talk.id


async def _carry_out(session: AsyncSession, taking: Taking, talk: _Talk, line: Line) -> None:
    if line.them is not None:
        data = {WALKED: _ways(taking.script.flow, talk, line)} if line.path else {}
        talk.said_last = await _say(session, talk, "visitor", line.them.format(**taking.words), data)
    elif line.bot is not None:
        if line.gap is not None and talk.said_last is not None:
            await _note_gap(session, talk.said_last, line.gap, talk.at)
        await _say(session, talk, "bot", line.bot.format(**taking.words), {})
        if line.hand_off is not None:
            await _hand_off(session, taking, talk, line.hand_off)
    elif line.colleague is not None:
        await handoff.answer(
            session, talk.id, user_id=taking.user_id, text=line.colleague.format(**taking.words), client_id=new_id(),
            now=talk.at,
        )  # fmt: skip
    elif line.note is not None:
        await handoff.add_note(session, talk.id, user_id=taking.user_id, text=line.note, now=talk.at)
    elif line.close:
        open_ = await handoff.find_open(session, talk.id)
        talk.handoff_id = None if open_ is None else open_.id
        await handoff.close(session, talk.id, talk.at, ask_rating=True)
    elif line.rating is not None and talk.handoff_id is not None:
        asked = rating_question(talk.handoff_id, "en")
        chosen = asked["choices"][line.rating - 1]
        tapped = {"step": asked["step"], "value": chosen["value"]}
        await _say(session, talk, "visitor", chosen["label"], tapped)
        await handoff.rate(session, talk.id, asked["step"], chosen["value"], talk.at)


async def _say(session: AsyncSession, talk: _Talk, author: Author, text: str, data: dict[str, Any]) -> UUID:
    said = await append_message(
        session, conversation_id=talk.id, author=author, text=text, data=data, client_id=new_id(), now=talk.at
    )
    assert said is not None  # its client id is new
    return said.id


async def _hand_off(session: AsyncSession, taking: Taking, talk: _Talk, wanted: HandOff) -> None:
    """As a turn does at its end: from here on the bot is silent."""
    await handoff.ask_for_person(session, talk.id, team=wanted.team, reason=wanted.reason, now=talk.at)
    await session.execute(update(Conversation).where(Conversation.id == talk.id).values(status="handed_off"))
    await record(
        session,
        kind="handed_off",
        contact_id=taking.contact_id,
        conversation_id=talk.id,
        data={"team": wanted.team, "reason": wanted.reason},
        now=talk.at,
    )


async def _note_gap(session: AsyncSession, message_id: UUID, gap: SampleGap, now: datetime) -> None:
    row = {"language": "en", "reason": gap.reason, "confidence": gap.confidence, "created_at": now}
    await session.execute(insert(Gap).values(message_id=message_id, **row))


def _ways(flow: str | None, talk: _Talk, line: Line) -> list[list[str | None]]:
    """The ways a turn took: flow, step, the step after; None before the first and after the last."""
    ways = [[flow, step, after] for step, after in pairwise((talk.step, *line.path))]
    talk.step = line.path[-1]
    return ways
