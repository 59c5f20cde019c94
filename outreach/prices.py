"""What a message costs on each channel, by the operator's dated list. Bills nobody: for choices and the ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from base.errors import InvalidInput
from base.sms_segments import read_segments

_SHIPPED = Path(__file__).resolve().parent / "prices.yml"


class PricesProblem(InvalidInput):
    """The price list cannot be read."""

    code = "prices_unreadable"


class Price(BaseModel):
    """The price of a message, or of each part that a text message is cut into."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    each: float = Field(ge=0)
    countries: Mapping[str, float] = Field(default_factory=dict)
    """Where it is another: by country (ISO 3166)."""
    per: Literal["message", "segment"] = "message"


class PriceList(BaseModel):
    """All prices; a channel that is not named costs nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    channels: Mapping[str, Price]

    def cost_of(self, channel: str, text: str, country: str | None = None) -> float:
        """What one message with this text costs, to a number of a country where that is known."""
        price = self.channels.get(channel)
        if price is None:
            return 0.0
        each = price.each if country is None else price.countries.get(country, price.each)
        return each * (read_segments(text).count if price.per == "segment" else 1)

    def charge_of(self, channel: str, text: str, country: str | None) -> float:
        """What it is counted with before it leaves: of a picture alone, or a text not yet written, one part."""
        return self.cost_of(channel, text or ".", country)


@lru_cache(maxsize=8)
def read_prices(own: Path | None = None) -> PriceList:
    """The operator's own list where there is one, else the one that is shipped.

    Raises:
        PricesProblem: the file is no price list.
    """
    path = own if own is not None and own.exists() else _SHIPPED
    try:
        return PriceList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise PricesProblem(f"{path.name} is no price list: {error}") from error
