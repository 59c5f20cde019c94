"""What a flow depends on: other flows, journeys, words, examples, articles, teams. Packs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from base.errors import NotFound
from flows.content_tree import INTENTS, KNOWLEDGE, LIBRARY, PATTERNS, ContentTree, Files
from flows.errors import FlowError, FlowsRefused
from flows.intent_examples import examples_by_intent, write_examples
from flows.journey_models import Journey
from flows.journey_steps import Call, Converse, Exit, OnConversationOutcome, TaskOrNotify
from flows.knowledge import Answer, parse_article
from flows.marked_yaml import UnreadableYAML
from flows.models import Flow, Library, Team
from flows.parsing import ModelT, parse_model, parse_text
from flows.steps import AnswerKB, AskChoice, CallFlow, Handoff, IntentRoute, Jump, StartJourney
from flows.test_models import Expected, TestConversations


@dataclass(frozen=True)
class Parts:
    """A flow and everything it needs to run elsewhere."""

    tree: Mapping[str, dict[str, str]]
    teams: Mapping[str, Team]


def collect_parts(flow: str, tree: ContentTree) -> Parts:
    """Finds what the flow needs, through all flows it calls or jumps to and all journeys it starts.

    Raises:
        NotFound: the flow, or one that it leads to, does not exist.
        FlowsRefused: one of them cannot be read.
    """
    flows, journeys = _reached(flow, tree)
    needs = [need for model in flows.values() for need in _needs(model)]
    needs += [("team", team) for journey in journeys.values() for team in _teams_of(journey)]
    wanted = {kind: {name for one, name in needs if one == kind} for kind in ("intent", "team")}
    answers = _articles(tree, wanted["intent"], every=("articles", "") in needs)
    wanted["intent"] |= {answer.about.intent for answer in answers.values() if answer.about.intent}
    found: dict[str, dict[str, str]] = {f"library/{name}": dict(tree[f"library/{name}"]) for name in flows}
    for item in (PATTERNS, *(f"journeys/{name}" for name in sorted(journeys))):
        found[item] = dict(_files(tree, item))
    if answers:
        found[KNOWLEDGE] = {name: tree[KNOWLEDGE][name] for name in answers}
    if examples := _examples(tree, wanted["intent"]):
        found[INTENTS] = {f"{flow}.yml": write_examples(examples)}
    teams = _read(Library, tree, LIBRARY, "library.yml").teams
    return Parts(found, {name: team for name, team in teams.items() if name in wanted["team"]})


def read_articles(files: Files) -> dict[str, Answer]:
    """The articles by file; those that cannot be read are left out."""
    read = {name: parse_article(text, f"{KNOWLEDGE}/{name}", []) for name, text in files.items()}
    return {name: answer for name, answer in read.items() if answer is not None}


def _reached(flow: str, tree: ContentTree) -> tuple[dict[str, Flow], dict[str, Journey]]:
    flows: dict[str, Flow] = {}
    journeys: dict[str, Journey] = {}
    waiting = [("flow", flow)]
    while waiting:
        kind, name = waiting.pop()
        if kind == "flow" and name not in flows:
            flows[name] = _read(Flow, tree, f"library/{name}", "flow.yml")
            waiting += _led_to(flows[name])
            waiting += [("flow", one) for one in _named_in_tests(name, tree)]
        elif kind == "journey" and name not in journeys:
            journeys[name] = _read(Journey, tree, f"journeys/{name}", "journey.yml")
            waiting += _led_to_by(journeys[name])
    return flows, journeys


def _led_to(flow: Flow) -> Iterator[tuple[str, str]]:
    for step in flow.steps:
        if isinstance(step, CallFlow | Jump):
            yield "flow", step.flow
        elif isinstance(step, StartJourney):
            yield "journey", step.journey


def _led_to_by(journey: Journey) -> Iterator[tuple[str, str]]:
    for step in journey.steps:
        if isinstance(step, Converse | Call | OnConversationOutcome) and step.flow:
            yield "flow", step.flow
        elif isinstance(step, Exit) and step.link_journey:
            yield "journey", step.link_journey


def _teams_of(journey: Journey) -> Iterator[str]:
    if journey.owner:
        yield journey.owner
    yield from (step.team for step in journey.steps if isinstance(step, TaskOrNotify))


def _named_in_tests(flow: str, tree: ContentTree) -> Iterator[str]:
    """Other flows that the flow's test conversations begin in or come to: without them the tests could not be run."""
    if "tests.yml" not in tree[f"library/{flow}"]:
        return
    for test in _read(TestConversations, tree, f"library/{flow}", "tests.yml").root:
        steps = [step for part in test.talk if isinstance(part, Expected) for step in part.bot]
        steps += [test.open] if test.open else []
        yield from (step.partition("/")[0] for step in steps if "/" in step)
        if test.starts:
            yield test.starts


def _needs(flow: Flow) -> Iterator[tuple[str, str]]:
    yield from (("intent", intent) for intent in flow.nlu_triggers)
    for step in flow.steps:
        match step:
            case Handoff(team=team):
                yield "team", team
            case AskChoice(intents=intents):
                yield from (("intent", intent) for intent in intents)
            case IntentRoute(routes=routes):
                yield from (("intent", intent) for intent in routes)
            case AnswerKB():
                yield "articles", ""


def _articles(tree: ContentTree, intents: set[str], *, every: bool) -> dict[str, Answer]:
    articles = read_articles(tree.get(KNOWLEDGE, {}))
    return {name: answer for name, answer in articles.items() if every or answer.about.intent in intents}


def _examples(tree: ContentTree, intents: set[str]) -> dict[str, tuple[str, ...]]:
    try:
        examples = examples_by_intent(tree.get(INTENTS, {}))
    except UnreadableYAML as error:
        fault = FlowError(INTENTS, error.line, None, "yaml", error.problem, "Mend the file at this line")
        raise FlowsRefused([fault]) from error
    return {intent: texts for intent, texts in examples.items() if intent in intents}


def _files(tree: ContentTree, item: str) -> Files:
    if item not in tree:
        raise NotFound(f"There is no {item}.")
    return tree[item]


def _read(model: type[ModelT], tree: ContentTree, item: str, name: str) -> ModelT:
    file = f"{item}/{name}"
    errors: list[FlowError] = []
    text = _files(tree, item).get(name)
    if text is None:
        raise NotFound(f"There is no {file}.")
    marks = parse_text(text, file, errors)
    read = parse_model(model, marks, errors) if marks else None
    if read is None:
        raise FlowsRefused(errors)
    return read
