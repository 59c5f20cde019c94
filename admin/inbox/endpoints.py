"""The endpoints of talks that people have. What is done to a talk is `bot.handoff`'s; what leaves, `sending`'s."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.inbox import queries
from admin.inbox.people import check_receivers
from admin.inbox.problems import NobodyKnown
from admin.inbox.shapes import (
    Assignment,
    Closing,
    Conversation,
    ConversationPage,
    ConversationQuery,
    InboxCounts,
    MessagePage,
    MessageQuery,
    NoteWish,
    ReadMark,
    Reply,
    ReplyWish,
    StageWish,
    TagsWish,
    TaskWish,
    TypingWish,
)
from admin.snapshot import snapshot
from base.database import transaction
from bot.handoff import service
from bot.handoff.typing import Typing, tell_typing
from crm.contacts.service import set_stage, tag_contact
from crm.owners.service import list_owners
from crm.tasks.service import NewTask, create_tasks
from crm.timeline.service import record as note_event

_NOT_OURS = "A colleague has it, or it goes on on another channel"
_AUDITED = "conversation"


@endpoint(
    "GET",
    "/api/v1/conversations",
    permission="conversations.read",
    summary="Talks over all channels by who has them",
    problems={400: "The cursor is not one of ours"},
)
async def list_conversations(call: Call, query: ConversationQuery) -> ConversationPage:
    async with snapshot(call.context.sessions) as session:
        return await queries.list_conversations(session, call.context.keys, query, call.user.id)


@endpoint(
    "GET", "/api/v1/inbox/counts", permission="conversations.read", summary="How many talks wait, and are the caller's"
)
async def count_conversations(call: Call) -> InboxCounts:
    async with snapshot(call.context.sessions) as session:
        return await queries.count(session, call.user.id)


@endpoint(
    "GET",
    "/api/v1/conversations/{id}",
    permission="conversations.read",
    summary="One talk, with the person's card, notes, and whether it may be answered",
)
async def get_conversation(call: Call) -> Conversation:
    return await _shown(call)


@endpoint(
    "GET",
    "/api/v1/conversations/{id}/messages",
    permission="conversations.read",
    summary="The latest messages of a talk, or those before some",
)
async def list_messages(call: Call, query: MessageQuery) -> MessagePage:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_messages(session, call.ids["id"], query, call.language)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/take-over",
    permission="conversations.reply",
    summary="The caller has the talk from here on; the bot is silent",
    problems={409: _NOT_OURS},
)
async def take_over_conversation(call: Call) -> Conversation:
    async with transaction(call.context.sessions) as session:
        await service.take_over(session, call.ids["id"], call.user.id, call.context.clock.now())
        await record(session, call, "take_over_conversation", _AUDITED, call.ids["id"])
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/replies",
    permission="conversations.reply",
    summary="Says something; who answers has the talk",
    status=201,
    problems={409: f"{_NOT_OURS}, or the gate refuses it: the problem says why"},
)
async def add_reply(call: Call, body: ReplyWish) -> Reply:
    context, now = call.context, call.context.clock.now()
    async with transaction(context.sessions) as session:
        talk = await queries.get_talk(session, call.ids["id"])
        await context.replies.check(session, talk, now)
        said = await service.answer(
            session, talk.id, user_id=call.user.id, text=body.text, client_id=body.client_id, now=now
        )
        if said is not None:
            await context.replies.queue(session, talk, said, now)
    if said is not None:
        await context.replies.settled()
    return Reply(stored=said is not None)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/hand-back",
    permission="conversations.reply",
    summary="The bot has the talk again and answers what is said next",
    problems={409: "Nobody has it, or it goes on on another channel"},
)
async def hand_back_conversation(call: Call) -> Conversation:
    async with transaction(call.context.sessions) as session:
        await service.hand_back(session, call.ids["id"], call.context.clock.now())
        await record(session, call, "hand_back_conversation", _AUDITED, call.ids["id"])
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/close",
    permission="conversations.reply",
    summary="What the person wanted is done; they may be asked how the help was",
    problems={409: "Nobody has it, or it goes on on another channel"},
)
async def close_conversation(call: Call, body: Closing) -> Conversation:
    context, now = call.context, call.context.clock.now()
    async with transaction(context.sessions) as session:
        talk = await queries.get_talk(session, call.ids["id"])
        asked = await service.close(session, talk.id, now, ask_rating=body.ask_rating)
        if asked is not None:
            await context.replies.queue(session, talk, asked, now)
        await record(session, call, "close_conversation", _AUDITED, talk.id)
    if asked is not None:
        await context.replies.settled()
    return await _shown(call)


@endpoint(
    "PUT",
    "/api/v1/conversations/{id}/assignment",
    permission="conversations.write",
    summary="Gives the talk to a team, a colleague, or everybody",
    problems={409: "It goes on on another channel"},
)
async def assign_conversation(call: Call, body: Assignment) -> Conversation:
    async with transaction(call.context.sessions) as session:
        given = [] if body.user_id is None else [body.user_id]
        await check_receivers(session, team_id=body.team_id, user_ids=given)
        await service.assign(
            session, call.ids["id"], team_id=body.team_id, user_id=body.user_id, now=call.context.clock.now()
        )
        await record(session, call, "assign_conversation", _AUDITED, call.ids["id"], None, body)
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/notes",
    permission="conversations.write",
    summary="Notes something for colleagues; it is never sent",
    status=201,
)
async def add_note(call: Call, body: NoteWish) -> Conversation:
    async with transaction(call.context.sessions) as session:
        await service.add_note(
            session, call.ids["id"], user_id=call.user.id, text=body.text, now=call.context.clock.now()
        )
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/read",
    permission="conversations.read",
    summary="The caller has read the talk up to a message",
    status=204,
    leaves_trail=False,
)
async def mark_read(call: Call, body: ReadMark) -> None:
    async with transaction(call.context.sessions) as session:
        await service.read_up_to(session, call.ids["id"], call.user.id, body.seq)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/typing",
    permission="conversations.reply",
    summary="The visitor is shown that the caller types, or no longer",
    status=204,
)
async def tell_that_typing(call: Call, body: TypingWish) -> None:
    async with transaction(call.context.sessions) as session:
        await tell_typing(session, Typing(call.ids["id"], "person", body.on))


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/stage",
    permission="contacts.write",
    summary="Moves the talk's contact forward to a stage; one they have passed changes nothing",
    problems={409: "It is not known who this is"},
)
async def set_stage_in_conversation(call: Call, body: StageWish) -> Conversation:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        contact_id = await _contact_of(session, call.ids["id"])
        if await set_stage(session, contact_id, body.stage, now):
            await note_event(
                session, kind="stage_changed", contact_id=contact_id, conversation_id=call.ids["id"],
                data={"stage": body.stage}, now=now,
            )  # fmt: skip
            await record(session, call, "set_stage", "contact", contact_id, None, body)
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/tags",
    permission="contacts.write",
    summary="Gives tags to the talk's contact or takes them away",
    problems={409: "It is not known who this is"},
)
async def change_tags_in_conversation(call: Call, body: TagsWish) -> Conversation:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        contact_id = await _contact_of(session, call.ids["id"])
        changed = await tag_contact(
            session, contact_id, add=body.add, remove=body.remove, conversation_id=call.ids["id"], now=now
        )
        if changed.added or changed.removed:
            await record(session, call, "change_tags", "contact", contact_id, None, body)
    return await _shown(call)


@endpoint(
    "POST",
    "/api/v1/conversations/{id}/tasks",
    permission="contacts.write",
    summary="Makes a task about the talk's contact: for whoever looks after them, else for the caller",
    status=201,
    problems={409: "It is not known who this is"},
)
async def add_task_in_conversation(call: Call, body: TaskWish) -> Conversation:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        contact_id = await _contact_of(session, call.ids["id"])
        owner = (await list_owners(session, [contact_id])).get(contact_id, call.user.id)
        task = NewTask(contact_id, "inbox", body.title, owner_id=owner, due_at=body.due_at)
        (task_id,) = await create_tasks(session, [task], now)
        await note_event(
            session, kind="task_made", contact_id=contact_id, conversation_id=call.ids["id"],
            data={"task": str(task_id), "kind": "inbox"}, now=now,
        )  # fmt: skip
        await record(session, call, "add_task", "task", task_id, None, body, contact_id=contact_id)
    return await _shown(call)


async def _contact_of(session: AsyncSession, conversation_id: UUID) -> UUID:
    talk = await queries.get_talk(session, conversation_id)
    if talk.contact_id is None:
        raise NobodyKnown
    return talk.contact_id


async def _shown(call: Call) -> Conversation:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_conversation(session, call.context, call.ids["id"], call.user.id, call.language)


ENDPOINTS = (
    list_conversations,
    count_conversations,
    get_conversation,
    list_messages,
    take_over_conversation,
    add_reply,
    hand_back_conversation,
    close_conversation,
    assign_conversation,
    add_note,
    mark_read,
    tell_that_typing,
    set_stage_in_conversation,
    change_tags_in_conversation,
    add_task_in_conversation,
)
