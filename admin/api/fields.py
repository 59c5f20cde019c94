"""Field types that requests share: they refuse what the database cannot store or compare. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
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


PlainText = Annotated[str, AfterValidator(check_storable)]
EmailAddress = Annotated[str, AfterValidator(check_storable), AfterValidator(_normalised_email)]
