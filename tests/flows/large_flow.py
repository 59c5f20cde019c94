"""A long flow with branches, consents and a called flow, to measure the checks on."""

from __future__ import annotations

from typing import Any

from flows.content import Content
from tests.flows.authoring import content_of, flow_folder, follow_up
from tests.flows.random_flows import SLOTS, speaks, wording_for

# One round of steps; `{n}` is its number, `{next}` the first step of the round after it.
_ROUND: tuple[dict[str, Any], ...] = (
    {"id": "say_{n}", "step": "message"},
    {
        "id": "ask_{n}",
        "step": "ask_choice",
        "slot": "goal",
        "choices": ["buy", "look"],
        "skip_if_known": False,
        "no_reply_after": {"wait": "20 minutes", "to": "silent"},
    },
    {
        "id": "by_{n}",
        "step": "branch",
        "next": [
            {"if": {"slot": "goal", "op": "is", "value": "buy"}, "to": "consent_{n}"},
            {"if": {"fact": "known_contact", "op": "is", "value": True}, "to": "look_up_{n}"},
            {"to": "word_{n}"},
        ],
    },
    {"id": "consent_{n}", "step": "ask_consent", "slot": "agreed", "purpose": "marketing", "channels": ["email"]},
    {"id": "then_{n}", "step": "message", "next": "by_consent_{n}"},
    {
        "id": "look_up_{n}",
        "step": "check_consent",
        "slot": "agreed",
        "purpose": "marketing",
        "channels": ["email"],
    },
    {
        "id": "by_consent_{n}",
        "step": "branch",
        "next": [{"if": {"slot": "agreed", "op": "is", "value": "given"}, "to": "begin_{n}"}, {"to": "word_{n}"}],
    },
    {"id": "begin_{n}", "step": "start_journey", "journey": "follow_up"},
    {"id": "call_{n}", "step": "call_flow", "flow": "aside", "next": "{next}"},
    {"id": "word_{n}", "step": "ask_text", "slot": "word", "optional": True, "next": "{next}"},
)
_END = ({"id": "finish", "step": "end"}, {"id": "silent", "step": "end", "outcome": "no_reply"})


def large_content(steps: int) -> Content:
    """Give valid content whose entry flow has so many steps, on which every round asks for consent."""
    rounds = (steps - 1 - len(_END)) // len(_ROUND)
    spare = steps - 1 - len(_END) - rounds * len(_ROUND)
    written: list[dict[str, Any]] = [{"id": "notice", "step": "ai_notice"}]
    for number in range(rounds):
        after = f"say_{number + 1}" if number + 1 < rounds else ("more_0" if spare else "finish")
        written += [_filled(step, number, after) for step in _ROUND]
    written += [{"id": f"more_{number}", "step": "message"} for number in range(spare)]
    written += _END
    main = flow_folder(*_flow("large", written))
    aside = flow_folder(*_flow("aside", [{"id": "say", "step": "message"}, {"id": "back", "step": "return"}]))
    return content_of(main, aside, journeys=(follow_up(),))


def _filled(part: Any, number: int, after: str) -> Any:
    if isinstance(part, dict):
        return {key: _filled(value, number, after) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, number, after) for value in part]
    return part.replace("{n}", str(number)).replace("{next}", after) if isinstance(part, str) else part


def _flow(name: str, steps: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    flow = {"flow": name, "name": name, "description": "Made to be long.", "language": "en", "slots": SLOTS}
    return flow | {"steps": steps}, {step["id"]: wording_for(step) for step in steps if speaks(step)}
