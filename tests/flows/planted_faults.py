"""Faults to plant into valid flows: each with the rule it breaks and the step that must be named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.flows.random_flows import ASK, ASK_BELIEF, CARDS, CONDITIONS, Draft, speaks, wording_for

NOTICE = {"id": "notice", "step": "ai_notice"}
FINISH = {"id": "finish", "step": "end"}
PERSON = {"id": "person", "step": "handoff", "team": "sales", "fallback": "leave"}
CHOOSE = {"id": "choose", "step": "branch"}
WORD = {"id": "planted", "step": "ask_text", "slot": "word", "skip_if_known": False}


class Fault(NamedTuple):
    """A fault, and where it must be found."""

    rule: str
    step: str | None
    plant: Callable[[Draft], Draft]


def _replace(step_id: str, *steps: dict[str, Any]) -> Callable[[Draft], Draft]:
    def plant(draft: Draft) -> Draft:
        flow, wording = draft
        changed: list[dict[str, Any]] = []
        for step in flow["steps"]:
            changed += steps if step["id"] == step_id else [step]
        words = {step["id"]: wording.get(step["id"]) or wording_for(step) for step in changed if speaks(step)}
        return flow | {"steps": changed}, words

    return plant


def _before_consent(*steps: dict[str, Any]) -> Callable[[Draft], Draft]:
    """Put steps where every path comes by."""
    return _replace("notice", NOTICE | {"next": steps[0]["id"]}, *steps[:-1], steps[-1] | _onward(steps[-1]))


def _onward(step: dict[str, Any]) -> dict[str, Any]:
    return {"next": "consent"} if "next" not in step and step["step"] not in ("end", "handoff", "split") else {}


def _keeping_all(*steps: dict[str, Any]) -> Callable[[Draft], Draft]:
    """Put steps between the notice and what came after it."""
    return _replace("notice", NOTICE, *steps)


def _choose(condition: dict[str, Any]) -> Callable[[Draft], Draft]:
    return _replace("choose", CHOOSE | {"next": [{"if": condition, "to": "person"}, {"to": "finish"}]})


def _reword(step_id: str, **words: Any) -> Callable[[Draft], Draft]:
    def plant(draft: Draft) -> Draft:
        flow, wording = draft
        return flow, wording | {step_id: wording[step_id] | words}

    return plant


def _unworded(step_id: str) -> Callable[[Draft], Draft]:
    def plant(draft: Draft) -> Draft:
        flow, wording = draft
        return flow, {name: words for name, words in wording.items() if name != step_id}

    return plant


def _slot(name: str, **changes: Any) -> Callable[[Draft], Draft]:
    def plant(draft: Draft) -> Draft:
        flow, wording = draft
        return flow | {"slots": flow["slots"] | {name: flow["slots"][name] | changes}}, wording

    return plant


def _step(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": "planted", "step": kind, **fields}


_HTTP = {"connector": "shop", "failed": "consent"}
AGREED = {"slot": "agreed", "op": "is", "value": "given"}
_LOOP = [{"id": "again", "step": "message"}, {"id": "round", "step": "branch"}]

FAULTS: dict[str, Fault] = {
    # How it hangs together.
    "a way to nowhere": Fault("target.missing", "notice", _replace("notice", NOTICE | {"next": "nowhere"})),
    "silence leads nowhere": Fault(
        "target.missing",
        "planted",
        _keeping_all(WORD | {"no_reply_after": {"wait": "1 hour", "to": "nowhere"}}),
    ),
    "a failed call leads nowhere": Fault(
        "target.missing", "planted", _keeping_all(_step("http", connector="shop", failed="nowhere"))
    ),
    "a route leads nowhere": Fault(
        "target.missing",
        "planted",
        _keeping_all(_step("intent_route", routes={"ask_price": "nowhere", "ask_help": "consent"})),
    ),
    "a variant leads nowhere": Fault(
        "target.missing",
        "planted",
        _before_consent(
            _step(
                "split",
                goal="completed",
                variants=[{"name": "a", "weight": 1, "to": "nowhere"}, {"name": "b", "weight": 1, "to": "consent"}],
            )
        ),
    ),
    "a fallback leads nowhere": Fault("target.missing", "person", _replace("person", PERSON | {"fallback": "nowhere"})),
    "a step behind the end": Fault(
        "step.unreachable", "orphan", _replace("finish", FINISH, {"id": "orphan", "step": "message"})
    ),
    "an id used twice": Fault("step.twice", "finish", _replace("finish", FINISH, FINISH)),
    "a branch that may go nowhere": Fault(
        "next.no_fallback",
        "choose",
        _replace(
            "choose",
            CHOOSE | {"next": [{"if": CONDITIONS[0], "to": "person"}, {"if": CONDITIONS[2], "to": "finish"}]},
        ),
    ),
    "an option behind one that always holds": Fault(
        "next.early_fallback", "choose", _replace("choose", CHOOSE | {"next": [{"to": "person"}, {"to": "finish"}]})
    ),
    "no end": Fault("end.unreachable", "notice", _replace("choose", WORD | {"id": "choose", "next": "choose"})),
    "a loop that never waits": Fault(
        "loop.endless",
        "again",
        _replace(
            "consent",
            _LOOP[0],
            _LOOP[1] | {"next": [{"if": CONDITIONS[0], "to": "again"}, {"to": "consent"}]},
            ASK,
        ),
    ),
    "a failing call that is tried for ever": Fault(
        "loop.endless", "planted", _keeping_all(_step("http", connector="shop", failed="planted"))
    ),
    "a calendar without times that is offered for ever": Fault(
        "loop.endless",
        "planted",
        _keeping_all(_step("book_meeting", slot="meeting", calendar="sales", skip_if_known=False, none_free="planted")),
    ),
    # Other files.
    "an unknown journey": Fault(
        "journey.unknown", "begin", _replace("begin", {"id": "begin", "step": "start_journey", "journey": "nobody"})
    ),
    "a call of an unknown flow": Fault("flow.unknown", "planted", _keeping_all(_step("call_flow", flow="nobody"))),
    "a jump to an unknown flow": Fault(
        "flow.unknown", "leave", _replace("leave", {"id": "leave", "step": "jump", "flow": "nobody"})
    ),
    "a jump to an unknown step": Fault(
        "target.missing", "leave", _replace("leave", {"id": "leave", "step": "jump", "flow": "aside", "at": "there"})
    ),
    "a jump to itself": Fault(
        "loop.endless",
        "planted",
        _replace(
            "choose",
            {"id": "choose", "step": "branch", "next": [{"if": CONDITIONS[2], "to": "planted"}, {"to": "person"}]},
            _step("jump", flow="random", at="choose"),
            {"id": "never", "step": "message", "next": "finish"},
        ),
    ),
    "an unknown team": Fault("team.unknown", "person", _replace("person", PERSON | {"team": "nobody"})),
    "an unknown intent": Fault(
        "intent.unknown",
        "planted",
        _keeping_all(_step("ask_choice", slot="goal", choices=["buy", "look"], intents={"ask_moon": "buy"})),
    ),
    "an outcome nobody knows": Fault("outcome.unknown", "finish", _replace("finish", FINISH | {"outcome": "so_so"})),
    "a goal nobody knows": Fault(
        "outcome.unknown",
        "planted",
        _before_consent(
            _step(
                "split",
                goal="so_so",
                variants=[{"name": "a", "weight": 1, "to": "consent"}, {"name": "b", "weight": 1, "to": "consent"}],
            )
        ),
    ),
    # Slots and conditions.
    "a branch on an unknown slot": Fault("slot.unknown", "choose", _choose({"slot": "shoe_size", "op": "known"})),
    "a call that saves into an unknown slot": Fault(
        "slot.unknown", "planted", _keeping_all(_step("http", **_HTTP, save={"shoe_size": "/size"}))
    ),
    "a call that sends an unknown slot": Fault(
        "slot.unknown", "planted", _keeping_all(_step("http", **_HTTP, path="/of/{{ shoe_size }}"))
    ),
    "a branch on a value never taken": Fault(
        "condition.value", "choose", _choose({"slot": "agreed", "op": "is", "value": "bye"})
    ),
    "a branch on an unknown fact": Fault("fact.unknown", "choose", _choose({"fact": "weather", "op": "known"})),
    "a branch on a channel that does not exist": Fault(
        "condition.value", "choose", _choose({"fact": "channel", "op": "is", "value": "fax"})
    ),
    "a branch on a score that is a word": Fault(
        "condition.value", "choose", _choose({"fact": "score", "op": "is", "value": "high"})
    ),
    "a card on an unknown slot": Fault(
        "slot.unknown",
        "planted",
        _keeping_all(_step("card_list", cards=[CARDS[0], CARDS[1] | {"if": {"slot": "shoe_size", "op": "known"}}])),
    ),
    "an answer into the wrong slot": Fault("slot.type", "consent", _replace("consent", ASK | {"slot": "word"})),
    "an entity into the wrong slot": Fault(
        "slot.type", "planted", _keeping_all(_step("extract", slots={"word": "email"}))
    ),
    "a meeting into the wrong slot": Fault(
        "slot.type", "planted", _keeping_all(_step("book_meeting", slot="day", calendar="sales", none_free="consent"))
    ),
    "an answer of a system into a file": Fault(
        "slot.type", "planted", _keeping_all(_step("http", **_HTTP, save={"paper": "/file"}))
    ),
    "a number that is a word": Fault("slot.value", "planted", _keeping_all(_step("set", slot="amount", value="ten"))),
    "a day that is none": Fault("slot.value", "planted", _keeping_all(_step("set", slot="day", value="2026-02-30"))),
    "a reserved choice": Fault(
        "choice.reserved", "planted", _keeping_all(_step("ask_choice", slot="goal", choices=["buy", "look", "none"]))
    ),
    # Words.
    "wording with an unknown slot": Fault("wording.name", "notice", _reword("notice", text="Hi {{ shoe_size }}")),
    "wording with broken braces": Fault("wording.braces", "notice", _reword("notice", text="Hi {{ word.upper }}")),
    "a notice without words": Fault("wording.missing", "notice", _unworded("notice")),
    "a way to a person without words": Fault("wording.missing", "person", _unworded("person")),
    "a question without a second try": Fault("wording.missing", "belief", _reword("belief", retry=None)),
    "a choice without a label": Fault("wording.missing", "consent", _reword("consent", choices={"yes": "Yes, please"})),
    "a label for no choice": Fault(
        "wording.unused", "consent", _reword("consent", choices={"yes": "Yes", "no": "No", "maybe": "Maybe"})
    ),
    "a shorter consent text": Fault("wording.consent", "consent", _reword("consent", again="May we?")),
    "a text nobody says": Fault("wording.unused", "notice", _reword("notice", alt="A picture")),
    "words for when nobody is there, who are led elsewhere": Fault(
        "wording.unused", "person", _reword("person", closed="We are away.")
    ),
    "a text too long for a text message": Fault("wording.long", "notice", _reword("notice", text="x" * 641)),
    "a text too long with its choices": Fault(
        "wording.long", "consent", _reword("consent", text={"default": "x" * 590})
    ),
    "a text too long to listen to": Fault(
        "wording.long", "notice", _reword("notice", text={"default": "Hello", "voice": "x" * 601})
    ),
    "a label too long for a button": Fault(
        "wording.long", "consent", _reword("consent", choices={"yes": "y" * 81, "no": "No"})
    ),
    # What the law asks for.
    "no notice": Fault(
        "notice.late", "consent", _replace("notice", {"id": "notice", "step": "message", "next": "consent"})
    ),
    "marketing without asking": Fault(
        "consent.not_asked",
        "begin",
        _before_consent(_step("branch", next=[{"if": CONDITIONS[2], "to": "begin"}, {"to": "consent"}])),
    ),
    "marketing after silence at the question": Fault(
        "consent.not_asked",
        "begin",
        lambda draft: _replace("consent", ASK | {"no_reply_after": {"wait": "1 day", "to": "begin"}})(
            _replace("notice", NOTICE | {"next": "consent"})(draft)
        ),
    ),
    "marketing for another channel than asked": Fault(
        "consent.not_asked",
        "begin",
        lambda draft: _replace("consent", ASK | {"channels": ["sms"]})(
            _replace("notice", NOTICE | {"next": "consent"})(draft)
        ),
    ),
    "marketing after a refusal": Fault(
        "consent.refused", "begin", _replace("by_consent", {"id": "by_consent", "step": "message"})
    ),
    "marketing after the preferences were changed": Fault(
        "consent.refused",
        "begin",
        _replace(
            "by_consent",
            {"id": "by_consent", "step": "branch", "next": [{"if": AGREED, "to": "planted"}, {"to": "choose"}]},
            _step("preferences", items=[{"name": "news", "purpose": "marketing", "channel": "email"}]),
        ),
    ),
    "marketing after the consent was forgotten": Fault(
        "consent.refused", "begin", _replace("by_consent", _step("set", slot="agreed", value=None, next="begin"))
    ),
    "consent set without asking": Fault(
        "consent.forged",
        "planted",
        _keeping_all(_step("set", slot="agreed", value="given")),
    ),
    "consent told by another system": Fault(
        "consent.forged", "planted", _keeping_all(_step("http", **_HTTP, save={"agreed": "/agreed"}))
    ),
    "consent kept as a field": Fault("consent.forged", None, _slot("agreed", field="agreed")),
    "consent ticked before it is asked": Fault(
        "consent.preticked",
        "consent",
        lambda draft: _replace("consent", ASK | {"skip_if_known": True})(
            _keeping_all(_step("set", slot="agreed", value="given"))(draft)
        ),
    ),
    "one yes for two purposes": Fault(
        "consent.bundled", "ask_keep", _replace("ask_keep", ASK_BELIEF | {"slot": "agreed"})
    ),
    "a special datum without consent": Fault(
        "special.no_consent", "belief", _replace("by_keep", {"id": "by_keep", "step": "message"})
    ),
    "a special datum handed on without consent": Fault(
        "special.no_consent",
        "planted",
        _keeping_all(_step("http", **_HTTP, method="POST", body={"about": "{{ belief }}"})),
    ),
}
