"""Where compiled flows and models come from when a replica lacks them. Speaks to no replica itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.signed_models import model_id_of


class DialogueSource(Protocol):
    """Gives what a turn may name; whatever it once gave, it gives unchanged."""

    async def flows_document(self, version: str) -> Mapping[str, Any] | None:
        """The compiled flows of a version, None when there are none."""
        ...

    async def model_file(self, model_id: str) -> bytes | None:
        """The model of this id with its signature (`bot.signed_models`), None when there is none."""
        ...


class MemorySource:
    """Holds what it was given, and knows where to ask for the rest: for drafts, tests and commands."""

    def __init__(self, behind: DialogueSource | None = None) -> None:
        """Start empty.

        Args:
            behind: asked for what this one lacks.
        """
        self._behind = behind
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._models: dict[str, bytes] = {}

    def add_flows(self, document: Mapping[str, Any]) -> str:
        """Keeps compiled flows and gives their version."""
        version = str(document["version"])
        self._documents[version] = document
        return version

    def add_model(self, data: bytes) -> str:
        """Keeps a model and gives its id."""
        model_id = model_id_of(data)
        self._models[model_id] = data
        return model_id

    async def flows_document(self, version: str) -> Mapping[str, Any] | None:
        document = self._documents.get(version)
        if document is None and self._behind is not None:
            return await self._behind.flows_document(version)
        return document

    async def model_file(self, model_id: str) -> bytes | None:
        data = self._models.get(model_id)
        if data is None and self._behind is not None:
            return await self._behind.model_file(model_id)
        return data
