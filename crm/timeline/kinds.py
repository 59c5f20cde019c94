"""The kinds of events there are and what each may hold: data in kinds.yml, and what operators add. Pure.

Refuses an event that does not fit its kind, with what is wrong; writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from babel.numbers import list_currencies
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError
from yarl import URL

Type = Literal["text", "number", "whole", "flag", "day", "moment", "link", "currency", "items"]
Sender = Literal["outside", "web"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]

LONGEST_TEXT = 500
LONGEST_LINK = 2_000
MOST_ITEMS = 100
MOST_PROPERTIES = 40
_LARGEST = 10**15
_FILE = Path(__file__).with_name("kinds.yml")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL refuses in a text: NUL, and halves of surrogate pairs."""
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Kind(_Part):
    """One kind: how people call it, who may send it, and what it holds."""

    title: Annotated[str, Field(min_length=1, max_length=100)]
    senders: frozenset[Sender] = Field(frozenset(), alias="from")
    properties: Annotated[dict[Name, Type], Field(max_length=MOST_PROPERTIES)]
    required: tuple[Name, ...] = ()
    said: tuple[str, ...] = ()

    @model_validator(mode="after")
    def check_required(self) -> Self:
        """Refuse to need what the kind cannot hold."""
        unknown = sorted(set(self.required) - set(self.properties))
        if unknown:
            raise ValueError(f"required but not among the properties: {', '.join(unknown)}")
        return self


class Kinds(_Part):
    """All of a file, as of `version`."""

    version: date
    kinds: dict[Name, Kind]


@cache
def read_kinds(path: Path = _FILE) -> Mapping[str, Kind]:
    """The shipped kinds, checked."""
    return Kinds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).kinds


def read_properties(kind: Kind, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as they are stored, cleaned; raises pydantic's ValidationError."""
    reader = _reader_of(tuple(sorted(kind.properties.items())), kind.required)
    return reader.model_validate(properties).model_dump(mode="json", exclude_none=True)


def explain(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong, one entry a property, without repeating what was sent."""
    return [
        {"field": ".".join(str(part) for part in each["loc"]) or "properties", "message": each["msg"]}
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _check_text(text: str) -> str:
    if UNSTORABLE.search(text):
        raise PydanticCustomError("not_text", "This holds characters that cannot be stored.")
    if "@" in text and _ADDRESS.search(text):
        raise PydanticCustomError("address", "This holds an e-mail address: name the person in `about` instead.")
    return text


def _read_link(text: str) -> str:
    try:
        url = URL(text)
        if url.scheme in ("http", "https") and url.host:
            return _check_text(str(url.with_user(None).with_query(None).with_fragment(None)))
    except ValueError:
        pass
    raise PydanticCustomError("link", "Write a link that begins with http:// or https:// and names a host.")


def _check_number(value: Any) -> int | float:
    # A whole number stays one: 12 is not to be shown as 12.0.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise PydanticCustomError("number", "Write a number.")
    return value


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def _check_currency(text: str) -> str:
    if text not in _currencies():
        raise PydanticCustomError("currency", "Write a currency by its three letters, such as EUR.")
    return text


_Text = Annotated[StrictStr, StringConstraints(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_check_text)]
_Number = Annotated[Any, AfterValidator(_check_number)]
_Currency = Annotated[StrictStr, AfterValidator(_check_currency)]


class Item(_Part):
    """One line of a cart or an order."""

    product: _Text
    name: _Text | None = None
    quantity: _Number | None = None
    price: _Number | None = None


_TYPES: Mapping[Type, Any] = {
    "text": _Text,
    "number": _Number,
    "whole": Annotated[StrictInt, Field(ge=-_LARGEST, le=_LARGEST)],
    "flag": StrictBool,
    "day": date,
    "moment": AwareDatetime,
    "link": Annotated[StrictStr, StringConstraints(max_length=LONGEST_LINK), AfterValidator(_read_link)],
    "currency": _Currency,
    "items": Annotated[list[Item], Field(max_length=MOST_ITEMS)],
}


@cache
def _reader_of(properties: tuple[tuple[str, Type], ...], required: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        # With a name of its own: a property may be called what a model has already.
        f"of_{name}": (
            _TYPES[kind] if name in required else _TYPES[kind] | None,
            Field(... if name in required else None, alias=name),
        )
        for name, kind in properties
    }
    make: Callable[..., type[BaseModel]] = create_model
    return make("Properties", __config__=ConfigDict(extra="forbid", serialize_by_alias=True), **fields)
