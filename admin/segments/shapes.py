"""The API's shapes of segments. A rule is a tree of conditions (docs/reference/segments.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.api.versions import Versioned
from crm.segments.tree import SegmentTree

Language = Literal["en", "de", "es", "fr"]
Limit = Annotated[int, Field(ge=1, le=200)]
Name = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class SegmentWish(RequestShape):
    """A segment to be made, or what one is to become."""

    name: Name
    tree: SegmentTree


class SegmentRule(RequestShape):
    """A rule that need not be saved."""

    tree: SegmentTree
    language: Language = "en"


class PreviewWish(SegmentRule):
    """`sample` draws by chance; else they are the first by their ids."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    sample: bool = False


class WordsQuery(RequestShape):
    """The language of what is in words."""

    language: Language = "en"


class MemberQuery(RequestShape):
    """Those who entered last come first."""

    limit: Limit = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None


class ConditionInWords(AnswerShape):
    """One condition of a rule."""

    words: str


class SegmentRow(Versioned):
    """A segment. While its members are being found (`building`), `built` of about `contacts` were asked.

    `profiles`: who may not be profiled is not in it.
    """

    id: UUID
    name: str
    words: str
    state: Literal["building", "live"]
    built: int
    contacts: int
    members: int
    profiles: bool
    made_by: str
    created_at: datetime
    updated_at: datetime


class Segment(SegmentRow):
    """A segment with its rule. While anything speaks of it (`used_by`, in words) it cannot be removed."""

    tree: SegmentTree
    conditions: list[ConditionInWords]
    used_by: list[str]


class SegmentList(AnswerShape):
    """All segments, by name."""

    items: list[SegmentRow]


class SegmentWords(AnswerShape):
    """A rule in words."""

    words: str
    conditions: list[ConditionInWords]


class ConditionCount(ConditionInWords):
    """One condition, and for how many contacts it holds alone."""

    contacts: int


class SegmentCount(AnswerShape):
    """How many contacts are in a segment of this rule, and how many more would be if they might be profiled."""

    contacts: int
    refused: int
    conditions: list[ConditionCount]


class Person(AnswerShape):
    """A contact in a segment."""

    contact_id: UUID
    name: str | None
    company: str | None
    stage: str
    score: int


class SegmentPreview(AnswerShape):
    """Some of those who are in a segment of this rule."""

    items: list[Person]


class Member(Person):
    """A contact that is in a segment since."""

    entered_at: datetime


class MemberPage(AnswerShape):
    """Those who entered last first."""

    items: list[Member]
    next_cursor: str | None


class ConditionHolds(ConditionInWords):
    """One condition, and whether it holds for the contact."""

    holds: bool


class Membership(AnswerShape):
    """How one contact stands to a segment now. `refusal` is why it may be in none that profiles, in words."""

    is_member: bool
    fits: bool
    refusal: str | None
    conditions: list[ConditionHolds]
