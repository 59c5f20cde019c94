"""Gives dialogue processes the flows and models they lack: from the database, or lent while a draft is rehearsed."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from base.database import Sessions
from bot.publishing.models import DialogueModel, Publication
from bot.publishing.ports import TrainedModel

_DOCUMENTS = 4
_MODELS = 1  # they are large, and asked for only when a process starts or training made a new one

ValueT = TypeVar("ValueT")


class PublishedSource:
    """A `bot.dialogue.DialogueSource` of what was published."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._documents: _Recent[Mapping[str, Any]] = _Recent(_DOCUMENTS)
        self._models: _Recent[bytes] = _Recent(_MODELS)
        self._lent_documents: dict[str, Mapping[str, Any]] = {}
        self._lent_models: dict[str, bytes] = {}
        self._lent: Counter[str] = Counter()

    async def flows_document(self, version: str) -> Mapping[str, Any] | None:
        """The compiled flows of this version, if they were published or are lent."""
        if version in self._lent_documents:
            return self._lent_documents[version]
        found = self._documents.get(version)
        if found is None:
            statement = select(Publication.compiled).where(Publication.flows_version == version).limit(1)
            async with self._sessions() as session:
                found = await session.scalar(statement)
            if found is not None:
                self._documents.put(version, found)
        return found

    async def model_file(self, model_id: str) -> bytes | None:
        """The model, if it is kept or lent."""
        if model_id in self._lent_models:
            return self._lent_models[model_id]
        found = self._models.get(model_id)
        if found is None:
            async with self._sessions() as session:
                found = await session.scalar(select(DialogueModel.data).where(DialogueModel.id == model_id))
            if found is not None:
                self._models.put(model_id, found)
        return found

    @contextmanager
    def lending(self, compiled: Mapping[str, Any], model: TrainedModel | None = None) -> Iterator[None]:
        """Gives out a draft as well for as long as the block runs.

        Args:
            model: one that is not kept yet.
        """
        version = str(compiled["version"])
        keys = [version] if model is None else [version, model.id]
        self._lent.update(keys)
        self._lent_documents[version] = compiled
        if model is not None:
            self._lent_models[model.id] = model.data
        try:
            yield
        finally:
            self._lent.subtract(keys)
            # The same draft may be lent twice at once.
            for key in keys:
                if not self._lent[key]:
                    self._lent_documents.pop(key, None)
                    self._lent_models.pop(key, None)
                    del self._lent[key]


class _Recent(Generic[ValueT]):
    """The last few values that were used."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, ValueT] = OrderedDict()

    def get(self, key: str) -> ValueT | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: str, value: ValueT) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)
