"""Finds contacts and companies by part of a name, also among millions: the pieces of a name are indexed. Pure.

PostgreSQL's `name_pieces` (migration 0027) cuts a name into every three letters that follow each other, with spaces
before each word, so that the first one or two letters of a word are a piece, too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_

from crm.contacts.models import Contact

_APART = "-.,;:/&()'\""
"""What parts words beside a space."""


def named(text: str) -> ColumnElement[bool]:
    """Whether a contact's name or company contains the text, or begins a word with it if it is of one or two letters.

    No letter of it is a wildcard.
    """
    first, last = (func.coalesce(Contact.fields[name].astext, "") for name in ("first_name", "last_name"))
    company = func.coalesce(Contact.fields["company"].astext, "")
    return _found(text, func.contact_name_pieces(Contact.fields), (first + " " + last, company))


def has_name(text: str, name: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same of a single name, whose `name_pieces` are indexed."""
    return _found(text, func.name_pieces(name), (name,))


def _found(text: str, pieces: ColumnElement[Any], told: tuple[ColumnElement[Any], ...]) -> ColumnElement[bool]:
    if len(text) < 3 and not text.isalnum():
        # A sign alone begins no word, and is no piece of a name.
        return or_(*(one.icontains(text, autoescape=True) for one in told))
    indexed = pieces.op("@>", is_comparison=True)(func.name_pieces_wanted(text))
    if len(text) > 2 or _is_wide(text):
        exact = [one.icontains(text, autoescape=True) for one in told]
    else:
        words = (literal(" ") + func.translate(one, _APART, " " * len(_APART)) for one in told)
        exact = [one.icontains(f" {text}", autoescape=True) for one in words]
    # PostgreSQL asks what is cheap first: the pieces are only made where the index is not used, and of few.
    return and_(or_(*exact), indexed)


def _is_wide(text: str) -> bool:
    """Whether it is two letters of a script that parts no words; three bytes each, as PostgreSQL counts them."""
    return len(text) == 2 and len(text.encode()) == 6
