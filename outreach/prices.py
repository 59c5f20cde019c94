"""What a message costs on each channel, by the operator's dated list. Bills nobody: for choices and the ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import structlog
import yaml
from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from base.errors import InvalidInput
from base.sms_segments import read_segments
from outreach.spending.rules import PAID

_log = structlog.get_logger(__name__)

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

    @field_validator("countries", mode="before")
    @classmethod
    def _known_countries(cls, countries: object) -> object:
        if not isinstance(countries, Mapping):
            return countries
        read = {}
        for written, price in countries.items():
            if written is False:
                raise ValueError('write the country "NO" in quotes: without them YAML reads it as a no')
            country = str(written).upper()
            if country not in SUPPORTED_REGIONS:
                raise ValueError(f"{written} is no country: give two letters of ISO 3166, such as US")
            if country in read:
                raise ValueError(f"{country} has two prices")
            read[country] = price
        return read


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

    What texts and calls cost is never nothing, or the ceiling would be without effect: the shipped price stands in.

    Raises:
        PricesProblem: the file is no price list.
    """
    if own is None or not own.exists():
        return _read(_SHIPPED)
    prices, shipped = _read(own), _read(_SHIPPED)
    paid = {channel: _priced(channel, prices.channels.get(channel), shipped.channels[channel]) for channel in PAID}
    return prices.model_copy(update={"channels": {**prices.channels, **paid}})


def _priced(channel: str, own: Price | None, shipped: Price) -> Price:
    """The same where it costs something; what costs nothing at all or in a country is given a price."""
    if own is None:
        _log.warning("price_missing", channel=channel, taken=shipped.each)
        return shipped
    each = own.each or shipped.each
    free = sorted(country for country, price in own.countries.items() if not price)
    if free or not own.each:
        _log.warning("price_missing", channel=channel, taken=each, countries=free)
    countries = {country: price for country, price in own.countries.items() if price}
    return own.model_copy(update={"each": each, "countries": countries})


def _read(path: Path) -> PriceList:
    try:
        return PriceList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise PricesProblem(f"{path.name} is no price list: {error}") from error
