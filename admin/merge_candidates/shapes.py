"""The API's shapes of pairs that may be one person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from crm.resolution.candidates import CandidateState
from crm.resolution.comparison import Agreement


class MergeCandidateQuery(RequestShape):
    """`contact_id` lists the pairs of one contact."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    state: CandidateState | None = None
    contact_id: UUID | None = None


class MergeDecision(RequestShape):
    """`survivor_id` is the one of the two that stays; `take` are fields in which the other is right."""

    survivor_id: UUID
    take: list[Annotated[PlainText, Field(max_length=60)]] = Field(default_factory=list, max_length=200)


class MergeReason(AnswerShape):
    """How one field agrees. `bits` above 0 speak for one person: each doubles the odds; below 0, halves them."""

    field: str
    agreement: Agreement
    bits: float
    words: str


class AlikeContact(AnswerShape):
    """One of the two, by what tells them apart."""

    id: UUID
    name: str | None
    company: str | None
    email: str | None
    phone: str | None
    stage: str
    created_at: datetime


class MergeCandidate(AnswerShape):
    """Two contacts that are probably one person, and why. Who was merged since is no longer among `contacts`."""

    id: UUID
    contacts: list[AlikeContact]
    probability: float
    reasons: list[MergeReason]
    state: CandidateState
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class ConfirmedCandidate(MergeCandidate):
    """`merge_id` takes the merge back, should it have been wrong."""

    merge_id: UUID


class MergeCandidatePage(AnswerShape):
    items: list[MergeCandidate]
    next_cursor: str | None
