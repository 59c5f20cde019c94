"""Which user an identity provider's person is: known by issuer and subject, before that by a verified address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import AdminUser
from admin.roles.service import get_permissions
from admin.single_sign_on.models import ProviderIdentity
from admin.single_sign_on.provider import Arrival
from admin.users.models import Invitation
from base.errors import NotAllowed
from base.ids import new_id
from crm.contacts.addresses import InvalidAddress, normalise_email


class NoAccess(NotAllowed):
    """You are known to your company, but have no access here: ask an owner of this site to invite you."""

    code = "no_access"


async def find_or_make_user(session: AsyncSession, arrival: Arrival, role: str | None, now: datetime) -> AdminUser:
    """The user who has come. Whoever is invited becomes one; with a `role`, everybody whom the provider knows.

    Raises:
        NoAccess: nobody, or somebody who was let out.
    """
    user = await session.scalar(
        select(AdminUser)
        .join(ProviderIdentity, ProviderIdentity.user_id == AdminUser.id)
        .where(ProviderIdentity.issuer == arrival.issuer, ProviderIdentity.subject == arrival.subject)
    )
    if user is None:
        user = await _link(session, arrival, role, now)
    if user.deactivated_at is not None:
        raise NoAccess
    return user


async def _link(session: AsyncSession, arrival: Arrival, role: str | None, now: datetime) -> AdminUser:
    """Their address is believed once, as the provider has verified it; from then on it is the subject."""
    email = _normalised(arrival.email)
    if email is None:
        raise NoAccess
    user = await session.scalar(select(AdminUser).where(AdminUser.email == email).with_for_update())
    if user is None:
        invited = await session.scalar(
            delete(Invitation).where(Invitation.email == email, Invitation.expires_at > now).returning(Invitation)
        )
        given = invited.role if invited is not None else role
        if given is None:
            raise NoAccess
        await get_permissions(session, given)
        name = arrival.name or (invited.name if invited is not None else email)
        user = AdminUser(id=new_id(), email=email, name=name, role=given, created_at=now)
        session.add(user)
        await session.flush()
    session.add(ProviderIdentity(issuer=arrival.issuer, subject=arrival.subject, user_id=user.id, created_at=now))
    await session.flush()
    return user


def _normalised(email: str | None) -> str | None:
    try:
        return None if email is None else normalise_email(email)
    except InvalidAddress:
        return None
