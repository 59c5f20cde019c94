"""Checks across files: what flows, journeys and answers expect of each other."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.steps import StartJourney


def check_entry(content: Content) -> Iterator[FlowError]:
    """Refuse a library whose entry flow does not exist."""
    library = content.library
    if library and library.entry_flow not in content.flows and library.entry_flow not in content.unread:
        marks = content.library_marks
        line = marks.line_of(("entry_flow",))
        problem = f"the entry flow {library.entry_flow} does not exist"
        yield FlowError(marks.file, line, None, "flow.unknown", problem, "Name a flow of the library")


def check_journeys_exist(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse a flow that starts a journey nobody wrote."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, StartJourney) and step.journey not in {*content.journeys, *content.unread}:
            problem = f"the journey {step.journey} does not exist"
            yield folder.step_fault(index, "journey.unknown", problem, "Name a folder of journeys/", "journey")


def check_triggers(content: Content) -> Iterator[FlowError]:
    """Refuse an intent that would start two flows, or start a flow and be answered at once."""
    taken = {answer.about.intent: f"the article {answer.file}" for answer in content.answers}
    for name, folder in content.flows.items():
        for number, intent in enumerate(folder.model.nlu_triggers):
            if intent in taken:
                problem = f"the intent {intent} already belongs to {taken[intent]}"
                yield folder.fault("trigger.taken", problem, "Give each intent one use", "nlu_triggers", number)
            taken[intent] = f"the flow {name}"


def check_answers(content: Content) -> Iterator[FlowError]:
    """Refuse two articles for one intent and language, and an intent without one in the default language."""
    seen: dict[tuple[str, str], str] = {}
    for answer in content.answers:
        key = (answer.about.intent, answer.about.language or content.default_language)
        if key in seen:
            problem = f"{seen[key]} answers {key[0]} in {key[1]} already"
            yield FlowError(answer.file, 2, None, "answer.twice", problem, "Keep one of the two")
        seen[key] = answer.file
    for answer in content.answers:
        if (answer.about.intent, content.default_language) not in seen:
            problem = f"{answer.about.intent} has no article in {content.default_language}"
            yield FlowError(answer.file, 2, None, "answer.language", problem, "Write it in that language too")
