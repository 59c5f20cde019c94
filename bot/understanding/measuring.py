"""Measures what a proposal would change, against what is live when it is measured. Makes nothing live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import ParleyError
from bot.dialogue import DialogueFailed, DialogueUnavailable
from bot.knowledge.filling import VectorSource
from bot.publishing.contents import find_live, tree_of
from bot.publishing.models import Publication
from bot.understanding.article_effect import ArticleTrial, Tried
from bot.understanding.changes import Change, apply, make_ready
from bot.understanding.claims import give_back
from bot.understanding.example_texts import MOST_TEXTS
from bot.understanding.intent_effect import reduce_report
from bot.understanding.material import Material
from bot.understanding.models import Gap, Proposal
from bot.understanding.ports import Evaluator
from bot.understanding.proposals import change_of, find_measured
from bot.understanding.words import read_words
from flows.content_tree import KNOWLEDGE, ContentTree
from flows.intent_examples import compared, training_files

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Measured:
    """What came of it: the change as it was measured, against which publication."""

    change: Change
    based_on: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Measurer:
    """What a worker does with a proposal that waits."""

    engine: AsyncEngine
    sessions: Sessions
    clock: Clock
    evaluator: Evaluator
    source: VectorSource
    material: Callable[[], Material]

    async def measure(self, proposal: Proposal) -> None:
        """Measures a proposal that this process has claimed, and writes down what came of it."""
        try:
            measured = await self._measure(proposal)
        except (DialogueUnavailable, DialogueFailed) as error:
            log.warning("proposal_not_measured", proposal=str(proposal.id), error=error.code)
            await give_back(self.sessions, Proposal, proposal.id, proposal.attempts)
        except ParleyError as error:
            log.warning("proposal_not_measured", proposal=str(proposal.id), error=error.code)
            await self.end(proposal, status="failed", problem=_in_words(error))
        else:
            await self.end(
                proposal,
                status="ready",
                problem=None,
                target=measured.change.target,
                texts=list(measured.change.texts),
                based_on=measured.based_on,
                before=measured.before,
                after=measured.after,
            )
            log.info("proposal_measured", proposal=str(proposal.id), based_on=measured.based_on)

    async def end(self, proposal: Proposal, **values: Any) -> None:
        """Writes down what came of a claimed proposal, unless somebody else has it or decided it by now."""
        ended = (
            update(Proposal)
            .where(
                Proposal.id == proposal.id,
                Proposal.status == proposal.status,
                Proposal.attempts == proposal.attempts,
            )
            .values(claimed_until=None, **values)
            .execution_options(synchronize_session=False)
        )
        async with transaction(self.sessions) as session:
            await session.execute(ended)

    async def _measure(self, proposal: Proposal) -> Measured:
        async with self.sessions() as session:
            live = await find_live(session)
            tree: ContentTree = await tree_of(session, live)
        ready = make_ready(change_of(proposal), tree)
        after = apply(ready, tree)
        material = self.material()
        if ready.kind == "intent":
            sides = [
                await self._report(await asyncio.to_thread(training_files, side), material.held_out)
                for side in (tree, after)
            ]
            return Measured(ready, live.seq, *sides)
        return Measured(ready, live.seq, *await self._try_articles(proposal, ready, tree, after, material))

    async def _report(self, intents: Mapping[str, str], held_out: Mapping[str, str]) -> dict[str, Any]:
        """The reduced report on these examples, made only when there is none of the same yet."""
        mark = self.evaluator.mark(intents, held_out)
        known = await self._find_known(mark)
        return known or reduce_report(await self.evaluator.report(intents, held_out, _say_nothing), mark)

    async def _find_known(self, mark: str) -> dict[str, Any] | None:
        async with self.sessions() as session:
            return await find_measured(session, mark)

    async def _try_articles(
        self, proposal: Proposal, change: Change, tree: ContentTree, after: ContentTree, material: Material
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        tried = await self._tried(proposal, change)
        compiled = select(Publication.compiled["default_language"].as_string())
        async with self.sessions() as session:
            language = await session.scalar(compiled.order_by(Publication.seq.desc()).limit(1))
        trial = ArticleTrial(self.engine, self.sessions, self.source, self.clock)
        return await trial.measure(
            tree.get(KNOWLEDGE, {}),
            after[KNOWLEDGE],
            tried=tried,
            questions=material.questions,
            default_language=language or "en",
            find_known=self._find_known,
        )

    async def _tried(self, proposal: Proposal, change: Change) -> list[Tried]:
        """The texts proposed, and the visitors' own words where those are others."""
        ids = [UUID(one) for one in proposal.message_ids]
        asked_in = select(Gap.message_id, Gap.language).where(Gap.message_id.in_(ids))
        async with self.sessions() as session:
            words = await read_words(session, ids)
            languages = {row.message_id: row.language for row in await session.execute(asked_in)}
        proposed = {compared(text) for text in change.texts}
        others = [one for one in ids if one in words and compared(words[one]) not in proposed]
        tried = [Tried(text, change.language) for text in change.texts]
        tried += [Tried(words[one], languages.get(one, change.language), one) for one in others]
        return tried[:MOST_TEXTS]


def _say_nothing(_line: str) -> None:
    """Nobody waits at a terminal."""


def _in_words(error: ParleyError) -> str:
    """The message, and what is wrong with which field."""
    return "\n".join([error.message, *(f"{one['field']}: {one['message']}" for one in error.errors if "field" in one)])
