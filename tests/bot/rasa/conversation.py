"""A conversation with the interpreter for tests: real extractors, intents named by the test instead of a model."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

from parley_rasa.dialogue.flows import Flows
from parley_rasa.dialogue.interpreter import take_turn
from parley_rasa.dialogue.turn import Message, Understood
from parley_rasa.values import find_values, is_nothing_else, region_for

Answer = dict[str, Any]
VECTOR, ENCODER = "AACAPwAAAAA=", "tests/1"
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=1)))  # a Monday


class Conversation:
    """Keeps the state between turns, as the platform does."""

    def __init__(self, document: dict[str, Any], channel: str = "web", language: str = "en") -> None:
        self.flows = Flows(copy.deepcopy(document))
        self.state: dict[str, Any] | None = None
        self.facts: dict[str, Any] = {}
        self.articles: dict[str, Any] | None = {"passages": [], "sure": False}
        """What they say to every text; None leaves the need to the test."""
        self.channel, self.language = channel, language
        self.now, self.idle_seconds, self.subject = NOW, 0, "0192"

    def start(self) -> Answer:
        return self._turn(Message("start"), Understood())

    def say(self, text: str, intent: str | None = None, confidence: float = 0.9, second: Any = None) -> Answer:
        """Say something that the model takes for ``intent``, or for the ``second`` (intent, confidence) after it."""
        found = find_values(text, region_for(self.language), self.language)
        values: dict[str, Any] = {}
        for value in found:
            values.setdefault(value.kind, value.value)
        ranking = [(intent, confidence)] if intent else []
        ranking += [second] if second else []
        sure = confidence if intent else 0.0
        understood = Understood(
            intent, sure, ranking, values, is_nothing_else(text, found), vector=VECTOR, encoder=ENCODER
        )
        answer = self._turn(Message("text", text), understood)
        if self.articles is None or (answer["need"] or {}).get("need") != "knowledge":
            return answer
        result = Message("result", text, self.articles, answer["need"]["step"], "knowledge")
        return self._turn(result, understood)

    def tap(self, value: str, step: str | None = None) -> Answer:
        return self._turn(Message("choice", value=value, step=step or self.open_step), Understood())

    def push(self, kind: str, step: str | None = None, value: Any = None, text: str = "") -> Answer:
        """Send what does not come from the visitor's fingers: a file, a timer, a callback, a move to this channel."""
        return self._turn(Message(kind, text, value, self.open_step if step is None else step), Understood())

    def result(self, value: Any, need: str | None = None, step: str | None = None) -> Answer:
        """Answer the need of the turn before."""
        awaits = (self.state or {}).get("awaits") or {}
        message = Message("result", "", value, step or awaits.get("step"), need or awaits.get("need"))
        return self._turn(message, Understood())

    @property
    def open_step(self) -> str:
        frame = self.state["stack"][-1] if self.state and self.state["stack"] else None
        return f"{frame['flow']}/{frame['step']}" if frame else ""

    @property
    def slots(self) -> dict[str, Any]:
        return dict(self.state["slots"]) if self.state else {}

    def at(self, step: str, **slots: Any) -> Conversation:
        """Jump to a step of the lead flow with slots known."""
        frame = {"flow": "lead", "version": self.flows.flow("lead")["version"], "step": step, "misses": 0}
        self.state = {"v": 1, "slots": slots, "stack": [frame], "ended": None, "handed_off": False, "recent": []}
        return self

    def _turn(self, message: Message, understood: Understood) -> Answer:
        answer = take_turn(
            self.flows, self.state, message, understood, self.facts, self.channel, self.language,
            now=self.now, idle_seconds=self.idle_seconds, subject=self.subject,
        )  # fmt: skip
        self.state = answer["state"]
        return answer


def texts(answer: Answer) -> list[str]:
    return [reply["text"] for reply in answer["replies"]]


def effects(answer: Answer, name: str) -> list[dict[str, Any]]:
    return [effect for effect in answer["effects"] if effect["effect"] == name]


def acted(answer: Answer) -> str:
    return str(answer["understood"]["acted_as"])
