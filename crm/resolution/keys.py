"""Keyed hashes under which contacts who may be one person lie together. No name or address can be read from them."""

from __future__ import annotations

from collections.abc import Iterator

from jellyfish import soundex

from base.encryption import KeyRing
from crm.resolution.evidence import NAMES, STREETS, Evidence

COUNTED = {**dict.fromkeys(NAMES, "name"), "company": "company", "mailbox": "mailbox"}
"""Fields whose values are counted: that two have the same rare name says more than that both are called Smith.
First and last names are counted together, as they are compared crosswise.
"""
_SOUND = 4  # letters of a value that is written in no Latin letters
_LAST_DIGITS = 2
_OWN_DIGITS = 7
"""Numbers that agree but for their last digits, or in the digits after country and area, are looked at."""

Key = int
"""64 bits of the hash, as PostgreSQL's bigint holds them."""


def group_keys(keys: KeyRing, person: Evidence) -> frozenset[Key]:
    """Whoever shares one of these is compared."""
    return frozenset(_hash(keys, text) for text in _groups(person))


def value_key(keys: KeyRing, field: str, value: str) -> Key | None:
    """Whoever shares this has the very value; None where the field's values are not counted."""
    return _hash(keys, f"{COUNTED[field]}|{value}") if field in COUNTED else None


def stored_keys(keys: KeyRing, person: Evidence) -> frozenset[Key]:
    """All that is kept of a person: the groups, the values to be counted, and the domains to find companies by."""
    held = [*person.values.items(), *(("mailbox", box) for box in person.mailboxes)]
    values = {key for field, value in held if (key := value_key(keys, field, value)) is not None}
    return group_keys(keys, person) | values | {domain_key(keys, domain) for domain in person.domains}


def domain_key(keys: KeyRing, domain: str) -> Key:
    """Whoever shares this has an e-mail address on the domain."""
    return _hash(keys, f"domain|{domain}")


def _groups(person: Evidence) -> Iterator[str]:
    values = person.values
    names = {_sound(values[name]) for name in NAMES if name in values}
    streets = {_sound(values[line]) for line in STREETS if line in values}
    if all(name in values for name in NAMES):
        yield _joined("names", *sorted((_sound(values["first_name"]), _sound(values["last_name"]))))
    for name in names:
        yield from (_joined("name_street", name, street) for street in streets)
        if "postal_code" in values:
            yield _joined("name_postal_code", name, values["postal_code"])
        if "company" in values:
            yield _joined("name_company", name, _sound(values["company"]))
        yield from (_joined("name_domain", name, domain) for domain in person.domains)
    if "number" in values:
        yield from (_joined("street_number", street, values["number"]) for street in streets)
    if "postal_code" in values and "city" in values:
        yield _joined("place", values["postal_code"], _sound(values["city"]))
    for box in person.mailboxes:
        yield f"mailbox|{box}"
    for phone in person.phones:
        yield _joined("phone_begins", phone[:-_LAST_DIGITS])
        yield _joined("phone_ends", phone[-_OWN_DIGITS:])


def _joined(kind: str, *parts: str) -> str:
    return "|".join((kind, *parts))


def _sound(value: str) -> str:
    letters = "".join(one for one in value if one.isalpha())
    return soundex(letters) if letters.isascii() and letters else value[:_SOUND]


def _hash(keys: KeyRing, text: str) -> Key:
    return int.from_bytes(keys.blind_index(text, kind="likeness")[:8], "big", signed=True)
