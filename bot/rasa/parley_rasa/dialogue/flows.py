"""Read access to compiled flows (docs/reference/protocols.md §1). Never changes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FORMAT = 2
QUESTION_INPUT = {
    "ask_choice": "choice",
    "ask_text": "text",
    "ask_email": "email",
    "ask_phone": "phone",
    "ask_number": "number",
    "ask_date": "date",
    "ask_file": "file",
    "rating": "rating",
    "ask_consent": "consent",
    "book_meeting": "choice",
}
"""Steps that wait for an answer which fills their slot, and what they ask for."""
WAITING = frozenset((*QUESTION_INPUT, "preferences", "intent_route", "answer_kb", "wait_callback", "move_channel"))
"""All steps at which a conversation may stand between two turns."""


class FlowsError(ValueError):
    """The compiled flows cannot be used."""


class Flows:
    """All flows, their wording and the knowledge answers, as one compiled document."""

    def __init__(self, document: dict[str, Any]) -> None:
        if not isinstance(document, dict):
            raise FlowsError("compiled flows are a JSON object")
        if document.get("format") != FORMAT:
            raise FlowsError(f"compiled flows have format {document.get('format')!r}, this program reads {FORMAT}")
        self.document = document
        self.version: str = document["version"]
        self.entry_flow: str = document["entry_flow"]
        self.default_language: str = document["default_language"]
        self._flows: dict[str, dict[str, Any]] = document["flows"]
        self._wording: dict[str, dict[str, Any]] = document["wording"]
        self.answers: dict[str, dict[str, Any]] = document.get("answers", {})
        self.teams: dict[str, dict[str, Any]] = document.get("teams", {})
        if self.entry_flow not in self._flows:
            raise FlowsError(f"entry flow {self.entry_flow!r} is not among the flows")
        self._triggers = {intent: name for name, flow in self._flows.items() for intent in flow.get("nlu_triggers", ())}
        self._slots = {name: slot for flow in self._flows.values() for name, slot in flow.get("slots", {}).items()}
        self._slot_of_field = {slot.get("field"): name for name, slot in self._slots.items()}
        self._questions = {
            step["slot"]: {"flow": name, "step": step_id}
            for name, flow in self._flows.items()
            for step_id, step in flow["steps"].items()
            if step["step"] in QUESTION_INPUT
        }

    @classmethod
    def read(cls, path: Path) -> Flows:
        """Read a file written by the flow compiler, or raise FlowsError saying what is wrong with it."""
        try:
            return cls(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FlowsError(f"cannot read the compiled flows {path}: {error!r}") from error

    def __contains__(self, flow: str) -> bool:
        return flow in self._flows

    def flow(self, name: str) -> dict[str, Any]:
        """Return a flow.

        Raises:
            FlowsError: there is none of that name, which the compiler should have refused.
        """
        try:
            return self._flows[name]
        except KeyError:
            raise FlowsError(f"no flow {name}") from None

    def step(self, flow: str, step: str) -> dict[str, Any]:
        """Return a step.

        Raises:
            FlowsError: the flow has no such step, which the compiler should have refused.
        """
        try:
            found: dict[str, Any] = self._flows[flow]["steps"][step]
        except KeyError:
            raise FlowsError(f"no step {flow}/{step}") from None
        return found

    def has_step(self, flow: str, step: str) -> bool:
        return step in self._flows[flow]["steps"]

    def slot(self, name: str) -> dict[str, Any]:
        """Return what the flows declare about a slot; nothing for a slot that no flow declares."""
        return self._slots.get(name, {})

    def slots_of_type(self, kind: str, flow: str | None = None) -> list[str]:
        """List the slots of a type, those of ``flow`` first."""
        own = self._flows[flow].get("slots", {}) if flow in self._flows else {}
        names = list(own) + [name for name in self._slots if name not in own]
        return [name for name in names if self._slots[name].get("type") == kind]

    def slot_names(self) -> list[str]:
        return list(self._slots)

    def slot_of_field(self, field: str) -> str | None:
        """Name the slot that belongs to a contact field; of several the last."""
        return self._slot_of_field.get(field)

    def choice_step(self, slot: str) -> dict[str, str] | None:
        """Return flow and step of the question that offers the choices of a slot."""
        place = self._questions.get(slot)
        return place if place and self.step(place["flow"], place["step"])["step"] == "ask_choice" else None

    def question_step(self, slot: str) -> dict[str, str] | None:
        """Return flow and step of a question that fills a slot."""
        return self._questions.get(slot)

    def triggered_by(self, intent: str | None) -> str | None:
        """Name the flow that an intent starts from nothing, if any."""
        return self._triggers.get(intent) if intent else None

    def wording(self, language: str, flow: str, step: str) -> dict[str, Any]:
        """Return a step's wording in a language, else in its base language, else in the default one."""
        for tongue in (language, language.split("-", maxsplit=1)[0], self.default_language):
            found = self._wording.get(tongue, {}).get(flow, {}).get(step)
            if found is not None:
                return dict(found)
        return {}

    def answer_text(self, language: str, answer: dict[str, Any]) -> str:
        return self._in_language(language, answer["text"])

    def answer_title(self, language: str, answer: dict[str, Any]) -> str:
        return self._in_language(language, answer.get("titles", {})) or str(answer["title"])

    def _in_language(self, language: str, texts: dict[str, Any]) -> str:
        return str(
            texts.get(language)
            or texts.get(language.split("-", maxsplit=1)[0])
            or texts.get(self.default_language)
            or ""
        )
