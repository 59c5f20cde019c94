"""A draft is talked with by the dialogue that answers real talks, before it is published and while it has problems."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select

from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyRing
from bot.models import Message
from bot.publishing.draft_checks import DraftChecks
from bot.publishing.editing import begin_draft, save_data
from bot.publishing.rehearsal import Beat, Rehearsal
from bot.publishing.service import Publisher
from bot.publishing.simulating import NotPlayable, Opening, Simulator
from bot.publishing.source import PublishedSource
from flows.content_data import ContentData, read_data
from flows.graph import StepGraph
from server.dialogue_access import open_dialogue
from server.publishing import create_workshop, shipped_tree
from server.settings import read_settings
from server.training import current_model
from server.wiring import Platform
from tests.conftest import Database

ITEM = "library/demo_request"
ADA = UUID(int=7)
TALK = (
    "/demo",
    "my name is Ada",
    "/50-249",
    "reminders take us two days every month",
    "Lovelace Ltd",
    "/this_month",
    "/email",
    "ada@lovelace.example",
    "/yes",
)
"""What the person does: a choice that is tapped begins with a slash."""


async def _do(rehearsal: Rehearsal, said: str) -> Beat:
    return await (rehearsal.tap(said[1:]) if said.startswith("/") else rehearsal.say(said))


def changed(data: ContentData, step: str, **fields: object) -> ContentData:
    steps = [{**one, **fields} if one["id"] == step else one for one in data.steps]
    return replace(data, steps=steps)


def reworded(data: ContentData, step: str, text: str) -> ContentData:
    words = {**data.wording["en"], step: {**data.wording["en"][step], "text": text}}
    return replace(data, wording={**data.wording, "en": words})


@pytest.mark.journey
async def test_a_draft_is_talked_with_from_its_first_step_to_its_end(
    database: Database, keys: KeyRing, now: datetime
) -> None:
    settings = read_settings()
    source = PublishedSource(database.sessions)
    platform = Platform(settings, database.engine, database.sessions, keys, SystemClock(), "tests")
    await Publisher(create_workshop(platform, source, None)).seed(shipped_tree(settings), say=print)
    async with transaction(database.sessions) as session:
        draft = await begin_draft(session, ITEM, None, author="Ada", now=now)
        data = reworded(read_data(ITEM, draft.files or {}), "ask_goal", "What is on your mind?")
        # Faults that keep nobody from talking: a step that nothing leads to, German words that are lacking.
        german = {name: words for name, words in data.wording["de"].items() if name != "ask_goal"}
        lost = {"id": "lost", "step": "message"}
        data = replace(data, steps=[*data.steps, lost], wording={**data.wording, "de": german})
        saved = await save_data(session, ITEM, data, author="Ada", revision=1, now=now)

    async with open_dialogue(settings, source, current_model(settings)) as dialogue:
        simulator = Simulator(database.sessions, dialogue, source, keys, SystemClock(), DraftChecks())
        opening = Opening(ITEM)
        played = await simulator.play(opening, lambda one: one.start("demo_request"), None, by=ADA)
        assert "What is on your mind?" in [reply.text for reply in played.beat.replies]
        assert played.rehearsal.open_step == "demo_request/ask_goal"
        assert {fault.rule for fault in played.faults} >= {"step.unreachable", "wording.missing"}

        walked = list(played.beat.walked)
        for said in TALK:
            played = await simulator.play(opening, partial(_do, said=said), played.talk, by=ADA)
            walked += played.beat.walked
        assert played.rehearsal.ended == "qualified"
        effects = [effect["effect"] for effect in played.rehearsal.effects]
        assert {"capture_lead", "record_consent", "enrol_in_journey", "end_flow"} <= set(effects)

        async with database.sessions() as session:
            checked = await simulator.checks.look(session)
        graph = StepGraph.of(checked.looked.content.flows["demo_request"].model.steps)
        for flow, step, to in walked:
            if flow == "demo_request" and step is not None and to is not None:
                assert to in graph.edges[step], (step, to)
        assert walked[0] == ("demo_request", None, data.steps[0]["id"])
        assert walked[-1][2] is None

        async with transaction(database.sessions) as session:
            nowhere = changed(data, "ask_goal", next="nowhere")
            await save_data(session, ITEM, nowhere, author="Ada", revision=saved.revision, now=now)
        played = await simulator.play(opening, lambda one: one.start("demo_request"), None, by=ADA)
        with pytest.raises(NotPlayable):
            await simulator.play(opening, lambda one: one.tap("demo"), played.talk, by=ADA)
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 0
