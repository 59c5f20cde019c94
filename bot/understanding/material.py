"""What changes are measured with: texts and questions that nothing is ever trained on. Reads the content folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from base.errors import ParleyError

QUESTIONS = "knowledge_questions.yml"
HELD_OUT = "held_out*.yml"

_LARGEST = 1_000_000  # bytes
_MOST_QUESTIONS = 2_000


class MaterialUnreadable(ParleyError):
    """What changes are measured with cannot be read."""

    code = "material_unreadable"
    status = 500


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Question(_Part):
    """A question, the article that answers it and the language it is asked in."""

    text: str = Field(min_length=1, max_length=1_000)
    article: str
    language: str = "en"


class _Questions(_Part):
    questions: Annotated[tuple[Question, ...], BeforeValidator(tuple), Field(max_length=_MOST_QUESTIONS)] = ()


@dataclass(frozen=True)
class Material:
    """What there is to measure with; may be empty.

    Attributes:
        held_out: files of examples, by name.
        questions: for the articles.
    """

    held_out: dict[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()


def read_material(folder: Path) -> Material:
    """The files of an evaluation folder; what is not there is left out.

    Raises:
        MaterialUnreadable: one of them cannot be read; the message names it.
    """
    held_out = {path.name: _read(path) for path in sorted(folder.glob(HELD_OUT))}
    path = folder / QUESTIONS
    return Material(held_out, _read_questions(path) if path.exists() else ())


def _read_questions(path: Path) -> tuple[Question, ...]:
    try:
        data: Any = yaml.safe_load(_read(path))
        return _Questions.model_validate(data).questions
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise MaterialUnreadable(f"{path.name} cannot be read: {problem}") from error


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise MaterialUnreadable(f"{path.name} is larger than {_LARGEST} bytes.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MaterialUnreadable(f"{path.name} cannot be read: {error}") from error
