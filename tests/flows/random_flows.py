"""Random valid flows for property tests, and faults to plant in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draft = tuple[dict[str, Any], dict[str, Any]]

SLOTS = {
    "goal": {"type": "choice", "label": "goal"},
    "word": {"type": "text", "label": "word"},
    "email": {"type": "email", "label": "e-mail", "field": "email"},
    "phone": {"type": "phone", "label": "phone", "field": "phone"},
    "agreed": {"type": "consent", "label": "agreement"},
    "grade": {"type": "choice", "label": "grade", "field": "qualification"},
}
CONDITIONS = (
    {"slot": "goal", "op": "is", "value": "buy"},
    {"slot": "goal", "op": "in", "value": ["buy", "look"]},
    {"slot": "word", "op": "known"},
    {"all": [{"slot": "email", "op": "unknown"}, {"not": {"slot": "grade", "op": "is", "value": "hot"}}]},
    {"any": [{"slot": "agreed", "op": "is", "value": "given"}, {"slot": "phone", "op": "known"}]},
)
BODY: dict[str, dict[str, Any]] = {
    "message": {},
    "ask_choice": {"slot": "goal", "choices": ["buy", "look"]},
    "ask_text": {"slot": "word", "skip_if_known": False},
    "ask_email": {"slot": "email", "retries": 1},
    "ask_phone": {"slot": "phone"},
    "set": {"slot": "word", "value": "set"},
    "qualify": {
        "slot": "grade",
        "points": [{"if": CONDITIONS[0], "points": 60, "reason": "Wants to buy"}],
        "outcomes": {"hot": 60, "warm": 30},
    },
    "branch": {},
}
TAIL: list[dict[str, Any]] = [
    {"id": "consent", "step": "ask_consent", "slot": "agreed", "purpose": "marketing", "channels": ["email"]},
    {
        "id": "by_consent",
        "step": "branch",
        "next": [{"if": {"slot": "agreed", "op": "is", "value": "given"}, "to": "begin"}, {"to": "choose"}],
    },
    {"id": "begin", "step": "start_journey", "journey": "follow_up"},
    {"id": "choose", "step": "branch", "next": [{"if": CONDITIONS[0], "to": "person"}, {"to": "finish"}]},
    {"id": "finish", "step": "end"},
    {"id": "person", "step": "hand_off", "team": "sales"},
]


def wording_for(step: dict[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {"text": f"Here is {step['id']}, {{{{ word | friend }}}}."}
    if step["step"].startswith("ask_"):
        words["retry"] = {"default": "Once more?", "sms": "Again?"}
    choices = ["yes", "no"] if step["step"] == "ask_consent" else step.get("choices", ())
    return words | ({"choices": {value: f"Choose {value}" for value in choices}} if choices else {})


def speaks(step: dict[str, Any]) -> bool:
    return step["step"] not in ("branch", "set", "qualify", "start_journey")


@st.composite
def valid_drafts(draw: st.DrawFn) -> Draft:
    """Give a flow that keeps every rule, with branches forward and back, and its wording."""
    kinds = draw(st.lists(st.sampled_from(sorted(BODY)), max_size=8))
    body = [{"id": f"s{number}", "step": kind, **BODY[kind]} for number, kind in enumerate(kinds)]
    ids = [step["id"] for step in body] + ["consent"]
    for number, step in enumerate(body):
        if step["step"] != "branch":
            continue
        # A way back leads to a question that is always asked, so the loop waits there.
        back = [other["id"] for other in body[:number] if other["step"] == "ask_text"]
        target = draw(st.sampled_from([*ids[number + 1 :], *back]))
        step["next"] = [{"if": draw(st.sampled_from(CONDITIONS)), "to": target}, {"to": ids[number + 1]}]
    steps = [{"id": "notice", "step": "ai_notice"}, *body, *TAIL]
    flow = {"flow": "random", "name": "Random", "description": "Drawn.", "language": "en", "slots": SLOTS}
    return flow | {"steps": steps}, {step["id"]: wording_for(step) for step in steps if speaks(step)}


def _replace(draft: Draft, step_id: str, *steps: dict[str, Any]) -> Draft:
    flow, wording = draft
    changed: list[dict[str, Any]] = []
    for step in flow["steps"]:
        changed += steps if step["id"] == step_id else [step]
    words = {step["id"]: wording.get(step["id"]) or wording_for(step) for step in changed if speaks(step)}
    return flow | {"steps": changed}, words


def _reword(draft: Draft, step_id: str, text: str) -> Draft:
    flow, wording = draft
    return flow, wording | {step_id: wording[step_id] | {"text": text}}


def _unworded(draft: Draft, step_id: str) -> Draft:
    flow, wording = draft
    return flow, {name: words for name, words in wording.items() if name != step_id}


NOTICE = {"id": "notice", "step": "ai_notice"}
FINISH = {"id": "finish", "step": "end"}

FAULTS: dict[str, tuple[str, Callable[[Draft], Draft]]] = {
    "a way to nowhere": ("target.missing", lambda draft: _replace(draft, "notice", NOTICE | {"next": "nowhere"})),
    "a step behind the end": (
        "step.unreachable",
        lambda draft: _replace(draft, "finish", FINISH, {"id": "orphan", "step": "message"}),
    ),
    "an id used twice": ("step.twice", lambda draft: _replace(draft, "finish", FINISH, FINISH)),
    "a branch on an unknown slot": (
        "slot.unknown",
        lambda draft: _replace(
            draft,
            "choose",
            {
                "id": "choose",
                "step": "branch",
                "next": [{"if": {"slot": "shoe_size", "op": "known"}, "to": "person"}, {"to": "finish"}],
            },
        ),
    ),
    "a branch on a value never taken": (
        "condition.value",
        lambda draft: _replace(
            draft,
            "choose",
            {
                "id": "choose",
                "step": "branch",
                "next": [{"if": {"slot": "agreed", "op": "is", "value": "bye"}, "to": "person"}, {"to": "finish"}],
            },
        ),
    ),
    "a branch that may go nowhere": (
        "next.no_fallback",
        lambda draft: _replace(
            draft,
            "choose",
            {
                "id": "choose",
                "step": "branch",
                "next": [{"if": CONDITIONS[0], "to": "person"}, {"if": CONDITIONS[2], "to": "finish"}],
            },
        ),
    ),
    "wording with an unknown slot": ("wording.name", lambda draft: _reword(draft, "notice", "Hi {{ shoe_size }}")),
    "wording with broken braces": ("wording.braces", lambda draft: _reword(draft, "notice", "Hi {{ word.upper }}")),
    "a notice without words": ("wording.missing", lambda draft: _unworded(draft, "notice")),
    "a way to a person without words": ("wording.missing", lambda draft: _unworded(draft, "person")),
    "no end": (
        "end.unreachable",
        lambda draft: _replace(
            draft,
            "choose",
            {"id": "choose", "step": "ask_text", "slot": "word", "skip_if_known": False, "next": "choose"},
        ),
    ),
    "a loop that never waits": (
        "loop.endless",
        lambda draft: _replace(
            draft,
            "consent",
            {"id": "again", "step": "message"},
            {"id": "round", "step": "branch", "next": [{"if": CONDITIONS[0], "to": "again"}, {"to": "consent"}]},
            TAIL[0],
        ),
    ),
    "no notice": ("notice.late", lambda draft: _replace(draft, "notice", {"id": "notice", "step": "message"})),
    "an unknown journey": (
        "journey.unknown",
        lambda draft: _replace(draft, "begin", {"id": "begin", "step": "start_journey", "journey": "nobody"}),
    ),
    "marketing without asking": (
        "consent.not_asked",
        lambda draft: _replace(draft, "consent", {"id": "consent", "step": "message"}),
    ),
    "marketing for another channel than asked": (
        "consent.not_asked",
        lambda draft: _replace(draft, "consent", TAIL[0] | {"channels": ["sms"]}),
    ),
    "marketing after a refusal": (
        "consent.refused",
        lambda draft: _replace(draft, "by_consent", {"id": "by_consent", "step": "message"}),
    ),
    "consent set without asking": (
        "consent.forged",
        lambda draft: _replace(
            draft, "finish", {"id": "forge", "step": "set", "slot": "agreed", "value": "given"}, FINISH
        ),
    ),
    "an answer into the wrong slot": (
        "slot.type",
        lambda draft: _replace(draft, "consent", TAIL[0] | {"slot": "word"}),
    ),
}
