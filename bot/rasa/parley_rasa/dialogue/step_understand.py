"""What the steps do that read what the visitor means. Unlike the other steps these look at the message."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import gaps, passages, questions
from parley_rasa.dialogue.stack import go_to, leave_step
from parley_rasa.dialogue.turn import Turn
from parley_rasa.personal_facts import find_personal_facts
from parley_rasa.question_talk import refuses
from parley_rasa.typed_answers import clean_text, read_yes_no

Step = dict[str, Any]


def intent_route(turn: Turn, step: Step) -> bool:
    """Ask, or without a text go by what was said last."""
    if turn.wording():
        questions.ask(turn)
        return True
    take_route(turn, step, questions.read_route(turn, step) if turn.message.kind == "text" else None)
    return False


def take_route(turn: Turn, step: Step, intent: str | None) -> None:
    """Go the way of an intent, or on to ``next`` when the answer fits none."""
    said = clean_text(turn.message.text)[: questions.LONGEST_TEXT]
    if step.get("slot") and said and not refuses(said, turn.language):
        turn.set_slot(step["slot"], said)
    if intent in step["routes"]:
        go_to(turn, step["routes"][intent])
    else:
        leave_step(turn)


def extract(turn: Turn, step: Step) -> None:
    """Read values of this turn's text into slots; what is not there leaves its slot as it was."""
    if turn.message.kind == "text":
        for slot, entity in step["slots"].items():
            value = value_in_text(turn, entity)
            if value is not None:
                turn.set_slot(slot, value)
    leave_step(turn)


def value_in_text(turn: Turn, entity: str) -> Any:
    """Return the value of a kind that this turn's text gives, if it gives one."""
    text = turn.message.text
    if entity in ("email", "phone"):
        return turn.understood.values.get(entity)
    if entity in ("first_name", "company", "people", "role"):
        return getattr(find_personal_facts(text, turn.language), entity) or None
    return questions.read_plain_value(turn, entity, text)


def answer_kb(turn: Turn, step: Step) -> bool:
    """Ask for a question, or without a text answer what was said last."""
    if turn.wording():
        questions.ask(turn)
        return True
    take_knowledge(turn, step, questions.knowledge_for(turn) if turn.message.kind == "text" else ())
    return False


def take_knowledge(turn: Turn, step: Step, names: tuple[str, ...]) -> None:
    """Say the answers found, or the passage that is surer, and go on; with none, go where the flow wants to."""
    # The two modules know each other: ``repair`` runs steps when it comes back to a question.
    from parley_rasa.dialogue import repair

    passage = passages.find_surer(turn, names)
    if not names and passage is None:
        if read_yes_no(turn.message.text, turn.language) is not False and not refuses(turn.message.text, turn.language):
            gaps.mark(turn, gaps.BELOW_BAR)
        go_to(turn, step["not_found"])
        return
    repair.say_answers(turn, list(names), passage)
    leave_step(turn)
