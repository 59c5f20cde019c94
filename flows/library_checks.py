"""Checks across files: what flows, journeys, intents and answers expect of each other."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.intent_examples import compared, intent_of_flow
from flows.journey_name_checks import way_in_faults
from flows.parts import OUTCOMES
from flows.steps import AskChoice, End, IntentRoute, Return, Split, StartJourney

FEWEST_EXAMPLES = 5
"""Of an intent: what is understood is judged in as many parts, each of which must hold one (`understanding/`)."""


def check_entry(content: Content) -> Iterator[FlowError]:
    """Refuse a library whose entry flow does not exist."""
    library = content.library
    if library and library.entry_flow not in content.flows and library.entry_flow not in content.unread:
        problem = f"the entry flow {library.entry_flow} does not exist"
        yield content.library_fault("flow.unknown", problem, "Name a flow of the library", "entry_flow")


def check_journeys_exist(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse a flow that starts a journey nobody wrote, or that nobody can be put into."""
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, StartJourney):
            for rule, problem, remedy in way_in_faults(step.journey, content):
                yield folder.step_fault(index, rule, problem, remedy, "journey")


def check_intents_exist(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse a flow that goes by an intent nobody gave examples of."""
    if content.intents is None:
        return
    known = {*content.intents, *_intents_of_flows(content)}
    remedy = "Write examples of it under intents/, or correct the name"
    for number, intent in enumerate(folder.model.nlu_triggers):
        if intent not in known:
            problem = f"the intent {intent} has no examples"
            yield folder.fault("intent.unknown", problem, remedy, "nlu_triggers", number)
    for index, step in enumerate(folder.model.steps):
        field = "routes" if isinstance(step, IntentRoute) else "intents"
        named = step.routes if isinstance(step, IntentRoute) else step.intents if isinstance(step, AskChoice) else {}
        for intent in named:
            if intent not in known:
                problem = f"the intent {intent} has no examples"
                yield folder.step_fault(index, "intent.unknown", problem, remedy, field, intent)


def check_outcomes(folder: FlowFolder) -> Iterator[FlowError]:
    """Refuse an outcome that journeys could not know of, since nobody said what it means."""
    known = {*OUTCOMES, *folder.model.outcomes}
    for index, step in enumerate(folder.model.steps):
        field = "goal" if isinstance(step, Split) else "outcome"
        outcome = step.goal if isinstance(step, Split) else step.outcome if isinstance(step, End | Return) else None
        if outcome is not None and outcome not in known:
            problem = f"the outcome {outcome} is not one that flows have"
            remedy = "Say under `outcomes` of the flow what it means, or use one of flow-steps.md"
            yield folder.step_fault(index, "outcome.unknown", problem, remedy, field)


def check_triggers(content: Content) -> Iterator[FlowError]:
    """Refuse an intent that would start two flows, or start a flow and be answered at once."""
    taken = {answer.about.intent: f"the article {answer.file}" for answer in content.answers if answer.about.intent}
    owned, remedy = _intents_of_flows(content), "Give each intent one use"
    for intent, name in owned.items():
        if intent in taken:
            problem = f"its intent {intent} already belongs to {taken[intent]}"
            yield content.flows[name].fault("trigger.taken", problem, remedy, "start_examples")
        taken[intent] = f"the flow {name}"
    for name, folder in content.flows.items():
        for number, intent in enumerate(folder.model.nlu_triggers):
            if intent in taken and owned.get(intent) != name:
                problem = f"the intent {intent} already belongs to {taken[intent]}"
                yield folder.fault("trigger.taken", problem, remedy, "nlu_triggers", number)
            taken[intent] = f"the flow {name}"


def check_start_examples(content: Content) -> Iterator[FlowError]:
    """Refuse too few examples to learn from, and a sentence that would mean two things."""
    known = {compared(text): intent for intent, texts in (content.intents or {}).items() for text in texts}
    for name, folder in content.flows.items():
        own = intent_of_flow(name)
        given = folder.model.start_examples
        several = {compared(text) for texts in given.values() for text in texts}
        if 0 < len(several | {text for text, intent in known.items() if intent == own}) < FEWEST_EXAMPLES:
            problem = f"{len(several)} of at least {FEWEST_EXAMPLES} different examples of what starts it are given"
            yield folder.fault("start.few", problem, "Write more, as different as people are", "start_examples")
        for language, texts in given.items():
            for number, text in enumerate(texts):
                if (other := known.setdefault(compared(text), own)) != own:
                    problem = f"{text!r} is an example of {other} already"
                    remedy = "Take it out here or there"
                    yield folder.fault("start.taken", problem, remedy, "start_examples", language, number)


def _intents_of_flows(content: Content) -> dict[str, str]:
    """The intents whose examples stand in a flow, and which."""
    return {intent: name for name, folder in content.flows.items() if (intent := folder.model.own_intent)}


def check_answers(content: Content) -> Iterator[FlowError]:
    """Refuse two articles for one intent and language, and an intent without one in the default language."""
    seen: dict[tuple[str, str], str] = {}
    answers = [(answer, answer.about.intent) for answer in content.answers if answer.about.intent]
    for answer, intent in answers:
        key = (intent, answer.about.language or content.default_language)
        if key in seen:
            problem = f"{seen[key]} answers {key[0]} in {key[1]} already"
            yield FlowError(answer.file, 2, None, "answer.twice", problem, "Keep one of the two")
        seen[key] = answer.file
    for answer, intent in answers:
        if (intent, content.default_language) not in seen:
            problem = f"{intent} has no article in {content.default_language}"
            yield FlowError(answer.file, 2, None, "answer.language", problem, "Write it in that language too")
