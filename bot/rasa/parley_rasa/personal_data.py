"""Find in a text what tells who wrote it: addresses, numbers, a name, a company. In doubt, nothing. Pure."""

from __future__ import annotations

from parley_rasa.personal_facts import find_personal_facts
from parley_rasa.values import find_email, find_phone, region_for

_TOLD = ("first_name", "company")


def find_personal_data(text: str, language: str) -> list[dict[str, str]]:
    """List what is found, each with its kind and the words that say it."""
    addresses = (find_email(text, language), find_phone(text, region_for(language), language))
    found = [{"fact": one.kind, "said": text[one.start : one.end]} for one in addresses if one is not None]
    told = find_personal_facts(text, language)
    return [*found, *({"fact": kind, "said": said} for kind in _TOLD if (said := getattr(told, kind)))]
