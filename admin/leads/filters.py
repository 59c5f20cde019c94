"""Who counts as a lead, and the list's filters, as conditions of a statement. Runs nothing."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select

from admin.leads.shapes import LeadFilter
from base.encryption import KeyRing
from bot.models import Conversation
from crm.contacts.addresses import AddressKind, InvalidAddress, normalise_address
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.naming import named
from crm.owners.models import ContactOwner
from crm.scoring.rules import Band, Bands, band_of
from crm.segments.models import SegmentMember

_KINDS: tuple[AddressKind, ...] = ("email", "phone")


def is_lead() -> ColumnElement[bool]:
    """Somebody who can be written to, was qualified, or waits for a person; mere visitors are not listed."""
    return or_(
        exists().where(ContactPoint.contact_id == Contact.id),
        Contact.qualification.is_not(None),
        exists().where(Conversation.contact_id == Contact.id, Conversation.status == "handed_off"),
    )


def conditions_of(keys: KeyRing, query: LeadFilter, bands: Bands) -> list[ColumnElement[bool]]:
    """What must hold for a lead whom the list's filter lets through."""
    conditions = [is_lead()]
    if query.q and query.q.strip():
        conditions.append(matches_text(keys, query.q.strip()))
    if query.band is not None:
        conditions.append(in_band(query.band, bands))
    if query.owner is not None:
        conditions.append(exists().where(ContactOwner.contact_id == Contact.id, ContactOwner.user_id == query.owner))
    if query.segment is not None:
        inside = exists().where(SegmentMember.contact_id == Contact.id, SegmentMember.segment_id == query.segment)
        conditions.append(inside)
    if query.stage is not None:
        conditions.append(Contact.stage == query.stage)
    if query.tag is not None:
        conditions.append(Contact.tags.contains([query.tag]))
    return conditions


def matches_text(keys: KeyRing, text: str) -> ColumnElement[bool]:
    """Name or company contain the text, or it is one of the contact's addresses. No letter of it is a wildcard.

    A text of one or two letters is the beginning of a word of theirs.
    """
    conditions = [named(text)]
    for kind in _KINDS:
        try:
            blind_index = keys.blind_index(normalise_address(kind, text), kind=kind)
        except InvalidAddress:
            continue
        # As a value and not as IN: so both sides of the `or` can be looked up by an index.
        owner = select(ContactPoint.contact_id).where(
            ContactPoint.kind == kind, ContactPoint.blind_index == blind_index
        )
        conditions.append(Contact.id == owner.scalar_subquery())
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
