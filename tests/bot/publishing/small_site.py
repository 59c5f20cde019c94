"""A small site's contents, and a workshop over a scripted dialogue process to publish them in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from base.database import Sessions, transaction
from base.encryption import KeyRing
from bot.models import Conversation
from bot.publishing.models import Publication
from bot.publishing.ports import Say, TrainedModel
from bot.signed_models import model_id_of, sign_model
from flows.compiler import DEFAULT_CONTENT
from tests.bot.scripted_dialogue import Answer

Tree = dict[str, dict[str, str]]

_KEYS = KeyRing("k1", {"k1": bytes(32)}, bytes(32))

PATTERNS = {"wording.en.yml": (DEFAULT_CONTENT / "library/patterns/wording.en.yml").read_text(encoding="utf-8")}

LIBRARY = """# Ours.
entry_flow: hello
default_language: en
teams:
  sales: {}
"""

FLOW = """flow: hello
name: Hello
description: Learns how large a company is.
language: en
nlu_triggers: [request_demo]
slots:
  size: {type: choice, label: size, field: team_size}
  company: {type: text, label: company, field: company}
steps:
  - id: notice
    step: ai_notice
  - id: ask_size
    step: ask_choice
    slot: size
    choices: [small, large]
  - id: ask_company
    step: ask_text
    slot: company
  - id: person
    step: handoff
    team: sales
"""

WORDS = """notice: {text: I am an automated assistant.}
ask_size:
  text: How large are you?
  retry: Small or large?
  choices: {small: Small, large: Large}
ask_company: {text: What is your company called?, retry: What is it called?}
person: {text: A colleague takes over., closed: They answer tomorrow.}
"""

TESTS = """- name: the size is asked first
  talk:
    - bot: ask_size
"""

JOURNEY = """journey: follow_up
name: Follow-up
description: Writes once.
purpose: service
exit_when: [opted_out]
steps:
  - {id: mail, step: send, channels: [email]}
  - {id: done, step: exit}
"""

EXAMPLES = """version: "3.1"
nlu:
- intent: request_demo
  examples: |
    - show me
    - a demo please
- intent: ask_pricing
  examples: |
    - what does it cost
    - price please
"""

ARTICLE = """---
intent: ask_pricing
title: What does it cost?
link: https://site.example/pricing
---
It costs ten euros.
"""


def small_site(**changes: Mapping[str, str] | None) -> Tree:
    """The contents; an item given by name (`__` for a slash) replaces or, as None, removes one."""
    tree: dict[str, Any] = {
        "library": {"library.yml": LIBRARY},
        "library/hello": {"flow.yml": FLOW, "wording.en.yml": WORDS, "tests.yml": TESTS},
        "library/patterns": PATTERNS,
        "journeys/follow_up": {"journey.yml": JOURNEY, "wording.en.yml": "mail: {subject: Hi, text: Good to meet.}\n"},
        "knowledge": {"pricing.md": ARTICLE},
        "intents": {"site.en.yml": EXAMPLES},
    }
    tree.update({name.replace("__", "/"): files for name, files in changes.items()})
    return {item: dict(files) for item, files in tree.items() if files is not None}


def hello(flow: str = FLOW, words: str = WORDS, tests: str = TESTS) -> dict[str, str]:
    return {"flow.yml": flow, "wording.en.yml": words, "tests.yml": tests}


def reworded(said: str) -> Tree:
    """The site with another question."""
    return small_site(library__hello=hello(words=WORDS.replace("How large are you?", said)))


def asks_the_size(body: dict[str, Any]) -> Answer:
    """A turn's answer as the site's flow begins."""
    stack = [{"flow": "hello", "version": "x", "step": "ask_size", "misses": 0, "called": False, "data": {}}]
    choices = [{"value": "small", "label": "Small"}, {"value": "large", "label": "Large"}]
    reply = {"text": "How large are you?", "step": "hello/ask_size", "input": "choice", "choices": choices}
    return {"state": {"v": 2, "stack": stack}, "replies": [reply], "effects": [], "need": None, "timer": None}


@dataclass
class Rasa:
    """The stand-in for Rasa's training: the model is made of nothing but the examples and the program's name."""

    program: str = "one"
    trained: int = 0

    def fingerprint(self, intents: Mapping[str, str]) -> str:
        return hashlib.sha256(f"{self.program} {sorted(intents.items())}".encode()).hexdigest()

    async def ensure(self, intents: Mapping[str, str], say: Say) -> TrainedModel:
        self.trained += 1
        say("training")
        fingerprint = self.fingerprint(intents)
        data = sign_model(_KEYS, f"model of {fingerprint}".encode())
        return TrainedModel(model_id_of(data), fingerprint, data)


@dataclass
class Told:
    """Keeps what a publisher said."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


async def count_publications(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Publication)) or 0


async def stand(
    sessions: Sessions, now: datetime, *frames: tuple[str, str, str], status: str = "open", at: datetime | None = None
) -> UUID:
    """A conversation of which these (flow, version, step) frames are open."""
    stack = [{"flow": flow, "version": version, "step": step} for flow, version, step in frames]
    conversation = Conversation(
        id=uuid4(), channel="web", language="en", status=status, state={"v": 2, "stack": stack},
        last_message_at=at or now, created_at=at or now,
    )  # fmt: skip
    async with transaction(sessions) as session:
        session.add(conversation)
    return conversation.id
