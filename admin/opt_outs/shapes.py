"""The API's shapes of doubtful opt-outs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from crm.consent.opt_out_reviews import ReviewStatus


class OptOutReviewQuery(RequestShape):
    """Without a status: all of them."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    status: ReviewStatus | None = None


class OptOutScope(AnswerShape):
    """What was stopped. `channels` is null for every channel."""

    purpose: Literal["marketing", "all"]
    channels: list[str] | None


class OptOutReview(AnswerShape):
    """An opt-out that holds, and whether anybody has looked at it.

    `text` is what the person wrote, null when it is gone; `reviewed_by` is `user:` and the user's id.
    """

    id: UUID
    contact_id: UUID
    conversation_id: UUID | None
    message_id: UUID
    text: str | None
    channel: str
    language: str
    scope: OptOutScope
    rule: str
    confidence: float
    status: ReviewStatus
    reviewed_by: str | None
    reviewed_at: datetime | None
    created_at: datetime


class OptOutReviewPage(AnswerShape):
    items: list[OptOutReview]
    next_cursor: str | None
