"""Rasa policy that carries out a whole turn by the compiled flows and predicts the one action that says its result.

The rules are in ``dialogue``. No ``from __future__ import annotations`` here: Rasa inspects the signatures.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from rasa.core.constants import DEFAULT_POLICY_PRIORITY
from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parley_rasa.dialogue.flows import Flows, FlowsError
from parley_rasa.dialogue.interpreter import take_turn
from parley_rasa.dialogue.turn import Message, Thresholds, Understood
from parley_rasa.values import Value, is_nothing_else

FLOWS_VARIABLE = "PARLEY_COMPILED_FLOWS"
FLOWS_FILE = "flows.json"
ACTION = "utter_turn"
STATE_SLOT = "dialogue_state"
ANSWER_SLOT = "turn_answer"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class FlowPolicy(Policy):
    """Deterministic: the same tracker gives the same prediction. "Training" stores the flows inside the model."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "priority": DEFAULT_POLICY_PRIORITY,
            "flows": None,  # path of the compiled flows at training; PARLEY_COMPILED_FLOWS goes before it
            "thresholds": {},
        }

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        featurizer: Optional[TrackerFeaturizer] = None,
        flows: Optional[Flows] = None,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, featurizer)
        self.flows = flows
        self._thresholds = Thresholds(**config["thresholds"])

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Trains anew when the flows changed, though the config did not."""
        return hashlib.sha256(_flows_path(config).read_bytes()).hexdigest()

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "FlowPolicy":
        with model_storage.read_from(resource) as folder:
            flows = Flows.read(Path(folder) / FLOWS_FILE)
        return cls(config, model_storage, resource, execution_context, flows=flows)

    def train(self, training_trackers: List[DialogueStateTracker], domain: Domain, **kwargs: Any) -> Resource:
        """Stores the compiled flows; there is nothing to learn from stories."""
        self.flows = Flows.read(_flows_path(self.config))
        with self._model_storage.write_to(self._resource) as folder:
            (Path(folder) / FLOWS_FILE).write_text(json.dumps(self.flows.document, ensure_ascii=False), "utf-8")
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[str, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Takes the turn when the visitor has just spoken; otherwise there is nothing to do but listen."""
        heard = tracker.latest_message
        if heard is None or tracker.latest_action_name != ACTION_LISTEN_NAME:
            return self._predict(domain, ACTION_LISTEN_NAME)
        answer = self._take_turn(tracker.get_slot(STATE_SLOT), heard)
        events = [SlotSet(STATE_SLOT, answer.pop("state")), SlotSet(ANSWER_SLOT, answer)]
        return self._predict(domain, ACTION, events)

    def _take_turn(self, state: Optional[Dict[str, Any]], heard: UserUttered) -> Dict[str, Any]:
        if self.flows is None:
            raise FlowsError("FlowPolicy has no flows: the model was not trained")
        turn = heard.metadata
        message = Message(turn["kind"], turn["text"], turn["value"], turn["step"])
        understood = _understood(message, heard)
        return take_turn(
            self.flows, state, message, understood, turn["facts"], turn["channel"], turn["language"], self._thresholds
        )

    def _predict(self, domain: Domain, action: str, events: Optional[List[SlotSet]] = None) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, events=events)


def _understood(message: Message, heard: UserUttered) -> Understood:
    if message.kind != "text":
        return Understood()
    entities = [Value(one["entity"], one["value"], one["start"], one["end"]) for one in heard.entities]
    values: Dict[str, Any] = {}
    for entity in entities:
        values.setdefault(entity.kind, entity.value)
    return Understood(
        heard.intent.get("name"),
        heard.intent.get("confidence", 0.0),
        [(one["name"], one["confidence"]) for one in heard.parse_data.get("intent_ranking", [])],
        values,
        is_nothing_else(heard.text or "", entities),
        [(one["name"], one["confidence"]) for one in heard.parse_data.get("intent_parts", [])],
    )


def _flows_path(config: Dict[str, Any]) -> Path:
    path = os.environ.get(FLOWS_VARIABLE) or config.get("flows")
    if not path:
        raise FlowsError(f"set {FLOWS_VARIABLE} to the file written by the flow compiler")
    return Path(path)
