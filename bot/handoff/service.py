"""A talk goes to a person and back, in the caller's transaction. Sends nothing: `admin.inbox` does what must leave.

Whoever changes a talk here holds its row, as a turn does at its end: of the two the first is seen by the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from base.messages import Stored
from bot.conversations import append_message
from bot.handoff.models import Handoff, Note, Reading
from bot.handoff.ratings import rating_question, read_rating
from bot.handoff.routing import Wanted, find_receiver
from bot.handoff.words import words_of
from bot.models import Conversation
from bot.rendering.capabilities import get_capabilities
from bot.turn_statements import NOTIFY_CHANNEL
from crm.timeline.service import record


class WithColleague(Conflict):
    """A colleague has this conversation. Have it given to you first."""

    code = "with_colleague"


class NotWithPerson(Conflict):
    """The bot has this conversation already."""

    code = "not_with_person"


class GoesOnElsewhere(Conflict):
    """This conversation goes on on another channel: open it there."""

    code = "goes_on_elsewhere"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation whose row is held, as far as handing it over needs it."""

    id: UUID
    channel: str
    language: str
    contact_id: UUID | None
    status: str
    state: dict[str, Any] | None


async def ask_for_person(
    session: AsyncSession, conversation_id: UUID, *, team: str, reason: str, now: datetime
) -> Handoff:
    """A person is asked for in a talk whose row the caller holds; asked again, it stays as it was."""
    known = await find_open(session, conversation_id)
    if known is not None:
        return known
    talk = await _hold(session, conversation_id)
    wanted = Wanted(team, talk.channel, talk.language, talk.contact_id)
    given = await find_receiver(session, wanted, now)
    return await _open(session, talk, now, state="waiting", reason=reason, team_id=given.team_id, user_id=given.user_id)


async def take_over(session: AsyncSession, conversation_id: UUID, user_id: UUID, now: datetime) -> Handoff:
    """The user has the talk from here on, and the bot is silent; a turn of its that is under way says nothing.

    Raises:
        NotFound: there is no such conversation.
        WithColleague: another user has it.
        GoesOnElsewhere: it was moved.
    """
    talk = await _hold(session, conversation_id)
    handoff = await find_open(session, conversation_id)
    if handoff is None:
        await _silence(session, talk, now)
        handoff = await _open(session, talk, now, state="waiting", reason="taken_over", team_id=None, user_id=None)
    if handoff.state == "taken" and handoff.user_id != user_id:
        raise WithColleague
    if handoff.state == "waiting":
        handoff.state, handoff.user_id, handoff.taken_at, handoff.changed_at = "taken", user_id, now, now
        await session.flush()
        await tell(session, conversation_id)
    return handoff


async def assign(
    session: AsyncSession, conversation_id: UUID, *, team_id: UUID | None, user_id: UUID | None, now: datetime
) -> Handoff:
    """Gives the talk to a team, a colleague or everybody (neither). Who gets it has still to take it.

    Raises:
        NotFound, GoesOnElsewhere: as for taking it over.
    """
    talk = await _hold(session, conversation_id)
    handoff = await find_open(session, conversation_id)
    if handoff is None:
        await _silence(session, talk, now)
        handoff = await _open(session, talk, now, state="waiting", reason="assigned", team_id=team_id, user_id=user_id)
    if handoff.user_id != user_id:
        handoff.state, handoff.taken_at = "waiting", None
    handoff.team_id, handoff.user_id, handoff.changed_at = team_id, user_id, now
    await session.flush()
    await tell(session, conversation_id)
    return handoff


async def answer(
    session: AsyncSession, conversation_id: UUID, *, user_id: UUID, text: str, client_id: UUID, now: datetime
) -> Stored | None:
    """What a person says; who answers has the talk. None when `client_id` was stored before.

    Raises:
        NotFound, WithColleague, GoesOnElsewhere: as for taking it over.
    """
    handoff = await take_over(session, conversation_id, user_id, now)
    said = await append_message(
        session,
        conversation_id=conversation_id,
        author="person",
        text=text,
        data={"user_id": str(user_id)},
        client_id=client_id,
        now=now,
    )
    if said is None:
        return None
    if handoff.answered_at is None:
        handoff.answered_at = handoff.changed_at = now
        await session.flush()
    await read_up_to(session, conversation_id, user_id, said.seq)
    await tell(session, conversation_id)
    return said


async def hand_back(session: AsyncSession, conversation_id: UUID, now: datetime) -> Handoff:
    """The bot has the talk again, and answers what is said next.

    Raises:
        NotFound: there is no such conversation.
        NotWithPerson: nobody has it.
        GoesOnElsewhere: it was moved.
    """
    return await _end(session, await _hold(session, conversation_id), "handed_back", now)


async def close(session: AsyncSession, conversation_id: UUID, now: datetime, *, ask_rating: bool) -> Stored | None:
    """What the person asked for is done; whoever writes again talks to the bot.

    Returns:
        The question how the help was, where it was asked: not on channels without buttons.

    Raises:
        NotFound, NotWithPerson, GoesOnElsewhere: as for handing it back.
    """
    talk = await _hold(session, conversation_id)
    handoff = await _end(session, talk, "closed", now)
    has_buttons = get_capabilities(talk.channel).choices == "buttons"
    if not ask_rating or handoff.answered_at is None or not has_buttons:
        return None
    asked = await append_message(
        session,
        conversation_id=conversation_id,
        author="bot",
        text=words_of(talk.language)["rating"],
        data=rating_question(handoff.id, talk.language),
        client_id=handoff.id,
        now=now,
    )
    await tell(session, conversation_id)
    return asked


async def rate(session: AsyncSession, conversation_id: UUID, step: str, value: str, now: datetime) -> None:
    """How somebody found the help they got; said again, the last counts.

    Raises:
        InvalidInput: it is no rating, or not of a talk of theirs.
    """
    handoff_id, rating = read_rating(step, value)
    rated = await session.scalar(
        update(Handoff)
        .where(Handoff.id == handoff_id, Handoff.conversation_id == conversation_id)
        .values(rating=rating, rated_at=now, changed_at=now)
        .returning(Handoff.id)
    )
    if rated is None:
        raise InvalidInput


async def add_note(session: AsyncSession, conversation_id: UUID, *, user_id: UUID, text: str, now: datetime) -> UUID:
    """Notes something for colleagues.

    Raises:
        NotFound: there is no such conversation.
    """
    if await session.get(Conversation, conversation_id) is None:
        raise NotFound
    note_id = new_id()
    await session.execute(
        insert(Note).values(id=note_id, conversation_id=conversation_id, user_id=user_id, text=text, created_at=now)
    )
    await tell(session, conversation_id)
    return note_id


async def read_up_to(session: AsyncSession, conversation_id: UUID, user_id: UUID, seq: int) -> None:
    """The user has read the talk up to this message; never goes back.

    Raises:
        NotFound: there is no such conversation.
    """
    if await session.scalar(select(Conversation.id).where(Conversation.id == conversation_id)) is None:
        raise NotFound
    row = upsert(Reading).values(user_id=user_id, conversation_id=conversation_id, seq=seq)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["user_id", "conversation_id"],
            set_={"seq": row.excluded.seq},
            where=Reading.seq < row.excluded.seq,
        )
    )


async def move_handoffs(session: AsyncSession, left: UUID, into: UUID, now: datetime) -> None:
    """What people had to do with a talk goes along with it to another channel; one there already is enough."""
    if await find_open(session, into) is not None:
        await session.execute(
            update(Handoff)
            .where(Handoff.conversation_id == left, Handoff.state != "done")
            .values(state="done", ended_at=now, ended_how="handed_back", changed_at=now)
        )
    for table in (Handoff, Note):
        await session.execute(update(table).where(table.conversation_id == left).values(conversation_id=into))


async def find_open(session: AsyncSession, conversation_id: UUID) -> Handoff | None:
    """The handoff that is under way in a talk."""
    wanted = select(Handoff).where(Handoff.conversation_id == conversation_id, Handoff.state != "done")
    return await session.scalar(wanted.execution_options(populate_existing=True))


async def tell(session: AsyncSession, conversation_id: UUID) -> None:
    """Tells every process that there is something new in a talk, once this is committed."""
    await session.execute(select(func.pg_notify(NOTIFY_CHANNEL, f"- {conversation_id}")))


async def _hold(session: AsyncSession, conversation_id: UUID) -> Talk:
    row = (
        await session.execute(
            select(
                Conversation.id,
                Conversation.channel,
                Conversation.language,
                Conversation.contact_id,
                Conversation.status,
                Conversation.state,
            )
            .where(Conversation.id == conversation_id)
            .with_for_update()
        )
    ).first()
    if row is None:
        raise NotFound("This conversation is gone.")
    if row.status == "closed":
        raise GoesOnElsewhere
    return Talk(*row)


async def _silence(session: AsyncSession, talk: Talk, now: datetime) -> None:
    """From here on the bot says nothing: a turn that is being decided is stale, and no silence is answered."""
    await session.execute(
        update(Conversation)
        .where(Conversation.id == talk.id)
        .values(
            status="handed_off",
            timer=None,
            timer_due_at=None,
            turn_not_before=None,
            turn_fence=Conversation.turn_fence + 1,
            # Whatever was being answered is taken up at once, and left to the person.
            turn_claimed_until=None,
            turn_claimed_by=None,
        )
    )
    await record(
        session,
        kind="handed_off",
        contact_id=talk.contact_id,
        conversation_id=talk.id,
        data={"reason": "taken_over"},
        now=now,
    )


async def _open(session: AsyncSession, talk: Talk, now: datetime, **columns: Any) -> Handoff:
    handoff = Handoff(id=new_id(), conversation_id=talk.id, asked_at=now, changed_at=now, **columns)
    session.add(handoff)
    await session.flush()
    return handoff


async def _end(session: AsyncSession, talk: Talk, how: str, now: datetime) -> Handoff:
    handoff = await find_open(session, talk.id)
    if handoff is None:
        raise NotWithPerson
    handoff.state, handoff.ended_at, handoff.ended_how, handoff.changed_at = "done", now, how, now
    # What was asked before the person came stays open; and the bot says anew what it is.
    values: dict[str, Any] = {"status": "open"}
    if talk.state is not None:
        values["state"] = {**talk.state, "handed_off": False, "noticed": False}
    await session.execute(update(Conversation).where(Conversation.id == talk.id).values(values))
    await session.flush()
    await tell(session, talk.id)
    return handoff
