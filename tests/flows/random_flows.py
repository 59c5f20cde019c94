"""Random valid flows for property tests. The faults to plant in them stand in planted_faults.py."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draft = tuple[dict[str, Any], dict[str, Any]]

SLOTS: dict[str, dict[str, Any]] = {
    "goal": {"type": "choice", "label": "goal"},
    "word": {"type": "text", "label": "word"},
    "email": {"type": "email", "label": "e-mail", "field": "email"},
    "phone": {"type": "phone", "label": "phone", "field": "phone"},
    "agreed": {"type": "consent", "label": "agreement"},
    "grade": {"type": "choice", "label": "grade", "field": "qualification"},
    "amount": {"type": "number", "label": "amount", "sensitivity": "sensitive", "lasts": "flow"},
    "day": {"type": "date", "label": "day"},
    "paper": {"type": "file", "label": "paper"},
    "meeting": {"type": "meeting", "label": "meeting"},
    "ended": {"type": "text", "label": "how it ended"},
    "ready": {"type": "flag", "label": "whether it is ready"},
    "belief": {"type": "text", "label": "belief", "sensitivity": "special"},
    "belief_agreed": {"type": "consent", "label": "agreement to keep it"},
}
CONDITIONS: tuple[dict[str, Any], ...] = (
    {"slot": "goal", "op": "is", "value": "buy"},
    {"slot": "goal", "op": "in", "value": ["buy", "look"]},
    {"slot": "word", "op": "known"},
    {"all": [{"slot": "email", "op": "unknown"}, {"not": {"slot": "grade", "op": "is", "value": "hot"}}]},
    {"any": [{"slot": "agreed", "op": "is", "value": "given"}, {"slot": "phone", "op": "known"}]},
    {"fact": "channel", "op": "in", "value": ["web", "sms"]},
    {"all": [{"fact": "score", "op": "at_least", "value": 40}, {"fact": "tag_regular", "op": "is", "value": True}]},
)
ON = "{on}"
"""Stands for a step written later, drawn for each place."""

CARDS = [{"name": "one", "link": "https://shop.example/one"}, {"name": "two", "if": CONDITIONS[0]}]
BODY: dict[str, dict[str, Any]] = {
    "message": {},
    "media": {"kind": "image", "url": "https://shop.example/a.png"},
    "card_list": {"cards": CARDS},
    "ask_choice": {"slot": "goal", "choices": ["buy", "look"]},
    "ask_text": {"slot": "word", "skip_if_known": False, "pattern": "[a-z ]+", "debounce": "4 seconds"},
    "ask_email": {"slot": "email", "retries": 1},
    "ask_phone": {"slot": "phone", "no_reply_after": {"wait": "1 day", "to": ON}},
    "ask_number": {"slot": "amount", "minimum": 1, "optional": True},
    "ask_date": {"slot": "day", "earliest": "today", "latest": "+90"},
    "ask_file": {"slot": "paper"},
    "rating": {"slot": "amount"},
    "check_consent": {"slot": "agreed", "purpose": "marketing", "channels": ["email"]},
    "preferences": {"items": [{"name": "news", "purpose": "marketing", "channel": "email"}]},
    "intent_route": {"routes": {"ask_price": ON, "ask_help": ON}, "slot": "word"},
    "extract": {"slots": {"email": "email", "amount": "money"}},
    "answer_kb": {"not_found": ON},
    "branch": {},
    "split": {
        "variants": [{"name": "a", "weight": 1, "to": ON}, {"name": "b", "weight": 3, "to": ON}],
        "goal": "completed",
    },
    "set": {"slot": "word", "value": "set"},
    "qualify": {
        "slot": "grade",
        "points": [{"if": CONDITIONS[0], "points": 60, "reason": "Wants to buy"}],
        "outcomes": {"hot": 60, "warm": 30},
    },
    "http": {"connector": "shop", "path": "/orders/{{ word }}", "save": {"ready": "/ready"}, "failed": ON},
    "wait_callback": {"timeout": "2 hours", "timed_out": ON, "save": {"amount": "/sum"}},
    "tag_stage": {"add": ["asked"], "stage": "lead"},
    "book_meeting": {"slot": "meeting", "calendar": "sales", "none_free": ON},
    "call_flow": {"flow": "aside", "outcome": "ended"},
    "move_channel": {"channels": ["telegram"]},
}
ASK: dict[str, Any] = {
    "id": "consent",
    "step": "ask_consent",
    "slot": "agreed",
    "purpose": "marketing",
    "channels": ["email"],
}
ASK_BELIEF = ASK | {"id": "ask_keep", "slot": "belief_agreed", "purpose": "special_category"}
TAIL: list[dict[str, Any]] = [
    ASK,
    {
        "id": "by_consent",
        "step": "branch",
        "next": [{"if": {"slot": "agreed", "op": "is", "value": "given"}, "to": "begin"}, {"to": "choose"}],
    },
    {"id": "begin", "step": "start_journey", "journey": "follow_up"},
    ASK_BELIEF,
    {
        "id": "by_keep",
        "step": "branch",
        "next": [{"if": {"slot": "belief_agreed", "op": "is", "value": "given"}, "to": "belief"}, {"to": "choose"}],
    },
    {"id": "belief", "step": "ask_text", "slot": "belief"},
    {"id": "choose", "step": "branch", "next": [{"if": CONDITIONS[0], "to": "person"}, {"to": "finish"}]},
    {"id": "finish", "step": "end"},
    {"id": "person", "step": "handoff", "team": "sales", "fallback": "leave"},
    {"id": "leave", "step": "jump", "flow": "aside"},
]
ASIDE: dict[str, Any] = {
    "flow": "aside",
    "name": "Aside",
    "description": "Asks one more thing.",
    "language": "en",
    "outcomes": {"told": "they told us"},
    "slots": {"amount": SLOTS["amount"]},
    "steps": [
        {"id": "notice", "step": "ai_notice"},
        {"id": "ask", "step": "ask_number", "slot": "amount"},
        {"id": "back", "step": "return", "outcome": "told"},
    ],
}

_SILENT = {
    "branch",
    "split",
    "set",
    "qualify",
    "http",
    "tag_stage",
    "extract",
    "start_journey",
    "call_flow",
    "return",
    "jump",
    "check_consent",
}
_ASKING = {"rating", "book_meeting"}
_CHOICES = {
    "ask_consent": ("yes", "no"),
    "book_meeting": ("later", "none"),
    "move_channel": ("stay",),
    "preferences": ("news", "yes", "no", "done"),
    "intent_route": ("ask_price", "ask_help"),
}


def wording_for(step: dict[str, Any]) -> dict[str, Any]:
    """Give the words a step needs."""
    kind = step["step"]
    words: dict[str, Any] = {"text": f"Here is {step['id']}, {{{{ word | friend }}}}."}
    if kind.startswith("ask_") or kind in _ASKING:
        words["retry"] = {"default": "Once more?", "sms": "Again?"}
    if kind == "media":
        words["alt"] = "A picture."
    if kind == "card_list":
        words["cards"] = {"one": {"title": "One", "button": "See it"}, "two": {"title": "Two"}}
    if choices := _CHOICES.get(kind, step.get("choices", ())):
        words["choices"] = {value: f"Choose {value}" for value in choices}
    if kind == "preferences":
        words["also"] = {"news": ["News"]}
    return words


def speaks(step: dict[str, Any]) -> bool:
    return step["step"] not in _SILENT


def words_for(steps: list[dict[str, Any]], slots: dict[str, Any] = SLOTS) -> dict[str, Any]:
    """Give the wording of all steps, naming no slot the flow does not have."""
    words = {step["id"]: wording_for(step) for step in steps if speaks(step)}
    if "word" not in slots:
        for step in words.values():
            step["text"] = "Here it is."
    return words


def flow_of(name: str, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Give a flow of these steps."""
    flow = {"flow": name, "name": name, "description": "Made for a test.", "language": "en", "slots": SLOTS}
    return flow | {"steps": steps} | more


def _fill(draw: st.DrawFn, part: Any, later: list[str]) -> Any:
    if isinstance(part, dict):
        return {key: _fill(draw, value, later) for key, value in part.items()}
    if isinstance(part, list):
        return [_fill(draw, value, later) for value in part]
    return draw(st.sampled_from(later)) if part == ON else part


@st.composite
def valid_drafts(draw: st.DrawFn) -> Draft:
    """Give a flow that keeps every rule, with branches forward and back, and its wording."""
    kinds = draw(st.lists(st.sampled_from(sorted(BODY)), max_size=8))
    ids = [f"s{number}" for number in range(len(kinds))] + ["consent"]
    body: list[dict[str, Any]] = []
    for number, kind in enumerate(kinds):
        # The first way on is always to the next step, so that no step is left out.
        step = {"id": ids[number], "step": kind, **_fill(draw, BODY[kind], ids[number + 1 :])}
        if kind == "branch":
            # A way back leads to a question that is always asked, so the loop waits there.
            back = [other["id"] for other in body if other["step"] == "ask_text"]
            target = draw(st.sampled_from([*ids[number + 1 :], *back]))
            step["next"] = [{"if": draw(st.sampled_from(CONDITIONS)), "to": target}, {"to": ids[number + 1]}]
        if kind == "split":
            step["variants"][0]["to"] = ids[number + 1]
        body.append(step)
    flow = flow_of("random", [{"id": "notice", "step": "ai_notice"}, *body, *TAIL])
    return flow, words_for(flow["steps"])
