"""Vectors kept in a file from one run to the next: most texts are the same as last time. The file holds no text.

Programs may use the file at the same time. One that is missing or broken is as good as none: the encoder is asked.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from parley_rasa.understanding.encoder import Encoder

VECTORS_VARIABLE = "PARLEY_VECTORS"
MOST_KEPT = 50_000  # vectors, the last used: about 80 MB
SAY_EVERY = 250  # texts
Say = Callable[[str], None]

_MARK = hashlib.sha256().digest_size


class KeptVectors:
    """The encoder, asked once a text."""

    def __init__(self, encoder: Encoder, file: Path | None = None) -> None:
        """Creates it.

        Args:
            encoder: makes what is not kept yet.
            file: what vectors are kept in; none are without it.
        """
        self._encoder, self._file = encoder, file
        self._known = {} if file is None else _read(file, encoder.dimensions)
        self._used: dict[bytes, None] = {}
        self._has_new = False

    def of(self, texts: Sequence[str], say: Say = lambda _line: None) -> np.ndarray:
        """Return one row per text, to the last bit what the encoder gives."""
        keys = {text: self._key(text) for text in texts}
        new = [text for text, key in keys.items() if key not in self._known]
        for number, text in enumerate(new, 1):
            self._known[keys[text]] = self._encoder.encode(text)
            if number % SAY_EVERY == 0:
                say(f"{number} of {len(new)} texts encoded")
        self._has_new |= bool(new)
        self._used.update(dict.fromkeys(keys.values()))
        rows = [self._known[keys[text]] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self._encoder.dimensions)

    def keep(self) -> None:
        """Write the file if anything is new. What was used goes first, what else is in the file after it."""
        if self._file is None or not self._has_new:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(self._file):
            used = {key: self._known[key] for key in self._used}
            others = _read(self._file, self._encoder.dimensions)
            _write(self._file, used | {key: others[key] for key in others if key not in used})
        self._has_new = False

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._encoder.origin}\0{text}".encode()).digest()


def vectors_file() -> Path | None:
    """Return the file that the environment names, if it does."""
    named = os.environ.get(VECTORS_VARIABLE)
    return Path(named) if named else None


def _read(file: Path, dimensions: int) -> dict[bytes, np.ndarray]:
    """Return the vectors by key; none where the file is not one that was written here to its end."""
    try:
        content = file.read_bytes()
    except OSError:
        return {}
    mark, written = content[:_MARK], content[_MARK:]
    if hashlib.sha256(written).digest() != mark:
        return {}
    with np.load(io.BytesIO(written), allow_pickle=False) as arrays:
        keys, vectors = arrays["keys"], arrays["vectors"]
    if vectors.shape[1] != dimensions:
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def _write(file: Path, vectors: Mapping[bytes, np.ndarray]) -> None:
    """Replace the file by one that holds the first of these."""
    kept = list(vectors)[:MOST_KEPT]
    keys = np.frombuffer(b"".join(kept), dtype=np.uint8).reshape(len(kept), _MARK)
    content = io.BytesIO()
    np.savez(content, keys=keys, vectors=np.array([vectors[key] for key in kept], dtype=np.float32))
    written = content.getvalue()
    new = file.with_suffix(".new")
    new.write_bytes(hashlib.sha256(written).digest() + written)
    new.replace(file)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other programs from writing the file."""
    with file.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
