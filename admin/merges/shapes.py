"""The API's shapes of merges and of identities."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape

Source = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ExternalValue = Annotated[PlainText, Field(min_length=1, max_length=200)]


class MergeQuery(RequestShape):
    """`contact`: only merges that this contact had part in."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    contact: UUID | None = None


class MergePreviewQuery(RequestShape):
    """`merged_id` would no longer be a contact."""

    merged_id: UUID


class NewMerge(RequestShape):
    """`merged_id` turns out to be this contact. `take` names fields in which it is right where both know something."""

    merged_id: UUID
    take: Annotated[list[Annotated[PlainText, Field(max_length=100)]], Field(max_length=100)] = Field(
        default_factory=list
    )


class FieldConflict(AnswerShape):
    """What each of the two knows; the survivor's stays unless the other's is taken."""

    survivor: Any
    merged: Any


class MergePreview(AnswerShape):
    """What merging would do. `rows` counts by table what would move."""

    conflicts: dict[str, FieldConflict]
    fields: dict[str, Any]
    tags: list[str]
    stage: str
    qualification: str | None
    time_zone: str | None
    rows: dict[str, int]


class Merge(AnswerShape):
    """A merge, and who undid it. `kept` holds what the merged contact knew otherwise than the survivor does now."""

    id: UUID
    survivor_id: UUID
    merged_id: UUID
    reason: str
    merged_by: str
    merged_at: datetime
    undone_by: str | None
    undone_at: datetime | None
    kept: dict[str, Any]


class MergePage(AnswerShape):
    items: list[Merge]
    next_cursor: str | None


class Address(AnswerShape):
    """An address, and since when it is proven.

    `waits_since`: nothing goes to this number before its browser's work; from 75 minutes on nothing that a chat on the
    site brought about.
    """

    id: UUID
    kind: str
    value: str
    verified_at: datetime | None
    waits_since: datetime | None


class ExternalId(AnswerShape):
    """What another system knows the contact as. Verified: that system vouches for it."""

    id: UUID
    source: str
    value: str
    verified_at: datetime | None


class Identities(AnswerShape):
    """All by which a contact is known. A browser is known by the talk it opened, as long as it keeps its token."""

    contact_id: UUID
    addresses: list[Address]
    external_ids: list[ExternalId]
    web_talks: list[UUID]


class NewExternalId(RequestShape):
    """`merge_same`: a contact that has the same id verified is the same person, and is merged with this one by rule."""

    source: Source
    value: ExternalValue
    verified: bool = False
    merge_same: bool = False


class IdentityQuery(RequestShape):
    """An id as the other system writes it."""

    source: Source
    value: ExternalValue
