"""Runs one turn through a Rasa agent and collects what it answers. Decides nothing and keeps nothing."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException

from parley_rasa.dialogue.flows import Flows
from parley_rasa.flow_policy import request_flows
from parley_rasa.request_tracker_store import request_state
from parley_rasa.turn_request import TurnRequest, shield
from parley_rasa.understood_before import find_carried, mark_of

CHANNEL = "turn"
_NOT_CLASSIFIED: dict[str, Any] = {"intent": {"name": None, "confidence": 0.0}, "entities": []}


class TurnOutput(OutputChannel):
    """Collects the answer of one turn."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = None

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.answer = message.get("custom")


async def answer_turn(turn: TurnRequest, flows: Flows, agent: Any) -> dict[str, Any]:
    """Take a turn on these flows with this agent; return the body of the answer."""
    output = TurnOutput()
    request_flows.set(flows)
    request_state.set(turn.state)
    # Only texts need understanding, and each once: given parse data, Rasa does not run the pipeline. A result brings
    # the text of its turn along, for the steps that read it after their need was met.
    is_text = turn.kind == "text" or (turn.kind == "result" and bool(turn.text))
    parse_data: dict[str, Any] | None = None if is_text else {"text": "", **_NOT_CLASSIFIED}
    mark = mark_of(turn.model, turn.language, turn.text) if is_text else None
    if mark is not None and turn.kind == "result":
        parse_data = find_carried(turn.state, mark)
    await agent.handle_message(
        UserMessage(
            text=shield(turn.text) if is_text else "",
            output_channel=output,
            sender_id=turn.conversation_id,
            parse_data=parse_data,
            input_channel=CHANNEL,
            message_id=turn.message_id,
            metadata={**turn.metadata(), "mark": mark},
        )
    )
    if output.answer is None:
        raise RasaException("Rasa gave no answer to a turn")
    return {"state": request_state.get(), **output.answer}
