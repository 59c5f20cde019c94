"""Which words each kind of step needs and may have. Does not look at any wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.steps import (
    AskConsent,
    CardList,
    Handoff,
    IntentRoute,
    Media,
    MoveChannel,
    Preferences,
    Question,
    Rating,
    StepBase,
    Waiting,
)

_ASKING = frozenset({"retry", "again", "help"})


@dataclass(frozen=True)
class WordingNeeds:
    """What the wording of a step must and may hold.

    Attributes:
        needed: fields it must have.
        allowed: fields it may have besides.
        choices: values that need a label.
        more_choices: values that may have one.
        short_names: choices that need a first other name, by which they are listed.
        cards: the cards that need words, each with whether it has a link to label.
        names: what its texts may name besides slots.
    """

    needed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()
    more_choices: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    cards: Mapping[str, bool] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def needs_of(step: StepBase) -> WordingNeeds:
    """Give what the wording of a step must and may hold."""
    return WordingNeeds(
        needed=_needed(step),
        allowed=_allowed(step),
        choices=_choices(step),
        more_choices=_more_choices(step),
        short_names=tuple(item.name for item in step.items) if isinstance(step, Preferences) else (),
        cards={card.name: card.link is not None for card in step.cards} if isinstance(step, CardList) else {},
        names=frozenset({"code", "link"}) if isinstance(step, MoveChannel) else frozenset(),
    )


def _needed(step: StepBase) -> frozenset[str]:
    needed = {"text"} if step.says == "must" else set()
    if isinstance(step, Question):
        needed |= {"text", "retry"}
    if isinstance(step, Media):
        needed.add("alt")
    return frozenset(needed)


def _allowed(step: StepBase) -> frozenset[str]:
    allowed = {"text"} if step.says != "never" else set()
    if isinstance(step, Waiting):
        allowed |= _ASKING
    if isinstance(step, AskConsent):
        allowed.discard("again")
    if isinstance(step, Handoff) and not step.fallback:
        allowed.add("closed")
    return frozenset(allowed)


def _choices(step: StepBase) -> tuple[str, ...]:
    if isinstance(step, Question | MoveChannel):
        return step.labelled
    if isinstance(step, Preferences):
        # Yes and no say how each stands in the list, and answer the consent text of one that is chosen.
        return (*(item.name for item in step.items), "yes", "no", "done")
    if isinstance(step, IntentRoute) and len(step.routes) > 1:
        return tuple(step.routes)
    return ()


def _more_choices(step: StepBase) -> tuple[str, ...]:
    if isinstance(step, Rating):
        return (str(step.lowest), str(step.highest))
    return tuple(step.routes) if isinstance(step, IntentRoute) else ()
