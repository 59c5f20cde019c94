"""Runs the test conversations and replays of a draft on the dialogue processes. Decides nothing about publishing."""

from __future__ import annotations

from base.database import Sessions
from bot.publishing.ports import Side
from bot.publishing.rehearsal import Turns
from bot.publishing.replay import Replayed, list_past, reads_alike, replay
from bot.publishing.test_conversations import TestReport, run_tests
from flows.content import Content


class ReplicaTests:
    """`bot.publishing.ports.RunTests` over dialogue processes."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def __call__(self, content: Content, draft: Side) -> TestReport:
        return await run_tests(self._turns, content, flows_version=draft.flows_version, model_id=draft.model_id)


class ReplicaReplays:
    """`bot.publishing.ports.Replayer` over dialogue processes."""

    def __init__(self, sessions: Sessions, turns: Turns) -> None:
        self._sessions = sessions
        self._turns = turns

    async def __call__(self, live: Side, draft: Side, last: int) -> Replayed:
        if live.model_id == draft.model_id and reads_alike(live.compiled, draft.compiled):
            return Replayed(0, same_by_construction=True)
        async with self._sessions() as session:
            pasts = await list_past(session, limit=last)
        return await replay(
            self._turns,
            pasts,
            live=(live.flows_version, live.model_id),
            draft=(draft.flows_version, draft.model_id),
        )
