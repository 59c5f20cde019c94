"""What the classifier looks at in a text: words, pieces of words, families of words, where it was said. Pure.

The same at training and at reading; change it and the classifier must be trained anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, pairwise, product

from crm.consent.opt_out.word_families import families_of

GROUPS = ("words", "pieces", "families", "setting")
_WORDS_IN_A_ROW = 3
_PIECE_LENGTHS = range(2, 6)  # letters
_FEW_WORDS = 3
"""Of so few, the same may answer a form in the web chat and be an opt-out elsewhere; longer ones speak clearly."""
_REMEMBERED = 8192  # words
_LONGEST_WORD = 60  # letters; what follows is noise
_START, _END, _BETWEEN = "<", ">", "."


@dataclass(frozen=True, slots=True)
class Features:
    """What a text has, by group. Each counts once, however often it occurs."""

    words: set[str] = field(default_factory=set)
    pieces: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    setting: set[str] = field(default_factory=set)


def place_of(sentences: Sequence[str], channel: str) -> str:
    """What of the channel counts: `chat` or `elsewhere`; nothing where the sentences speak for themselves."""
    if sum(len(sentence.split()) for sentence in sentences) > _FEW_WORDS:
        return ""
    return "chat" if channel == "web" else "elsewhere"


def features_of(sentences: Sequence[str], *, place: str, asks: bool) -> Features:
    """The features of sentences that are reduced to words.

    Args:
        place: see `place_of`.
        asks: whether a question mark is in the text, which reducing it drops.
    """
    found = Features()
    if place:
        found.setting.add(place)
    if asks:
        found.setting.add("asks")
    row = [_START]
    for number, sentence in enumerate(sentences):
        words = [word[:_LONGEST_WORD] for word in sentence.split()]
        if number:
            row.append(_BETWEEN)
        row += words
        _add_families(found.families, words, place)
        for word in words:
            found.pieces.update(_pieces_of(word))
    row.append(_END)
    found.words.update(_rows(row))
    return found


def _rows(row: Sequence[str]) -> Iterable[str]:
    for length in range(1, _WORDS_IN_A_ROW + 1):
        for start in range(len(row) - length + 1):
            yield " ".join(row[start : start + length])


@lru_cache(maxsize=_REMEMBERED)
def _pieces_of(word: str) -> tuple[str, ...]:
    """Its letters in rows, with a space for where it begins and ends."""
    spaced = f" {word} "
    return tuple({
        spaced[start : start + length] for length in _PIECE_LENGTHS for start in range(len(spaced) - length + 1)
    })  # fmt: skip


def _add_families(found: set[str], words: Sequence[str], place: str) -> None:
    """Families in the sentence, each two of them, those that follow each other, and their neighbouring words."""
    sequence = [families_of(word) for word in words]
    present = sorted({family for families in sequence for family in families})
    found.update(present)
    if place:
        found.update(f"{place}:{family}" for family in present)
    found.update(f"{one}&{other}" for one, other in combinations(present, 2))
    for before, after in pairwise(families for families in sequence if families):
        found.update(f"{one}>{other}" for one, other in product(before, after))
    for (word, families), (next_word, next_families) in pairwise(zip(words, sequence, strict=True)):
        found.update(f"{word}>:{family}" for family in next_families)
        found.update(f"{family}:>{next_word}" for family in families)
