"""Talks as the inbox lists and shows them, in a fixed number of queries a page. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from admin.api.cursors import Cursor
from admin.inbox.people import colleague, read_names
from admin.inbox.shapes import (
    Conversation,
    ConversationPage,
    ConversationQuery,
    ConversationRow,
    Delivery,
    InboxCounts,
    InboxMessage,
    LastMessage,
    MayReply,
    MessagePage,
    MessageQuery,
    Note,
    TalkState,
    TalkTeam,
)
from admin.leads.filters import matches_text
from admin.leads.names import name_from, text_of
from admin.leads.queries import read_rows
from admin.leads.shapes import ScoreReason
from admin.leads.transcript import show_message
from base.encryption import KeyRing
from base.errors import NotFound
from base.messages import Author
from bot.handoff.models import Handoff, Reading, Team
from bot.handoff.models import Note as NoteRow
from bot.models import Conversation as Talk
from bot.models import Message
from crm.contacts.models import Contact
from crm.scoring.reasons import reason_in_words
from crm.scoring.service import list_reasons
from outreach.models import OutboxMessage
from outreach.reasons import refusal_in_words

if TYPE_CHECKING:
    from admin.context import AdminContext

EXCERPT = 160
"""Characters of the latest message in a list."""
MOST_UNREAD = 100
MOST_REASONS = 8

_Rows = Sequence[tuple[Talk, Handoff | None]]


async def list_conversations(
    session: AsyncSession, keys: KeyRing, query: ConversationQuery, user_id: UUID
) -> ConversationPage:
    """One page.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    statement, moment, rises = _view(query, user_id)
    statement = statement.where(*_filters(keys, query))
    if query.view == "bot":
        # Ids rise with the time at which talks began: the primary key is read, however many there are.
        key: tuple[Any, ...] = (Talk.id,)
    else:
        key = (moment, Talk.id)
    if query.cursor:
        after = Cursor.decode(query.cursor)
        place = (after.at, after.id)[-len(key) :]
        statement = statement.where(tuple_(*key) > place if rises else tuple_(*key) < place)
    order = (column.asc() if rises else column.desc() for column in key)
    found = (await session.execute(statement.add_columns(moment).order_by(*order).limit(query.limit + 1))).all()
    shown = found[: query.limit]
    last = shown[-1] if len(found) > query.limit else None
    return ConversationPage(
        items=await _show(session, [(row[0], row[1]) for row in shown], user_id),
        next_cursor=Cursor(last[2], last[0].id).encode() if last else None,
    )


async def count(session: AsyncSession, user_id: UUID) -> InboxCounts:
    """What waits."""
    row = (
        await session.execute(
            select(
                func.count().filter(Handoff.state == "waiting").label("waiting"),
                func.count().filter(Handoff.user_id == user_id).label("mine"),
            ).where(Handoff.state != "done")
        )
    ).one()
    return InboxCounts(waiting=row.waiting, mine=row.mine)


async def get_talk(session: AsyncSession, conversation_id: UUID) -> Talk:
    """The row of a talk.

    Raises:
        NotFound: there is no such talk.
    """
    talk = await session.get(Talk, conversation_id)
    if talk is None:
        raise NotFound("There is no such conversation.")
    return talk


async def read_conversation(
    session: AsyncSession, context: AdminContext, conversation_id: UUID, user_id: UUID, language: str
) -> Conversation:
    """One talk; reasons are told in `language`.

    Raises:
        NotFound: there is no such talk.
    """
    now = context.clock.now()
    latest = select(Handoff).where(Handoff.conversation_id == conversation_id).order_by(Handoff.asked_at.desc())
    talk = await get_talk(session, conversation_id)
    handoff = (await session.scalars(latest.limit(1))).first()
    (row,) = await _show(session, [(talk, handoff)], user_id)
    contact = None if talk.contact_id is None else await session.get(Contact, talk.contact_id)
    card = None if contact is None else (await read_rows(session, context.keys, [contact], now))[0]
    reasons = [] if contact is None else await list_reasons(session, contact.id)
    return Conversation(
        **row.model_dump(),
        page_url=talk.page_url,
        contact=card,
        tags=[] if contact is None else contact.tags,
        reasons=[
            ScoreReason(
                id=one.id, points=one.points, reason=reason_in_words(one.reason, language), rule=one.rule,
                message_id=one.message_id, at=one.created_at,
            )
            for one in reasons[:MOST_REASONS]
        ],
        notes=await _read_notes(session, conversation_id),
        may_reply=_in_words(await context.replies.may_reply(session, talk, now), language),
    )  # fmt: skip


async def read_messages(
    session: AsyncSession, conversation_id: UUID, query: MessageQuery, language: str
) -> MessagePage:
    """The latest messages, or those before some.

    Raises:
        NotFound: there is no such talk.
    """
    channel = await session.scalar(select(Talk.channel).where(Talk.id == conversation_id))
    if channel is None:
        raise NotFound("There is no such conversation.")
    statement = select(Message).where(
        Message.conversation_id == conversation_id, Message.seq > 0, Message.author != "system"
    )
    if query.before is not None:
        statement = statement.where(Message.seq < query.before)
    found = (await session.scalars(statement.order_by(Message.seq.desc()).limit(query.limit + 1))).all()
    shown = found[: query.limit][::-1]
    authors = {message.id: _author_of(message) for message in shown}
    names = await read_names(session, authors.values())
    deliveries = await _read_deliveries(session, conversation_id, [message.id for message in shown], language)
    return MessagePage(
        items=[
            InboxMessage(
                **show_message(message, channel).model_dump(),
                seq=message.seq,
                user=colleague(authors[message.id], names),
                delivery=deliveries.get(message.id),
            )
            for message in shown
        ],
        before=shown[0].seq if len(found) > query.limit else None,
    )


def _view(query: ConversationQuery, user_id: UUID) -> tuple[Select[*tuple[Any, ...]], Any, bool]:
    """The talks of a view with their handoffs, the moment they are ordered by, and whether the earliest is first."""
    latest = func.coalesce(Talk.last_message_at, Talk.created_at)
    joined = select(Talk, Handoff).join(Handoff, Handoff.conversation_id == Talk.id)
    match query.view:
        case "waiting":
            return joined.where(Handoff.state == "waiting"), Handoff.asked_at, True
        case "mine":
            return joined.where(Handoff.state != "done", Handoff.user_id == user_id), latest, False
        case "people":
            return joined.where(Handoff.state != "done"), latest, False
        case "closed":
            ended = (Handoff.state == "done", Handoff.ended_how == "closed", _is_latest(), Talk.status == "open")
            return joined.where(*ended), Handoff.ended_at, False
    with_bot = (
        select(Talk, Handoff)
        .outerjoin(Handoff, and_(Handoff.conversation_id == Talk.id, _is_latest()))
        .where(Talk.status == "open", Talk.next_seq > 1, or_(Handoff.id.is_(None), Handoff.ended_how == "handed_back"))
    )
    return with_bot, Talk.created_at, False


def _is_latest() -> ColumnElement[bool]:
    """That a talk has no later handoff."""
    later = aliased(Handoff)
    is_later = exists().where(later.conversation_id == Handoff.conversation_id, later.asked_at > Handoff.asked_at)
    return ~is_later.correlate(Handoff)


def _filters(keys: KeyRing, query: ConversationQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.q and query.q.strip():
        known = select(Contact.id).where(matches_text(keys, query.q.strip()))
        conditions.append(Talk.contact_id.in_(known))
    if query.channel is not None:
        conditions.append(Talk.channel == query.channel)
    if query.team is not None:
        conditions.append(Handoff.team_id == query.team)
    return conditions


async def _show(session: AsyncSession, rows: _Rows, user_id: UUID) -> list[ConversationRow]:
    ids = [talk.id for talk, _ in rows]
    people = await _read_people(session, [talk.contact_id for talk, _ in rows])
    names = await read_names(session, [handoff.user_id for _, handoff in rows if handoff is not None])
    teams = await _read_teams(session, [handoff.team_id for _, handoff in rows if handoff is not None])
    lasts, unread = await _read_lasts(session, ids), await _count_unread(session, ids, user_id)
    return [
        ConversationRow(
            id=talk.id,
            contact_id=talk.contact_id,
            name=name_from(people.get(talk.contact_id, {})),
            company=text_of(people.get(talk.contact_id, {}), "company"),
            channel=talk.channel,
            language=talk.language,
            state=_state_of(talk, handoff),
            user=None if handoff is None else colleague(handoff.user_id, names),
            team=None if handoff is None else teams.get(handoff.team_id),
            reason=None if handoff is None else handoff.reason,
            asked_at=None if handoff is None else handoff.asked_at,
            answered_at=None if handoff is None else handoff.answered_at,
            rating=None if handoff is None else handoff.rating,
            unread=unread.get(talk.id, 0),
            last_message=lasts.get(talk.id),
            created_at=talk.created_at,
        )
        for talk, handoff in rows
    ]


def _state_of(talk: Talk, handoff: Handoff | None) -> TalkState:
    if talk.status == "closed":
        return "moved"
    if handoff is None or (handoff.state == "done" and handoff.ended_how == "handed_back"):
        return "bot"
    return "closed" if handoff.state == "done" else cast("TalkState", handoff.state)


async def _read_people(session: AsyncSession, ids: Sequence[UUID | None]) -> dict[UUID | None, Mapping[str, Any]]:
    rows = await session.execute(select(Contact.id, Contact.fields).where(Contact.id.in_({*ids} - {None})))
    return {row.id: row.fields for row in rows}


async def _read_teams(session: AsyncSession, ids: Sequence[UUID | None]) -> dict[UUID | None, TalkTeam]:
    rows = await session.execute(select(Team.id, Team.name).where(Team.id.in_({*ids} - {None})))
    return {row.id: TalkTeam(id=row.id, name=row.name) for row in rows}


async def _read_lasts(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, LastMessage]:
    last = (
        select(Message.author, func.left(Message.text, EXCERPT).label("text"), Message.created_at)
        .where(Message.conversation_id == Talk.id, Message.seq > 0, Message.author != "system")
        .order_by(Message.seq.desc())
        .limit(1)
        .lateral("last")
    )
    rows = await session.execute(select(Talk.id, last).where(Talk.id.in_(ids)).join(last, true()))
    return {row.id: LastMessage(author=cast("Author", row.author), text=row.text, at=row.created_at) for row in rows}


async def _count_unread(session: AsyncSession, ids: Sequence[UUID], user_id: UUID) -> dict[UUID, int]:
    mine = select(Reading.seq).where(Reading.conversation_id == Talk.id, Reading.user_id == user_id)
    read = mine.correlate(Talk).scalar_subquery()
    unread = (
        select(Message.id)
        .where(Message.conversation_id == Talk.id, Message.seq > func.coalesce(read, 0), Message.author == "visitor")
        .limit(MOST_UNREAD)
        .correlate(Talk)
        .lateral("unread")
    )
    rows = await session.execute(
        select(Talk.id, func.count()).join(unread, true()).where(Talk.id.in_(ids)).group_by(Talk.id)
    )
    return {row[0]: row[1] for row in rows}


async def _read_notes(session: AsyncSession, conversation_id: UUID) -> list[Note]:
    found = select(NoteRow).where(NoteRow.conversation_id == conversation_id).order_by(NoteRow.created_at, NoteRow.id)
    rows = (await session.scalars(found)).all()
    names = await read_names(session, [row.user_id for row in rows])
    shown: list[Note] = []
    for row in rows:
        by = colleague(row.user_id, names)
        assert by is not None  # a note is somebody's
        shown.append(Note(id=row.id, user=by, text=row.text, at=row.created_at))
    return shown


async def _read_deliveries(
    session: AsyncSession, conversation_id: UUID, message_ids: Sequence[UUID], language: str
) -> dict[UUID, Delivery]:
    """Of each message that a provider carries, how far its last part got."""
    rows = await session.execute(
        select(OutboxMessage.message_id, OutboxMessage.state, OutboxMessage.reason, OutboxMessage.reason_rule)
        .where(OutboxMessage.conversation_id == conversation_id, OutboxMessage.message_id.in_(message_ids))
        .order_by(OutboxMessage.id)
    )
    told = {
        row.message_id: (row.state, row.reason and refusal_in_words(row.reason_rule, row.reason, language))
        for row in rows
        if row.message_id
    }
    return {message_id: Delivery(state=state, reason=reason) for message_id, (state, reason) in told.items()}


def _in_words(answer: MayReply, language: str) -> MayReply:
    return answer.model_copy(update={"reason": refusal_in_words(answer.rule, answer.reason, language)})


def _author_of(message: Message) -> UUID | None:
    if message.author != "person":
        return None
    try:
        return UUID(str(message.data.get("user_id")))
    except ValueError:
        return None
