"""Tries out a content folder without publishing it: its test conversations, and talks in the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from base.errors import NotFound
from bot.dialogue import MemorySource, Need, RasaDialogue
from bot.knowledge.rehearsed import ContentArticles
from bot.publishing.ports import Say
from bot.publishing.rehearsal import Rehearsal, Scenery
from bot.publishing.test_conversations import TestReport, run_tests
from flows.compiler import compile_flows, load_content
from flows.content import Content
from server.dialogue_access import open_dialogue
from server.running import with_running
from server.settings import Settings
from server.simulator import answer_need
from server.training import ensure_model, read_intents, signed


async def run_folder_tests(settings: Settings, names: Sequence[str], say: Say) -> TestReport:
    """Runs the test conversations of the content folder.

    Args:
        names: flows; all of them, when empty.

    Raises:
        FlowsRefused: the content has faults.
        NotFound: there is no flow of a name, or it has no tests.
    """
    content = _load(settings, names)
    if untested := [name for name in names if name not in content.tests]:
        raise NotFound(f"There is nothing to run: write {', '.join(f'library/{name}/tests.yml' for name in untested)}.")
    async with _open(settings, content, say) as (dialogue, answered_by):
        flows_version, model_id = answered_by
        return await run_tests(dialogue, content, flows_version=flows_version, model_id=model_id, only=names or None)


@asynccontextmanager
async def open_rehearsal(
    settings: Settings, flow: str | None, channel: str, language: str | None, *, now: datetime, say: Say
) -> AsyncIterator[Rehearsal]:
    """A talk with the content folder's flows.

    Raises:
        FlowsRefused: the content has faults.
        NotFound: there is no such flow.
    """
    content = _load(settings, [] if flow is None else [flow])
    async with _open(settings, content, say) as (dialogue, answered_by):
        spoken = language or content.default_language
        articles = ContentArticles(content, dialogue, spoken)

        async def answer(need: Need) -> Mapping[str, Any]:
            return await (articles(need) if need.need == "knowledge" else answer_need(need))

        yield Rehearsal(dialogue, Scenery(*answered_by, channel, spoken, now), answer)


def _load(settings: Settings, names: Sequence[str]) -> Content:
    content = load_content(settings.content_dir, settings.nlu_dir / "knowledge", settings.nlu_dir / "intents")
    if unknown := [name for name in names if name not in content.flows]:
        raise NotFound(f"There is no flow {', '.join(unknown)}; there are: {', '.join(sorted(content.flows))}.")
    return content


@asynccontextmanager
async def _open(settings: Settings, content: Content, say: Say) -> AsyncIterator[tuple[RasaDialogue, tuple[str, str]]]:
    trained = await ensure_model(settings, read_intents(settings), say)
    source = MemorySource()
    answered_by = source.add_flows(compile_flows(content)), source.add_model(signed(settings, trained))
    async with open_dialogue(with_running(settings), source, trained.path) as dialogue:
        # A process that lacks the model takes some seconds to load it: longer than a turn may wait for it.
        await dialogue.preload(*answered_by)
        yield dialogue, answered_by
