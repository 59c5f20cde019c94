"""Rasa policy that carries out a whole turn by the compiled flows and predicts the one action that says its result.

The rules are in ``dialogue``. No ``from __future__ import annotations`` here: Rasa inspects the signatures.
"""

from contextvars import ContextVar
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
from parley_rasa.understood_before import carry
from parley_rasa.values import Value, is_nothing_else

ACTION = "utter_turn"
STATE_SLOT = "dialogue_state"
ANSWER_SLOT = "turn_answer"

# The flows that the request names; set by the turn channel. Each request has its own task, hence its own context.
request_flows: ContextVar[Flows] = ContextVar("request_flows")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class FlowPolicy(Policy):
    """Deterministic: the same tracker and flows give the same prediction. The model holds no flows."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"priority": DEFAULT_POLICY_PRIORITY, "thresholds": {}}

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        featurizer: Optional[TrackerFeaturizer] = None,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, featurizer)
        self._thresholds = Thresholds(**config["thresholds"])

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "FlowPolicy":
        return cls(config, model_storage, resource, execution_context)

    def train(self, training_trackers: List[DialogueStateTracker], domain: Domain, **kwargs: Any) -> Resource:
        """Stores nothing: there is nothing to learn from stories, and the flows come with the request."""
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
        if answer["need"] is not None and heard.metadata["mark"] is not None:
            carry(answer["state"], heard.metadata["mark"], heard.parse_data)
        events = [SlotSet(STATE_SLOT, answer.pop("state")), SlotSet(ANSWER_SLOT, answer)]
        return self._predict(domain, ACTION, events)

    def _take_turn(self, state: Optional[Dict[str, Any]], heard: UserUttered) -> Dict[str, Any]:
        flows = request_flows.get(None)
        if flows is None:
            raise FlowsError("FlowPolicy was asked outside a turn: no flows are set")
        turn = heard.metadata
        message = Message(turn["kind"], turn["text"], turn["value"], turn["step"], turn["need"])
        return take_turn(
            flows,
            state,
            message,
            _understood(message, heard),
            turn["facts"],
            turn["channel"],
            turn["language"],
            self._thresholds,
            now=turn["now"],
            idle_seconds=turn["idle_seconds"],
            subject=turn["subject"],
        )

    def _predict(self, domain: Domain, action: str, events: Optional[List[SlotSet]] = None) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, events=events)


def _understood(message: Message, heard: UserUttered) -> Understood:
    if message.kind not in ("text", "result"):
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
        heard.parse_data.get("embedding"),
        heard.parse_data.get("encoder"),
    )
