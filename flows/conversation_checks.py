"""Checks that test conversations name only what exists. Plays none of them."""

from __future__ import annotations

from collections.abc import Iterator

from flows.content import Content, FlowFolder, TestFile
from flows.errors import FlowError
from flows.test_models import Expected, TestConversation


def check_conversations(content: Content) -> Iterator[FlowError]:
    """Refuse test conversations of unknown flows, steps, slots, articles or languages."""
    for name, file in content.tests.items():
        flow = content.flows.get(name)
        for number, conversation in enumerate(file.conversations.root) if flow else ():
            yield from _check_start(content, file, number, conversation)
            yield from _check_articles(content, file, number, conversation)
            for place, step in _steps_named(conversation):
                yield from _check_step(content, file, (number, *place), name, step)
            if flow:
                yield from _check_slots(content, file, number, conversation, flow)


def _check_start(content: Content, file: TestFile, number: int, conversation: TestConversation) -> Iterator[FlowError]:
    starts, language = conversation.starts, conversation.language
    if starts and starts not in {*content.flows, *content.unread}:
        problem = f"the flow {starts} does not exist"
        yield file.fault("test.unknown", problem, "Name a flow of the library", number, "starts")
    spoken = {*content.patterns, *(one for flow in content.flows.values() for one in flow.wording)}
    if language and language not in spoken:
        problem = f"no wording is written in {language}"
        yield file.fault("test.unknown", problem, "Use a language that has wording", number, "language")


def _check_articles(
    content: Content, file: TestFile, number: int, conversation: TestConversation
) -> Iterator[FlowError]:
    articles = {answer.name for answer in content.answers}
    for said, article in conversation.knowledge.items():
        if article not in articles:
            problem = f"there is no article {article}"
            remedy = "Name a file of the folder knowledge, without .md"
            yield file.fault("test.unknown", problem, remedy, number, "knowledge", said)


def _steps_named(conversation: TestConversation) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, beat in enumerate(conversation.talk):
        if isinstance(beat, Expected):
            yield from ((("talk", number, "bot"), step) for step in beat.bot)
    if conversation.open:
        yield ("open",), conversation.open


def _check_step(
    content: Content, file: TestFile, within: tuple[str | int, ...], flow: str, step: str
) -> Iterator[FlowError]:
    named, _, inner = step.rpartition("/")
    folder = content.flows.get(named or flow)
    if folder is None and named in {"patterns", *content.unread}:
        return
    if folder is None or inner not in {one.id for one in folder.model.steps}:
        problem = f"there is no step {step}"
        remedy = "Name a step of this flow, or flow/step of another"
        yield file.fault("test.unknown", problem, remedy, *within)


def _check_slots(
    content: Content, file: TestFile, number: int, conversation: TestConversation, flow: FlowFolder
) -> Iterator[FlowError]:
    known = {*flow.model.slots, *(slot for other in content.flows.values() for slot in other.model.slots)}
    for field, named in (("known", conversation.known), ("slots", conversation.slots)):
        for slot in named:
            if slot not in known:
                problem = f"no flow has the slot {slot}"
                yield file.fault("test.unknown", problem, "Correct the name", number, field, slot)
