"""A published journey as the compiler wrote it, in types. Reads definitions; runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from outreach.decisions import FrequencyClass, message_class_of
from outreach.rule_pack import MessageClass

StepKind = Literal[
    "on_event",
    "on_segment",
    "on_date",
    "on_conversation_outcome",
    "manual_or_api",
    "wait_for",
    "wait_until",
    "wait_event",
    "best_time",
    "send",
    "reach_out",
    "converse",
    "call",
    "branch",
    "score_branch",
    "experiment",
    "consent_gate",
    "update",
    "adjust_score_stage",
    "webhook_connector",
    "task_or_notify",
    "exit",
]
STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)
TALKS: frozenset[StepKind] = frozenset({"send", "reach_out", "converse", "call"})
"""Steps after which somebody may hear from us."""


class _Part(BaseModel):
    # A newer compiler may add fields; they mean nothing to this reader.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Way(_Part):
    """Where to go next: to `to`, if `condition` holds."""

    condition: Mapping[str, Any] | None = Field(default=None, alias="if")
    to: str


class Goal(_Part):
    """What somebody is to do, within a time from the beginning, and the property that says what it is worth."""

    kind: str
    where: Mapping[str, Any] | None = None
    within_seconds: int | None = None
    value: str | None = None


class Variant(_Part):
    """A way of an experiment."""

    name: str
    weight: float = 1
    to: str


class Holdout(_Part):
    """The share of people who go none of the ways of an experiment."""

    percent: float
    to: str


class StopRule(_Part):
    """When an experiment is decided."""

    error: float = 0.05
    minimum: int = 100
    winner: Literal["automatic", "manual"] = "automatic"


class Step(_Part):
    """One step of any kind; what a kind does not use keeps its default. protocols.md says what each field is."""

    step: StepKind
    next: tuple[Way, ...] = ()
    # What is entered by, or waited for
    kind: str | None = None
    where: Mapping[str, Any] | None = None
    remember: Mapping[str, str] = Field(default_factory=dict)
    only_if: Mapping[str, Any] | None = None
    segment: str | None = None
    when: Literal["enters", "leaves"] = "enters"
    flow: str | None = None
    outcomes: tuple[str, ...] = ()
    since: Literal["arrival", "entry"] = "arrival"
    timed_out: str | None = None
    # When
    seconds: int = Field(default=0, ge=0)
    field: str | None = None
    days: int = 0
    hours: int = 0
    at: str | None = None
    yearly: bool = False
    weekdays: tuple[str, ...] = ()
    missing: str | None = None
    past: str | None = None
    earliest: str = "09:00"
    latest: str = "20:00"
    default: str = "10:00"
    # What is said
    channels: tuple[str, ...] = ()
    purpose: str | None = None
    most_cost: float | None = None
    unreached: str | None = None
    ways: Mapping[str, str] = Field(default_factory=dict)
    attempts: int = 1
    apart_seconds: int | None = None
    # What is decided
    score: str = "total"
    not_allowed: str | None = None
    variants: tuple[Variant, ...] = ()
    holdout: Holdout | None = None
    goal: Goal | None = None
    stop: StopRule = StopRule()
    # What is done
    set: Mapping[str, Any] = Field(default_factory=dict)
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    withdraw: tuple[str, ...] = ()
    points: int = 0
    reason: str | None = None
    stage: str | None = None
    connector: str | None = None
    method: str = "POST"
    path: str = ""
    query: Mapping[str, Any] = Field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    save: Mapping[str, str] = Field(default_factory=dict)
    failed: str | None = None
    to: Literal["owner", "team"] = "owner"
    team: str | None = None
    text: str | None = None
    due_seconds: int | None = None
    # How it ends
    outcome: str = "completed"
    link_journey: str | None = None

    def leads_to(self) -> Iterator[str]:
        """Every step somebody may go to from here."""
        yield from (way.to for way in self.next)
        sides = (self.timed_out, self.missing, self.past, self.unreached, self.not_allowed, self.failed)
        yield from (side for side in sides if side is not None)
        yield from self.ways.values()
        yield from (variant.to for variant in self.variants)
        if self.holdout is not None:
            yield self.holdout.to


class Letter(_Part):
    """The wording of one send; `by_channel` has other texts for some channels."""

    subject: str | None = None
    text: str
    by_channel: Mapping[str, str] = Field(default_factory=dict)

    def text_on(self, channel: str) -> str:
        """The text for a channel."""
        return self.by_channel.get(channel, self.text)


class ExitOn(_Part):
    """Ends the journey when they do something."""

    kind: str
    where: Mapping[str, Any] | None = None
    outcome: str


class ExitIf(_Part):
    """Ends the journey when a condition holds."""

    condition: Mapping[str, Any] = Field(alias="if")
    outcome: str


class JourneyDefinition(_Part):
    """One version of a journey; docs/reference/protocols.md, section 6, documents the fields.

    Journeys that were compiled before enter steps were known have no `entries`, and may be begun at `first`.
    """

    journey: str
    name: str
    version: str
    purpose: str
    re_entry: Literal["never", "after_exit", "after", "always"] = "never"
    re_entry_seconds: int = 0
    exit_when: tuple[str, ...] = ("opted_out", "handed_off")
    exit_on: tuple[ExitOn, ...] = ()
    exit_if: tuple[ExitIf, ...] = ()
    goal: Goal | None = None
    priority: int = 50
    exclusive_group: str | None = None
    frequency_class: FrequencyClass = "normal"
    quiet_hours: Literal["defer", "skip"] = "defer"
    owner: str | None = None
    version_policy: Literal["pin", "follow"] = "pin"
    holdout_percent: float = 0
    entries: tuple[str, ...] = ()
    first: str | None
    steps: dict[str, Step]
    wording: dict[str, dict[str, Letter]]

    @model_validator(mode="after")
    def check_targets(self) -> Self:
        """Refuse a definition whose contacts would get lost."""
        wanted = set(self.entries) | {to for step in self.steps.values() for to in step.leads_to()}
        wanted |= {self.first} if self.first is not None else set()
        missing = sorted(wanted - set(self.steps))
        if missing:
            raise ValueError(f"there is no step {missing[0]}")
        for name, step in self.steps.items():
            if step.step in ("send", "reach_out") and not self.has_wording(name):
                raise ValueError(f"the step {name} has no wording")
        return self

    def has_wording(self, step: str) -> bool:
        """Whether a step has words of its own, in whatever language."""
        return any(step in letters for letters in self.wording.values())

    def letter(self, step: str, language: str) -> Letter:
        """The wording in the contact's language, else in a language near to it, else in any."""
        wished = [language, language.split("-", maxsplit=1)[0], "en", *sorted(self.wording)]
        return next(self.wording[name][step] for name in wished if step in self.wording.get(name, {}))

    def send_channels(self) -> frozenset[str]:
        """Every channel the journey writes on."""
        return frozenset(channel for step in self.steps.values() if step.step in TALKS for channel in step.channels)

    def purpose_of(self, step: Step) -> str:
        """What a send is for."""
        return step.purpose or self.purpose

    def class_of(self, step: Step, channel: str) -> MessageClass:
        """The class of what a send puts into the outbox."""
        return message_class_of(channel, self.purpose_of(step))
