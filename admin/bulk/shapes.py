"""The API's shapes of bulk operations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.bulk.models import BulkState, Operation
from admin.leads.shapes import LeadFilter, TagName
from crm.contacts.rules import Stage
from crm.segments.tree import SegmentTree

MOST_IDS = 1_000


class BulkSelection(RequestShape):
    """Who is meant, in exactly one way: these contacts, the leads that a filter of the list lets through, those for
    whom a rule of segments holds, or the members of a segment.
    """

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_IDS)] | None = None
    filter: LeadFilter | None = None
    tree: SegmentTree | None = None
    segment: UUID | None = None

    @model_validator(mode="after")
    def check_one_way(self) -> Self:
        """Refuse none, and two that could contradict each other."""
        if len(self.model_fields_set - {name for name in self.model_fields_set if getattr(self, name) is None}) != 1:
            raise PydanticCustomError("selection", "Name exactly one of ids, filter, tree and segment.")
        return self


class BulkWish(RequestShape):
    """What is to be done to whom. Each operation needs what it gives or takes: `tag`, `stage`, `owner` or `journey`.

    `set_owner` without an owner leaves them with nobody. `export` changes nothing: its file can be fetched when it is
    done. `erase` cannot be undone: it needs `contacts`, the number of contacts that are meant, and is refused where
    they are more or fewer.
    """

    selection: BulkSelection
    operation: Operation
    tag: TagName | None = None
    stage: Stage | None = None
    owner: UUID | None = None
    journey: Annotated[PlainText, Field(min_length=1, max_length=200)] | None = None
    contacts: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None

    @model_validator(mode="after")
    def check_number(self) -> Self:
        """Refuse to erase people of whom nobody said how many they are."""
        if (self.operation == "erase") != (self.contacts is not None):
            told = "erase takes contacts, the number of contacts that are meant; nothing else does."
            raise PydanticCustomError("contacts", "{told}", {"told": told})
        return self

    @model_validator(mode="after")
    def check_value(self) -> Self:
        """Refuse what the operation has no use for, and an operation without what it needs."""
        given = {name for name in ("tag", "stage", "owner", "journey") if getattr(self, name) is not None}
        needed = _NEEDS[self.operation]
        if given - {needed} or (needed and not given and self.operation != "set_owner"):
            told = f"{self.operation} takes {needed or 'nothing'} and no other value."
            raise PydanticCustomError("value", "{told}", {"told": told})
        return self

    @property
    def value(self) -> str | None:
        """The tag, stage, owner or journey."""
        needed = _NEEDS[self.operation]
        found = getattr(self, needed) if needed else None
        return None if found is None else str(found)


_NEEDS: dict[Operation, str | None] = {
    "add_tag": "tag",
    "remove_tag": "tag",
    "set_stage": "stage",
    "set_owner": "owner",
    "enrol": "journey",
    "export": None,
    "erase": None,
}


class BulkCountWish(RequestShape):
    """Who is to be counted."""

    selection: BulkSelection


class BulkCount(AnswerShape):
    """How many are meant now."""

    contacts: int


class BulkQuery(RequestShape):
    """`open`: only those that are going on."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    open: bool = False


class BulkReason(AnswerShape):
    """Why contacts were left as they are, as a code and in words."""

    rule: str
    text: str
    contacts: int


class BulkOperation(AnswerShape):
    """A bulk operation: `done` of `total` contacts were looked at, `changed` are different now, `stopped` for reasons.

    `gone` were erased or merged meanwhile. `value`: the tag, stage, journey, or the owner's id; of `owner_name` the
    name. `made_by` is the name of whoever asked for it.
    """

    id: UUID
    operation: Operation
    value: str | None
    owner_name: str | None
    state: BulkState
    total: int
    done: int
    changed: int
    stopped: int
    gone: int
    reasons: list[BulkReason]
    problem: str | None
    made_by: str | None
    made_at: datetime
    finished_at: datetime | None


class BulkPage(AnswerShape):
    items: list[BulkOperation]
    next_cursor: str | None


class StoppedQuery(RequestShape):
    """`after`: the last contact of the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: UUID | None = None


class StoppedContact(AnswerShape):
    contact_id: UUID
    name: str | None
    rule: str
    text: str


class StoppedPage(AnswerShape):
    """`after` is null on the last page."""

    items: list[StoppedContact]
    after: UUID | None
