"""What one turn reads and what it has produced so far. Holds no rules: steps, questions and repair act on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT, Flows
from parley_rasa.dialogue.wording import for_channel, render

RECENT = 8  # events remembered from one turn to the next
PATTERNS = "patterns"
QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_ASKING = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|hi|hello|hey|please|sorry)\W+)*(?:what|how|who|where|when|why|which|whose|is|are|do"
    r"|does|did|can|could|will|would|may|should|has|have|tell me|show me|explain|i (?:want|would like|need) to know"
    r"|i only want to know|i just want to know|i'?d like to know)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Message:
    """What the visitor sent, already checked by the channel."""

    kind: str  # "start", "text" or "choice"
    text: str = ""
    value: str | None = None
    step: str | None = None


@dataclass(frozen=True)
class Understood:
    """What the pipeline made of a text: intents with confidence, and values found in it by kind."""

    intent: str | None = None
    confidence: float = 0.0
    ranking: Sequence[tuple[str, float]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)  # "email", "phone", "number"
    nothing_else: bool = False  # the text is a value and no more than a few filler words
    parts: Sequence[tuple[str, float]] = ()  # the likeliest intent of each question in a text that asks several


@dataclass(frozen=True)
class Thresholds:
    """How sure an intent must be before the dialogue acts on it."""

    global_intent: float = 0.6
    answer: float = 0.4
    trigger: float = 0.4
    small_talk: float = 0.6
    details: float = 0.5  # that the visitor tells of themselves
    part: float = 0.5  # of one question among several in a text
    not_asking: float = 0.6  # for a question that is not worded as one, while a choice is open
    over_choice: float = 0.9  # for the same, when the text also names one of the choices
    never: float = 1.01
    in_free_text: float = 0.75  # while any text would be an answer
    filed: float = 0.85  # for what files a request with the company
    in_typed_question: float = 0.25  # while any text would be an answer, but this one ends with a question mark


@dataclass
class Turn:
    """One turn in the making. ``state`` is a private copy and may be changed in place."""

    flows: Flows
    state: dict[str, Any]
    message: Message
    understood: Understood
    channel: str
    language: str
    thresholds: Thresholds
    moved: bool = False  # the flow changed under the conversation: the open question has not been shown
    replies: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    acted_as: str = "missed"

    @property
    def slots(self) -> dict[str, Any]:
        slots: dict[str, Any] = self.state["slots"]
        return slots

    @property
    def frame(self) -> dict[str, Any] | None:
        """The innermost running flow, if any."""
        return self.state["stack"][-1] if self.state["stack"] else None

    @property
    def step_id(self) -> str:
        frame = self.frame
        return f"{frame['flow']}/{frame['step']}" if frame else ""

    @property
    def question(self) -> dict[str, Any] | None:
        """The step that waits for an answer, if any."""
        frame = self.frame
        if frame is None:
            return None
        step = self.flows.step(frame["flow"], frame["step"])
        return step if step["step"] in QUESTION_INPUT else None

    @property
    def takes_any_text(self) -> bool:
        """Tell whether the open question would take any text as its answer, so that intents must be surer."""
        question = self.question
        return question is not None and question["step"] == "ask_text" and not self.moved

    @property
    def is_typed_question(self) -> bool:
        return self.message.text.rstrip(" )!\"'").endswith(QUESTION_MARKS)

    @property
    def is_asking(self) -> bool:
        """Tell whether the text is worded as a question, with or without its mark."""
        return self.is_typed_question or _ASKING.match(self.message.text) is not None

    def label(self, slot: str) -> str:
        """Return what a slot is called when speaking to the visitor."""
        return str(self.flows.slot(slot).get("label") or slot.replace("_", " "))

    def wording(self, key: str = "text") -> str:
        """Return the current step's wording for this channel, slots filled in."""
        frame = self.frame
        if frame is None:
            return ""
        texts = self.flows.wording(self.language, frame["flow"], frame["step"]).get(key)
        return render(for_channel(texts, self.channel), self.slots)

    def pattern(self, name: str, **more: Any) -> str:
        """Return one of the wordings that all flows share."""
        texts = self.flows.wording(self.language, PATTERNS, name).get("text")
        return render(for_channel(texts, self.channel), {**self.slots, **more})

    def say(self, text: str, **marks: Any) -> None:
        """Add a reply; an empty text says nothing."""
        if not text:
            return
        reply = {"text": text, "step": None, "input": None, "choices": [], "notice": None, "consent": None}
        self.replies.append({**reply, "source": None, **marks})

    def add_effect(self, effect: str, **fields: Any) -> None:
        self.effects.append({"effect": effect, **fields})

    def set_slot(self, name: str, value: Any) -> None:
        """Remember a value and, when the slot belongs to a contact field, capture it there."""
        self.slots[name] = value
        self.state["declined"] = [other for other in self.state["declined"] if other != name]
        contact_field = self.flows.slot(name).get("field")
        if contact_field and is_known(value):
            self.add_effect("capture_lead", field=contact_field, value=value, slot=name)

    def remember(self, event: str) -> None:
        self.state["recent"] = [*self.state["recent"], event][-RECENT:]
