"""Prepares contents for publishing and finds out what they would do. Stores nothing, shows nobody anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from base.clock import Clock
from base.database import Sessions
from base.errors import ParleyError
from bot.dialogue import DialogueFailed, DialogueUnavailable
from bot.publishing.checking import Checked, check_tree_aside
from bot.publishing.contents import NOTHING, Published, find_live, tree_of
from bot.publishing.dialogue_models import find_model
from bot.publishing.differences import ItemDifference, differences
from bot.publishing.impact import Impact, find_impact, list_standing
from bot.publishing.models import Publication
from bot.publishing.outside import look_outside
from bot.publishing.ports import (
    JourneyCheck,
    JourneyPublisher,
    Replayer,
    Replicas,
    RunTests,
    Say,
    Side,
    TrainedModel,
    Trainer,
)
from bot.publishing.reports import PublicationReport, PublishRefused
from bot.publishing.source import PublishedSource
from bot.signed_models import model_id_of
from flows.content_tree import ContentTree
from flows.intent_examples import training_files

_NO_FLOWS: Mapping[str, Any] = {"version": "", "flows": {}, "wording": {}, "answers": {}}


class WrongModel(ParleyError):
    """The trainer gave a model that is not the one it named."""

    code = "wrong_model"
    status = 500


@dataclass(frozen=True)
class Workshop:
    """What publishing works with.

    Attributes:
        source: what the replicas ask for flows and models they lack; drafts are lent through it.
        replicas, tests, replays: None where no dialogue process is at hand, as at the very first publication.
        journey_check: None where people on steps that are removed land on the nearest ones.
    """

    engine: AsyncEngine
    sessions: Sessions
    clock: Clock
    source: PublishedSource
    trainer: Trainer
    journeys: JourneyPublisher
    replicas: Replicas | None = None
    tests: RunTests | None = None
    replays: Replayer | None = None
    journey_check: JourneyCheck | None = None


@dataclass(frozen=True)
class Checks:
    """Which checks are made beside reading and compiling, which are always made.

    Attributes:
        replay: how many of the last real conversations are replayed.
        strict_replay: a conversation that would end otherwise refuses the publication.
    """

    tests: bool = True
    replay: int = 0
    strict_replay: bool = False


@dataclass(frozen=True)
class LiveContents:
    """What is live, in full."""

    published: Published
    tree: Mapping[str, dict[str, str]]
    compiled: Mapping[str, Any]

    @property
    def side(self) -> Side:
        return Side(self.compiled, self.published.model_id)


@dataclass(frozen=True)
class Proposal:
    """Contents ready to go live: without a fault, compiled, with a model.

    Attributes:
        fresh_model: the model, when it is not kept in the database yet.
    """

    tree: ContentTree
    live: LiveContents
    checked: Checked
    model_id: str
    fresh_model: TrainedModel | None
    changes: Sequence[ItemDifference]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        return Side(self.checked.compiled, self.model_id)

    @property
    def is_live(self) -> bool:
        """Whether publishing it would change nothing."""
        live = self.live.published
        same = (live.flows_version, live.model_id) == (self.side.flows_version, self.model_id)
        return live != NOTHING and same and not self.changes


async def read_live(sessions: Sessions) -> LiveContents:
    """What is live now; empty before the first publication."""
    async with sessions() as session:
        published = await find_live(session)
        tree = await tree_of(session, published)
        compiled = await session.scalar(select(Publication.compiled).where(Publication.seq == published.seq))
    return LiveContents(published, tree, compiled or _NO_FLOWS)


async def prepare(shop: Workshop, tree: ContentTree, live: LiveContents, say: Say) -> Proposal:
    """Checks, compiles, and trains if no model of these examples is kept.

    Raises:
        NotContent, FlowsRefused: the contents have faults.
        ParleyError: training failed.
    """
    seconds: dict[str, float] = {}
    with _timed(seconds, "check"):
        async with shop.sessions() as session:
            outside = await look_outside(session)
        checked = await check_tree_aside(tree, outside)
    say(f"Checked: {len(checked.content.flows)} flows and {len(checked.journeys)} journeys without a fault.")
    with _timed(seconds, "model"):
        model_id, fresh = await _find_or_train(shop, await asyncio.to_thread(training_files, tree), say)
    changes = differences(live.tree, tree)
    return Proposal(tree, live, checked, model_id, fresh, changes, seconds)


async def judge(shop: Workshop, proposal: Proposal, checks: Checks, say: Say) -> PublicationReport:
    """Runs the tests and replays and finds whom the publication meets. The proposal must be lent meanwhile.

    Raises:
        PublishRefused: a test, or a replay that was to be strict, did not come out as it should.
        DialogueUnavailable: a check needs a dialogue process and none answers.
    """
    if shop.journey_check is not None:
        async with shop.sessions() as session:
            await shop.journey_check(session, proposal.checked.journeys)
    side, seconds = proposal.side, proposal.seconds
    report = PublicationReport(
        None, side.flows_version, side.model_id,
        trained=proposal.fresh_model is not None, changes=proposal.changes, seconds=seconds,
    )  # fmt: skip
    if checks.tests and shop.tests is not None:
        with _timed(seconds, "tests"):
            report = replace(report, tests=await shop.tests(proposal.checked.content, side))
    if report.tests is not None and not report.tests.passed:
        raise PublishRefused(f"Test conversations fail; what is live stays.\n{report.tests.as_text()}", report)
    say("Test conversations passed." if report.tests else "Test conversations not run.")
    report = await _replayed(shop, proposal, checks, report, say)
    with _timed(seconds, "impact"):
        report = replace(report, impact=await _find_impact(shop, proposal))
    say(f"People in the middle of a flow that changes: {report.impact.people or 'none'}.")
    for place in report.impact.places:
        say(f"  {place}.")
    return report


async def _replayed(
    shop: Workshop, proposal: Proposal, checks: Checks, report: PublicationReport, say: Say
) -> PublicationReport:
    if not checks.replay or shop.replays is None or proposal.live.published == NOTHING:
        return report
    with _timed(proposal.seconds, "replay"):
        report = replace(report, replay=await shop.replays(proposal.live.side, proposal.side, checks.replay))
    assert report.replay is not None
    if report.replay.passed:
        say("No conversation replayed would end otherwise.")
        return report
    told = f"Conversations that would end otherwise:\n{report.replay.as_text()}"
    if checks.strict_replay:
        raise PublishRefused(f"{told}\nWhat is live stays.", report)
    say(told)
    return report


async def _find_impact(shop: Workshop, proposal: Proposal) -> Impact:
    compiled = proposal.checked.compiled
    async with shop.sessions() as session:
        standing = await list_standing(session, compiled, shop.clock.now())
    if shop.replicas is None:
        return Impact(standing.people, unknown="no dialogue process was asked")
    try:
        return await find_impact(standing, proposal.live.compiled, compiled, shop.replicas)
    except (DialogueUnavailable, DialogueFailed) as error:
        # Where people land decides nothing, so not knowing it must not keep a correction from going live.
        return Impact(standing.people, unknown=error.message)


async def _find_or_train(shop: Workshop, intents: Mapping[str, str], say: Say) -> tuple[str, TrainedModel | None]:
    fingerprint = await asyncio.to_thread(shop.trainer.fingerprint, intents)
    async with shop.sessions() as session:
        kept = await find_model(session, fingerprint)
    if kept is not None:
        say("The examples are those of a model that is kept: nothing to train.")
        return kept, None
    model = await shop.trainer.ensure(intents, say)
    if model_id_of(model.data) != model.id:
        raise WrongModel
    return model.id, model


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = time.monotonic() - began
