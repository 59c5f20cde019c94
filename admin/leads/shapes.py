"""The API's shapes of leads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.follow_ups.shapes import FollowUp
from admin.owners.shapes import Owner
from base.messages import Author
from crm.contacts.rules import Stage
from crm.segments.tree import SegmentTree

BandName = Literal["hot", "warm", "cold"]
TagName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class LeadFilter(RequestShape):
    """`q` is part of a name or company, or a whole e-mail address or phone number with its country code.

    Of one or two letters, it is the beginning of a word. `owner` is the user who looks after them. `segment`: those who
    are in it as its members stand.
    """

    q: Annotated[PlainText, Field(max_length=200)] | None = None
    band: BandName | None = None
    owner: UUID | None = None
    segment: UUID | None = None
    stage: Stage | None = None
    tag: TagName | None = None


class LeadQuery(LeadFilter):
    """A page of the leads that a filter lets through."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None


class ContactSearch(RequestShape):
    """Contacts for whom a rule of segments holds; whoever may not be profiled is left out where it profiles."""

    tree: SegmentTree
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None


class TagsChange(RequestShape):
    """Tags given, and tags taken away; what is both is taken away."""

    add: Annotated[list[TagName], Field(max_length=100)] = Field(default_factory=list)
    remove: Annotated[list[TagName], Field(max_length=100)] = Field(default_factory=list)


class ContactTags(AnswerShape):
    contact_id: UUID
    tags: list[str]


class ConsentState(AnswerShape):
    """How things stand for one purpose on one channel; `all` covers every one that is not named beside it."""

    purpose: str
    channel: str
    state: Literal["given", "refused", "withdrawn", "none"]


class LeadRow(AnswerShape):
    """A lead in the list. `band` is null until something has been scored; `channel` is that of the latest talk."""

    id: UUID
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    stage: str
    score: int
    band: BandName | None
    consents: list[ConsentState]
    channel: str
    owner: Owner | None
    created_at: datetime
    last_message_at: datetime | None


class LeadPage(AnswerShape):
    items: list[LeadRow]
    next_cursor: str | None


class ScoreReason(AnswerShape):
    id: UUID
    points: int
    reason: str
    rule: str
    message_id: UUID | None
    at: datetime


class ConsentEvent(AnswerShape):
    """An event of the ledger with the exact text that was shown."""

    id: UUID
    event: str
    purpose: str
    channel: str
    text: str
    language: str
    method: str
    message_id: UUID | None
    at: datetime


class LeadConversation(AnswerShape):
    id: UUID
    channel: str
    status: str
    page_url: str | None
    created_at: datetime


class Choice(AnswerShape):
    value: str
    label: str


class Source(AnswerShape):
    """Where a knowledge answer comes from."""

    title: str
    link: str | None


class TranscriptMessage(AnswerShape):
    id: UUID
    conversation_id: UUID
    author: Author
    text: str
    choices: list[Choice]
    notice: str | None
    source: Source | None
    channel: str
    at: datetime


class TimelineEvent(AnswerShape):
    id: UUID
    kind: str
    summary: str
    at: datetime


class LeadDetail(LeadRow):
    """A lead's whole story. `transcript` holds the latest 1,000 messages of all conversations, oldest first."""

    fields: dict[str, Any]
    tags: list[str]
    reasons: list[ScoreReason]
    consent_events: list[ConsentEvent]
    conversations: list[LeadConversation]
    transcript: list[TranscriptMessage]
    follow_ups: list[FollowUp]
    timeline: list[TimelineEvent]
