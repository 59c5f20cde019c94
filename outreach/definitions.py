"""A published journey as the compiler wrote it, in types. Reads definitions; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from outreach.decisions import message_class_of
from outreach.rule_pack import MessageClass


class _Part(BaseModel):
    # A newer compiler may add fields; they mean nothing to this reader.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Way(_Part):
    """Where to go next: to `to`, if `condition` holds."""

    condition: Mapping[str, Any] | None = Field(default=None, alias="if")
    to: str


class Step(_Part):
    """One step of any kind; what a kind does not use keeps its default."""

    step: Literal["wait_for", "branch", "send", "exit"]
    next: tuple[Way, ...] = ()
    seconds: int = Field(default=0, ge=0)
    channels: tuple[str, ...] = ()
    purpose: str | None = None
    outcome: str = "completed"


class Letter(_Part):
    """The wording of one send."""

    subject: str | None = None
    text: str


class JourneyDefinition(_Part):
    """One version of a journey; `flows.compiler.compile_journeys` documents the fields."""

    journey: str
    name: str
    version: str
    purpose: str
    re_entry: Literal["never", "after_exit"] = "never"
    exit_when: tuple[str, ...] = ("opted_out", "handed_off")
    first: str
    steps: dict[str, Step]
    wording: dict[str, dict[str, Letter]]

    @model_validator(mode="after")
    def check_targets(self) -> Self:
        """Refuse a definition whose contacts would get lost."""
        wanted = {self.first} | {way.to for step in self.steps.values() for way in step.next}
        missing = sorted(wanted - set(self.steps))
        if missing:
            raise ValueError(f"there is no step {missing[0]}")
        for name, step in self.steps.items():
            if step.step == "send" and not any(name in letters for letters in self.wording.values()):
                raise ValueError(f"the step {name} has no wording")
        return self

    def letter(self, step: str, language: str) -> Letter:
        """The wording in the contact's language, else in a language near to it, else in any."""
        wished = [language, language.split("-", maxsplit=1)[0], "en", *sorted(self.wording)]
        return next(self.wording[name][step] for name in wished if step in self.wording.get(name, {}))

    def send_channels(self) -> frozenset[str]:
        """Every channel the journey writes on."""
        return frozenset(channel for step in self.steps.values() for channel in step.channels)

    def purpose_of(self, step: Step) -> str:
        """What a send is for."""
        return step.purpose or self.purpose

    def class_of(self, step: Step, channel: str) -> MessageClass:
        """The class of what a send puts into the outbox."""
        return message_class_of(channel, self.purpose_of(step))
