"""Take from the words that started a flow what its first questions ask, so that nobody is asked what they just said.

Only closed questions: what any text would answer is always asked, save for the trouble that an ``intent_route`` is for.
"""

from __future__ import annotations

from parley_rasa.dialogue import questions, steps
from parley_rasa.dialogue.turn import Turn
from parley_rasa.personal_facts import find_personal_facts

_MOST = 4  # questions answered by one text
_WORDS_OF_A_PROBLEM = 5  # fewer only say that there is one


def take(turn: Turn, triggered: bool) -> None:
    """Answer the question just asked from this turn's text, and those after it, as far as the text goes.

    Args:
        triggered: the text asked for this flow, so that a question ("do you have a guide on cash flow?") names a choice
            too. Else what it asks is something else.
    """
    for _ in range(_MOST):
        step = turn.waiting
        if step is None or not has_just_asked(turn):
            return
        answer = _answer_to(turn, step["step"], triggered)
        if answer is None:
            return
        turn.replies.pop()
        steps.take(turn, step, answer)


def has_just_asked(turn: Turn) -> bool:
    return turn.waiting is not None and bool(turn.replies) and turn.replies[-1]["step"] == turn.step_id


def _answer_to(turn: Turn, kind: str, triggered: bool) -> questions.Answer | None:
    step = turn.waiting
    if step is None or (turn.is_asking and not triggered and kind != "intent_route"):
        return None
    answer = questions.read_text(turn, step)
    if answer is None:
        return None
    if kind == "ask_choice":
        return answer
    if kind == "intent_route":
        tells = triggered and bool(step.get("slot")) and len(turn.message.text.split()) >= _WORDS_OF_A_PROBLEM
        return answer if answer.certain or tells else None
    if kind in questions.MEASURED and triggered:
        # "What would you charge a team of 8?" asks for 8; "is it true that I get 2 months?" for nothing.
        counted = find_personal_facts(turn.message.text, turn.language).people
        return answer if kind != "ask_number" or counted == answer.value else None
    return None
