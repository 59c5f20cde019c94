"""The API's shapes of trying journeys out: letters as channels show them, and people going through in virtual time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from admin.api.fields import AnswerShape, Moment, PlainText, RequestShape
from admin.flows.shapes import ChannelRendering, Fields, LanguageName, StepName
from admin.journeys.shapes import JourneyName

Channel = Literal["web", "email", "sms", "telegram", "voice"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
ConsentName = Annotated[
    str, Field(pattern=r"^(marketing|service|profiling|special_category)/(web|email|sms|telegram|voice)$")
]
SegmentNamed = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\r\n\x00]*$")]
Known = (
    bool
    | Annotated[int, Field(ge=-(10**15), le=10**15)]
    | Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
    | Annotated[PlainText, Field(max_length=2_000)]
)
Whole = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
_YEARS = 2 * 366 * 86_400
Seconds = Annotated[int, Field(ge=0, le=_YEARS)]
MOST_PEOPLE = 1_000


class LetterWish(RequestShape):
    """A step of a journey with its words in one language, as they stand in the editor, saved or not.

    `values` are what is known of a made-up person, by name; what is not named gets an example. `purpose` is that of
    the journey: it decides what must be said beside the letter.
    """

    language: LanguageName
    step: Fields
    wording: Fields
    purpose: Literal["marketing", "service", "profiling", "special_category"] = "marketing"
    values: dict[Name, Known] = Field(default_factory=dict, max_length=100)


class AskedValue(AnswerShape):
    """What a letter asks for. `example` stands in it here; `fallback` where it is not known: null leaves a gap."""

    name: str
    example: str
    fallback: str | None


class LetterRendering(ChannelRendering):
    """What one channel makes of a letter; `subject` and `html` are an e-mail's. `cost` is by the price list."""

    subject: str | None
    html: str | None
    cost: float


class LetterPreview(AnswerShape):
    """The letter with the values, and `unknown`: the same to somebody of whom nothing is known."""

    asked: list[AskedValue]
    renderings: list[LetterRendering]
    unknown: list[LetterRendering]
    currency: str


class SimulatedAnswer(RequestShape):
    """How somebody ends the talk of a step, and how long after it began."""

    outcome: Name
    after_seconds: Seconds = 3_600


class SimulatedConversation(RequestShape):
    """A conversation outside of this journey that ended."""

    flow: Name
    outcome: Name


class SimulatedDeed(RequestShape):
    """One thing that happens to the person, so long after the beginning. Exactly one of the rest is given."""

    after_seconds: Seconds = 0
    event: Name | None = None
    data: dict[Name, Known] = Field(default_factory=dict, max_length=50)
    conversation: SimulatedConversation | None = None
    joins: SegmentNamed | None = None
    leaves: SegmentNamed | None = None
    sets: dict[Name, Known] = Field(default_factory=dict, max_length=50)
    withdraws: ConsentName | None = None
    opts_out: bool = False
    replies: bool = False
    handed_off: bool = False

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse that nothing happens, or several things at once."""
        happened = [name for name in type(self).model_fields if name not in {"after_seconds", "data"}]
        if sum(bool(getattr(self, name)) for name in happened) != 1:
            raise PydanticCustomError("one_deed", "One thing happens at a time: give exactly one of what can happen.")
        if self.data and self.event is None:
            raise PydanticCustomError("one_deed", "Data belongs to an event.")
        return self


class ConnectorSays(RequestShape):
    """What a call of a connector is answered with."""

    ok: bool = True
    status: int | None = Field(default=None, ge=100, le=599)
    answer: dict[Name, Known] | None = Field(default=None, max_length=50)


class SimulatedPerson(RequestShape):
    """Somebody who is made up, as they are at the beginning, and what they do.

    `entry` is where they come in at the beginning; null: only what happens lets them in. `answers` are by step,
    `variants` the ways they go at experiments, `connectors` what other systems answer.
    """

    language: LanguageName = "en"
    time_zone: Annotated[PlainText, Field(max_length=60)] = "Europe/London"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "GB"
    channels: list[Channel] = Field(default=["email"], max_length=5)
    consents: dict[ConsentName, Literal["given", "refused", "withdrawn", "requested"]] = Field(default_factory=dict)
    suppressed: list[Channel] = Field(default_factory=list, max_length=5)
    fields: dict[Name, Known] = Field(default_factory=dict, max_length=100)
    stage: Literal["visitor", "lead", "mql", "sql", "customer", "disqualified"] = "lead"
    tags: list[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]] = Field(
        default_factory=list, max_length=50
    )
    scores: dict[Name, Whole] = Field(default_factory=dict, max_length=20)
    segments: list[SegmentNamed] = Field(default_factory=list, max_length=50)
    entry: StepName | None = None
    deeds: list[SimulatedDeed] = Field(default_factory=list, max_length=200)
    answers: dict[StepName, SimulatedAnswer] = Field(default_factory=dict, max_length=50)
    variants: dict[StepName, Name] = Field(default_factory=dict, max_length=5)
    connectors: dict[Name, ConnectorSays] = Field(default_factory=dict, max_length=20)
    held_out: bool = False


class SimulatedPeople(RequestShape):
    """People who are drawn by chance from those of a segment, or made up where none is named; `seed` is the chance.

    Of real people only what the journey looks at is taken along, and no name or address. Nothing is written or sent.
    """

    segment: Annotated[PlainText, Field(max_length=100)] | None = None
    count: int = Field(default=200, ge=1, le=MOST_PEOPLE)
    seed: int = Field(default=1, ge=0, le=2**31 - 1)


class JourneySimulationWish(RequestShape):
    """Lets one made-up `person`, or `people`, through a journey in virtual time, as it is drafted or live."""

    journey: JourneyName
    state: Literal["draft", "live"] = "draft"
    begins_at: Moment | None = None
    days: int = Field(default=60, ge=1, le=730)
    person: SimulatedPerson | None = None
    people: SimulatedPeople | None = None

    @model_validator(mode="after")
    def check_who(self) -> Self:
        """Refuse that nobody goes, or that it is not clear who."""
        if (self.person is None) == (self.people is None):
            raise PydanticCustomError("who_goes", "Give a person, or people.")
        return self


class GateAnswer(AnswerShape):
    """What the gate said of a message when it was asked: when planned, claimed and let go."""

    at: datetime
    stage: Literal["plan", "claim", "wire"]
    answer: Literal["allow", "defer", "deny"]
    rule: str
    text: str
    until: datetime | None


class SimulatedMessage(AnswerShape):
    """A message as it left, or would have. `state`: `accepted` where it left, `skipped` where the gate refused it."""

    channel: str
    state: str
    rendering: LetterRendering
    gate: list[GateAnswer]
    left_at: datetime | None
    rule: str | None
    text: str | None


class WayTaken(AnswerShape):
    """Why somebody went a way: the part of the step that leads there, as `next`, `timed_out`, `way:OUTCOME`,
    `variant:NAME`; and the `condition` that held.
    """

    by: str
    condition: dict[str, Any] | None


class SimulatedMoment(AnswerShape):
    """Something that came. `day` counts from the first, by the person's own clock.

    `waited_seconds`: for how long they were on `came_from`; that time was skipped.
    """

    at: datetime
    day: int
    what: Literal["entered", "stayed_out", "came_to", "message", "sent", "happened", "left", "stands"]
    step: str | None
    came_from: str | None
    way: WayTaken | None
    waited_seconds: int | None
    message: SimulatedMessage | None
    rule: str | None
    text: str | None
    until: datetime | None
    data: dict[str, Any]


class PersonSimulated(AnswerShape):
    """The way of one person, in order. `stands_on` at the end, or `left_by` which reason."""

    moments: list[SimulatedMoment]
    stands_on: str | None
    left_by: str | None


class StepSimulated(AnswerShape):
    """A step as the people met it; `left` is by the reason."""

    step: str
    arrived: int
    stand_here: int
    left: dict[str, int]


class WaySimulated(AnswerShape):
    step: str
    to: str
    people: int


class SendsSimulated(AnswerShape):
    """Messages that left on a channel, and what they cost."""

    channel: str
    messages: int
    cost: float


class RefusalsSimulated(AnswerShape):
    """Messages that the gate refused, by the step, channel and rule."""

    step: str | None
    channel: str
    rule: str
    messages: int


class LoadSimulated(AnswerShape):
    """Messages that left on one day, UTC, by channel."""

    day: date
    channels: dict[str, int]


class PeopleSimulated(AnswerShape):
    """What became of people. `stayed_out` is by the rule, `outcomes` by the reason they left for.

    `busiest_hour` is the one in which most messages left, and `busiest_messages` how many.
    """

    people: int
    entered: int
    held_out: int
    goals: int
    stayed_out: dict[str, int]
    outcomes: dict[str, int]
    steps: list[StepSimulated]
    ways: list[WaySimulated]
    sends: list[SendsSimulated]
    refusals: list[RefusalsSimulated]
    load: list[LoadSimulated]
    busiest_hour: datetime | None
    busiest_messages: int
    cost: float
    currency: str


class JourneySimulation(AnswerShape):
    """What came of it: of the `person`, or of the `people`. `problems` counts what the checker says of the journey."""

    begins_at: datetime
    ends_at: datetime
    version: str
    problems: int
    person: PersonSimulated | None
    people: PeopleSimulated | None


class JourneyDropOffQuery(RequestShape):
    """`since` is counted in, `until` is not; the last 30 days, unless given."""

    journey: JourneyName
    since: Moment | None = None
    until: Moment | None = None


class JourneyLeft(AnswerShape):
    """People who left the journey at a step for a reason."""

    reason: str
    text: str
    people: int


class JourneyStepFigures(AnswerShape):
    """How often somebody `arrived` at a step and `went_on` from it; who came twice counts twice.

    `ended`: the journey was over there, by its own end or because they did what it is for. `stopped`: they left it for
    another of the reasons in `left`. `median_seconds`: from coming to the step to going on.
    """

    step: str
    arrived: int
    went_on: int
    ended: int
    stopped: int
    left: list[JourneyLeft]
    median_seconds: float | None


class JourneyEdgeFigures(AnswerShape):
    """`people` who went this way, `share` of those who came to `step`."""

    step: str
    to: str
    people: int
    share: float
    median_seconds: float | None


class JourneyDropOff(AnswerShape):
    """Figures of a journey over a period. `people`: how often somebody came in."""

    journey: str
    since: datetime
    until: datetime
    people: int
    steps: list[JourneyStepFigures]
    edges: list[JourneyEdgeFigures]
