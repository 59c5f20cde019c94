"""The API's shapes of the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.leads.shapes import LeadRow, ScoreReason, TranscriptMessage
from base.messages import MAX_TEXT, Author

View = Literal["waiting", "mine", "people", "bot", "closed"]
TalkState = Literal["waiting", "taken", "bot", "closed", "moved"]


def _check_said(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("empty", "Write something.")
    return text.strip()


Said = Annotated[PlainText, Field(max_length=MAX_TEXT), AfterValidator(_check_said)]


class ConversationQuery(RequestShape):
    """`waiting`: nobody has taken them, who waits longest first; `mine`: given to or taken by me; `people`: all that
    people have; `bot`: the bot has them; `closed`: a person had them. `q` as for leads. `team` is a team's id.
    """

    view: View = "waiting"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    q: Annotated[PlainText, Field(max_length=200)] | None = None
    channel: Annotated[PlainText, Field(max_length=20)] | None = None
    team: UUID | None = None


class Colleague(AnswerShape):
    """A user. `name` is null where they are no longer there."""

    user_id: UUID
    name: str | None


class ColleagueThere(AnswerShape):
    """A user who may be given talks, and whether they take any now."""

    user_id: UUID
    name: str
    away: bool


class Colleagues(AnswerShape):
    items: list[ColleagueThere]


class TalkTeam(AnswerShape):
    id: UUID
    name: str


class LastMessage(AnswerShape):
    """The latest message; `text` is cut."""

    author: Author
    text: str
    at: datetime


class ConversationRow(AnswerShape):
    """A talk in the list. `unread` counts what the visitor wrote since the caller last read it, up to 100."""

    id: UUID
    contact_id: UUID | None
    name: str | None
    company: str | None
    channel: str
    language: str
    state: TalkState
    user: Colleague | None
    team: TalkTeam | None
    reason: str | None
    asked_at: datetime | None
    answered_at: datetime | None
    rating: int | None
    unread: int
    last_message: LastMessage | None
    created_at: datetime


class ConversationPage(AnswerShape):
    items: list[ConversationRow]
    next_cursor: str | None


class InboxCounts(AnswerShape):
    """How many talks wait for a person, and how many are the caller's."""

    waiting: int
    mine: int


class Note(AnswerShape):
    """What a colleague noted for other colleagues."""

    id: UUID
    user: Colleague
    text: str
    at: datetime


class MayReply(AnswerShape):
    """Whether an answer may leave by the talk's channel, as the gate says now. `until`: it would wait that long."""

    allowed: bool
    rule: str
    reason: str
    until: datetime | None


class Conversation(ConversationRow):
    """A talk with the person's card, what colleagues noted, and whether it may be answered."""

    page_url: str | None
    contact: LeadRow | None
    tags: list[str]
    reasons: list[ScoreReason]
    notes: list[Note]
    may_reply: MayReply


class MessageQuery(RequestShape):
    """`before`: only messages before this `seq`."""

    before: Annotated[int, Field(ge=1, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Delivery(AnswerShape):
    """How far a message got that a provider carries; `reason` says why it did not leave."""

    state: str
    reason: str | None


class InboxMessage(TranscriptMessage):
    """A message. `user` is the colleague who wrote it."""

    seq: int
    user: Colleague | None
    delivery: Delivery | None


class MessagePage(AnswerShape):
    """Messages, oldest first; `before` asks for those before them, null when there are none."""

    items: list[InboxMessage]
    before: int | None


class ReplyWish(RequestShape):
    """What a person says. `client_id` is the caller's own id of it: the same again is said once."""

    text: Said
    client_id: UUID


class Reply(AnswerShape):
    """Whether it was stored now; false when it was before."""

    stored: bool


class Assignment(RequestShape):
    """The team and the colleague who get it; both null: everybody."""

    team_id: UUID | None = None
    user_id: UUID | None = None


class Closing(RequestShape):
    """`ask_rating`: the visitor is asked how the help was, where the channel has buttons."""

    ask_rating: bool = True


class NoteWish(RequestShape):
    text: Said


class ReadMark(RequestShape):
    """The last message that was read."""

    seq: Annotated[int, Field(ge=0, le=2**53)]


class TypingWish(RequestShape):
    on: bool


class StageWish(RequestShape):
    stage: Literal["visitor", "lead", "mql", "sql", "customer", "disqualified"]


class TagsWish(RequestShape):
    add: Annotated[tuple[Annotated[PlainText, Field(max_length=60)], ...], Field(max_length=20)] = ()
    remove: Annotated[tuple[Annotated[PlainText, Field(max_length=60)], ...], Field(max_length=20)] = ()


class TaskWish(RequestShape):
    title: Annotated[PlainText, Field(max_length=200), AfterValidator(_check_said)]
    due_at: datetime | None = None


class SuggestionQuery(RequestShape):
    """`q` is what to look for; without it, what the visitor wrote last."""

    q: Annotated[PlainText, Field(max_length=500)] | None = None


class Suggestion(AnswerShape):
    """A passage of an article that may answer, and how sure that is (0 to 1)."""

    article: str
    title: str
    link: str | None
    heading: str
    quote: str
    confidence: float


class Suggestions(AnswerShape):
    question: str
    items: list[Suggestion]
