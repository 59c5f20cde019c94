"""What the steps about consent do. What counts as consent is decided by the platform's ledger, never here."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.choices import DONE, data_of, preference_asked
from parley_rasa.dialogue.stack import leave_step
from parley_rasa.dialogue.turn import Turn

GIVEN, REFUSED, WITHDRAWN = "given", "refused", "withdrawn"

Step = dict[str, Any]


def check_consent(turn: Turn, step: Step) -> None:
    """Keep in the slot how consent stands: given for every channel, refused for any, or unknown."""
    if not turn.state["facts"]:
        turn.ask_need("facts")
        return
    turn.set_slot(step["slot"], decide_standing(turn.state["facts"], step["purpose"], step["channels"]))
    leave_step(turn)


def decide_standing(facts: dict[str, Any], purpose: str, channels: list[str]) -> str | None:
    """Decide from the facts whether a purpose is allowed on all channels, refused on any, or was never decided."""
    consents, suppressed = facts.get("consents") or {}, facts.get("suppressed") or ()
    decisions = [consents.get(f"{purpose}/{channel}") for channel in channels]
    if any(decision in (REFUSED, WITHDRAWN) for decision in decisions) or set(channels).intersection(suppressed):
        return REFUSED
    return GIVEN if all(decision == GIVEN for decision in decisions) else None


def preferences(turn: Turn, step: Step) -> bool:
    """List what is allowed and what is not, as the ledger has it when the list is first shown."""
    data = data_of(turn)
    if "standing" not in data:
        if not turn.state["facts"]:
            turn.ask_need("facts")
            return False
        data["standing"] = {
            item["name"]: decide_standing(turn.state["facts"], item["purpose"], [item["channel"]]) == GIVEN
            for item in step["items"]
        }
    questions.ask(turn)
    return True


def take_preference(turn: Turn, step: Step, value: str) -> bool:
    """Carry out what was chosen: withdraw at once, ask before allowing, record what was said to that.

    Tells whether the step goes on waiting, as it does until the visitor is done.
    """
    data, asked = data_of(turn), preference_asked(turn, step)
    if turn.frame is not None:
        turn.frame["misses"] = 0
    if asked is not None:
        data["asking"] = None
        data["standing"][asked["name"]] = value == "yes"
        _record(turn, asked, questions.CONSENT[value])
    elif value == DONE:
        leave_step(turn)
        return False
    else:
        item = next(item for item in step["items"] if item["name"] == value)
        if not data["standing"].get(value):
            data["asking"] = value
            questions.ask(turn)
            return True
        data["standing"][value] = False
        _record(turn, item, WITHDRAWN)
    questions.ask_shortly(turn)
    return True


def _record(turn: Turn, item: dict[str, Any], decision: str) -> None:
    turn.add_effect(
        "record_consent", purpose=item["purpose"], channels=[item["channel"]], decision=decision, step=turn.step_id
    )
    turn.state["facts"] = {}  # what was fetched before is no longer so
