"""What is asked and answered about the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, Moment, PlainText, RequestShape

_Name = Annotated[PlainText, Field(min_length=1, max_length=200)]


class AuditQuery(RequestShape):
    """All that is given must be so. `since` is the first moment, `until` the first that is too late."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    user_id: UUID | None = None
    token_id: UUID | None = None
    action: _Name | None = None
    subject_kind: _Name | None = None
    subject_id: _Name | None = None
    since: Moment | None = None
    until: Moment | None = None


class AuditRow(AnswerShape):
    """A change. `has_details` says that it had details; they are null once they are erased or too old."""

    id: UUID
    seq: int
    at: datetime
    author: str
    user_id: UUID | None
    user_name: str | None
    token_id: UUID | None
    token_name: str | None
    action: str
    subject_kind: str
    subject_id: str | None
    has_details: bool
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class AuditPage(AnswerShape):
    items: list[AuditRow]
    next_cursor: str | None


class AuditNames(AnswerShape):
    """What stands in the log, to choose from."""

    actions: list[str]
    subject_kinds: list[str]
