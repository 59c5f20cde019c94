"""Compiled flows by hand for tests: only what a test is about is written down, the rest is filled in."""

from __future__ import annotations

import copy
from typing import Any

PATTERNS = (
    "cannot_handle|offer_person|corrected|resume|are_you_a_bot|handed_off|stopped|delete_me|what_do_you_know|why_me"
    "|start_over|greet_again|thanks|goodbye|too_long|nothing_open|hello|welcome_back|ask_away|left_out|noted|told"
    "|on_the_way|said_already|privacy_unsure|cancelled|clarify|none_of_these|back_after_a_while|no_file_here|closed"
    "|stopped_already|not_known"
).split("|")
SILENT = frozenset("branch set qualify start_journey call_flow return jump end split tag_stage extract http".split())
ANSWERS = {
    "ask_pricing": {
        "title": "What does it cost?",
        "link": "https://example.com/pricing",
        "text": {"en": "29 a month."},
    },
    "ask_security": {"title": "Is it safe?", "text": {"en": "It is encrypted."}},
}


def document(**flows: dict[str, Any]) -> dict[str, Any]:
    """Return a compiled document; the first flow is the entry, and every step says its own name.

    A flow is given by ``steps`` and optionally ``slots``, ``nlu_triggers``, ``guard`` and ``wording``; a step without
    ``next`` ends the flow, and ``next`` may be the name of a step.
    """
    made = {name: _flow(name, copy.deepcopy(flow)) for name, flow in flows.items()}
    wording = {name: _wording(made[name], flow.get("wording", {})) for name, flow in flows.items()}
    wording["patterns"] = {name: {"text": {"default": f"<{name}>"}} for name in PATTERNS}
    wording["patterns"]["corrected"] = {"text": {"default": "{{ label }} is {{ value }}."}}
    return {
        "format": 2, "version": "000000000001", "entry_flow": next(iter(flows)), "default_language": "en",
        "flows": made, "wording": {"en": wording}, "answers": ANSWERS, "teams": {},
    }  # fmt: skip


def ask(slot: str, kind: str = "ask_text", **more: Any) -> dict[str, Any]:
    """A question; for an ``ask_choice`` give ``choices``."""
    return {"step": kind, "slot": slot, "retries": 2, "skip_if_known": True, "optional": False, **more}


def _flow(name: str, flow: dict[str, Any]) -> dict[str, Any]:
    steps = {step_id: {"next": [], **step} for step_id, step in flow["steps"].items()}
    for step in steps.values():
        if isinstance(step["next"], str):
            step["next"] = [{"to": step["next"]}]
    slots = {
        slot: {"type": "text", "label": slot.replace("_", " "), **own} for slot, own in flow.get("slots", {}).items()
    }
    made = {
        "name": name.replace("_", " ").capitalize(),
        "version": f"{name}-1",
        "first": next(iter(steps)),
        "slots": slots,
    }
    return {**made, "nlu_triggers": flow.get("nlu_triggers", []), **_guard(flow), "steps": steps}


def _guard(flow: dict[str, Any]) -> dict[str, Any]:
    return {"guard": flow["guard"]} if "guard" in flow else {}


def _wording(flow: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {
        step_id: {**({} if step["step"] in SILENT else {"text": {"default": step_id}}), **own.get(step_id, {})}
        for step_id, step in flow["steps"].items()
    }
