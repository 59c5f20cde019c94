"""The models that this replica can answer with, by the SHA-256 of their archive. Loads them aside, one at a time.

Nothing of what is pushed is unpacked before its signature was verified.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterable, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from parley_rasa.model_signature import HEAD, find_fault

logger = logging.getLogger(__name__)

MOST_MODELS = 2
LARGEST_MODEL = 64 * 1024 * 1024  # bytes


class ModelError(ValueError):
    """What was sent is not the model it is said to be, or cannot be loaded."""


class ModelSizeError(ModelError):
    """The file is longer than any model of ours."""


class HeldModels:
    """Keeps the most lately used ones. A turn that has its agent keeps it, whatever is dropped here meanwhile."""

    def __init__(
        self, load: Callable[[Path], Any], folder: Path, keys: Sequence[Ed25519PublicKey], most: int = MOST_MODELS
    ) -> None:
        """Start empty.

        Args:
            load: makes an agent of a model file; called in a thread.
            folder: for what is being received; nothing stays there.
            keys: of those whose models are taken.
        """
        self._load = load
        self._keys = keys
        self._most = most
        self._agents: OrderedDict[str, Any] = OrderedDict()
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._folder = folder

    def add_file(self, path: Path) -> str:
        """Load an archive before anything is served; return its id. Whoever starts a program answers for its files.

        Raises:
            ModelError: it cannot be loaded.
            OSError: it cannot be read.
        """
        model_id = hashlib.sha256(path.read_bytes()).hexdigest()
        self._keep(model_id, self._loaded(path))
        return model_id

    def find(self, model_id: str) -> Any:
        """Return the agent of a model, which counts as using it; None when it is not held."""
        agent = self._agents.get(model_id)
        if agent is not None:
            self._agents.move_to_end(model_id)
        return agent

    def latest(self) -> Any:
        """Return the agent used last; None when no model is held."""
        return next(reversed(self._agents.values()), None)

    def ids(self) -> list[str]:
        """List what is held, the most lately used first."""
        return list(reversed(self._agents))

    async def take(self, model_id: str, chunks: AsyncIterable[bytes]) -> None:
        """Receive a model and load it; return when turns can be answered with it.

        Raises:
            ModelError: the content does not have this id, is not signed by whom we know, or cannot be loaded.
        """
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".tar.gz", delete=False) as file:
            path = Path(file.name)
            try:
                await _receive(model_id, chunks, file, self._keys)
            except BaseException as error:
                path.unlink()
                if isinstance(error, ModelError):
                    logger.error("model_refused id=%s reason=%s", model_id, error)
                raise
        if self.find(model_id) is not None:
            path.unlink()
            return
        loading = self._loading.get(model_id)
        if loading is None:
            loading = self._loading[model_id] = asyncio.create_task(self._load_aside(model_id, path))
            loading.add_done_callback(lambda done: self._forget(model_id, done))
        else:
            path.unlink()
        # It goes on loading when the one who pushed it goes away: they will be back for it.
        await asyncio.shield(loading)

    async def _load_aside(self, model_id: str, path: Path) -> None:
        try:
            async with self._one_at_a_time:
                agent = await asyncio.to_thread(self._loaded, path)
        finally:
            path.unlink()
        self._keep(model_id, agent)

    def _loaded(self, path: Path) -> Any:
        try:
            return self._load(path)
        except Exception as error:  # a file made elsewhere: there is no telling what Rasa raises
            raise ModelError(f"the model cannot be loaded: {_reason(error)}") from error

    def _forget(self, model_id: str, loading: asyncio.Task[None]) -> None:
        del self._loading[model_id]
        if not loading.cancelled() and loading.exception() is not None:
            logger.error("model_refused id=%s reason=%s", model_id, loading.exception())

    def _keep(self, model_id: str, agent: Any) -> None:
        self._agents[model_id] = agent
        self._agents.move_to_end(model_id)
        while len(self._agents) > self._most:
            self._agents.popitem(last=False)


async def _receive(
    model_id: str, chunks: AsyncIterable[bytes], file: BinaryIO, keys: Sequence[Ed25519PublicKey]
) -> None:
    digest = hashlib.sha256()
    head = b""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_MODEL:
            raise ModelSizeError(f"a model has at most {LARGEST_MODEL} bytes")
        lacking = HEAD - len(head)
        head += chunk[:lacking]
        digest.update(chunk[lacking:])
        file.write(chunk[lacking:])
    file.flush()
    if (fault := find_fault(head, digest.digest(), keys)) is not None:
        raise ModelError(fault)
    if digest.hexdigest() != model_id:
        raise ModelError("the id is not the SHA-256 of the content")


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__} {error}"
