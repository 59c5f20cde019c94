"""What helps to answer: canned replies, articles that may hold the answer, and how quickly people answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import Float, delete, extract, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.api.versions import Versioned
from admin.audit.service import record
from admin.inbox.queries import get_talk
from admin.inbox.shapes import Said, Suggestion, SuggestionQuery, Suggestions
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import Conflict, NotFound, ParleyError
from base.ids import new_id
from bot.handoff.models import CannedReply as Row
from bot.handoff.models import Handoff
from bot.knowledge.answering import answer, as_json
from bot.knowledge.search import Question
from bot.models import Conversation as Talk
from bot.models import Message
from crm.contacts.models import Contact
from flows.wording import has_broken_placeholder, render
from outreach.merge_values import mergeable

MOST_SUGGESTIONS = 3
_LONGEST_QUESTION = 500


class NameTaken(Conflict):
    """There is a canned reply of this name in this language already."""

    code = "name_taken"


class OutOfDate(ParleyError):
    """Somebody else changed this canned reply: load it again."""

    code = "out_of_date"
    status = 412


def _check_placeholders(text: str) -> str:
    if has_broken_placeholder(text):
        raise PydanticCustomError(
            "placeholder", "Write what is filled in like {example}.", {"example": "{{ first_name }}"}
        )
    return text


class CannedReplyWish(RequestShape):
    """`text` may hold `{{ first_name | there }}`: a field of the contact, and what stands there when it is unknown."""

    name: Annotated[PlainText, Field(min_length=1, max_length=80)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    text: Annotated[Said, AfterValidator(_check_placeholders)]


class CannedReply(Versioned):
    id: UUID
    name: str
    language: str
    text: str


class CannedReplies(AnswerShape):
    items: list[CannedReply]


class FilledReply(AnswerShape):
    """A canned reply with the person's values in it. `fits`: it is in the language of the talk."""

    id: UUID
    name: str
    language: str
    fits: bool
    text: str


class FilledReplies(AnswerShape):
    items: list[FilledReply]


class FiguresQuery(RequestShape):
    """The last so many days."""

    days: Annotated[int, Field(ge=1, le=366)] = 30


class Figures(AnswerShape):
    """How people answered, of the talks in which a person was asked for in the period. Times are in seconds.

    `rating` is the mean of 1 (very bad) to 5 (very good).
    """

    channel: str
    asked: int
    answered: int
    first_answer_median: float | None
    first_answer_p90: float | None
    handled_median: float | None
    rated: int
    rating: float | None


class InboxFigures(AnswerShape):
    """All channels together, then each."""

    total: Figures
    channels: list[Figures]


@endpoint(
    "GET", "/api/v1/canned-replies", permission="conversations.read", summary="All canned replies by name and language"
)
async def list_canned_replies(call: Call) -> CannedReplies:
    async with snapshot(call.context.sessions) as session:
        rows = await session.scalars(select(Row).order_by(Row.name, Row.language))
        return CannedReplies(items=[_show(row) for row in rows])


@endpoint(
    "POST",
    "/api/v1/canned-replies",
    permission="conversations.write",
    summary="Adds a canned reply",
    status=201,
    problems={409: "There is one of this name in this language"},
)
async def add_canned_reply(call: Call, body: CannedReplyWish) -> CannedReply:
    row = {"id": new_id(), **body.model_dump(), "updated_at": call.context.clock.now()}
    try:
        async with transaction(call.context.sessions) as session:
            await session.execute(insert(Row).values(row))
            await record(session, call, "add_canned_reply", "canned_reply", row["id"], None, body)
    except IntegrityError as error:
        raise NameTaken from error
    return CannedReply(id=row["id"], version=1, **body.model_dump())


@endpoint(
    "PUT",
    "/api/v1/canned-replies/{id}",
    permission="conversations.write",
    summary="Changes a canned reply",
    problems={409: "There is one of this name in this language"},
    edits=True,
)
async def edit_canned_reply(call: Call, body: CannedReplyWish) -> CannedReply:
    try:
        async with transaction(call.context.sessions) as session:
            before = await _get_at(session, call.ids["id"], call.version)
            values = {**body.model_dump(), "version": call.version + 1, "updated_at": call.context.clock.now()}
            await session.execute(update(Row).where(Row.id == before.id).values(values))
            await record(session, call, "edit_canned_reply", "canned_reply", before.id, before, body)
    except IntegrityError as error:
        raise NameTaken from error
    return CannedReply(id=call.ids["id"], version=call.version + 1, **body.model_dump())


@endpoint(
    "DELETE",
    "/api/v1/canned-replies/{id}",
    permission="conversations.write",
    summary="Removes a canned reply",
    status=204,
    edits=True,
)
async def remove_canned_reply(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        before = await _get_at(session, call.ids["id"], call.version)
        await session.execute(delete(Row).where(Row.id == before.id))
        await record(session, call, "remove_canned_reply", "canned_reply", before.id, before)


@endpoint(
    "GET",
    "/api/v1/conversations/{id}/canned-replies",
    permission="conversations.read",
    summary="Canned replies with the person's values, those in the language of the talk first",
)
async def fill_canned_replies(call: Call) -> FilledReplies:
    async with snapshot(call.context.sessions) as session:
        talk = await get_talk(session, call.ids["id"])
        contact = None if talk.contact_id is None else await session.get(Contact, talk.contact_id)
        rows = (await session.scalars(select(Row).order_by(Row.name, Row.language))).all()
    values = {"colleague": call.user.name, **mergeable({} if contact is None else contact.fields)}
    language = talk.language.partition("-")[0]
    filled = [
        FilledReply(
            id=row.id, name=row.name, language=row.language, fits=row.language == language,
            text=render(row.text, values),
        )
        for row in rows
    ]  # fmt: skip
    return FilledReplies(items=sorted(filled, key=lambda one: not one.fits))


@endpoint(
    "GET",
    "/api/v1/conversations/{id}/suggestions",
    permission="conversations.read",
    summary="Articles that may answer what the visitor wrote last, or what is looked for",
    problems={503: "No dialogue process could say what the question means"},
)
async def suggest_answers(call: Call, query: SuggestionQuery) -> Suggestions:
    context = call.context
    async with snapshot(context.sessions) as session:
        talk = await get_talk(session, call.ids["id"])
        question = (query.q or "").strip() or await _last_words(session, talk.id)
    if not question:
        return Suggestions(question="", items=[])
    meant = await context.meanings.vectors([question])
    async with context.sessions() as session:
        asked = Question(question, talk.language, meant.rows[0], meant.encoder)
        found = await answer(session, asked, limit=MOST_SUGGESTIONS)
    items = [as_json(*one) for one in found.passages]
    return Suggestions(question=question, items=[Suggestion.model_validate(item) for item in items])


@endpoint(
    "GET",
    "/api/v1/inbox/figures",
    permission="numbers.read",
    summary="How quickly people answered, and how they were rated, by channel",
)
async def get_inbox_figures(call: Call, query: FiguresQuery) -> InboxFigures:
    since = call.context.clock.now() - timedelta(days=query.days)
    to_answer = extract("epoch", Handoff.answered_at - Handoff.asked_at)
    handled = extract("epoch", Handoff.ended_at - Handoff.asked_at)
    asked = (
        select(
            Talk.channel,
            func.grouping(Talk.channel).label("is_total"),
            func.count().label("asked"),
            func.count(Handoff.answered_at).label("answered"),
            func.percentile_cont(0.5).within_group(to_answer.cast(Float)).label("first_answer_median"),
            func.percentile_cont(0.9).within_group(to_answer.cast(Float)).label("first_answer_p90"),
            func.percentile_cont(0.5).within_group(handled.cast(Float)).label("handled_median"),
            func.count(Handoff.rating).label("rated"),
            func.avg(Handoff.rating).cast(Float).label("rating"),
        )
        .join(Talk, Talk.id == Handoff.conversation_id)
        .where(Handoff.asked_at >= since)
        .group_by(func.rollup(Talk.channel))
        .order_by(Talk.channel)
    )
    async with snapshot(call.context.sessions) as session:
        rows = (await session.execute(asked)).mappings().all()
    figures = [(row["is_total"], Figures(**{**row, "channel": row["channel"] or "all"})) for row in rows]
    return InboxFigures(
        total=next(one for is_total, one in figures if is_total),
        channels=[one for is_total, one in figures if not is_total],
    )


async def _get_at(session: AsyncSession, reply_id: UUID, version: int) -> CannedReply:
    row = await session.scalar(select(Row).where(Row.id == reply_id).with_for_update())
    if row is None:
        raise NotFound("There is no such canned reply.")
    if row.version != version:
        raise OutOfDate
    return _show(row)


async def _last_words(session: AsyncSession, conversation_id: UUID) -> str:
    said = (
        select(func.left(Message.text, _LONGEST_QUESTION))
        .where(Message.conversation_id == conversation_id, Message.author == "visitor", Message.kind == "text")
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return (await session.scalar(said) or "").strip()


def _show(row: Row) -> CannedReply:
    return CannedReply(id=row.id, name=row.name, language=row.language, text=row.text, version=row.version)


ENDPOINTS = (
    list_canned_replies,
    add_canned_reply,
    edit_canned_reply,
    remove_canned_reply,
    fill_canned_replies,
    suggest_answers,
    get_inbox_figures,
)
