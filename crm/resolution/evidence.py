"""What of a contact can say that two are one person, in one plain form. Pure; keeps nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm.contacts.addresses import AddressKind, is_business_email

NAMES = ("first_name", "last_name")
STREETS = ("street", "street_2")

_NUMBER_FIRST = re.compile(r"(\d+[a-z]?(?:[-/]\d+[a-z]?)?)[ ,]+(.+)", re.IGNORECASE)
_NUMBER_LAST = re.compile(r"(.*[^\W\d_].*?)[ ,]+(\d+ ?[a-z]?(?:[-/]\d+[a-z]?)?)", re.IGNORECASE)
_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "eg", "ek", "gbr", "gmbh", "group", "holding",
        "inc", "incorporated", "kg", "kgaa", "limited", "llc", "llp", "ltd", "nv", "ohg", "oy", "plc", "pty", "sa",
        "sarl", "sas", "se", "sl", "spa", "srl", "ug",
    }
)  # fmt: skip
_OFFICES = frozenset(
    {
        "accounting", "admin", "billing", "buchhaltung", "bureau", "contact", "contacto", "einkauf", "enquiries",
        "hello", "help", "info", "invoice", "kontakt", "mail", "marketing", "noreply", "office", "post", "purchasing",
        "sales", "service", "support", "team", "ventas", "vertrieb", "verwaltung", "web", "webmaster",
    }
)  # fmt: skip
"""What stands before the @ of addresses that belong to no person."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A contact as it is compared: each value in small letters and digits only, never empty."""

    values: Mapping[str, str] = field(repr=False)
    mailboxes: frozenset[str] = field(default=frozenset(), repr=False)
    """What stands before the @ of their addresses."""
    domains: frozenset[str] = field(default=frozenset(), repr=False)
    """Companies' domains of their addresses, never a public mail provider's."""
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    proven: frozenset[AddressKind] = frozenset()
    """Kinds of address they proved to be theirs."""


def read_evidence(fields: Mapping[str, Any], points: Iterable[tuple[AddressKind, str, bool]] = ()) -> Evidence:
    """The evidence in a contact's fields and addresses (kind, normalised value, whether it is proven)."""
    told = {name: value for name, value in fields.items() if isinstance(value, str | int)}
    number, street = _split_street(str(told.get("street", "")))
    texts = {
        **{name: str(told.get(name, "")) for name in (*NAMES, "street_2", "city", "postal_code", "state", "country")},
        "number": str(told.get("street_number", "")) or number,
        "street": street,
        "company": _without_legal_form(str(told.get("company", ""))),
    }
    known = list(points)
    return Evidence(
        values={name: plain for name, text in texts.items() if (plain := fold(text))},
        mailboxes=frozenset(box for kind, value, _ in known if kind == "email" and (box := _mailbox(value))),
        domains=frozenset(
            value.rpartition("@")[2] for kind, value, _ in known if kind == "email" and is_business_email(value)
        ),
        phones=frozenset(value.removeprefix("+") for kind, value, _ in known if kind == "phone"),
        proven=frozenset(kind for kind, _, proven in known if proven),
    )


def fold(text: str) -> str:
    """Letters without marks and case, and digits; nothing else."""
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKD", text.casefold())
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def _split_street(text: str) -> tuple[str, str]:
    """Number and name: `6 Tullaroop Street`, `Hauptstraße 12a`; without a number the whole is the name."""
    bare = text.strip()
    if found := _NUMBER_FIRST.fullmatch(bare):
        return found.group(1), found.group(2)
    if found := _NUMBER_LAST.fullmatch(bare):
        return found.group(2), found.group(1)
    return "", bare


def _without_legal_form(name: str) -> str:
    words = [word for word in re.split(r"[\s,&]+", name) if word]
    while len(words) > 1 and fold(words[-1]) in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def _mailbox(email: str) -> str:
    box = email.partition("@")[0].partition("+")[0]
    return "" if fold(box) in _OFFICES else fold(box)
