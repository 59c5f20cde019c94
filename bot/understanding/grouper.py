"""Has the gaps grouped by meaning, when that is due or was asked for. What is computed holds no transaction open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import ParleyError
from bot.dialogue import DialogueFailed, DialogueUnavailable
from bot.knowledge.filling import VectorSource
from bot.understanding.claims import MOST_ATTEMPTS, claim_oldest, give_back, held
from bot.understanding.grouping import OpenGap, ask_if_due, end_run, keep_vectors, list_open, replace_groups
from bot.understanding.models import Grouping
from bot.understanding.ports import Evaluator
from bot.vectors import write_vector

log = structlog.get_logger(__name__)

_LONGEST_TEXT = 500  # characters that a group is named by
_SOMETHING = ("encoder",)  # a text to learn by which encoder there is
_BROKE = "The grouping broke off each time it was tried: look at the worker's log, then group again."


@dataclass(frozen=True)
class GapGrouper:
    """What a worker does each minute, and at once when somebody asks for it."""

    sessions: Sessions
    source: VectorSource
    evaluator: Evaluator
    clock: Clock

    async def group_if_due(self) -> bool:
        """Groups if that is due; tells whether there was anything to do."""
        async with transaction(self.sessions) as session:
            await ask_if_due(session, self.clock.now())
            run = await claim_oldest(session, Grouping, Grouping.status == "waiting")
        if run is None:
            return False
        try:
            if run.attempts > MOST_ATTEMPTS:
                await self._fail(run, _BROKE)
            else:
                async with held(self.sessions, Grouping, run.id, run.attempts):
                    await self._group(run)
        except (DialogueUnavailable, DialogueFailed) as error:
            log.warning("gaps_not_grouped", error=error.code)
            await give_back(self.sessions, Grouping, run.id, run.attempts)
        except ParleyError as error:
            log.warning("gaps_not_grouped", error=error.code)
            await self._fail(run, error.message)
        return True

    async def _group(self, run: Grouping) -> None:
        async with self.sessions() as session:
            gaps = await list_open(session)
        await self._fill(gaps)
        found = await self.evaluator.group([_item(gap) for gap in gaps]) if gaps else {"groups": []}
        async with transaction(self.sessions) as session:
            if not await end_run(session, run, gaps=len(gaps), problem=None, now=self.clock.now()):
                return
            groups = await replace_groups(session, gaps, found["groups"], self.clock.now())
        log.info("gaps_grouped", gaps=len(gaps), groups=groups)

    async def _fill(self, gaps: Sequence[OpenGap]) -> None:
        """Gives all of them vectors of one encoder: a model may have come since, or a message without a vector."""
        encoders = {gap.encoder for gap in gaps}
        if len(encoders) <= 1 and None not in encoders:
            return
        present = (await self.source.vectors(_SOMETHING)).encoder
        lacking = [gap for gap in gaps if gap.encoder != present]
        if not lacking:
            return
        found = await self.source.vectors([gap.text for gap in lacking])
        if found.encoder != present:
            raise DialogueFailed("The dialogue processes do not have one and the same encoder.")
        async with transaction(self.sessions) as session:
            await keep_vectors(session, lacking, found)

    async def _fail(self, run: Grouping, problem: str) -> None:
        async with transaction(self.sessions) as session:
            await end_run(session, run, gaps=None, problem=problem, now=self.clock.now())


def _item(gap: OpenGap) -> dict[str, Any]:
    return {
        "id": str(gap.message_id),
        "text": gap.text[:_LONGEST_TEXT],
        "language": gap.language,
        "vector": write_vector(gap.vector or []),
    }
