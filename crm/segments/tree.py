"""The rules of a segment as a typed tree of conditions: JSON in, checked. Pure; says nothing of SQL or of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date as Day  # noqa: N812  # a condition has a field `date`
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    model_validator,
)

MOST_CONDITIONS = 50
DEEPEST = 10
LONGEST_TEXT = 1_000

TOTAL = "total"
"""The score of a contact that is the sum of all its points."""
MEMBERSHIP_EVENTS = frozenset({"segment_entered", "segment_left"})

Op = Literal["is", "is_not", "in", "known", "unknown", "at_least", "at_most", "starts_with", "contains"]
Amount = Literal["at_least", "at_most"]
Times = Literal["at_least", "at_most", "exactly"]
Unit = Literal["hours", "days", "weeks"]
Standing = Literal["given", "refused", "withdrawn", "expired", "none"]
AddressKind = Literal["email", "phone", "telegram"]
Channel = Literal["email", "sms", "voice", "telegram", "web"]
Nearness = Literal["in_next", "in_last", "at_least_ago", "at_least_ahead", "before", "on_or_after"]

_RELATIVE = frozenset({"in_next", "in_last", "at_least_ago", "at_least_ahead"})
_REACHING = frozenset({"language", "time_zone"})
"""Facts that only say how somebody is reached."""


def _check_storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("this holds characters that cannot be stored")
    return text


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_check_storable)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_check_storable)]
Number = Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(allow_inf_nan=False)]
Scalar = bool | Number | Text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    def parts(self) -> tuple[Node, ...]:
        """The conditions it is made of; of a single condition none."""
        return ()


class _Comparison(_Part):
    op: Op
    value: Scalar | tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def check_value(self) -> Self:
        """Refuse a value that the operator cannot use."""
        fits = {
            "in": isinstance(self.value, tuple) and 0 < len(self.value) <= 100,
            "known": self.value is None,
            "unknown": self.value is None,
            "at_least": _is_number(self.value),
            "at_most": _is_number(self.value),
            "starts_with": isinstance(self.value, str) and bool(self.value),
            "contains": isinstance(self.value, str) and bool(self.value),
        }.get(self.op, isinstance(self.value, bool | int | float | str))
        if not fits:
            raise ValueError(f"{self.op} cannot be used with the value {self.value!r}")
        return self


class FactCondition(_Comparison):
    """Something known of the contact: stage, language … or a field. Unknown fits only `unknown` and `is_not`."""

    fact: Name


class TagCondition(_Part):
    """The contact has a tag."""

    tag: Name


class DateCondition(_Part):
    """A date of the contact, beside now (`days`) or beside a day. `created_at` is when the contact became known.

    A field counts when it is written as a day (2026-12-24, begins at midnight UTC) or as an ISO 8601 time.
    """

    date: Name
    is_: Nearness = Field(alias="is")
    days: int | None = Field(None, ge=0, le=36_500)
    day: Day | None = None

    @model_validator(mode="after")
    def check_measure(self) -> Self:
        """Refuse days where a day is meant, and the other way round."""
        wanted, other = ("days", "day") if self.is_ in _RELATIVE else ("day", "days")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"{self.is_} needs `{wanted}` and has no `{other}`")
        return self


class Window(_Part):
    """How far back from now."""

    amount: int = Field(ge=1, le=10_000)
    unit: Unit

    @property
    def length(self) -> timedelta:
        return timedelta(**{self.unit: self.amount})


class PropertyCondition(_Comparison):
    """One property of an event."""

    property: Name


class EventCondition(_Part):
    """How often something happened: at all, in the last so-many days, or between two moments. Never is exactly 0 times.

    Of the moments `since` counts, `until` does not.
    """

    event: Name
    where: tuple[PropertyCondition, ...] = Field((), max_length=10)
    times: Times = "at_least"
    count: int = Field(1, ge=0, le=1_000)
    in_last: Window | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def check_times(self) -> Self:
        """Refuse what is always true, never true, or about a segment's own doing."""
        if self.event in MEMBERSHIP_EVENTS:
            raise ValueError("of a segment speaks `segment`, not an event")
        if self.times == "at_least" and self.count == 0:
            raise ValueError("at least 0 times is always true; never is exactly 0 times")
        if self.in_last is not None and (self.since is not None or self.until is not None):
            raise ValueError("either `in_last`, or `since` and `until`")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("`since` is before `until`")
        return self


class ScoreCondition(_Part):
    """One of the contact's scores by name; `total` is the sum of all. Who has no points has 0."""

    score: Name
    op: Amount
    value: int = Field(ge=-100_000, le=100_000)


class ConsentCondition(_Part):
    """How the ledger stands to a purpose on a channel; a no to everything counts as a no to each."""

    consent: Name
    channel: Channel
    is_: Standing = Field("given", alias="is")

    @model_validator(mode="after")
    def check_purpose(self) -> Self:
        """Refuse the purpose that stands for all."""
        if self.consent == "all":
            raise ValueError("name one purpose, such as marketing")
        return self


class AddressCondition(_Part):
    """The contact has an address of a kind; with `verified`, one that is proven, or only ones that are not."""

    address: AddressKind
    verified: bool | None = None


class InSegment(_Part):
    """The contact is in another segment."""

    segment: UUID


class NearText(_Part):
    """Something the contact wrote means about the same as a text: cosine of their vectors at least so much."""

    near: Annotated[Text, Field(min_length=3)]
    at_least: float = Field(0.6, gt=0, le=1)


class AllOf(_Part):
    """Holds when each of its conditions holds."""

    all: tuple[Node, ...] = Field(min_length=1)

    def parts(self) -> tuple[Node, ...]:
        return self.all


class AnyOf(_Part):
    """Holds when at least one of its conditions holds."""

    any: tuple[Node, ...] = Field(min_length=1)

    def parts(self) -> tuple[Node, ...]:
        return self.any


class Not(_Part):
    """Holds when its condition does not."""

    negated: Node = Field(alias="not")

    def parts(self) -> tuple[Node, ...]:
        return (self.negated,)


_KINDS: dict[str, str] = {
    "fact": "fact", "tag": "tag", "date": "date", "event": "event", "score": "score", "consent": "consent",
    "address": "address", "segment": "segment", "near": "near", "all": "all", "any": "any", "not": "not",
    "negated": "not",
}  # fmt: skip


def _kind_of(value: Any) -> str | None:
    """The name that says which condition it is; the first it has."""
    names = value if isinstance(value, dict) else getattr(type(value), "model_fields", {})
    return next((kind for name, kind in _KINDS.items() if name in names), None)


Node = Annotated[
    Annotated[FactCondition, Tag("fact")]
    | Annotated[TagCondition, Tag("tag")]
    | Annotated[DateCondition, Tag("date")]
    | Annotated[EventCondition, Tag("event")]
    | Annotated[ScoreCondition, Tag("score")]
    | Annotated[ConsentCondition, Tag("consent")]
    | Annotated[AddressCondition, Tag("address")]
    | Annotated[InSegment, Tag("segment")]
    | Annotated[NearText, Tag("near")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind_of,
        custom_error_type="not_a_condition",
        custom_error_message="A condition has one of fact, tag, date, event, score, consent, address, segment, near, "
        "all, any, not.",
    ),
]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


class SegmentTree(RootModel[Node]):
    """The whole rule of a segment."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def check_size(self) -> Self:
        """Refuse a tree nobody could read, or that would take too long."""
        if _depth(self.root) > DEEPEST:
            raise ValueError(f"conditions stand in each other at most {DEEPEST} deep")
        if len(list(self.leaves())) > MOST_CONDITIONS:
            raise ValueError(f"a segment has at most {MOST_CONDITIONS} conditions")
        return self

    def leaves(self) -> Iterator[Node]:
        """The single conditions, in reading order."""
        return _leaves(self.root)

    def segments(self) -> set[UUID]:
        """The other segments it speaks of."""
        return {leaf.segment for leaf in self.leaves() if isinstance(leaf, InSegment)}

    def texts(self) -> set[str]:
        """The texts that something is to be near to."""
        return {leaf.near for leaf in self.leaves() if isinstance(leaf, NearText)}

    def profiles(self) -> bool:
        """Whether it sorts people by who they are or what they did, and not only by how they may be reached."""
        return any(_profiles(leaf) for leaf in self.leaves())

    def topics(self) -> set[str]:
        """What has to happen to a contact before the answer can be another, time aside."""
        topics = {_topic(leaf) for leaf in self.leaves()}
        return topics | {"profiling"} if self.profiles() else topics

    def dump(self) -> dict[str, Any]:
        """The tree as JSON, without what was not said."""
        content: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return content


def _leaves(node: Node) -> Iterator[Node]:
    if not (parts := node.parts()):
        yield node
    for part in parts:
        yield from _leaves(part)


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in node.parts()), default=0)


def _profiles(leaf: Node) -> bool:
    # Whoever is in another segment has passed that one's own check.
    if isinstance(leaf, FactCondition):
        return leaf.fact not in _REACHING
    return not isinstance(leaf, ConsentCondition | AddressCondition | InSegment)


def _topic(leaf: Node) -> str:
    if isinstance(leaf, EventCondition):
        return f"event:{leaf.event}"
    if isinstance(leaf, InSegment):
        return f"segment:{leaf.segment}"
    return _TOPICS.get(type(leaf), "contact")


_TOPICS: Mapping[type, str] = {
    ScoreCondition: "score",
    ConsentCondition: "consent",
    AddressCondition: "points",
    NearText: "meaning",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
