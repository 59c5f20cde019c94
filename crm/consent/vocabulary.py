"""What our purposes and channels are called in the Data Privacy Vocabulary, read from a dated file. Decides nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm.consent.rules import ALL

_FILE = Path(__file__).with_name("purposes.yml")
IRI = Annotated[str, StringConstraints(pattern=r"^https://\S+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Purpose(_Part):
    """One purpose: its IRIs, the data it needs beside the channel's address, and how long a consent to it lasts."""

    iris: list[IRI] = Field(min_length=1)
    data_categories: list[IRI] = Field(default_factory=list)
    valid_for_days: int | None = Field(None, ge=1)


class Vocabulary(_Part):
    """The whole file; `version` is its date."""

    version: str
    sources: list[str]
    purposes: dict[str, Purpose]
    other_purposes: list[IRI] = Field(min_length=1)
    data_of_channels: dict[str, list[IRI]]

    def iris_of(self, purpose: str) -> list[str]:
        """The purpose's IRIs; of `all`, those of every purpose."""
        if purpose == ALL:
            return sorted({iri for one in self.purposes.values() for iri in one.iris})
        known = self.purposes.get(purpose)
        return list(self.other_purposes if known is None else known.iris)

    def data_of(self, purpose: str, channel: str) -> list[str]:
        """The categories of data a consent is about: the channel's address and what the purpose needs besides."""
        named = self.data_of_channels if channel == ALL else {channel: self.data_of_channels.get(channel, [])}
        known = self.purposes.get(purpose)
        more = [] if known is None else known.data_categories
        return sorted({iri for iris in named.values() for iri in iris} | set(more))

    def lasts(self, purpose: str) -> timedelta | None:
        """How long a consent to the purpose lasts; None: until it is withdrawn."""
        known = self.purposes.get(purpose)
        return None if known is None or known.valid_for_days is None else timedelta(days=known.valid_for_days)


@lru_cache(maxsize=1)
def read_vocabulary() -> Vocabulary:
    """The shipped file.

    Raises:
        pydantic.ValidationError: it does not have the form it needs.
    """
    return Vocabulary.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
