"""How whoever imports wants a file taken, as it is kept with the import until a worker begins. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from base.errors import InvalidInput
from crm.consent.vocabulary import read_vocabulary
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.cleansing import clean_country
from crm.imports.files import ENCODING, Headings
from crm.imports.mapping import InvalidMapping, check_mapping, guess_columns
from crm.imports.rows import Defaults, clean_language


class InvalidOptions(InvalidInput):
    """The file cannot be taken so."""

    code = "invalid_import_options"


@dataclass(frozen=True)
class Options:
    """`purpose` and `notice_text` are what people agreed to, where there is evidence.

    Args:
        columns: what each becomes, by its place; None leaves it out. Without any they are guessed.
        country: where numbers without a country code are dialled.
        consent_channels: of rows with evidence that name none.
    """

    columns: tuple[str | None, ...] | None = None
    encoding: str = ENCODING
    country: str | None = None
    language: str = "en"
    consent_channels: tuple[str, ...] = ()
    purpose: str = "marketing"
    notice_text: str | None = field(default=None, repr=False)

    @property
    def defaults(self) -> Defaults:
        """What of it cleansing needs."""
        return Defaults(self.country, self.language, self.consent_channels)

    def map(self, headings: Headings) -> dict[int, str]:
        """What becomes of the columns.

        Raises:
            InvalidMapping: they cannot be taken so.
        """
        if self.columns is None:
            return check_mapping(guess_columns(headings.names))
        if len(self.columns) > len(headings.names):
            raise InvalidMapping(f"The file has only {len(headings.names)} columns.")
        return check_mapping({at: target for at, target in enumerate(self.columns) if target})

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Options:
        """What was stored."""
        columns = stored.get("columns")
        return cls(
            **{
                **stored,
                "consent_channels": tuple(stored.get("consent_channels", ())),
                "columns": None if columns is None else tuple(columns),
            }
        )


def check_options(options: Options) -> Options:
    """The options with the country's two letters.

    Raises:
        InvalidInput: there is no such country, language, purpose or channel.
    """
    purposes = read_vocabulary().purposes
    if options.purpose not in purposes:
        raise InvalidOptions(f"There is no purpose {options.purpose!r}: take one of {', '.join(purposes)}.")
    if unknown := set(options.consent_channels) - set(ADDRESS_KINDS):
        raise InvalidOptions(f"There is no channel {min(unknown)!r}: take one of {', '.join(ADDRESS_KINDS)}.")
    return replace(
        options,
        country=clean_country(options.country) if options.country else None,
        language=clean_language(options.language),
        consent_channels=tuple(dict.fromkeys(options.consent_channels)),
    )
