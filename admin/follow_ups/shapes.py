"""The API's shapes of follow-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape

FollowUpState = Literal[
    "planned",
    "deferred",
    "sending",
    "accepted",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "unknown",
    "skipped",
    "cancelled",
]


class FollowUpQuery(RequestShape):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    state: FollowUpState | None = None
    contact: UUID | None = None


class FollowUpLead(AnswerShape):
    id: UUID
    name: str | None
    email: str | None


class FollowUpReason(AnswerShape):
    """Why it did not go out, or not yet."""

    rule: str
    text: str
    until: datetime | None


class FollowUp(AnswerShape):
    """A message in the outbox, or one that a journey will put there.

    The latter is `planned` and has the id of the enrolment, `due_at` when the journey moves on, no wording yet, and
    neither `step` nor perhaps `channel` while a branch ahead decides about them.
    """

    id: UUID
    lead: FollowUpLead
    channel: str | None
    journey: str
    step: str | None
    subject: str | None
    text: str
    state: FollowUpState
    due_at: datetime
    reason: FollowUpReason | None
    attempts: int
    updated_at: datetime


class FollowUpPage(AnswerShape):
    items: list[FollowUp]
    next_cursor: str | None
