"""The API's shapes of journeys. A journey is named by its name, not by an id."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape

JourneyName = Annotated[PlainText, Field(min_length=1, max_length=100)]
StepName = Annotated[PlainText, Field(min_length=1, max_length=100)]
JourneyState = Literal["running", "paused", "draining"]


class JourneyQuery(RequestShape):
    journey: JourneyName


class WhyQuery(RequestShape):
    journey: JourneyName
    contact: UUID


class JourneyRow(AnswerShape):
    """A journey. `landing`: people of older versions are being brought to the live one."""

    journey: str
    name: str
    purpose: str
    state: JourneyState
    live_version: str
    version_policy: Literal["pin", "follow"]
    priority: int
    exclusive_group: str | None
    holdout_percent: float
    entries: list[str]
    people: int
    landing: bool


class JourneyList(AnswerShape):
    items: list[JourneyRow]


class JourneyVersionRow(AnswerShape):
    version: str
    published_at: datetime
    live: bool


class JourneyStanding(AnswerShape):
    """People of one version who stand on one step."""

    version: str
    step: str
    people: int


class JourneyTotal(AnswerShape):
    """How many people something was decided about, by the rule."""

    what: Literal["stayed_out", "left", "stands", "not_sent", "entered", "sent", "waits", "call_failed", "goal"]
    rule: str
    text: str
    people: int


class JourneyDetail(AnswerShape):
    journey: JourneyRow
    versions: list[JourneyVersionRow]
    standing: list[JourneyStanding]
    totals: list[JourneyTotal]


class JourneyDecision(AnswerShape):
    """Something that was decided about a contact in a journey."""

    at: datetime
    what: Literal["entered", "stayed_out", "stands", "left", "sent", "not_sent", "waits", "call_failed", "goal"]
    rule: str
    text: str
    step: str | None
    channel: str | None


class JourneyDecisions(AnswerShape):
    items: list[JourneyDecision]


class StateWish(RequestShape):
    journey: JourneyName
    state: JourneyState


class EnrolWish(RequestShape):
    journey: JourneyName
    contact: UUID


class EnrolAnswer(AnswerShape):
    """Whether the contact is newly in the journey; else by which rule not."""

    entered: bool
    rule: str | None
    text: str | None


class ContactJourney(AnswerShape):
    """A contact's way through a journey. `due_at`: when it goes on; nothing where it was left, or is paused."""

    id: UUID
    journey: str
    name: str
    version: str
    step: str
    state: Literal["active", "exited"]
    left_because: str | None
    paused: bool
    due_at: datetime | None
    entered_at: datetime
    left_at: datetime | None
    goal_at: datetime | None


class ContactJourneys(AnswerShape):
    items: list[ContactJourney]


class LeaveWish(RequestShape):
    journey: JourneyName


class BackfillWish(RequestShape):
    journey: JourneyName
    segment: UUID


class Backfill(AnswerShape):
    """Members of a segment on their way into a journey: `looked_at` of `total`, of whom `entered` were let in."""

    id: UUID
    journey: str
    segment: UUID
    state: Literal["running", "done", "cancelled"]
    total: int
    looked_at: int
    entered: int
    made_by: str
    made_at: datetime
    done_at: datetime | None


class BackfillList(AnswerShape):
    items: list[Backfill]


class VersionWish(RequestShape):
    """A published version, and where people on steps it does not have land: by their version, from step to step."""

    journey: JourneyName
    version: Annotated[PlainText, Field(min_length=1, max_length=100)]
    places: dict[StepName, dict[StepName, StepName]] = Field(default_factory=dict)


class Landed(AnswerShape):
    """People of one version on one step, and where the new version puts them; null: they leave."""

    version: str
    step: str
    people: int
    lands_on: str | None
    how: Literal["stays", "pinned", "mapped", "nearest", "ends"]


class ImpactAnswer(AnswerShape):
    items: list[Landed]
