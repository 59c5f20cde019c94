"""The base and the small types every model of the flow language is made of. Knows no step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
ChoiceValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,59}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Scalar = bool | int | float | str

Channel = Literal["web", "email", "sms", "telegram", "voice"]
Purpose = Literal["marketing", "service"]

PURPOSES_NEEDING_CONSENT: frozenset[Purpose] = frozenset({"marketing"})
QUALIFICATIONS = ("hot", "warm", "cold")


class Part(BaseModel):
    """A piece of content: unknown fields are refused, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
