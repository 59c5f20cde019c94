"""What somebody gets from us, as the preference centre shows and changes it. In the caller's transaction.

Everything can be switched off. What can be switched on is what the link's own address proves: e-mail, and the score.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from base.ids import new_id
from crm.consent.ledger import (
    ConsentFact,
    ConsentState,
    Scope,
    consent_for,
    consent_states,
    lock_ledger,
    record_consent_event,
)
from crm.consent.rules import ALL
from crm.consent.stop_scope import CHANNELS
from crm.consent.suppression import list_suppressions, reopen_channel
from crm.consent.withdrawal import withdraw, withdraw_consent, withdraw_purpose
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact, ContactPoint
from crm.privacy.own_stops import LIFTABLE, PREFERENCES
from crm.privacy.pages.tokens import Holder
from crm.privacy.requests import Hands
from crm.profiling.rules import PURPOSE as PROFILING
from crm.profiling.rules import standing_on_profiling
from crm.scoring.service import rescore
from crm.timeline.service import record

MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: a purpose on a channel. `can_turn_on`: here, by whoever has the link."""

    purpose: str
    channel: str
    on: bool
    can_turn_on: bool

    @property
    def name(self) -> str:
        return f"{self.purpose}/{self.channel}"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the page shows. `language` is the contact's."""

    language: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class _Saving:
    """One press of the button."""

    session: AsyncSession
    hands: Hands
    holder: Holder
    now: datetime
    evidence: Mapping[str, str]


async def read_preferences(session: AsyncSession, holder: Holder, now: datetime) -> Preferences:
    """How things stand for whoever has the link.

    Raises:
        NotFound: the contact is gone.
    """
    language = await session.scalar(select(Contact.language).where(Contact.id == holder.contact_id))
    if language is None:
        raise NotFound("There is nothing of you here (any more).")
    points = await session.execute(
        select(ContactPoint.kind, ContactPoint.blind_index).where(ContactPoint.contact_id == holder.contact_id)
    )
    held = [(row.kind, row.blind_index) for row in points]
    kinds = {kind for kind, _ in held}
    proves_mail = ("email", holder.address_index) in held
    states = (await consent_states(session, [holder.contact_id], now))[holder.contact_id]
    stopped = (await list_suppressions(session, [holder.contact_id]))[holder.contact_id]
    given = {scope for scope, state in states.items() if state.state == "given" and ALL not in scope}
    wanted = {(MARKETING, channel) for channel, kind in ADDRESS_KINDS.items() if kind in kinds}
    wanted |= {scope for scope in given if scope[0] != PROFILING}
    choices = [_choice(scope, states, stopped, proves_mail=proves_mail) for scope in sorted(wanted, key=_order)]
    scored = standing_on_profiling(states) == "given"
    choices.append(Choice(PROFILING, ALL, scored, proves_mail))
    return Preferences(language, tuple(choices))


async def save_preferences(
    session: AsyncSession,
    hands: Hands,
    holder: Holder,
    *,
    ticked: Collection[str],
    texts: Mapping[str, str],
    now: datetime,
) -> None:
    """Records what changed between what stands and what is ticked.

    Args:
        texts: language, and what stood beside each box that was ticked, by its name.

    Raises:
        NotFound: the contact is gone.
    """
    await lock_ledger(session, holder.contact_id)
    before = await read_preferences(session, holder, now)
    saving = _Saving(session, hands, holder, now, {"id": str(new_id()), "page": "preferences"})
    for choice in before.choices:
        if choice.on and choice.name not in ticked:
            await _turn_off(saving, choice, before.language)
        elif not choice.on and choice.can_turn_on and choice.name in ticked and choice.name in texts:
            await _turn_on(saving, choice, texts)
    await rescore(session, hands.keys, holder.contact_id, message_id=None, now=now)


async def stop_everything(session: AsyncSession, hands: Hands, holder: Holder, now: datetime) -> None:
    """Nothing goes to them any more, on no channel, for no purpose; works for who was erased meanwhile, too."""
    await withdraw(
        session,
        contact_id=holder.contact_id,
        method=PREFERENCES,
        evidence={"id": str(new_id()), "page": "preferences"},
        actor="subject",
        now=now,
        controller=hands.controller,
        address_index=holder.address_index,
    )
    await hands.stops.stop(session, contact_id=holder.contact_id, reason="unsubscribed", now=now)


async def _turn_off(saving: _Saving, choice: Choice, language: str) -> None:
    contact_id, hands = saving.holder.contact_id, saving.hands
    if choice.purpose == PROFILING:
        await withdraw_purpose(
            saving.session,
            contact_id=contact_id,
            purpose=PROFILING,
            method=PREFERENCES,
            evidence=saving.evidence,
            controller=hands.controller,
            language=language,
            conversation_id=None,
            now=saving.now,
        )
        return
    done = await withdraw_consent(
        saving.session,
        contact_id=contact_id,
        purpose=choice.purpose,
        channel=choice.channel,
        method=PREFERENCES,
        evidence=saving.evidence,
        controller=hands.controller,
        language=language,
        now=saving.now,
    )
    await _note(saving, "consent_withdrawn", choice, done.event_id)
    await hands.stops.stop(
        saving.session,
        contact_id=contact_id,
        reason="consent_withdrawn",
        now=saving.now,
        channels=[choice.channel],
        promotion_only=True,
    )


async def _turn_on(saving: _Saving, choice: Choice, texts: Mapping[str, str]) -> None:
    contact_id = saving.holder.contact_id
    channel = "email" if choice.channel == ALL else choice.channel
    fact = ConsentFact(
        event="given",
        principal_ref=contact_id,
        purpose=choice.purpose,
        channel=channel,
        controller=saving.hands.controller,
        language=texts["language"],
        method=PREFERENCES,
        actor="subject",
        effective_at=saving.now,
        notice_text=texts[choice.name],
        evidence=dict(saving.evidence),
        address_hmac=saving.holder.address_index.hex(),
    )
    event = await record_consent_event(saving.session, fact, saving.now)
    if choice.purpose != PROFILING:
        others = [one for one in CHANNELS if one != channel]
        await reopen_channel(saving.session, contact_id, channel, others=others, reasons=LIFTABLE)
    await _note(saving, "consent_given", choice, event.id)


async def _note(saving: _Saving, kind: str, choice: Choice, event_id: UUID) -> None:
    data = {"purpose": choice.purpose, "channel": choice.channel, "consent_event_id": str(event_id)}
    await record(
        saving.session,
        kind=kind,
        contact_id=saving.holder.contact_id,
        conversation_id=None,
        data=data,
        now=saving.now,
    )


def _choice(
    scope: Scope, states: Mapping[Scope, ConsentState], stopped: Mapping[str, str], *, proves_mail: bool
) -> Choice:
    purpose, channel = scope
    given = consent_for(states, purpose, channel).state == "given"
    on = given and not {ALL, channel} & stopped.keys()
    blocked = any(stopped[one] not in LIFTABLE for one in (ALL, channel) if one in stopped)
    can = purpose == MARKETING and channel == "email" and proves_mail and not blocked
    return Choice(purpose, channel, on, can)


def _order(scope: Scope) -> tuple[bool, str, int]:
    purpose, channel = scope
    return purpose != MARKETING, purpose, CHANNELS.index(channel) if channel in CHANNELS else len(CHANNELS)
