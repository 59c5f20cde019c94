"""Rasa's agent and message processor, cut down to what a turn needs. Changes no rule of the dialogue."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.exceptions import ModelNotFound
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from parley_rasa.flow_policy import ACTION
from parley_rasa.planned_runner import PlannedRunner
from parley_rasa.semantic_intents import SemanticIntents
from parley_rasa.understanding.encoder import Encoder

logger = logging.getLogger(__name__)


class TurnProcessor(MessageProcessor):
    """One message, one prediction, one action."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        """Loads the model with our runner; Rasa's own method names its runner in the code."""
        if not os.path.isfile(model_path):
            raise ModelNotFound(f"No model file at '{model_path}'.")
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, PlannedRunner
            )
        return os.path.basename(model_path), metadata, runner

    @staticmethod
    def should_predict_another_action(action_name: str) -> bool:
        """Stops after the turn's only action, where Rasa would run the graph again to be told to listen."""
        return action_name != ACTION and MessageProcessor.should_predict_another_action(action_name)

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Does nothing: FlowPolicy fills the slots, none is mapped from entities."""
        return tracker

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Does nothing: whether the domain knows an intent means nothing here, and Rasa builds a domain to find out."""

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """Runs the turn's action on the tracker itself, which nobody keeps; one that fails fails the turn.

        Rasa runs it on a copy, to go on without it, and copies the whole answer for debug lines nobody reads.
        """
        tracker.update_with_events(prediction.events, self.domain)
        events = await action.run(output_channel, nlg, tracker, self.domain)
        tracker.update(action.event_for_successful_execution(prediction))
        await self._send_bot_messages(events, tracker, output_channel)
        return self.should_predict_another_action(action.name())


class TurnAgent(Agent):
    """Serves turns with a TurnProcessor."""

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        self.processor = TurnProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
            http_interpreter=self.http_interpreter,
        )
        self.domain = self.processor.domain
        self.tracker_store.domain = self.domain
        self._set_fingerprint(fingerprint)

    @property
    def encoder(self) -> Encoder | None:
        """What the model's vectors are made by; None when the model has no component that makes any."""
        components = self.processor.graph_runner.components() if self.processor is not None else ()
        return next((one.encoder for one in components if isinstance(one, SemanticIntents)), None)

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
        """Takes no lock: a turn shares nothing with another, and the platform orders those of a conversation."""
        if self.processor is None:
            raise ModelNotFound("No model is loaded.")
        return await self.processor.handle_message(message)

    @staticmethod
    def _create_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
        """Uses the given store as it is: Rasa's wrapper would, on an error, go on with one that keeps trackers."""
        if store is None:
            raise ModelNotFound("A tracker store must be named in endpoints.yml.")
        store.domain = domain
        return store
