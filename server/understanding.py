"""Puts the gaps list together: programs of Rasa's side, publishing. Holds no rule of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot.dialogue import RasaDialogue
from bot.publishing.ports import Say
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from bot.understanding.accepting import Acceptor
from bot.understanding.grouper import GapGrouper
from bot.understanding.material import Material, read_material
from bot.understanding.measuring import Measurer
from bot.understanding.work import UnderstandingWork
from server.nlu_programs import run_group, run_report
from server.publishing import create_workshop
from server.rasa_programs import code_of, hash_parts
from server.settings import Settings
from server.training import ModelTrainer
from server.wiring import Platform

log = structlog.get_logger(__name__)


_REPORTING = ("parley_rasa/reporting/*.py", "parley_rasa/report.py")


@dataclass(frozen=True)
class RasaEvaluator:
    """`bot.understanding.ports.Evaluator` by programs that run beside the worker."""

    settings: Settings

    def mark(self, intents: Mapping[str, str], held_out: Mapping[str, str]) -> str:
        model = ModelTrainer(self.settings).fingerprint(intents)
        return hash_parts([("model", model), *sorted(held_out.items()), *code_of(_REPORTING)])

    async def report(self, intents: Mapping[str, str], held_out: Mapping[str, str], say: Say) -> dict[str, Any]:
        return await run_report(self.settings, intents, held_out, say)

    async def group(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return await run_group(self.settings, items, _note)


def create_understanding_work(platform: Platform, source: PublishedSource, dialogue: RasaDialogue) -> UnderstandingWork:
    """What a worker does for the gaps list."""
    evaluator = RasaEvaluator(platform.settings)
    sessions, clock = platform.sessions, platform.clock

    def material() -> Material:
        return read_material(platform.settings.nlu_dir / "evaluation")

    return UnderstandingWork(
        sessions,
        GapGrouper(sessions, dialogue, evaluator, clock),
        Measurer(platform.engine, sessions, clock, evaluator, dialogue, material),
        Acceptor(sessions, Publisher(create_workshop(platform, source, dialogue)), clock),
    )


def _note(line: str) -> None:
    log.info("gaps_grouping", progress=line)
