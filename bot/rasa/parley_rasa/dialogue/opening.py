"""Begin or take up a conversation: the page was opened, or the visitor's first words came. Reads no later words."""

from __future__ import annotations

from parley_rasa.dialogue import first_answers, gaps, passages, questions, repair, steps, volunteered
from parley_rasa.dialogue.stack import guard_holds
from parley_rasa.dialogue.state import is_fresh
from parley_rasa.dialogue.turn import Turn


def start(turn: Turn) -> None:
    """Begin with the entry flow, or welcome back who has been here before."""
    turn.acted_as = "start"
    if is_fresh(turn.state):
        named = turn.message.value
        known = isinstance(named, str) and named in turn.flows and guard_holds(turn, named)
        steps.start_flow(turn, named if known else turn.flows.entry_flow)
        return
    turn.say(turn.pattern("welcome_back" if turn.frame else "greet_again"))
    show_open_step(turn)


def show_open_step(turn: Turn) -> None:
    """Ask once more what is open; run on to it when it has not been shown yet."""
    if turn.moved or turn.waiting is None:
        steps.run(turn)
    else:
        questions.ask_shortly(turn)


def first_words(turn: Turn) -> None:
    """The visitor speaks first: begin a flow, with what was given already, and answer what was asked."""
    noted = volunteered.capture(turn)
    knowledge = repair.find_knowledge(turn)
    intent = turn.understood.intent if turn.understood.confidence >= turn.thresholds.trigger else None
    is_triggered = turn.flows.triggered_by(intent) is not None
    # Before the first question is open, which the text cannot be about.
    asks = not is_triggered and _asks_something(turn)
    is_question = asks and passages.is_question(turn)
    turn.acted_as = "flow_started"
    steps.start_flow(turn, _flow_for(turn, intent), intent)
    place, known = turn.step_id, dict(turn.slots)
    first_answers.take(turn, triggered=is_triggered)
    is_taken = turn.slots != known or turn.step_id != place
    passage = passages.pick_surer(turn, knowledge) if asks and not is_taken else None
    is_answered = bool(knowledge or passage)
    is_not_known = is_question and not is_taken and not is_answered and not noted and bool(turn.pattern("not_known"))
    if not is_taken and not is_answered and not noted:
        gaps.mark_first_words(turn, gaps.BELOW_BAR if is_not_known else gaps.MISSED)
    if is_answered or noted or is_not_known:
        # The notice that this is a machine comes first, the open question last, the answer between them.
        question = turn.replies.pop() if first_answers.has_just_asked(turn) else None
        volunteered.say_noted(turn, noted)
        if is_not_known:
            repair.say_not_known(turn)
        else:
            repair.say_answers(turn, knowledge, passage)
        if question is not None:
            turn.replies.append(question)


def _asks_something(turn: Turn) -> bool:
    """Tell whether the first words ask for what the articles may say, and are no greeting."""
    understood = turn.understood
    greets = understood.intent in repair.SMALL_TALK and understood.confidence >= turn.thresholds.small_talk
    asks = turn.is_asking or (passages.names_a_matter(turn) and gaps.means_nothing(turn))
    return asks and not greets and passages.may_be_searched_for(turn)


def _flow_for(turn: Turn, intent: str | None) -> str:
    """Name the flow to begin with; one whose guard needs facts, or does not hold, waits until it is asked for again."""
    name = turn.flows.triggered_by(intent)
    return name if name and guard_holds(turn, name) else turn.flows.entry_flow
