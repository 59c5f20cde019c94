"""What a contact is called, from the fields they filled. Pure; anything may stand in a field."""

from __future__ import annotations

from collections.abc import Mapping


def name_from(fields: Mapping[str, object]) -> str | None:
    """First and last name as far as they are known."""
    return " ".join(filter(None, (text_of(fields, "first_name"), text_of(fields, "last_name")))) or None


def text_of(fields: Mapping[str, object], name: str) -> str | None:
    """A field that holds text, without blank ends; None when it holds nothing or something else."""
    value = fields.get(name)
    return value.strip() or None if isinstance(value, str) else None
