"""What goes to a dialogue process and what comes back, as types (docs/reference/protocols.md, 2). Decides nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from base.messages import MessageKind
from bot.vectors import read_vector

NeedName = Literal["facts", "http", "free_times", "hold_time", "resume_code", "knowledge"]
InputName = Literal["choice", "text", "email", "phone", "number", "date", "file", "rating", "consent"]

MOST_REPLIES = 100
MOST_EFFECTS = 500
MOST_WAYS = 1_000
LONGEST_TIMER = 9_999 * 7 * 24 * 3_600
"""Seconds; the longest wait a flow can name."""
LONGEST_DEBOUNCE = 60
"""Seconds; flows allow half of it."""


def _read_row(row: object) -> object:
    return read_vector(row) if isinstance(row, str) else row


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Choice(_Part):
    """A button: what it says and what it means."""

    value: str
    label: str


class ConsentShown(_Part):
    """Marks the message whose text is a consent notice."""

    purpose: str
    channels: list[str]
    slot: str | None = None


class Media(_Part):
    """Something to show beside the text."""

    kind: str
    url: str
    alt: str = ""


class Card(_Part):
    """One card of a list; channels without cards say title and text."""

    title: str
    text: str | None = None
    image: str | None = None
    link: str | None = None
    button: str | None = None


class Limits(_Part):
    """What an answer must keep to; which of them are set depends on `input`."""

    minimum: float | None = None
    maximum: float | None = None
    earliest: str | None = None
    latest: str | None = None
    time: bool | None = None
    lowest: int | None = None
    highest: int | None = None
    low_label: str | None = None
    high_label: str | None = None
    accept: list[str] | None = None
    max_megabytes: float | None = None


class Reply(_Part):
    """One message of the bot."""

    text: str
    step: str | None = None
    input: InputName | None = None
    choices: list[Choice] = []
    notice: Literal["ai"] | None = None
    consent: ConsentShown | None = None
    source: dict[str, Any] | None = None
    media: Media | None = None
    cards: list[Card] = []
    limits: Limits | None = None


class Need(_Part):
    """What a step must be told before the turn can go on; the fields set are those of its kind."""

    need: NeedName
    step: str = Field(max_length=200)
    connector: str | None = None
    method: str | None = None
    path: str | None = Field(None, max_length=2_000)
    query: Annotated[dict[str, Any], Field(max_length=50)] | Annotated[str, Field(max_length=1_000)] = Field(
        default_factory=dict
    )
    body: Any = None
    callback: bool = False
    calendar: str | None = None
    after: AwareDatetime | None = None
    count: int | None = None
    starts_at: AwareDatetime | None = None
    channels: list[str] = Field([], max_length=20)
    vector: str | None = Field(None, max_length=40_000)
    encoder: str | None = Field(None, max_length=200)


class Timer(_Part):
    """When to come back to a step that waits, unless the person was quicker."""

    kind: Literal["no_reply", "timed_out"]
    step: str = Field(max_length=200)
    seconds: int = Field(ge=0, le=LONGEST_TIMER)


Way = tuple[str, str | None, str | None]
"""A way that was taken: flow, step and the step after. No step before the first, none after the last."""


class TurnResult(_Part):
    """What a turn came to. `effects` are data that `bot.effects` checks and carries out.

    Attributes:
        state: what to send with the next turn; None: as it was.
        need: set when the turn is not over; the result goes back as a message of kind `result`.
        debounce: seconds the open question waits for more text.
    """

    state: dict[str, Any] | None
    replies: list[Reply] = Field(max_length=MOST_REPLIES)
    effects: list[dict[str, Any]] = Field(max_length=MOST_EFFECTS)
    need: Need | None = None
    timer: Timer | None = None
    debounce: float = Field(0, ge=0, le=LONGEST_DEBOUNCE)
    walked: list[Way] = Field(default_factory=list, max_length=MOST_WAYS)
    understood: dict[str, Any] = Field(default_factory=dict)


class TurnMessage(_Part):
    """What the person said or tapped, or what else the turn is about."""

    id: str
    kind: MessageKind
    text: str = ""
    value: Any = None
    step: str | None = None
    need: NeedName | None = None


class TurnRequest(_Part):
    """Everything a turn depends on.

    Attributes:
        flows, model: version and id of what must answer.
        subject: whom splits stick to: the contact if known, else the conversation.
        now: in the visitor's zone.
        zone: its name, when it is known; what times of other days are told by.
        idle_seconds: since their message before this one.
    """

    flows: str
    model: str
    conversation_id: str
    subject: str
    channel: str
    language: str
    now: AwareDatetime
    zone: str | None = None
    idle_seconds: int = Field(0, ge=0)
    message: TurnMessage
    state: dict[str, Any] | None
    facts: dict[str, Any] = Field(default_factory=dict)


class Landing(_Part):
    """Where somebody who stands at a step would stand on other flows."""

    before: str | None
    after: str | None
    moved: bool


class Vectors(_Part):
    """The meanings of texts, a vector each in the same order; `encoder` names what made them."""

    encoder: str = Field(min_length=1, max_length=200)
    dimensions: int = Field(gt=0)
    rows: list[Annotated[list[float], BeforeValidator(_read_row)]] = Field(validation_alias="vectors")

    @model_validator(mode="after")
    def _check_lengths(self) -> Vectors:
        if any(len(row) != self.dimensions for row in self.rows):
            raise ValueError(f"a vector does not have {self.dimensions} dimensions")
        return self


class PersonalDatum(_Part):
    """Something in a text that tells who wrote it: `email`, `phone`, `first_name` or `company`, and how it was said."""

    fact: str
    said: str


class ReplicaHealth(_Part):
    """What a replica holds, the most lately used first."""

    status: str
    flows: list[str] = []
    models: list[str] = []
    state_version: int = 0
