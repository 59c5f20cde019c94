"""Rasa graph component for intents: meaning and wording of a message, pooled into calibrated probabilities.

No ``from __future__ import annotations`` here: Rasa inspects the signatures.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parley_rasa.understanding import intent_training
from parley_rasa.understanding.encoder import Encoder, EncoderError, encoder_folder, encoder_precision
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE, IntentModel
from parley_rasa.understanding.kept_vectors import KeptVectors, vectors_file
from parley_rasa.understanding.readable import is_language
from parley_rasa.understanding.setup import DEFAULTS
from parley_rasa.understanding.several_questions import questions_in
from parley_rasa.vectors import write_vector


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SemanticIntents(GraphComponent, IntentClassifier):
    """Classifies a message. A command, a text without letters and one no intent is meant for are out of scope."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return dict(DEFAULTS)

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        encoder: Encoder,
        model: Optional[IntentModel] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._encoder = encoder
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SemanticIntents":
        return cls(config, model_storage, resource, _open_encoder(config))

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "SemanticIntents":
        """Loads the trained model; refuses an encoder other than the one it was trained with."""
        encoder = _open_encoder(config)
        with model_storage.read_from(resource) as folder:
            model = IntentModel.load(Path(folder))
        if config["threshold"] is not None:
            model.threshold = float(config["threshold"])
        if model.encoder != encoder.fingerprint:
            raise EncoderError("the model was trained with another encoder than the one configured: train it again")
        return cls(config, model_storage, resource, encoder, model)

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Trains anew when the encoder changed, though config and examples did not."""
        return _open_encoder({**DEFAULTS, **config}).fingerprint

    def train(self, training_data: TrainingData) -> Resource:
        examples = [example for example in training_data.intent_examples if is_language(example.get(TEXT) or "")]
        texts, intents = intent_training.with_names(
            [example.get(TEXT) for example in examples], [example.get(INTENT) for example in examples]
        )
        kept = KeptVectors(self._encoder, vectors_file())
        vectors = kept.of(texts)
        kept.keep()
        self._model = intent_training.train(texts, intents, vectors, self._encoder.fingerprint, self._config["c"])
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(Path(folder))
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            vector = self._encoder.encode(text) if is_language(text) else None
            ranking = self._rank(text, vector)
            name, confidence = ranking[0]
            message.set(INTENT, {"name": name, "confidence": confidence}, add_to_output=True)
            kept = ranking[: self._config["ranking_length"]]
            message.set(
                "intent_ranking",
                [{"name": intent, "confidence": score} for intent, score in kept],
                add_to_output=True,
            )
            parts = [self._rank_part(part) for part in questions_in(text)]
            message.set(
                "intent_parts",
                [{"name": intent, "confidence": score} for intent, score in parts],
                add_to_output=True,
            )
            if vector is not None:
                # What the articles are searched by, and what gaps are grouped by.
                message.set("embedding", write_vector(vector), add_to_output=True)
                message.set("encoder", self._encoder.fingerprint, add_to_output=True)
        return messages

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    def _rank_part(self, text: str) -> Any:
        return self._rank(text, self._encoder.encode(text) if is_language(text) else None)[0]

    def _rank(self, text: str, vector: Optional[np.ndarray]) -> Any:
        if self._model is None:
            raise EncoderError("SemanticIntents has not been trained")
        return [(OUT_OF_SCOPE, 1.0)] if vector is None else self._model.rank(text, vector)


def _open_encoder(config: Dict[str, Any]) -> Encoder:
    precision = encoder_precision(config["precision"])
    return Encoder(encoder_folder(config["encoder_dir"]), precision, int(config["max_tokens"]))
