"""What is known on a path of one consent: which of its slots hold what, and whether that may be relied on.

Conditions on anything else are taken to go either way, so a flow that passes is safe whatever visitors answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from flows.conditions import AnyOf, Condition, Leaf, Not, SlotIs
from flows.content import FlowFolder
from flows.parts import Channel, Purpose
from flows.steps import AskConsent, CheckConsent, Preferences, SetSlot, StepBase

Held = Literal["given", "refused", "whatever"] | None
Backed = Literal["never", "asked", "undone"]

_ANSWERS: tuple[Held, ...] = ("given", "refused")
_BOTH = frozenset({True, False})


class Need(NamedTuple):
    """A consent that something needs; without a channel, for that purpose by any."""

    purpose: Purpose
    channel: Channel | None

    def covered_by(self, step: AskConsent | CheckConsent) -> bool:
        return step.purpose == self.purpose and (self.channel is None or self.channel in step.channels)

    def touched_by(self, step: Preferences) -> bool:
        return any(item.purpose == self.purpose and self.channel in (None, item.channel) for item in step.items)

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}" if self.channel else self.purpose


class Kept(NamedTuple):
    """What one slot holds, and what backs it: a question or a look into the ledger on this path, maybe undone since."""

    held: Held = "whatever"
    backed: Backed = "never"


# One entry for each slot that is asked or looked up for the need, in the order of the names.
Standing = tuple[Kept, ...]


@dataclass(frozen=True)
class ConsentRules:
    """The rules of a walk that follows one need for consent through some flows."""

    need: Need
    flows: Mapping[str, FlowFolder]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The slots that may hold this consent."""
        return tuple(sorted({step.slot for step in self._consent_steps if self.need.covered_by(step)}))

    @property
    def start(self) -> Standing:
        return (Kept(),) * len(self.names)

    @cached_property
    def _consent_steps(self) -> tuple[AskConsent | CheckConsent, ...]:
        steps = (step for folder in self.flows.values() for step in folder.model.steps)
        return tuple(step for step in steps if isinstance(step, AskConsent | CheckConsent))

    @cached_property
    def _unmixed(self) -> frozenset[str]:
        """The slots that hold nothing but this consent, so that one already filled was asked for."""
        mixed = {step.slot for step in self._consent_steps if not self.need.covered_by(step)}
        return frozenset(self.names) - mixed

    def begin(self, folder: FlowFolder, state: Standing) -> Standing:
        slots = folder.model.slots
        lost = {name for name in self.names if name in slots and slots[name].lasts == "flow"}
        if not lost:
            return state
        return tuple(Kept(None) if name in lost else kept for name, kept in zip(self.names, state, strict=True))

    def after(self, step: StepBase, state: Standing) -> Iterable[Standing]:
        if isinstance(step, AskConsent | CheckConsent) and step.slot in self.names:
            kept = state[self.names.index(step.slot)]
            return [self._put(state, step.slot, after) for after in self._answers(step, kept)]
        if isinstance(step, SetSlot) and step.slot in self.names:
            held: Held = None if step.value is None else "whatever"
            return [self._put(state, step.slot, Kept(held, "undone"))]
        return [self.unanswered(step, state)]

    def unanswered(self, step: StepBase, state: Standing) -> Standing:
        if isinstance(step, Preferences) and self.need.touched_by(step):
            return tuple(kept if kept.backed == "never" else Kept(kept.held, "undone") for kept in state)
        return state

    def truths(self, condition: Condition, state: Standing) -> frozenset[bool]:
        if isinstance(condition, Leaf):
            return self._compared(condition, state)
        if isinstance(condition, Not):
            return frozenset(not truth for truth in self.truths(condition.negated, state))
        # One part that may come to `deciding` is enough for that; the other outcome needs every part to allow it.
        parts, deciding = (condition.any, True) if isinstance(condition, AnyOf) else (condition.all, False)
        truths = [self.truths(part, state) for part in parts]
        reached = {deciding} if any(deciding in truth for truth in truths) else set()
        return frozenset(reached | ({not deciding} if all((not deciding) in truth for truth in truths) else set()))

    def _compared(self, condition: Leaf, state: Standing) -> frozenset[bool]:
        if not isinstance(condition, SlotIs) or condition.slot not in self.names:
            return _BOTH
        held = state[self.names.index(condition.slot)].held
        values = (None, *_ANSWERS) if held == "whatever" else (held,)
        return frozenset(condition.holds(value) for value in values)

    def _answers(self, step: AskConsent | CheckConsent, kept: Kept) -> Iterable[Kept]:
        covered = self.need.covered_by(step)
        backed: Backed = "asked" if covered else "never" if kept.backed == "never" else "undone"
        if isinstance(step, CheckConsent):
            return [Kept(held, backed) for held in (None, *_ANSWERS)]
        if not step.skip_if_known or kept.held is None:
            return [Kept(held, backed) for held in _ANSWERS]
        if kept.held == "whatever":
            before = backed if step.slot in self._unmixed else kept.backed
            return {Kept(held, one): None for one in (before, backed) for held in _ANSWERS}
        return [kept]

    def _put(self, state: Standing, slot: str, kept: Kept) -> Standing:
        place = self.names.index(slot)
        return (*state[:place], kept, *state[place + 1 :])
