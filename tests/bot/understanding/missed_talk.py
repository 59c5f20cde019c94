"""What tests of the gaps list share: messages that were not understood, and stand-ins for Rasa's programs."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from base.database import Sessions, transaction
from base.errors import ParleyError
from base.ids import new_id
from bot.models import Conversation, Message
from bot.publishing.ports import Say
from bot.turn_shapes import PersonalDatum
from bot.understanding.models import Gap
from flows.intent_examples import examples_by_intent
from tests.bot.knowledge.word_vectors import WordVectors

WORDS = WordVectors()

HELD_OUT = """nlu:
- intent: request_demo
  examples: |
    - show it to us
    - may we see the moon
- intent: ask_pricing
  examples: |
    - cost for two
    - moon tariff
"""


async def miss(
    sessions: Sessions,
    now: datetime,
    *texts: str,
    language: str = "en",
    intent: str | None = "ask_pricing",
    encoder: str | None = "words/1",
    reason: str = "missed",
) -> list[UUID]:
    """A conversation in which these messages were not understood, a minute apart, the last one now."""
    conversation_id, ids = new_id(), [new_id() for _ in texts]
    async with transaction(sessions) as session:
        session.add(Conversation(id=conversation_id, channel="web", language=language, created_at=now))
        await session.flush()
        for number, (message_id, text) in enumerate(zip(ids, texts, strict=True)):
            at = now - timedelta(minutes=len(texts) - 1 - number)
            session.add(
                Message(
                    id=message_id, conversation_id=conversation_id, seq=number + 1, author="visitor", kind="text",
                    text=text, created_at=at,
                )
            )  # fmt: skip
        await session.flush()
        for number, (message_id, text) in enumerate(zip(ids, texts, strict=True)):
            session.add(
                Gap(
                    message_id=message_id, language=language, reason=reason, intent=intent, confidence=0.2,
                    encoder=encoder, embedding=WORDS.of(text) if encoder else None,
                    created_at=now - timedelta(minutes=len(texts) - 1 - number),
                )
            )  # fmt: skip
    return ids


@dataclass
class Programs:
    """The stand-in for Rasa's programs: a text means the intent with which it shares most words.

    Messages that end with the same word are of one meaning.
    """

    fails: ParleyError | None = None
    reports: int = 0
    grouped: list[list[dict[str, Any]]] = field(default_factory=list)

    def mark(self, intents: Mapping[str, str], held_out: Mapping[str, str]) -> str:
        return hashlib.sha256(repr([sorted(intents.items()), sorted(held_out.items())]).encode()).hexdigest()

    async def report(self, intents: Mapping[str, str], held_out: Mapping[str, str], say: Say) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        self.reports += 1
        say("reporting")
        known, asked = examples_by_intent(intents), examples_by_intent(held_out)
        results = [(text, intent, _likest(text, known)) for intent, texts in asked.items() for text in texts]
        wrong = [{"text": text, "intent": intent, "found": found} for text, intent, found in results if found != intent]
        right = len(results) - len(wrong)
        return {
            "examples": sum(map(len, known.values())),
            "accuracy": 0.5,
            "macro_f1": 0.25,
            "overlap": 0,
            "held_out": {"right": right, "of": len(results), "wrong": wrong} if results else None,
            "per_intent": [
                {
                    "intent": intent, "language": "en", "examples": len(texts), "precision": 1.0, "recall": 1.0,
                    "f1": round(1 - 1 / (len(texts) + 1), 4),
                }
                for intent, texts in known.items()
            ],
        }  # fmt: skip

    async def group(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        self.grouped.append([dict(item) for item in items])
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for item in items:
            groups[item["language"], _words(item["text"])[-1]].append(item["id"])
        return {
            "groups": [
                {"name": word, "language": language, "ids": ids, "example": ids[-1]}
                for (language, word), ids in groups.items()
                if len(ids) > 1
            ],
            "alone": [ids[0] for ids in groups.values() if len(ids) == 1],
        }


class AddressFinder:
    """The stand-in for the extractors: what has an @ is an address, "I am X" a name."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], str]] = []

    async def personal_data(self, texts: Sequence[str], language: str) -> list[list[PersonalDatum]]:
        self.asked.append((list(texts), language))
        return [
            [
                PersonalDatum(fact=fact, said=said)
                for fact, pattern in (("email", r"\S+@\S+"), ("first_name", r"(?<=I am )\w+"))
                for said in re.findall(pattern, text)
            ]
            for text in texts
        ]


def _likest(text: str, known: Mapping[str, Sequence[str]]) -> str:
    words = set(_words(text))
    shared = {intent: max(len(words & set(_words(one))) for one in texts) for intent, texts in known.items()}
    return max(shared, key=lambda intent: (shared[intent], intent))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold()) or [""]
