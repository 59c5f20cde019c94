"""Read examples in Rasa's NLU format without Rasa. Judges none of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

DEFAULT_LANGUAGE = "en"
_LANGUAGE = re.compile(r"(?:\.|^held_out_)([a-z]{2,3}(?:-[A-Z]{2})?)$")
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


class ReportError(ValueError):
    """What was given cannot be reported on."""


@dataclass(frozen=True)
class Example:
    """A text and the intent it stands for."""

    text: str
    intent: str
    language: str

    @cached_property
    def plain(self) -> str:
        """The text as it is compared: without case, punctuation and the differences of Unicode."""
        folded = unicodedata.normalize("NFKC", self.text).casefold()
        return " ".join(re.findall(r"\w+", folded)) or folded.strip()


def read_examples(paths: Iterable[Path]) -> list[Example]:
    """Return the examples of files and folders of them, in the files' order.

    Raises:
        ReportError: a file cannot be read.
    """
    return [example for path in paths for file in _files(path) for example in _read(file)]


def language_of(file: Path) -> str:
    """Return the language a file's name ends with: ``core.es.yml``, ``held_out_es.yml``; English without one."""
    found = _LANGUAGE.search(file.stem)
    return found[1] if found else DEFAULT_LANGUAGE


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"})
    return [path]


def _read(file: Path) -> Iterator[Example]:
    try:
        data = yaml.load(file.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ReportError(f"{file.name} cannot be read: {' '.join(str(error).split())}") from error
    sections = data.get("nlu") if isinstance(data, dict) else None
    if not isinstance(sections, list):
        raise ReportError(f"{file.name} has no list of examples under nlu:")
    for section in sections:
        # A section without an intent lists synonyms, a lookup or an expression.
        if isinstance(section, dict) and isinstance(section.get("intent"), str):
            for text in _texts(section.get("examples")):
                yield Example(text, section["intent"], language_of(file))


def _texts(written: Any) -> Iterator[str]:
    """Return the lines of a block, or the texts of a list of them."""
    if isinstance(written, str):
        lines = [line.strip() for line in written.splitlines()]
        written = [line[1:] for line in lines if line.startswith("-")]
    for one in written if isinstance(written, list) else ():
        text = one.get("text") if isinstance(one, dict) else one
        if isinstance(text, str) and text.strip():
            yield _ENTITY.sub(r"\1", text).strip()
