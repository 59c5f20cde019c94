"""What ``ask_date`` does when it asks for a day and a time: either may be given first, the other is then asked for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from parley_rasa.dialogue.choices import data_of
from parley_rasa.dialogue.limits import day_bounds, is_between
from parley_rasa.dialogue.turn import Turn
from parley_rasa.moments import Said, in_zone, read_moment, written

Step = dict[str, Any]


def read_when(turn: Turn, step: Step, text: str) -> str | dict[str, str] | None:
    """Return the moment that a text gives, in RFC 3339, together with what was given before it.

    Returns:
        A mapping of ``day`` or ``time`` when the other is still to be asked, None when the text gives nothing new.
    """
    today = turn.now.date()
    earliest, latest = day_bounds(step, today)
    known = _known(turn, step)
    past = latest is not None and latest <= today
    said = read_moment(text, turn.now, turn.language, past, asked=known.day is not None)
    if said == Said() or (said.day is not None and not is_between(said.day, earliest, latest)):
        return None
    day, at = said.day or known.day, said.at or known.at
    if day is None or at is None:
        part = _part(said)
        return part if part != _part(known) else None
    moment = in_zone(day, at, turn.now.tzinfo)
    is_over = earliest is not None and earliest >= today and moment < turn.now
    return None if is_over else written(moment)


def is_part(value: Any) -> bool:
    """Tell whether what was answered is a day without its time, or a time without its day."""
    return isinstance(value, dict) and bool(value) and value.keys() <= {"day", "time"}


def take_part(turn: Turn, step: Step, value: dict[str, str]) -> bool:
    """Keep the part that was given and ask for the other; the step goes on waiting."""
    from parley_rasa.dialogue import questions

    data_of(turn).update(value)
    questions.ask(turn, turn.wording("retry") or None)
    return True


def _known(turn: Turn, step: Step) -> Said:
    """Return what was given before: in this question, or as its answer when that is being corrected."""
    if turn.question is step:
        data = data_of(turn)
        day, at = data.get("day"), data.get("time")
        return Said(date.fromisoformat(day) if day else None, time.fromisoformat(at) if at else None)
    answered = turn.slots.get(step["slot"])
    if not isinstance(answered, str):
        return Said()
    try:
        moment = datetime.fromisoformat(answered).astimezone(turn.now.tzinfo)
    except ValueError:
        return Said()
    return Said(moment.date(), moment.time())


def _part(said: Said) -> dict[str, str]:
    day = {"day": said.day.isoformat()} if said.day else {}
    return {**day, **({"time": said.at.isoformat("minutes")} if said.at else {})}
