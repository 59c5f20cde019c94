"""Rasa's response generator for ``utter_turn``: passes on what FlowPolicy decided. Words nothing itself."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from parley_rasa.flow_policy import ACTION, ANSWER_SLOT


class TurnReplies(NaturalLanguageGenerator):
    """Named in endpoints.yml. The whole answer travels as one ``custom`` payload."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        self.endpoint_config = endpoint_config

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        if utter_action != ACTION:
            return None
        return {"custom": tracker.get_slot(ANSWER_SLOT)}
