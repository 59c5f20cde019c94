"""What the steps do that only say something. They never wait."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue.conditions import holds, needs_facts
from parley_rasa.dialogue.stack import leave_step
from parley_rasa.dialogue.turn import Turn
from parley_rasa.dialogue.wording import for_channel, render

Step = dict[str, Any]


def message(turn: Turn, step: Step) -> None:
    turn.say(turn.wording(), step=turn.step_id)
    leave_step(turn)


def media(turn: Turn, step: Step) -> None:
    """Show a picture, video, sound or file with its caption; ``alt`` is for who cannot see or hear it."""
    shown = {"kind": step["kind"], "url": step["url"], "alt": turn.wording("alt")}
    turn.say(turn.wording(), step=turn.step_id, media=shown)
    leave_step(turn)


def card_list(turn: Turn, step: Step) -> None:
    """Show the cards whose condition holds; when none does, say nothing."""
    if any(needs_facts(card.get("if"), turn) for card in step["cards"]):
        turn.ask_need("facts")
        return
    shown = [card for card in step["cards"] if "if" not in card or holds(card["if"], turn.slots, turn.facts)]
    if shown:
        turn.say(turn.wording(), step=turn.step_id, cards=[_card(turn, card) for card in shown])
    leave_step(turn)


def ai_notice(turn: Turn, step: Step) -> None:
    """Say what the bot is, once in a conversation: whoever starts a second flow in it has read it."""
    if not turn.state["noticed"]:
        turn.say(turn.wording(), step=turn.step_id, notice="ai")
        turn.state["noticed"] = True
    leave_step(turn)


def _card(turn: Turn, card: Step) -> dict[str, Any]:
    frame = turn.frame or {}
    worded = turn.flows.wording(turn.language, frame["flow"], frame["step"]).get("cards", {}).get(card["name"], {})
    said = {
        key: render(for_channel(worded.get(key), turn.channel), turn.said_slots) for key in ("title", "text", "button")
    }
    return {
        "title": said["title"], "text": said["text"] or None, "image": card.get("image"), "link": card.get("link"),
        "button": said["button"] or None,
    }  # fmt: skip
