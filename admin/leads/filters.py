"""Who counts as a lead, and the list's filters, as conditions of a statement. Runs nothing."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, or_, select

from base.encryption import KeyRing
from bot.models import Conversation
from crm.contacts.addresses import AddressKind, InvalidAddress, normalise_address
from crm.contacts.models import Contact, ContactPoint
from crm.scoring.rules import Band, Bands, band_of

_KINDS: tuple[AddressKind, ...] = ("email", "phone")


def is_lead() -> ColumnElement[bool]:
    """Somebody who can be written to, was qualified, or waits for a person; mere visitors are not listed."""
    return or_(
        exists().where(ContactPoint.contact_id == Contact.id),
        Contact.qualification.is_not(None),
        exists().where(Conversation.contact_id == Contact.id, Conversation.status == "handed_off"),
    )


def matches_text(keys: KeyRing, text: str) -> ColumnElement[bool]:
    """Name or company contain the text, or it is one of the contact's addresses. No letter of it is a wildcard."""
    name = func.concat_ws(" ", Contact.fields["first_name"].astext, Contact.fields["last_name"].astext)
    conditions: list[ColumnElement[bool]] = [
        name.icontains(text, autoescape=True),
        Contact.fields["company"].astext.icontains(text, autoescape=True),
    ]
    for kind in _KINDS:
        try:
            blind_index = keys.blind_index(normalise_address(kind, text), kind=kind)
        except InvalidAddress:
            continue
        owner = select(ContactPoint.contact_id).where(
            ContactPoint.kind == kind, ContactPoint.blind_index == blind_index
        )
        conditions.append(Contact.id.in_(owner))
    return or_(*conditions)


def in_band(band: Band, bands: Bands) -> ColumnElement[bool]:
    """The contacts whose `band_for` this is."""
    lowest, highest = {
        "hot": (bands.hot, None),
        "warm": (bands.warm, bands.hot),
        "cold": (None, bands.warm),
    }[band]
    within = or_(Contact.qualification.is_not(None), Contact.score != 0)
    if lowest is not None:
        within &= Contact.score >= lowest
    if highest is not None:
        within &= Contact.score < highest
    return within


def band_for(contact: Contact, bands: Bands) -> Band | None:
    """The band of a contact; None while nothing about them was scored."""
    if contact.qualification is None and contact.score == 0:
        return None
    return band_of(contact.score, bands)
