"""Field types that requests share: they refuse what the database cannot store or compare. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from crm.contacts.addresses import InvalidAddress, normalise_email


class RequestShape(BaseModel):
    """Base of bodies and queries: an unknown field is a mistake of the caller and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerShape(BaseModel):
    """Base of answers; clients must expect fields that are new to them."""

    model_config = ConfigDict(frozen=True)


class ShownOnce(AnswerShape):
    """Base of answers that hold a secret: they are kept nowhere, not for commands that are sent again either."""


def check_storable(text: str) -> str:
    """The text itself, unless it holds what PostgreSQL refuses in text: NUL or half a surrogate pair."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("not_text", "This holds characters that cannot be stored.")
    return text


def _normalised_email(text: str) -> str:
    try:
        return normalise_email(text)
    except InvalidAddress as error:
        raise PydanticCustomError("email", "{reason}", {"reason": error.message}) from error


def _read_as_text(told: object) -> object:
    # A number would be read as seconds since 1970, which no description of a date and time allows (RFC 3339 5.6).
    if isinstance(told, int | float) or (isinstance(told, str) and _NUMBER.fullmatch(told)):
        raise PydanticCustomError("moment", "Say the date and time as 2026-11-28T09:30:00Z.")
    return told


def _check_within_reach(moment: datetime) -> datetime:
    if not _FIRST <= moment <= _LAST:
        raise PydanticCustomError("moment", "Name a day between 2000 and 2200.")
    return moment


_NUMBER = re.compile(r"\s*[-+]?[\d.]*(e\d+)?\s*", re.IGNORECASE)
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[
    AwareDatetime, BeforeValidator(_read_as_text, json_schema_input_type=datetime), AfterValidator(_check_within_reach)
]
PlainText = Annotated[str, AfterValidator(check_storable)]
EmailAddress = Annotated[str, AfterValidator(check_storable), AfterValidator(_normalised_email)]
