"""What may stand in a field of each type, brought into one form. Pure; the same again when done twice.

Nothing is guessed: what cannot be read is an error that says so and does not repeat the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from base.errors import InvalidInput
from crm.contacts.cleansing import clean_text

FieldType = Literal["text", "number", "date", "choice", "yes_no", "url"]
Sensitivity = Literal["plain", "personal", "sensitive"]
LONGEST = 2_000
"""Characters of a text."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")

_BUILT_IN = Path(__file__).with_name("built_in.yml")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}", re.ASCII)
_YES = frozenset({"yes", "true", "1", "y", "ja", "sí", "si", "oui"})
_NO = frozenset({"no", "false", "0", "n", "nein", "non"})


class WrongValue(InvalidInput):
    """This value does not fit its field."""

    code = "wrong_value"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a field is. `keep_days` is how long its values are meant to be kept; whoever reads the record sees it."""

    name: str
    label: str
    type: FieldType
    choices: tuple[str, ...] = ()
    sensitivity: Sensitivity = "personal"
    keep_days: int | None = None
    built_in: bool = field(default=False, compare=False)


@cache
def built_in_fields() -> Mapping[str, Definition]:
    """The fields Parley knows by itself, by name."""
    content = yaml.safe_load(_BUILT_IN.read_text(encoding="utf-8"))
    return {name: Definition(name=name, built_in=True, **told) for name, told in content.items()}


def read_value(definition: Definition, value: Any) -> Any:
    """The value as it is stored: a text, number, true or false; a date as `2026-03-31`.

    Raises:
        WrongValue: it does not fit.
        InvalidInput: no database could store it.
    """
    unstorable = isinstance(value, str) and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in value)
    if unstorable or (isinstance(value, float) and not math.isfinite(value)):
        raise InvalidInput("This holds characters that cannot be stored.")
    try:
        return _READERS[definition.type](definition, value)
    except WrongValue as error:
        raise WrongValue(f"{definition.label}: {error.message}") from error


def _read_text(_definition: Definition, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongValue("write a text.")
    # Letter for letter: what somebody wrote is theirs, and whoever shows it guards themselves.
    text = str(value)
    if len(text) > LONGEST:
        raise WrongValue(f"a text has at most {LONGEST} characters.")
    return text


def _read_number(_definition: Definition, value: Any) -> int | float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise WrongValue("write a number with a point before its decimals, such as 1500 or 1500.5.")
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) >= 1e18:
        raise WrongValue("write a number.")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_date(_definition: Definition, value: Any) -> str:
    # A spreadsheet's day comes with a time of midnight.
    text = value.strip().removesuffix("T00:00:00") if isinstance(value, str) else ""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise WrongValue("write a date as 2026-03-31.")
    return day.isoformat()


def _read_choice(definition: Definition, value: Any) -> str:
    text = clean_text(str(value)).casefold()
    for choice in definition.choices:
        if choice.casefold() == text:
            return choice
    raise WrongValue(f"choose one of {', '.join(definition.choices)}.")


def _read_yes_no(_definition: Definition, value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in _YES | _NO:
        raise WrongValue("write yes or no.")
    return text in _YES


def _read_url(_definition: Definition, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
        host = host.encode("idna").decode() if not host.isascii() else host
        is_one = parts.scheme in ("http", "https") and _HOST.fullmatch(host) and parts.username is None
        is_one = is_one and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = None
    if not is_one or len(whole) > LONGEST or not whole.isprintable() or " " in whole:
        raise WrongValue("write a web address, such as https://company.com.")
    return whole


_READERS: Mapping[FieldType, Callable[[Definition, Any], Any]] = {
    "text": _read_text,
    "number": _read_number,
    "date": _read_date,
    "choice": _read_choice,
    "yes_no": _read_yes_no,
    "url": _read_url,
}
