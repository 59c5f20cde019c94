"""What this replica holds, and the pair of flows and agent that a turn names. Keeps nothing of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parley_rasa.dialogue.flows import Flows
from parley_rasa.held_flows import HeldFlows
from parley_rasa.held_models import HeldModels
from parley_rasa.understanding.encoder import Encoder

LONGEST_PASSAGE = 256  # pieces of words; what all-MiniLM-L6-v2 was trained for


class MissingError(LookupError):
    """This replica does not hold what the request names.

    Attributes:
        parts: "flows", "model" or both.
    """

    def __init__(self, parts: list[str]) -> None:
        super().__init__(f"missing: {', '.join(parts)}")
        self.parts = parts


@dataclass(frozen=True)
class Replica:
    """Flows and models side by side: any of the one can be answered with any of the other."""

    flows: HeldFlows
    models: HeldModels

    def find_pair(self, version: str, model_id: str) -> tuple[Flows, Any]:
        """Return flows and agent; they stay usable for as long as the caller holds them.

        Raises:
            MissingError: one is not held, or both.
        """
        flows, agent = self.flows.find(version), self.models.find(model_id)
        if flows is None or agent is None:
            found = {"flows": flows, "model": agent}
            raise MissingError([part for part, held in found.items() if held is None])
        return flows, agent

    def find_encoder(self) -> Encoder:
        """Return what makes the vectors of the model used last, whose turns' vectors others are compared with.

        It reads passages of articles whole, of which a message's encoder would read the beginning.

        Raises:
            MissingError: no model is held.
        """
        agent = self.models.latest()
        encoder: Encoder | None = agent.encoder if agent is not None else None
        if encoder is None:
            raise MissingError(["model"])
        return encoder.reading(LONGEST_PASSAGE)

    def find_flows(self, version: str) -> Flows:
        """Return flows.

        Raises:
            MissingError: they are not held.
        """
        flows = self.flows.find(version)
        if flows is None:
            raise MissingError(["flows"])
        return flows
