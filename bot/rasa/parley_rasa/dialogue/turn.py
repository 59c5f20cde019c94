"""What one turn reads and what it has produced so far. Holds no rules: steps, questions and repair act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT, WAITING, Flows
from parley_rasa.dialogue.found_passages import Found
from parley_rasa.dialogue.shown_values import shown
from parley_rasa.dialogue.wording import for_channel, render
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import QUESTION_MARKS

RECENT = 8  # events remembered from one turn to the next
PATTERNS = "patterns"
OUT_OF_SCOPE = "out_of_scope"
_UNMARKED = dict.fromkeys(("step", "input", "notice", "consent", "source", "media", "limits"))


@dataclass(frozen=True)
class Message:
    """What the visitor or the platform sent, already checked by the channel.

    Attributes:
        kind: one of protocols.md §2: start, text, choice, file, resume, no_reply, timed_out, callback, stopped, result.
        value: the choice tapped, the file's id, the body of a callback or the result of a need.
        step: the question tapped, or the step that a timer, callback or result is for.
        need: the need that a result answers.
    """

    kind: str
    text: str = ""
    value: Any = None
    step: str | None = None
    need: str | None = None


@dataclass(frozen=True)
class Understood:
    """What the pipeline made of a text: intents with confidence, and values found in it by kind."""

    intent: str | None = None
    confidence: float = 0.0
    ranking: Sequence[tuple[str, float]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)  # "email", "phone", "number"
    nothing_else: bool = False  # the text is a value and no more than a few filler words
    parts: Sequence[tuple[str, float]] = ()  # the likeliest intent of each question in a text that asks several
    vector: str | None = None  # what the text means, as it travels, and what made it
    encoder: str | None = None

    @property
    def is_out_of_scope(self) -> bool:
        return self.intent == OUT_OF_SCOPE


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
    certain: float = 0.6  # from here on an intent is acted on although another one is close
    likely: float = 0.25  # the least for a meaning that is worth asking about
    close: float = 0.2  # the most that two meanings may differ to be asked about


@dataclass
class Turn:
    """One turn in the making. ``state`` is a private copy and may be changed in place.

    Attributes:
        now: the visitor's time of day, aware.
        idle_seconds: since the visitor's message before this one.
        subject: whose splits stay the same.
        moved: the flow changed under the conversation, so the open step has not been shown.
        need: what the platform must obtain before the turn can go on; nothing runs any more once it is set.
        told: slots that the text of this turn filled without being asked.
        meanings: the intents of which the visitor was asked, with the turn before, which one is meant.
        gap: why the text was not understood, if it was not (``gaps``).
        found: what the articles say to the text; None as long as they were not searched for it (``passages``).
        walked: the ways that were taken, as flow, step and the step after; None before the first and after the last.
    """

    flows: Flows
    state: dict[str, Any]
    message: Message
    understood: Understood
    channel: str
    language: str
    thresholds: Thresholds
    now: datetime
    idle_seconds: int = 0
    subject: str = ""
    moved: bool = False
    need: dict[str, Any] | None = None
    told: set[str] = field(default_factory=set)
    meanings: list[str] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    acted_as: str = "missed"
    gap: str | None = None
    found: Found | None = None
    walked: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    @property
    def slots(self) -> dict[str, Any]:
        slots: dict[str, Any] = self.state["slots"]
        return slots

    @property
    def said_slots(self) -> Mapping[str, Any]:
        """All slots as they are said in a text."""
        return {name: self.shown(name, value) for name, value in self.slots.items()}

    @property
    def frame(self) -> dict[str, Any] | None:
        """The innermost running flow, if any."""
        return self.state["stack"][-1] if self.state["stack"] else None

    @property
    def step_id(self) -> str:
        frame = self.frame
        return f"{frame['flow']}/{frame['step']}" if frame else ""

    @property
    def waiting(self) -> dict[str, Any] | None:
        """The step that waits, whether or not what it waits for fills a slot."""
        frame = self.frame
        if frame is None or self.need is not None:
            return None
        step = self.flows.step(frame["flow"], frame["step"])
        return step if step["step"] in WAITING else None

    @property
    def question(self) -> dict[str, Any] | None:
        """The step that waits for an answer which fills its slot, if any."""
        step = self.waiting
        return step if step is not None and step["step"] in QUESTION_INPUT else None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What conditions may compare by ``fact``; those of the contact are there once they were fetched."""
        fetched = self.state["facts"]
        tags = {f"tag_{tag.replace('-', '_')}": True for tag in fetched.get("tags", ())}
        scalars = {name: value for name, value in fetched.items() if not isinstance(value, (dict, list))}
        return {**scalars, **tags, "channel": self.channel, "language": self.language}

    @property
    def takes_any_text(self) -> bool:
        """Tell whether the open question would take any text as its answer, so that intents must be surer."""
        question = self.question
        return question is not None and question["step"] == "ask_text" and not self.moved

    @property
    def takes_questions(self) -> bool:
        """Tell whether a question would itself be the answer, as to "what shall the speaker cover?"."""
        return self.takes_any_text and bool((self.question or {}).get("takes_questions"))

    @property
    def is_typed_question(self) -> bool:
        return self.message.text.rstrip(" )!\"'").endswith(QUESTION_MARKS)

    @property
    def is_asking(self) -> bool:
        """Tell whether the text is worded as a question, with or without its mark."""
        return self.is_typed_question or self.asks_by_words

    @property
    def asks_by_words(self) -> bool:
        """Tell whether the text begins as a question does."""
        return any(words.asking.match(self.message.text) for words in talk_in(self.language))

    @property
    def has_words(self) -> bool:
        """Tell whether there is anything that an intent could be read from: "10/10" means nothing but itself."""
        return any(letter.isalpha() for letter in self.message.text)

    @property
    def is_requesting(self) -> bool:
        """Tell whether the text is worded as asking for something to be done."""
        return any(words.requesting.match(self.message.text) for words in talk_in(self.language))

    def label(self, slot: str) -> str:
        """Return what a slot is called when speaking to the visitor, in their language if its wording names it."""
        named = self.flows.wording(self.language, PATTERNS, "noted").get("choices", {}).get(slot)
        return for_channel(named, self.channel) or str(self.flows.slot(slot).get("label") or slot.replace("_", " "))

    def shown(self, slot: str, value: Any) -> Any:
        """Return a value of a slot as it is said."""
        return shown(value, self.flows.slot(slot).get("type"), self.language, self.now.tzinfo)

    def step_wording(self, key: str) -> Any:
        """Return one part of the current step's wording as it was compiled."""
        frame = self.frame
        found = self.flows.wording(self.language, frame["flow"], frame["step"]).get(key) if frame else None
        return {} if found is None else found

    def wording(self, key: str = "text", **more: Any) -> str:
        """Return the current step's wording for this channel, slots filled in."""
        return render(for_channel(self.step_wording(key), self.channel), {**self.said_slots, **more})

    def pattern(self, name: str, **more: Any) -> str:
        """Return one of the wordings that all flows share."""
        texts = self.flows.wording(self.language, PATTERNS, name).get("text")
        return render(for_channel(texts, self.channel), {**self.said_slots, **more})

    def say(self, text: str, **marks: Any) -> None:
        """Add a reply, marked by the fields of protocols.md §2; one without text, media and cards says nothing."""
        if text or marks.get("media") or marks.get("cards"):
            self.replies.append({"text": text, **_UNMARKED, "choices": [], "cards": [], **marks})

    def ask_need(self, need: str, **fields: Any) -> None:
        """Stop here until the platform has obtained something; the turn goes on with its result."""
        self.need = {"need": need, "step": self.step_id, **fields}
        self.state["awaits"] = {"step": self.step_id, "need": need}

    def learn_facts(self, facts: Any) -> None:
        """Keep the result of the need ``facts`` for the rest of this turn."""
        self.state["facts"] = {"known_contact": False, **(facts if isinstance(facts, Mapping) else {})}

    def add_effect(self, effect: str, **fields: Any) -> None:
        self.effects.append({"effect": effect, **fields})

    def set_slot(self, name: str, value: Any) -> None:
        """Remember a value and, when the slot belongs to a contact field, capture it there. None forgets."""
        if value is None:
            self.slots.pop(name, None)
            return
        self.slots[name] = value
        self.state["declined"] = [other for other in self.state["declined"] if other != name]
        contact_field = self.flows.slot(name).get("field")
        if contact_field and is_known(value):
            self.add_effect("capture_lead", field=contact_field, value=value, slot=name)

    def remember(self, event: str) -> None:
        self.state["recent"] = [*self.state["recent"], event][-RECENT:]
