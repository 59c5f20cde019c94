"""Checks that everything said has its words in each language, and that wording names only what exists."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder, JourneyFolder, Worded, Wording
from flows.errors import FlowError
from flows.journey_checks import names_for_wording
from flows.journey_steps import Call, ReachOut, Send
from flows.length_checks import check_lengths, check_letter_lengths
from flows.parts import Channel
from flows.steps import AskConsent, StepBase
from flows.wording import has_broken_placeholder, names_in
from flows.wording_models import PATTERNS, CardWording, Letter, StepWording
from flows.wording_needs import WordingNeeds, needs_of

PATTERN_NAMES = {
    "corrected": frozenset({"value", "label"}),
    "noted": frozenset({"facts"}),
    "language_not_spoken": frozenset({"languages"}),
}
_FIELDS = ("text", "retry", "again", "help", "alt", "closed")


def check_flow_wording(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse a flow that in one of its languages lacks words, has too many, or has too long ones."""
    if folder.model.language not in folder.wording:
        yield _no_language(folder, folder.model.language)
    by_id = {step.id: step for step in folder.model.steps}
    for wording in folder.wording.values():
        for step in by_id.values():
            entry, needs = wording.entries.get(step.id, StepWording()), needs_of(step)
            yield from _check_step_words(wording, step, entry, needs)
            alone = Wording(wording.marks, {step.id: entry})
            yield from check_placeholders(alone, frozenset(folder.model.slots) | needs.names, "slot")
            yield from check_lengths(alone, step)
        yield from _check_strangers(wording, set(by_id))


def check_journey_wording(folder: JourneyFolder, facts: frozenset[str], language: str) -> Iterator[FlowError]:
    """Refuse a journey that in one of its languages lacks words, has too many, or has too long ones."""
    speaking = {step.id: channels for step in folder.model.steps if (channels := _worded_on(step))}
    if speaking and language not in folder.wording:
        yield _no_language(folder, language)
    for wording in folder.wording.values():
        for step, channels in speaking.items():
            yield from _check_letter(wording, step, channels, wording.entries.get(step))
        yield from _check_strangers(wording, set(speaking))
        yield from check_placeholders(wording, names_for_wording(folder, facts), "fact")


def check_patterns(content: Content) -> Iterator[FlowError]:
    """Refuse pattern wording that lacks one of the patterns, or has one nobody says."""
    if content.default_language not in content.patterns:
        file = f"library/patterns/wording.{content.default_language}.yml"
        problem = "the wording of the patterns is missing or cannot be read"
        yield FlowError(file, 1, None, "wording.missing", problem, "Add it")
    for wording in content.patterns.values():
        for name in PATTERNS:
            entry = wording.entries.get(name)
            if entry is None or entry.text is None:
                yield _missing(wording, name, "text")
        yield from _check_strangers(wording, set(PATTERNS))
        for name, entry in wording.entries.items():
            alone = Wording(wording.marks, {name: entry})
            yield from check_placeholders(alone, PATTERN_NAMES.get(name, frozenset()), "value")
        yield from check_lengths(wording, None)


def check_placeholders(wording: Wording[Worded], known: frozenset[str], kind: str) -> Iterator[FlowError]:
    """Refuse wording that names what does not exist, or is not a well-formed placeholder."""
    for step, entry in wording.entries.items():
        for name in sorted(set().union(*(names_in(text) for text in entry.texts())) - known):
            problem = f"the wording names the {kind} {name}, which does not exist here"
            yield wording.fault((step,), "wording.name", problem, "Correct the name between the braces")
        if any(has_broken_placeholder(text) for text in entry.texts()):
            remedy = "Write {{ name }} or {{ name | words when it is unknown }}"
            yield wording.fault((step,), "wording.braces", "braces are not a placeholder", remedy)


def _check_step_words(
    wording: Wording[StepWording], step: StepBase, words: StepWording, needs: WordingNeeds
) -> Iterator[FlowError]:
    for name in _FIELDS:
        if name in needs.needed and not getattr(words, name):
            yield _missing(wording, step.id, name)
        if getattr(words, name) and name not in needs.needed | needs.allowed:
            yield _unused(wording, step, name)
    yield from _check_labels(wording, step, words, needs)
    yield from _check_cards(wording, step, words, needs)


def _unused(wording: Wording[StepWording], step: StepBase, name: str) -> FlowError:
    if isinstance(step, AskConsent) and name == "again":
        problem = "a consent text is always shown in full, but has a shorter wording"
        return wording.fault((step.id, "again"), "wording.consent", problem, "Remove it")
    problem = f"a step of kind {getattr(step, 'step', 'this')} never says its {name}"
    remedy = "Remove it, or put a message before the step"
    return wording.fault((step.id, name), "wording.unused", problem, remedy)


def _check_labels(
    wording: Wording[StepWording], step: StepBase, words: StepWording, needs: WordingNeeds
) -> Iterator[FlowError]:
    for value in sorted(set(needs.choices) - set(words.choices)):
        yield _missing(wording, step.id, f"choices.{value}")
    for value in needs.short_names:
        if not words.also.get(value):
            yield _missing(wording, step.id, f"also.{value}, whose first entry is its name in the list")
    for value in sorted((set(words.choices) | set(words.also)) - {*needs.choices, *needs.more_choices}):
        problem = f"the step has no choice {value}"
        place = "choices" if value in words.choices else "also"
        yield wording.fault((step.id, place, value), "wording.unused", problem, "Remove it, or correct the value")


def _check_cards(
    wording: Wording[StepWording], step: StepBase, words: StepWording, needs: WordingNeeds
) -> Iterator[FlowError]:
    for name, linked in needs.cards.items():
        card = words.cards.get(name)
        if card is None:
            yield _missing(wording, step.id, f"cards.{name}")
        else:
            yield from _check_button(wording, step, name, card, linked=linked)
    for name in sorted(set(words.cards) - set(needs.cards)):
        problem = f"the step has no card {name}"
        yield wording.fault((step.id, "cards", name), "wording.unused", problem, "Remove it, or correct the name")


def _check_button(
    wording: Wording[StepWording], step: StepBase, name: str, card: CardWording, *, linked: bool
) -> Iterator[FlowError]:
    if linked and not card.button:
        yield wording.fault((step.id, "cards", name), "wording.missing", "the wording lacks button", "Label the link")
    if card.button and not linked:
        problem = f"the card {name} has no link for its button"
        within = (step.id, "cards", name, "button")
        yield wording.fault(within, "wording.unused", problem, "Remove it, or give the card a link")


def _worded_on(step: StepBase) -> tuple[Channel, ...]:
    """Give the channels on which a step of a journey says its own words; a talk says those of its flow."""
    if isinstance(step, Send | ReachOut):
        return step.channels
    return ("voice",) if isinstance(step, Call) and step.flow is None else ()


def _check_letter(
    wording: Wording[Letter], step: str, channels: tuple[Channel, ...], letter: Letter | None
) -> Iterator[FlowError]:
    if letter is None:
        yield _missing(wording, step, "text")
        return
    if "email" in channels and not letter.subject:
        yield _missing(wording, step, "subject")
    for channel in sorted(set(letter.text) - {"default", *channels}):
        problem = f"the step does not write by {channel}"
        remedy = "Remove it, or name the channel in the step"
        yield wording.fault((step, "text", channel), "wording.unused", problem, remedy)
    yield from check_letter_lengths(wording, step, channels, letter)


def _check_strangers(wording: Wording[Worded], known: set[str]) -> Iterator[FlowError]:
    for name in sorted(set(wording.entries) - known):
        problem = f"nothing here is called {name}"
        yield wording.fault((name,), "wording.unused", problem, "Remove the wording, or correct the name")


def _missing(wording: Wording[Worded], step: str, what: str) -> FlowError:
    within = what.partition(",")[0].split(".", 1)
    return wording.fault((step, *within), "wording.missing", f"the wording lacks {what}", "Write it")


def _no_language(folder: FlowFolder | JourneyFolder, language: str) -> FlowError:
    problem = f"wording.{language}.yml is missing or cannot be read"
    return folder.fault("wording.missing", problem, "Add it beside this file")
