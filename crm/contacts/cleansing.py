"""What people and spreadsheets write, brought into one form. Pure; the same again when done twice.

Nothing is guessed: what cannot be read is an error that says so, never a near value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

import phonenumbers
from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers

from base.errors import InvalidInput
from crm.contacts.addresses import normalise_email, normalise_phone
from crm.places.area_codes import states_by_name

LANGUAGES_OF_COUNTRIES = ("en", "de", "es", "fr", "it", "nl", "pt", "pl", "sv", "da")
"""Languages whose names of countries are read, beside each country's own."""

_JOINERS = "\u200c\u200d"  # spelling in Persian and the languages of India
_PARTICLES = frozenset(
    {
        "af", "al", "av", "bin", "da", "das", "de", "degli", "dei", "del", "della", "den", "der", "des", "di", "do",
        "dos", "du", "el", "ibn", "la", "las", "le", "lo", "los", "of", "te", "ten", "ter", "van", "vom", "von", "y",
        "zu", "zum", "zur",
    }
)  # fmt: skip
_PREFIXES = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "sir", "dame", "dr", "prof", "professor", "herr", "frau", "dipl-ing", "ing",
        "señor", "señora", "sr", "sra", "srta", "monsieur", "madame", "mademoiselle", "mme", "mlle",
    }
)  # fmt: skip
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "mba"])
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ANGLED = re.compile(r"[^<>]*<([^<>]+)>")
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+")
_TAG_GAP = re.compile(r"[^a-z0-9]+")


class UnreadableValue(InvalidInput):
    """This value cannot be read: write it in another way."""

    code = "unreadable_value"


def clean_text(text: str) -> str:
    """Composed (NFC), without control characters, one space between words and none around."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(one if one in _JOINERS or unicodedata.category(one) not in _UNWANTED else " " for one in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())


_UNWANTED = frozenset({"Cc", "Cf", "Cs"})


def clean_name(text: str) -> str:
    """A name; one that is written in capitals or small letters only gets the case that names have.

    A name in mixed case is its owner's way to write it and stays.
    """
    name = clean_text(text)
    if not (name.isupper() or name.islower()):
        return name
    lowered = name.lower()
    if lowered in _PARTICLES:
        return name
    return clean_text(_WORD.sub(lambda found: _cased(found.group(), lowered), lowered))


def split_name(text: str) -> tuple[str, str]:
    """First and last name of a whole one: `Doe, Jane`, `Dr. Jane van der Berg`, `JANE DOE JR.`.

    The last word is the last name, with the particles before and the suffixes after it. One word is a first name.
    """
    before, comma, after = clean_text(text).partition(",")
    words = before.split()
    if comma:
        rest = after.replace(",", " ").split()
        suffixes = rest and all(_bare(word) in _SUFFIXES for word in rest)
        words = [*words, *rest] if suffixes else [*rest, *words]
        # What stood before the comma is the last name, however many words it has.
        whole = len(words) if suffixes else len(rest)
    else:
        whole = len(words)
    dropped = 0
    while len(words) > 1 and _bare(words[0]) in _PREFIXES:
        words, dropped = words[1:], dropped + 1
    if comma and whole < len(words) + dropped and whole - dropped > 0:
        cut = whole - dropped
    else:
        cut = _last_name_begins(words)
    cased = clean_name(" ".join(words)).split()
    return " ".join(cased[:cut]), " ".join(cased[cut:])


def clean_email(text: str) -> str:
    """The address alone and normalised, out of `Jane <jane@company.com>` or `mailto:jane@company.com;`.

    Raises:
        InvalidAddress: there is none in it.
    """
    bare = clean_text(text)
    angled = _ANGLED.fullmatch(bare)
    bare = (angled.group(1) if angled else bare).strip(" ;,'\"")
    return normalise_email(bare[7:] if bare.lower().startswith("mailto:") else bare)


def clean_phone(text: str, region: str | None = None) -> str:
    """The number in E.164, also when a spreadsheet made a decimal number of it or it begins with 00.

    Raises:
        InvalidAddress: there can be no such number.
    """
    bare = clean_text(text).lstrip("'= ")
    if whole := _WHOLE_NUMBER.fullmatch(bare):
        bare = whole.group(1)
    if region is None and bare.startswith("00"):
        bare = f"+{bare[2:]}"
    return normalise_phone(bare, region)


def clean_country(text: str) -> str:
    """The country's two letters (ISO 3166-1; XK for Kosovo), from them, three letters, its number or its name.

    Raises:
        UnreadableValue: no country is called so.
    """
    found = _countries().get(_key(text))
    if found is None:
        raise UnreadableValue("There is no such country: write its two letters (ISO 3166), such as DE.")
    return found


def clean_state(text: str, country: str | None) -> str:
    """The state's two letters in the US, from them, `US-CA` or its name; elsewhere the text as it is.

    Raises:
        UnreadableValue: the US have no such state.
    """
    state = clean_text(text)
    if country != "US":
        return state
    found = states_by_name().get(state.lower().removeprefix("us-").replace(".", "").strip())
    if found is None:
        raise UnreadableValue("The US have no such state: write its two letters, such as CA.")
    return found


def clean_tag(text: str) -> str:
    """The tag in small letters, digits and underscores.

    Raises:
        UnreadableValue: nothing that can begin with a letter is left.
    """
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    tag = _TAG_GAP.sub("_", plain).strip("_")
    if not (tag[:1].isalpha() and len(tag) <= 60):
        raise UnreadableValue("A tag begins with a letter and has at most 60 letters, digits and underscores.")
    return tag


def _cased(word: str, name: str) -> str:
    if word in _PARTICLES and word != name.split(maxsplit=1)[0]:
        return word
    if _bare(word) in ("ii", "iii", "iv"):
        return word.upper()
    if word.startswith("mc") and len(word) > 3:
        return f"Mc{_capital(word[2:])}"
    head, mark, tail = word.partition("'" if "'" in word else "’")
    # O'Neill and D'Angelo, but not Joe's.
    if mark and len(head) == 1:
        return f"{_capital(head)}{mark}{_capital(tail)}"
    return _capital(word)


def _capital(word: str) -> str:
    first = word[:1].upper()
    # A letter without one capital of its own (ß) stays.
    return first + word[1:] if len(first) == 1 and first.lower() == word[:1] else word


def _bare(word: str) -> str:
    return word.strip(".,").lower()


def _last_name_begins(words: list[str]) -> int:
    at = len(words) - 1
    while at > 1 and _bare(words[at]) in _SUFFIXES:
        at -= 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return max(at, 1)


def _key(text: str) -> str:
    return clean_text(clean_text(text).replace(".", "").removeprefix("The ").removeprefix("the ")).casefold()


@cache
def _countries() -> Mapping[str, str]:
    """Codes and names of all countries, each to the two letters."""
    codes = {code for code in phonenumbers.SUPPORTED_REGIONS if code not in ("AC", "TA")} | {
        "AQ", "BV", "GS", "HM", "PN", "TF", "UM"
    }  # fmt: skip
    known: dict[str, str] = {"uk": "GB", "great britain": "GB", "holland": "NL", "usa": "US", "england": "GB"}
    for language in LANGUAGES_OF_COUNTRIES:
        for code, name in Locale(language).territories.items():
            if code in codes:
                known.setdefault(_key(name), code)
    likely: Mapping[str, str] = get_global("likely_subtags")
    for code in codes:
        spoken = likely.get(f"und_{code}", "en").partition("_")[0]
        if spoken in locale_identifiers() and (own := Locale(spoken).territories.get(code)):
            known.setdefault(_key(own), code)
    aliases: Mapping[str, list[str]] = get_global("territory_aliases")
    for alias, meant in aliases.items():
        if len(meant) == 1 and meant[0] in codes and (len(alias) == 3):
            known.setdefault(alias.casefold(), meant[0])
    return known | {code.casefold(): code for code in codes}
