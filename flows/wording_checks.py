"""Checks that everything said has its words in each language, and that wording names only what exists."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder, JourneyFolder, Worded, Wording
from flows.errors import FlowError
from flows.journey_models import Send
from flows.steps import AskConsent, Question, StepBase
from flows.wording import has_broken_placeholder, names_in
from flows.wording_models import PATTERNS, Letter, StepWording

PATTERN_NAMES = {"corrected": frozenset({"value", "label"}), "noted": frozenset({"facts"})}


def check_flow_wording(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse a flow that in one of its languages lacks words or has too many."""
    if folder.model.language not in folder.wording:
        yield _no_language(folder, folder.model.language)
    by_id = {step.id: step for step in folder.model.steps}
    for wording in folder.wording.values():
        for step in by_id.values():
            yield from _check_step_words(wording, step, wording.entries.get(step.id, StepWording()))
        yield from _check_strangers(wording, set(by_id))
        yield from check_placeholders(wording, frozenset(folder.model.slots), "slot")


def check_journey_wording(folder: JourneyFolder, facts: frozenset[str], language: str) -> Iterator[FlowError]:
    """Refuse a journey that in one of its languages lacks the words of a send."""
    if language not in folder.wording:
        yield _no_language(folder, language)
    sends = {step.id: step for step in folder.model.steps if isinstance(step, Send)}
    for wording in folder.wording.values():
        for send in sends.values():
            yield from _check_letter(wording, send, wording.entries.get(send.id))
        yield from _check_strangers(wording, set(sends))
        yield from check_placeholders(wording, facts, "fact")


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


def check_placeholders(wording: Wording[Worded], known: frozenset[str], kind: str) -> Iterator[FlowError]:
    """Refuse wording that names what does not exist, or is not a well-formed placeholder."""
    for step, entry in wording.entries.items():
        for name in sorted(set().union(*(names_in(text) for text in entry.texts())) - known):
            problem = f"the wording names the {kind} {name}, which does not exist here"
            yield wording.fault((step,), "wording.name", problem, "Correct the name between the braces")
        if any(has_broken_placeholder(text) for text in entry.texts()):
            remedy = "Write {{ name }} or {{ name | words when it is unknown }}"
            yield wording.fault((step,), "wording.braces", "braces are not a placeholder", remedy)


def _check_step_words(wording: Wording[StepWording], step: StepBase, words: StepWording) -> Iterator[FlowError]:
    if step.says == "must" and not words.text:
        yield _missing(wording, step.id, "text")
    if step.says == "never" and words != StepWording():
        problem = "the step says nothing, but has wording"
        yield wording.fault((step.id,), "wording.unused", problem, "Remove it, or put a message before the step")
    labelled = set(step.labelled) if isinstance(step, Question) else set()
    if isinstance(step, Question) and not words.retry:
        yield _missing(wording, step.id, "retry")
    for value in sorted(labelled - set(words.choices)):
        yield _missing(wording, step.id, f"choices.{value}")
    if isinstance(step, AskConsent) and words.again:
        problem = "a consent text is always shown in full, but has a shorter wording"
        yield wording.fault((step.id, "again"), "wording.consent", problem, "Remove it")
    for value in sorted((set(words.choices) | set(words.also)) - labelled) if step.says != "never" else ():
        problem = f"the step has no choice {value}"
        place = "choices" if value in words.choices else "also"
        yield wording.fault((step.id, place, value), "wording.unused", problem, "Remove it, or correct the value")


def _check_letter(wording: Wording[Letter], send: Send, letter: Letter | None) -> Iterator[FlowError]:
    if letter is None:
        yield _missing(wording, send.id, "text")
    elif "email" in send.channels and not letter.subject:
        yield _missing(wording, send.id, "subject")


def _check_strangers(wording: Wording[Worded], known: set[str]) -> Iterator[FlowError]:
    for name in sorted(set(wording.entries) - known):
        problem = f"nothing here is called {name}"
        yield wording.fault((name,), "wording.unused", problem, "Remove the wording, or correct the name")


def _missing(wording: Wording[Worded], step: str, what: str) -> FlowError:
    return wording.fault((step,), "wording.missing", f"the wording lacks {what}", "Write it")


def _no_language(folder: FlowFolder | JourneyFolder, language: str) -> FlowError:
    problem = f"wording.{language}.yml is missing or cannot be read"
    return folder.fault("wording.missing", problem, "Add it beside this file")
