"""Which conversation a message from outside belongs to: the sender's open one on this account, or a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.channel_contract import Said
from base.encryption import KeyRing
from bot.conversations import start_conversation
from bot.models import Conversation
from crm.contacts.models import Contact
from crm.contacts.service import prove_address, recognise_sender
from crm.timeline.service import record

GOES_ON_FOR = timedelta(days=30)
"""Silence after which what somebody writes opens a new talk."""


async def join_conversation(
    session: AsyncSession, keys: KeyRing, said: Said, *, channel: str, account_id: UUID, language: str, now: datetime
) -> UUID:
    """The conversation to put a message into; made now where there is none that goes on.

    Args:
        language: for contacts and talks of whom nothing says otherwise.

    Raises:
        InvalidAddress: the sender's address is none.
    """
    who = said.sender
    known = await recognise_sender(
        session, keys, kind=who.kind, value=who.value, proven=who.proven, language=said.language or language, now=now
    )
    going_on: list[ColumnElement[bool]] = [
        Conversation.contact_id == known.contact_id,
        Conversation.channel == channel,
        Conversation.account_id == account_id,
        Conversation.status != "closed",
        Conversation.last_message_at > now - GOES_ON_FOR,
    ]
    talk = await _find(session, said, going_on, known.contact_point_id)
    if talk is None:
        spoken = await session.scalar(select(Contact.language).where(Contact.id == known.contact_id))
        talk = await start_conversation(
            session,
            channel=channel,
            language=(said.language or spoken or language).partition("-")[0].lower(),
            time_zone=None,
            page_url=None,
            now=now,
            opening=None,
            contact_id=known.contact_id,
            account_id=account_id,
            contact_point_id=known.contact_point_id,
            thread=dict(said.thread) or None,
        )
        if not who.proven:
            await _only_claims(session, known.contact_id, talk, who.kind, now)
    elif said.thread:
        await session.execute(update(Conversation).where(Conversation.id == talk).values(thread=dict(said.thread)))
    for also in said.also_theirs:
        is_theirs = await prove_address(session, keys, known.contact_id, kind=also.kind, value=also.value, now=now)
        await record(
            session,
            kind="address_added" if is_theirs else "address_refused",
            contact_id=known.contact_id,
            conversation_id=talk,
            data={"address": also.kind, "proven": True},
            now=now,
        )
    return talk


async def _find(session: AsyncSession, said: Said, going_on: list[ColumnElement[bool]], point_id: UUID) -> UUID | None:
    """The latest of the talks that go on from this address; without proof of its sender, only the one that the message
    itself proves.
    """
    wanted = select(Conversation.id).where(*going_on).order_by(Conversation.id.desc()).limit(1)
    if said.conversation_id is not None:
        named = await session.scalar(wanted.where(Conversation.id == said.conversation_id))
        if named is not None:
            return named
    # Answers go to the address of the talk: somebody with two numbers has a talk with each.
    from_here = or_(Conversation.contact_point_id == point_id, Conversation.contact_point_id.is_(None))
    return await session.scalar(wanted.where(from_here)) if said.sender.proven else None


async def _only_claims(
    session: AsyncSession, contact_id: UUID, conversation_id: UUID, kind: str, now: datetime
) -> None:
    """Whoever wrote may add to the contact, but is told nothing of it: see `crm.contacts.identity`."""
    await record(
        session,
        kind="address_claimed",
        contact_id=contact_id,
        conversation_id=conversation_id,
        data={"address": kind, "visitor_contact_id": str(contact_id)},
        now=now,
    )
