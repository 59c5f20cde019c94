"""Looks at experiments each hour and ends those that are decided, where their authors wanted that. Moves nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from outreach.experiments.design import HOLDOUT
from outreach.experiments.models import Experiment
from outreach.experiments.results import Results, read_results
from outreach.experiments.service import set_winner
from outreach.experiments.statistics import SAMPLE_RATIO_ERROR, decide_winner

_log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(hours=1)
BY_RULE = "rule"
_AUTOMATIC = Experiment.winner.is_(None) & (Experiment.design["stop"]["winner"].astext == "automatic")


class Deciding:
    """`outreach.ports.DueWork`: winners of experiments."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def do_due(self, now: datetime) -> int:
        """Looks at each that was not looked at for an hour; returns how many were decided."""
        decided = 0
        async with transaction(self._sessions) as session:
            due = (
                select(Experiment)
                .where(_AUTOMATIC, Experiment.looked_at <= now - LOOK_EVERY)
                .with_for_update(skip_locked=True)
            )
            for experiment in (await session.scalars(due)).all():
                decided += await _decide(session, experiment, now)
        return decided

    async def next_due_at(self) -> datetime | None:
        async with transaction(self._sessions) as session:
            soonest = await session.scalar(select(func.min(Experiment.looked_at)).where(_AUTOMATIC))
        return None if soonest is None else soonest + LOOK_EVERY


def winner_of(results: Results) -> str | None:
    """The way that won by the experiment's rule; None while none did, or while its people came too unevenly."""
    if results.sample_ratio_p < SAMPLE_RATIO_ERROR:
        return None
    samples = {way.name: way.counted for way in results.ways if way.name != HOLDOUT and way.share}
    control, stop = results.design.control, results.design.stop
    if control not in samples:
        return None
    return decide_winner(control, samples, error=stop.error, minimum=stop.minimum)


async def _decide(session: AsyncSession, experiment: Experiment, now: datetime) -> bool:
    await session.execute(update(Experiment).where(Experiment.id == experiment.id).values(looked_at=now))
    results = await read_results(session, experiment, now)
    if results.sample_ratio_p < SAMPLE_RATIO_ERROR:
        _log.error("experiment_uneven", journey=experiment.journey, step=experiment.step, p=results.sample_ratio_p)
        return False
    winner = winner_of(results)
    if winner is None:
        return False
    await set_winner(session, experiment.id, winner, BY_RULE, now)
    _log.info("experiment_decided", journey=experiment.journey, step=experiment.step, winner=winner)
    return True
