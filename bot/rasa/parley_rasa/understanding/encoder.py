"""Run the exported sentence encoder (bot/encoder_export.py writes it) on one thread. Trains nothing."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

ENCODER_DIR_VARIABLE = "PARLEY_ENCODER_DIR"
PRECISION_VARIABLE = "PARLEY_ENCODER_PRECISION"
DEFAULT_DIMENSIONS = 384
PRECISIONS = ("int8", "fp32")


class EncoderError(RuntimeError):
    """The encoder is missing or not the one a model was trained with."""


class Encoder:
    """Text → unit vector."""

    def __init__(self, folder: Path, precision: str, max_tokens: int) -> None:
        if precision not in PRECISIONS:
            raise EncoderError(f"precision {precision!r} is none of {', '.join(PRECISIONS)}")
        model = folder / f"model.{precision}.onnx"
        self.fingerprint, self.dimensions = _recorded_origin(folder, precision)
        options = onnxruntime.SessionOptions()
        # One replica, one core: a second thread would only take the core of another replica.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._folder, self._max_tokens = folder, max_tokens
        self._tokenizer = self._open_tokenizer()

    def reading(self, max_tokens: int) -> Encoder:
        """Return the same encoder for texts of another length: what messages are compared with may be long."""
        other = copy.copy(self)
        other._max_tokens = max_tokens
        other._tokenizer = other._open_tokenizer()
        return other

    @property
    def origin(self) -> str:
        """All that a vector hangs on besides its text."""
        return f"{self.fingerprint}/{self._max_tokens} tokens/onnxruntime {onnxruntime.__version__}"

    def _open_tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._max_tokens)
        return tokenizer

    def encode(self, text: str) -> np.ndarray:
        """Return the vector of a text, as float32 of length ``dimensions``."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return vectors[0]

    def encode_all(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row per text. One at a time on purpose: int8 results depend on what shares a batch."""
        rows: list[np.ndarray] = [self.encode(text) for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self.dimensions)


def encoder_folder(configured: str | None) -> Path:
    """Return the encoder's folder: from the environment, else from the configuration."""
    folder = os.environ.get(ENCODER_DIR_VARIABLE) or configured
    if not folder:
        raise EncoderError(f"set {ENCODER_DIR_VARIABLE} to the folder written by bot.encoder_export")
    return Path(folder)


def encoder_precision(configured: str) -> str:
    """Return what the encoder is run in: from the environment, else from the configuration."""
    return os.environ.get(PRECISION_VARIABLE) or configured


def _recorded_origin(folder: Path, precision: str) -> tuple[str, int]:
    """Name the weights and the kind of export, and the length of a vector.

    Not the file's hash: it differs between exports of the same weights.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        origin = f"{meta['weights_sha256']}/{meta['format']}/{precision}"
        return origin, int(meta.get("dimensions", DEFAULT_DIMENSIONS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"no exported encoder in {folder}: {error!r}") from error
