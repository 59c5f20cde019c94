"""A test conversation as its author writes it in tests.yml. Plays nothing: bot/publishing does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    RootModel,
    StringConstraints,
    Tag,
    model_validator,
)

from flows.parts import Channel, ChoiceValue, ConsentKey, Duration, Identifier, Language, Line, Part, Scalar, Stage

StepRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}(/[a-z][a-z0-9_]{0,59})?$")]
"""A step of this flow, or `flow/step`."""
Said = Annotated[str, StringConstraints(max_length=4000)]
Effect = Literal[
    "capture_lead",
    "record_consent",
    "add_points",
    "set_outcome",
    "tag",
    "set_stage",
    "assign_variant",
    "confirm_meeting",
    "enrol_in_journey",
    "hand_off",
    "opt_out",
    "privacy_request",
    "end_flow",
]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Tap(Part):
    """Taps a choice of the open question, by its value."""

    tap: ChoiceValue


class SendsFile(Part):
    """Sends a file of this name."""

    file: Line


class Waits(Part):
    """Says nothing for so long."""

    waits: Duration


class CallsBack(Part):
    """Another system calls back with this JSON, as for `wait_callback`."""

    callback: JsonValue


def _act(data: Any) -> str | None:
    if isinstance(data, str):
        return "text"
    keys = data if isinstance(data, Mapping) else getattr(type(data), "model_fields", ())
    return next((key for key in ("tap", "file", "waits", "callback") if key in keys), None)


Act = Annotated[
    Annotated[Said, Tag("text")]
    | Annotated[Tap, Tag("tap")]
    | Annotated[SendsFile, Tag("file")]
    | Annotated[Waits, Tag("waits")]
    | Annotated[CallsBack, Tag("callback")],
    Discriminator(
        _act,
        custom_error_type="act_kind",
        custom_error_message="A person says a text (in quotes if it is a number), or one of tap, file, waits, callback",
    ),
]


class Expected(Part):
    """What must have come from the bot since the person last did something.

    Attributes:
        bot: the step that must be asking now; or steps that must have spoken, in this order.
        says: parts of what must be said; case is ignored.
        never_says: parts of what must not be said.
    """

    bot: Annotated[
        tuple[StepRef, ...],
        BeforeValidator(_as_list, json_schema_input_type=StepRef | tuple[StepRef, ...]),
        Field(min_length=1),
    ]
    says: tuple[Said, ...] = ()
    never_says: tuple[Said, ...] = ()


class Done(Part):
    """What the person does: a text, or a tap, a file, a silence, a call from another system."""

    person: Act


def _beat(data: Any) -> str | None:
    keys = data if isinstance(data, Mapping) else getattr(type(data), "model_fields", ())
    return next((key for key in ("bot", "person") if key in keys), None)


Beat = Annotated[
    Annotated[Expected, Tag("bot")] | Annotated[Done, Tag("person")],
    Discriminator(
        _beat,
        custom_error_type="beat_kind",
        custom_error_message="A beat says with bot what must come, or with person what is done",
    ),
]


class KnownFacts(Part):
    """What the need `facts` is answered with."""

    score: int | None = None
    qualification: Literal["hot", "warm", "cold"] | None = None
    stage: Stage | None = None
    known_contact: bool = False
    tags: tuple[str, ...] = ()
    consents: dict[ConsentKey, Literal["given", "refused", "withdrawn", "requested"]] = Field(default_factory=dict)
    suppressed: tuple[Channel, ...] = ()


class ConnectorAnswer(Part):
    """What a call of a connector is answered with."""

    ok: bool = True
    status: int | None = Field(default=None, ge=100, le=599)
    answer: JsonValue = Field(default=None, alias="json")
    problem: Line | None = None


Records = Annotated[dict[Effect, dict[str, JsonValue]], Field(min_length=1, max_length=1)]


class TestConversation(Part):
    """One conversation and what must come of it.

    Attributes:
        language: the flow's own, unless given.
        starts: the flow that is started; this one, unless given.
        known: facts known at the start, by slot.
        facts: what the platform knows of the contact.
        connectors: how each connector answers.
        calendars: the free times of each calendar; any of them can be held.
        knowledge: by text that the person says, the article that is found for it; for every other text none is.
        now: when it plays; a fixed time of its own, unless given.
        records: effects that must have come, in this order, each with at least these fields.
        never_records: effects that must not have come.
        slots: what they hold at the end; null is unknown.
        ends: the outcome the flow must have ended with.
        open: the step that must be asking when the talk stops.
    """

    __test__: ClassVar[bool] = False

    name: Line
    channel: Channel = "web"
    language: Language | None = None
    starts: Identifier | None = None
    known: dict[Identifier, Scalar] = Field(default_factory=dict)
    facts: KnownFacts = KnownFacts()
    connectors: dict[Identifier, ConnectorAnswer] = Field(default_factory=dict)
    calendars: dict[Identifier, tuple[AwareDatetime, ...]] = Field(default_factory=dict)
    knowledge: dict[Said, Line] = Field(default_factory=dict)
    now: AwareDatetime | None = None
    talk: tuple[Beat, ...] = Field(min_length=1)
    records: tuple[Records, ...] = ()
    never_records: tuple[Effect, ...] = ()
    slots: dict[Identifier, Scalar | None] = Field(default_factory=dict)
    ends: Identifier | None = None
    open: StepRef | None = None

    @model_validator(mode="after")
    def _check_end(self) -> Self:
        if self.ends is not None and self.open is not None:
            raise ValueError("the talk either ends or stands open when it stops")
        return self


class TestConversations(RootModel[tuple[TestConversation, ...]]):
    """The test conversations of one flow."""

    __test__: ClassVar[bool] = False
