"""Ask which of two likely meanings is meant, and act on the one chosen. Never asks twice in a row, nor of a consent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from parley_rasa.choice_matching import match_choice
from parley_rasa.dialogue import gaps, global_intents, passages, questions, reluctance, repair, steps, triggers
from parley_rasa.dialogue.stack import guard_holds
from parley_rasa.dialogue.turn import PATTERNS, Turn
from parley_rasa.dialogue.wording import for_channel

STEP = f"{PATTERNS}/clarify"
NONE = "none"
_INTENT = "intent"


@dataclass(frozen=True)
class Meaning:
    """Something that an intent could be acted on as; two intents with the same ``target`` mean the same."""

    intent: str
    target: tuple[str, str]
    label: str


def ask(turn: Turn, among_routes: bool = False) -> bool:
    """Ask what is meant when two meanings are likely and close and nothing else explains the text.

    Args:
        among_routes: only the routes of the open ``intent_route`` count, which go before all else.
    """
    meanings = _close_meanings(turn)
    if not meanings or turn.meanings or turn.moved or not turn.pattern("clarify"):
        return False
    if all(_is_route(one) for one in meanings) != among_routes or _is_explained(turn, among_routes):
        return False
    first = meanings[0]
    if turn.is_asking and first.target[0] == "answer" and passages.find_surer(turn, [first.intent]) is not None:
        return False  # an article says for sure what is asked
    turn.acted_as = "clarified"
    gaps.mark(turn, gaps.CLARIFIED)
    turn.state["clarify"] = [[_INTENT, one.intent] for one in meanings]
    shown = [{"value": choice["value"], "label": choice["label"]} for choice in _choices(turn, meanings)]
    turn.say(turn.pattern("clarify"), step=STEP, input="choice", choices=shown)
    return True


def read_tap(turn: Turn) -> bool:
    """Act on a tap on one of the meanings offered; tell whether it was one."""
    value = turn.message.value
    if turn.message.step != STEP or value not in [NONE, *turn.meanings]:
        return False
    _act(turn, str(value))
    return True


def read_text(turn: Turn) -> bool:
    """Act on a text that names one of the meanings offered, by number or label; tell whether it did."""
    meanings = [meaning for intent in turn.meanings if (meaning := _meaning(turn, intent)) is not None]
    if not meanings:
        return False
    numbered = turn.channel not in questions.CHANNELS_WITH_BUTTONS
    match = match_choice(turn.message.text, _choices(turn, meanings), numbered, turn.language)
    if match is None or not match.whole:
        return False
    _act(turn, match.value)
    return True


def _act(turn: Turn, intent: str) -> None:
    meaning = _meaning(turn, intent) if intent != NONE else None
    if meaning is None:  # none of them, or the flow has changed meanwhile
        turn.understood = replace(turn.understood, intent=None, confidence=0.0)
        repair.miss(turn)
        return
    kind, name = meaning.target
    turn.understood = replace(turn.understood, intent=intent, confidence=1.0, ranking=[(intent, 1.0)], parts=())
    if kind == "answer":
        repair.say_knowledge(turn, [name])
        repair.back_to_question(turn)
    elif kind == "flow":
        triggers.start(turn, name, intent)
    elif kind == "global":
        global_intents.carry_out(turn, name)
    else:
        step = turn.waiting
        answer = questions.read_text(turn, step) if step else None
        if step is not None and answer is not None:
            steps.take(turn, step, answer)
    turn.acted_as = "clarified"


def _close_meanings(turn: Turn) -> list[Meaning]:
    """Return the two likeliest meanings when both are likely and neither is clearly the one."""
    thresholds, ranking = turn.thresholds, turn.understood.ranking[:2]
    if len(ranking) < 2:
        return []
    (first, surer), (second, less_sure) = ranking
    if surer >= thresholds.certain or less_sure < thresholds.likely or surer - less_sure > thresholds.close:
        return []
    meanings = [meaning for intent in (first, second) if (meaning := _meaning(turn, intent)) is not None]
    return meanings if len({meaning.target for meaning in meanings}) == 2 else []


def _meaning(turn: Turn, intent: str) -> Meaning | None:
    step, flows = turn.waiting, turn.flows
    words = f"{intent[:1].upper()}{intent[1:]}".replace("_", " ")
    if step is not None and intent in step.get("routes", {}):
        label = for_channel(turn.step_wording("choices").get(intent), turn.channel)
        return Meaning(intent, ("route", step["routes"][intent]), label or words)
    if intent in flows.answers:
        return Meaning(intent, ("answer", intent), flows.answer_title(turn.language, flows.answers[intent]))
    labels = flows.wording(turn.language, PATTERNS, "clarify").get("choices", {})
    label = for_channel(labels.get(intent), turn.channel)
    flow = flows.triggered_by(intent)
    if flow is not None:
        startable = not triggers.runs(turn, flow) and guard_holds(turn, flow)
        return Meaning(intent, ("flow", flow), label or str(flows.flow(flow)["name"])) if startable else None
    if intent in global_intents.CLARIFIABLE:
        return Meaning(intent, ("global", intent), label or words)
    return None


def _is_route(meaning: Meaning) -> bool:
    return meaning.target[0] == "route"


def _is_explained(turn: Turn, among_routes: bool) -> bool:
    """Tell whether the text is an answer, talk about the question, or several questions at once."""
    if reluctance.is_about_question(turn) or len(repair.find_knowledge(turn)) > 1:
        return True
    step = turn.waiting
    if among_routes or step is None:
        return False
    answer = questions.read_text(turn, step)
    # What an open question that routes by intent would take is only that no route fits.
    return answer is not None and (answer.certain or step["step"] not in ("intent_route", "answer_kb"))


def _choices(turn: Turn, meanings: list[Meaning]) -> list[dict[str, Any]]:
    none = turn.pattern("none_of_these") or "None of these"
    named = [{"value": one.intent, "label": one.label, "also": ()} for one in meanings]
    return [*named, {"value": NONE, "label": none, "also": ("none", "neither")}]
