"""A test of a journey as its author writes it in tests.yml beside journey.yml. Runs nothing: the simulator does."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, RootModel, StringConstraints, model_validator

from flows.parts import Channel, ConsentKey, Duration, Identifier, Language, Line, Part, Scalar, SegmentName, Stage
from flows.steps import Tag
from flows.test_models import ConnectorAnswer, Said

LocalMoment = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d$")
]
"""A moment by a person's own clock, to the minute."""


class Answered(Part):
    """How somebody ends the talk of a `converse` or `call`.

    Attributes:
        outcome: the outcome of the flow.
        after: how long after it began.
    """

    outcome: Identifier
    after: Duration


class Person(Part):
    """Somebody the journey may meet, as they are at the beginning.

    Attributes:
        language: the one they are written to in.
        zone: the clock they live by.
        country: where they live, whose law applies to what is sent to them.
        addresses: the channels on which they can be reached.
        consents: how each consent stands.
        suppressed: channels on which nothing may go to them.
        fields: what is known of them.
        stage: how far they have come.
        tags: the tags they have.
        scores: their scores by name.
        segments: those they are in.
        answers: how they end the talk of each `converse` or `call` step; without one they do not answer.
        variants: which way they go at each `experiment`.
        held_out: whether they belong to the share that is held back.
    """

    language: Language = "en"
    zone: str = "Europe/London"
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "GB"
    addresses: tuple[Channel, ...] = ("email",)
    consents: dict[ConsentKey, Literal["given", "refused", "withdrawn", "requested"]] = Field(default_factory=dict)
    suppressed: tuple[Channel, ...] = ()
    fields: dict[Identifier, Scalar] = Field(default_factory=dict)
    stage: Stage = "lead"
    scores: dict[Identifier, int] = Field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    segments: tuple[SegmentName, ...] = ()
    answers: dict[Identifier, Answered] = Field(default_factory=dict)
    variants: dict[Identifier, Identifier] = Field(default_factory=dict)
    held_out: bool = False


class Ended(Part):
    """A conversation of its own that ended."""

    flow: Identifier
    outcome: Identifier


class Happening(Part):
    """One thing that happens to one person.

    Attributes:
        after: how long after the beginning; at the beginning, unless given.
        person: to whom.
        event: an event of this kind.
        data: its properties.
        put_in: somebody puts them into the journey.
        conversation: a conversation `{flow, outcome}` ended, outside of this journey.
        joins, leaves: they enter or leave a segment.
        sets: fields that have another value from then on.
        withdraws: a consent they take back.
        opts_out: they want no more messages at all.
        replies: they answer a message.
        handed_off: a colleague takes over.
    """

    after: Duration | None = None
    person: Identifier
    event: Identifier | None = None
    data: dict[Identifier, JsonValue] = Field(default_factory=dict)
    put_in: bool = False
    conversation: Ended | None = None
    joins: SegmentName | None = None
    leaves: SegmentName | None = None
    sets: dict[Identifier, Scalar] = Field(default_factory=dict)
    withdraws: ConsentKey | None = None
    opts_out: bool = False
    replies: bool = False
    handed_off: bool = False

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse that nothing happens, or several things at once."""
        kinds = set(type(self).model_fields) - {"after", "person", "data"}
        happened = sorted(kind for kind in kinds if getattr(self, kind))
        if len(happened) != 1:
            said = ", ".join(happened) or "nothing"
            raise ValueError(f"one thing happens at a time ({said}); give one of {', '.join(sorted(kinds))}")
        if self.data and not self.event:
            raise ValueError("data belongs to an event")
        return self


class Sent(Part):
    """A message that must have left.

    Attributes:
        step: the step that sent it, or whose talk it began.
        channel: on which.
        after: how long after the beginning, to the minute.
        at: or when by the person's own clock, as `2026-03-04 09:00`.
        says: parts of its subject and text, case ignored.
    """

    step: Identifier
    channel: Channel
    after: Duration | None = None
    at: LocalMoment | None = None
    says: tuple[Said, ...] = ()


class NotSent(Part):
    """A message that must have been refused.

    Attributes:
        step: the step that wanted it.
        rule: the rule of the gate that refused it.
    """

    step: Identifier
    rule: Identifier


class Outcome(Part):
    """What must have come of one person.

    Attributes:
        sends: every message that left, in order; any other is a fault.
        not_sent: refusals that must have come, among any.
        stays_out: they never entered.
        outcome: how they left the journey.
        stands_on: or the step they still stand on at the end.
        fields: what is known of them at the end; null is unknown.
        tags: tags they must have at the end.
        consents: how these consents must stand at the end.
        tasks: parts of the texts of tasks and notices that colleagues got, in order.
    """

    sends: tuple[Sent, ...] = ()
    not_sent: tuple[NotSent, ...] = ()
    stays_out: bool = False
    outcome: Identifier | None = None
    stands_on: Identifier | None = None
    fields: dict[Identifier, Scalar | None] = Field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    consents: dict[ConsentKey, Literal["given", "refused", "withdrawn"]] = Field(default_factory=dict)
    tasks: tuple[Said, ...] = ()

    @model_validator(mode="after")
    def check_end(self) -> Self:
        """Refuse an end that cannot be, or none."""
        if sum((self.stays_out, self.outcome is not None, self.stands_on is not None)) != 1:
            raise ValueError("say one of stays_out, outcome and stands_on")
        return self


class JourneyTest(Part):
    """One run of a journey in virtual time, and what must come of it.

    Attributes:
        name: what it shows, as a sentence.
        begins: the virtual moment at which it begins.
        lasts: for how long it runs.
        people: those it may meet, by name.
        happens: what happens to them.
        connectors: how each connector answers.
        expect: what must have come of each of them.
    """

    __test__: ClassVar[bool] = False

    name: Line
    begins: AwareDatetime
    lasts: Duration
    people: dict[Identifier, Person] = Field(min_length=1)
    happens: tuple[Happening, ...] = ()
    connectors: dict[Identifier, ConnectorAnswer] = Field(default_factory=dict)
    expect: dict[Identifier, Outcome] = Field(min_length=1)

    @model_validator(mode="after")
    def check_people(self) -> Self:
        """Refuse that something happens to, or is expected of, nobody; or that somebody is forgotten."""
        for named in ({one.person for one in self.happens}, set(self.expect)):
            if strangers := sorted(named - set(self.people)):
                raise ValueError(f"there is no person {strangers[0]}")
        if forgotten := sorted(set(self.people) - set(self.expect)):
            raise ValueError(f"nothing is expected of {forgotten[0]}")
        return self


class JourneyTests(RootModel[tuple[JourneyTest, ...]]):
    """The tests of one journey."""

    __test__: ClassVar[bool] = False
