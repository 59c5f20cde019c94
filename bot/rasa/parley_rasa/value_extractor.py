"""Rasa graph component that finds e-mail addresses, phone numbers and amounts. The rules are in ``values``.

No ``from __future__ import annotations`` here: Rasa inspects the signatures.
"""

from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from parley_rasa.values import find_values, region_for


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ValueExtractor(GraphComponent, EntityExtractorMixin):
    """Adds entities of kind ``email``, ``phone`` and ``number``, each in its normal form."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"phone_region": None}  # None: the region of the visitor's language

    def __init__(self, config: Dict[str, Any]) -> None:
        self._phone_region = config["phone_region"]

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ValueExtractor":
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            language = (message.get("metadata") or {}).get("language", "en")
            found = find_values(message.get(TEXT) or "", region_for(language, self._phone_region), language)
            entities = [
                {
                    "entity": value.kind,
                    "value": value.value,
                    "start": value.start,
                    "end": value.end,
                    "extractor": "ValueExtractor",
                }
                for value in found
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages
