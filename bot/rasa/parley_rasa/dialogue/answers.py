"""Read a text as the answer to a question, by the kind of the question. Consent is read from clear words only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley_rasa.choice_matching import ChoiceMatch, match_choice
from parley_rasa.dates import read_date
from parley_rasa.dialogue.answer_patterns import find_fitting
from parley_rasa.dialogue.choices import (
    CHANNELS_WITH_BUTTONS,
    DONE,
    LATER,
    NONE,
    STAY,
    data_of,
    labels_of,
    open_choices,
    preference_asked,
)  # fmt: skip
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.limits import day_bounds, is_between, is_within
from parley_rasa.dialogue.times_asked import read_when
from parley_rasa.dialogue.turn import Turn
from parley_rasa.moments import in_zone, read_moment, written
from parley_rasa.money import read_asked_budget, read_budget, read_money
from parley_rasa.offered_times import asks_for_times, find_offered, is_after_offered, is_any_time
from parley_rasa.personal_facts import find_personal_facts, has_legal_form, read_company, read_name
from parley_rasa.quantities import find_numbers, is_rating_alone, read_number, read_rating
from parley_rasa.question_talk import refuses
from parley_rasa.ranges import find_range
from parley_rasa.roles import read_role
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.team_sizes import read_people
from parley_rasa.typed_answers import (
    clean_text,
    normalise,
    read_agreement,
    read_yes_no,
    taken_back,
    without_turning_off,
)

LONGEST_TEXT = 1000  # characters, when the step says nothing
_FEW_WORDS = 5
_FEW_LETTERS = 6
_WORDS_OF_A_QUESTION = 3
_WORDS_OF_A_TIME = 6
_WORD = re.compile(r"[^\W\d_]{3,}")
NAMES: dict[str, Callable[[str, str], str | None]] = {
    "first_name": read_name, "company": read_company, "role": read_role,
}  # fmt: skip
"""How an answer for a contact field is read that few texts can be."""
COUNTS: dict[str, Callable[[str, str], int | float | None]] = {"team_size": read_people, "budget": read_asked_budget}
"""How a number for a contact field is read; of a range it is the first."""
_PLAIN: dict[str, Callable[[str, str], int | float | None]] = {
    "money": read_money, "budget": read_budget, "number": read_number,
}  # fmt: skip

Step = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer to the open step.

    ``whole``: the message is that answer and nothing else, so no intent can outweigh it.
    ``certain``: a valid value for a closed question, though perhaps among other words.
    ``said_back``: it may be misunderstood, so what was understood is said.
    """

    value: Any
    whole: bool = False
    certain: bool = True
    said_back: bool = False


def read_answer(turn: Turn, step: Step) -> Answer | None:
    """Read the visitor's text as an answer to the open step; None when it is none."""
    read = _READERS.get(step["step"])
    return read(turn, step, turn.message.text) if read else None


def read_plain_value(turn: Turn, kind: str, text: str) -> Any:
    """Return the number, sum of money, day or time that a text gives, whatever was asked; None when it gives none."""
    if kind == "date":
        day = read_date(text, turn.now, turn.language)
        return day and day.isoformat()
    if kind == "datetime":
        said = read_moment(text, turn.now, turn.language)
        return written(in_zone(said.day, said.at, turn.now.tzinfo)) if said.day and said.at else None
    return _PLAIN[kind](text, turn.language)


def read_in_bounds(turn: Turn, step: Step, text: str) -> Any:
    """Return the value for a number, date or rating question that a text gives, if it is one the question takes."""
    kind = step["step"]
    if kind == "rating":
        return read_rating(text, step["lowest"], step["highest"], turn.language)
    if kind == "ask_number":
        number = COUNTS.get(_field(turn, step), read_number)(text, turn.language)
        return number if number is not None and is_within(number, step) else None
    if step.get("time"):
        moment = read_when(turn, step, text)
        return moment if isinstance(moment, str) else None
    earliest, latest = day_bounds(step, turn.now.date())
    day = read_date(text, turn.now, turn.language, past=latest is not None and latest <= turn.now.date())
    return day.isoformat() if day is not None and is_between(day, earliest, latest) else None


def _field(turn: Turn, step: Step) -> str:
    return str(turn.flows.slot(step.get("slot", "")).get("field"))


def asks_a_name(turn: Turn, step: Step) -> bool:
    """Tell whether a question asks for a name, which few texts can be."""
    return _field(turn, step) in NAMES


def read_route(turn: Turn, step: Step) -> str | None:
    """Name the route of an ``intent_route`` that the text means, by a route's label or by the intent."""
    values = list(step["routes"])
    labels = labels_of(turn, turn.frame or {}, values)
    named = [{"value": value, "label": label} for value, label in labels.items() if label]
    match = match_choice(turn.message.text, named, language=turn.language) if named else None
    if match is not None and match.whole:
        return match.value
    likely = turn.understood.confidence >= turn.thresholds.trigger
    return turn.understood.intent if likely and turn.understood.intent in step["routes"] else None


def knowledge_for(turn: Turn) -> tuple[str, ...]:
    """Name the articles that answer the text, which was asked for as a question: the likeliest will do."""
    # The two modules know each other: ``repair`` asks again after an answer from the articles.
    from parley_rasa.dialogue import repair

    found = tuple(repair.find_knowledge(turn))
    likely = [
        name
        for name, confidence in turn.understood.ranking
        if name in turn.flows.answers and confidence >= turn.thresholds.in_typed_question
    ]
    return found or tuple(likely[:1])


def _read_value(turn: Turn, step: Step, text: str) -> Answer | None:
    value = turn.understood.values.get(QUESTION_INPUT[step["step"]])
    return None if value is None else Answer(value, whole=turn.understood.nothing_else)


def _read_consent(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read a plain yes or no, or the very words on one of the two buttons."""
    choices = open_choices(turn, step)
    typed = [choice["value"] for choice in choices if normalise(choice["label"]) == normalise(text)]
    if len(typed) == 1:
        return Answer(typed[0], whole=True)
    said = read_agreement(text, turn.language)
    return None if said is None else Answer("yes" if said else "no", whole=True)


def _read_choice(turn: Turn, step: Step, text: str) -> Answer | None:
    choices = open_choices(turn, step)
    match = _match(turn, text, choices)
    said = read_yes_no(text, turn.language)
    if match is None and said is not None:  # "ok go ahead", where a choice is also called "yes"
        match = _called_plainly(turn, choices, said)
    if match is not None:
        return Answer(match.value, whole=match.whole)
    meant = step.get("intents", {}).get(turn.understood.intent)
    if meant is None or turn.understood.confidence < turn.thresholds.trigger:
        return None
    return Answer(meant)


def _called_plainly(turn: Turn, choices: list[dict[str, Any]], said: bool) -> ChoiceMatch | None:
    """Find the choice that is also called "yes", or "no", in the visitor's language."""
    plain = [words.plain_yes if said else words.plain_no for words in talk_in(turn.language)]
    found = (match_choice(word, choices, language=turn.language) for word in plain)
    return next((match for match in found if match is not None), None)


def _match(turn: Turn, text: str, choices: list[dict[str, Any]]) -> ChoiceMatch | None:
    numbered = turn.channel not in CHANNELS_WITH_BUTTONS
    match = match_choice(text, choices, numbered, turn.language)
    taken = taken_back(text, turn.language)
    if match is None and taken is not None:  # "oh, actually the second one"
        match = match_choice(taken.value, choices, numbered, turn.language)
    return match


def _read_bounded(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read a number, a day or a rating; one in a question of the visitor's own may mean something else."""
    value = read_when(turn, step, text) if step.get("time") else read_in_bounds(turn, step, text)
    if step["step"] == "rating":
        ends = _labelled_ends(turn, step, text)
        if ends is not None:
            return Answer(ends, whole=True)
        return None if value is None else Answer(value, is_rating_alone(text, turn.language), not turn.is_asking)
    if value is None:
        return None
    few = len(text.split()) <= (_WORDS_OF_A_TIME if step.get("time") else _WORDS_OF_A_QUESTION)
    alone = few if step["step"] == "ask_date" else _WORD.search(text) is None or (few and bool(find_numbers(text)))
    doubtful = bool(step.get("time")) or (_field(turn, step) in COUNTS and find_range(text, turn.language) is not None)
    return Answer(value, alone and not turn.is_asking, not turn.is_asking, doubtful)


def _labelled_ends(turn: Turn, step: Step, text: str) -> int | None:
    ends = labels_of(turn, turn.frame or {}, [str(step["lowest"]), str(step["highest"])])
    said = normalise(text)
    named = [int(value) for value, label in ends.items() if label and normalise(label) == said]
    return named[0] if len(named) == 1 else None


def _read_meeting(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read a time by its number, its label, or the day or hour that only one of those offered has."""
    times = data_of(turn).get("times", [])
    # An hour goes before a position: "10:00" is no tenth choice, though "1" is the first.
    index = None if re.fullmatch(r"\W*\d\W*", text) else find_offered(text, times, turn.now, turn.language)
    if index is not None and not asks_for_times(text, turn.language):
        return Answer(times[index]["value"], whole=len(text.split()) <= _FEW_WORDS, certain=not turn.is_asking)
    match = _match(turn, text, open_choices(turn, step))
    if match is not None and (match.whole or not turn.is_asking or match.value == LATER):
        return Answer(match.value, match.whole)
    if times and is_any_time(text, turn.language):
        return Answer(times[0]["value"], whole=True)
    if data_of(turn).get("more") and is_after_offered(text, times, turn.now, turn.language):
        return Answer(LATER)
    return Answer(NONE) if read_yes_no(text, turn.language) is False or refuses(text, turn.language) else None


def _read_preference(turn: Turn, step: Step, text: str) -> Answer | None:
    if preference_asked(turn, step) is not None:
        return _read_consent(turn, step, text)
    refused = _named_refusal(turn, step, text)
    if refused is not None:
        return refused
    said = read_yes_no(text, turn.language)
    if said is not None:  # "no" changes nothing more; "yes" names none of those that are allowed
        return None if said else Answer(DONE)
    match = _match(turn, text, open_choices(turn, step))
    return None if match is None else Answer(match.value, match.whole)


def _named_refusal(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read "turn off e-mail" as taking back that one, where it is allowed; else it may mean more than that."""
    rest = without_turning_off(text, turn.language)
    match = _match(turn, rest, open_choices(turn, step)) if rest else None
    allowed = match is not None and data_of(turn).get("standing", {}).get(match.value)
    return Answer(match.value, whole=True) if match is not None and allowed else None


def _read_stay(turn: Turn, step: Step, text: str) -> Answer | None:
    match = _match(turn, text, open_choices(turn, step))
    if match is not None:
        return Answer(match.value, match.whole)
    return Answer(STAY) if read_yes_no(text, turn.language) is False or refuses(text, turn.language) else None


def _read_problem(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read what an ``intent_route`` asks for: any text answers it, though only a route is certain."""
    intent = read_route(turn, step)
    if intent is None and not any(letter.isalnum() for letter in text):
        return None
    return Answer(intent, certain=intent is not None)


def _read_question(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read what an ``answer_kb`` asks for; a word or two that ask nothing known are no question."""
    names = knowledge_for(turn)
    if names:
        return Answer(names)
    is_question = turn.is_asking or len(text.split()) >= _WORDS_OF_A_QUESTION
    return (
        Answer((), certain=False)
        if is_question or read_yes_no(text, turn.language) is False or refuses(text, turn.language)
        else None
    )


def _read_free_text(turn: Turn, step: Step, text: str) -> Answer | None:
    if turn.understood.nothing_else and turn.understood.values.keys() & {"email", "phone"}:
        return None  # an address given early is captured as one, it does not answer "what is your name?"
    pattern = step.get("pattern")
    if pattern:
        value = find_fitting(pattern, clean_text(text))
        return Answer(value, certain=False) if value is not None and _fits_length(value, step) else None
    if turn.is_typed_question and not step.get("takes_questions") and (turn.frame or {}).get("misses") == 0:
        return None  # a question of the visitor's own; typed once more, it is taken as the answer after all
    read = NAMES.get(_field(turn, step))
    name = read(clean_text(text), turn.language) if read else clean_text(text)
    if name is None or read_yes_no(text, turn.language) is not None or _tells_something_else(turn, step, text):
        return None
    if not _fits_length(name, step) or not any(letter.isalnum() for letter in name):
        return None
    # "Analytical Engines Ltd" may be like what people ask about features; to who asks for a company it is one.
    is_company = read is read_company and has_legal_form(name) and not turn.is_asking
    return Answer(name, whole=is_company, certain=is_company)


def _fits_length(value: str, step: Step) -> bool:
    return (step.get("min_length") or 1) <= len(value) <= (step.get("max_length") or LONGEST_TEXT)


def _tells_something_else(turn: Turn, step: Step, text: str) -> bool:
    """Tell whether a few words only give a name or a number, which answers no question about a problem."""
    if asks_a_name(turn, step) or len(text.split()) > _FEW_WORDS:
        return False
    letters = sum(letter.isalpha() for letter in text)
    facts = find_personal_facts(text, turn.language)
    tells = any(fact is not None for fact in (facts.first_name, facts.company, facts.people))
    return tells or (letters < _FEW_LETTERS and any(map(str.isdigit, text)))


_READERS: dict[str, Callable[[Turn, Step, str], Answer | None]] = {
    "ask_choice": _read_choice,
    "ask_text": _read_free_text,
    "ask_email": _read_value,
    "ask_phone": _read_value,
    "ask_number": _read_bounded,
    "ask_date": _read_bounded,
    "rating": _read_bounded,
    "ask_consent": _read_consent,
    "book_meeting": _read_meeting,
    "preferences": _read_preference,
    "move_channel": _read_stay,
    "intent_route": _read_problem,
    "answer_kb": _read_question,
}
