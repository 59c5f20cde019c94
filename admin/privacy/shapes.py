"""The API's shapes of privacy requests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, RootModel

from admin.api.fields import AnswerShape, PlainText, RequestShape
from crm.contacts.rules import Qualification
from crm.privacy.requests import Status
from crm.privacy.rules import RequestKind

Words = Annotated[PlainText, Field(min_length=3, max_length=1_000)]


class PrivacyRequestQuery(RequestShape):
    """Without a status: all of them."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    status: Status | None = None


class PrivacyRequest(AnswerShape):
    """What somebody asked for. `days_left` is until it must be answered; below 0 it is late.

    `made_by` and `closed_by`: `subject`, `system`, or `user:` and the user's id. `detail` is empty once it is closed.
    """

    id: UUID
    contact_id: UUID
    kind: RequestKind
    said: str
    status: Status
    channel: str
    made_by: str
    conversation_id: UUID | None
    detail: dict[str, Any]
    received_at: datetime
    verified_at: datetime | None
    due_at: datetime
    days_left: int | None
    extended_for: str | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    receipt: str | None


class PrivacyRequestPage(AnswerShape):
    items: list[PrivacyRequest]
    next_cursor: str | None


class NewPrivacyRequest(RequestShape):
    """A request that a colleague takes in. `fields` is for a correction: what each field becomes, null to forget it."""

    contact_id: UUID
    kind: RequestKind
    channel: Annotated[str, Field(pattern=r"^[a-z_]{2,30}$")] = "staff"
    verified: bool = False
    fields: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")],
        Annotated[PlainText, Field(max_length=2_000)] | int | float | None,
    ] = Field(default_factory=dict, max_length=50)


class Decision(RequestShape):
    """What was done, in words that the person may read. `decision` is for who wants a person to decide."""

    outcome: Words
    decision: Qualification | None = None


class Reason(RequestShape):
    """Why, in words that the person is told."""

    reason: Words


class PersonalData(RootModel[dict[str, Any]]):
    """All that is held of a person, by table."""


class ProcessingRecord(RootModel[dict[str, Any]]):
    """The record of processing activities (GDPR Art. 30)."""
