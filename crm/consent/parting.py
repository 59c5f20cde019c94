"""Links what the ledger says of a contact to the one it is merged into, and parts them again. Changes no event.

When they are parted, what was said meanwhile is said once more for whom it was about; a stop holds for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import (
    ConsentFact,
    follow_up,
    list_consent_events,
    lock_ledger,
    record_consent_events,
    to_entries,
)
from crm.consent.models import ConsentEvent, ConsentNotice, PrincipalLink, Suppression
from crm.consent.principals import list_links
from crm.consent.rules import GRANTING, ConsentState, Scope, fold
from crm.consent.suppression import suppress
from crm.consent.weaving import weave

_METHOD = "contacts_parted"
_NO = ("refused", "withdrawn")
Told = tuple[ConsentEvent, str | None]


@dataclass(frozen=True, slots=True)
class Parted:
    """Two who were one until now, and what is known to be the second one's: talks, and keyed hashes of addresses."""

    survivor_id: UUID
    merged_id: UUID
    merge_id: UUID
    talks: frozenset[str]
    addresses: frozenset[str]
    by: str


async def link_principals(session: AsyncSession, survivor_id: UUID, merged_id: UUID, now: datetime) -> None:
    """From now on what is said under either id is said of one person."""
    await lock_ledger(session, survivor_id, merged_id)
    await session.execute(
        insert(PrincipalLink).values(
            principal_ref=merged_id,
            contact_id=survivor_id,
            joined_ref=survivor_id,
            after_seq=select(func.coalesce(func.max(ConsentEvent.seq), 0)).scalar_subquery(),
            linked_at=now,
        )
    )


async def part_principals(session: AsyncSession, parted: Parted, now: datetime) -> None:
    """Ends the link, and lets each have what was said of them since, and both every stop."""
    await lock_ledger(session, parted.survivor_id, parted.merged_id)
    after_seq = await session.scalar(
        delete(PrincipalLink)
        .where(PrincipalLink.principal_ref == parted.merged_id, PrincipalLink.joined_ref == parted.survivor_id)
        .returning(PrincipalLink.after_seq)
    )
    since = await _read_since(session, parted, after_seq or 0)
    denied: set[UUID] = set()
    facts = [fact for told in since for fact in _said_again(told, parted, denied, now)]
    given = {told[0].id for told in since if _is_theirs(told[0], parted)}
    facts += await _ended(session, parted, given, now)
    await record_consent_events(session, facts, now)
    await _stop_both(session, parted)


async def _read_since(session: AsyncSession, parted: Parted, after_seq: int) -> list[Told]:
    rows = await session.execute(
        select(ConsentEvent, ConsentNotice.text)
        .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
        .where(
            ConsentEvent.principal_ref.in_([parted.survivor_id, parted.merged_id]),
            ConsentEvent.seq > after_seq,
        )
        .order_by(ConsentEvent.seq)
    )
    return [(event, text) for event, text in rows]


def _said_again(told: Told, parted: Parted, denied: set[UUID], now: datetime) -> Iterable[ConsentFact]:
    """A no for the other of the two, a yes that was the merged one's for them, and one's own yes after such a no.

    Args:
        denied: for whom a no was said again; whose is added.
    """
    event, notice = told
    if event.event in _NO:
        other = parted.merged_id if event.principal_ref == parted.survivor_id else parted.survivor_id
        # For whom it was recorded, too: a yes from before it is said again, and must not come last.
        for principal in (event.principal_ref, other):
            denied.add(principal)
            yield replace(_follow(event, event.event, parted, now), principal_ref=principal)
    elif _is_theirs(event, parted):
        # Confirmed by a link it was once: here it is no more than said, as no link was sent to them alone.
        again = _follow(event, "imported" if notice is None else "given", parted, event.effective_at)
        yield replace(
            again,
            principal_ref=parted.merged_id,
            actor=event.actor,
            lawful_basis=event.lawful_basis,
            notice_text=notice,
            valid_until=event.valid_until,
            evidence={**event.evidence, **again.evidence},
        )
    elif event.event in GRANTING and event.principal_ref in denied:
        again = _follow(event, event.event, parted, event.effective_at)
        yield replace(
            again,
            actor=event.actor,
            lawful_basis=event.lawful_basis,
            notice_text=notice,
            valid_until=event.valid_until,
            evidence={**event.evidence, **again.evidence},
        )


def _is_theirs(event: ConsentEvent, parted: Parted) -> bool:
    """Whether a yes that was recorded of the survivor was about the merged one."""
    if event.event not in GRANTING or event.principal_ref != parted.survivor_id:
        return False
    talk: Any = event.evidence.get("conversation_id")
    return talk in parted.talks if talk is not None else event.address_hmac in parted.addresses


async def _ended(session: AsyncSession, parted: Parted, given: set[UUID], now: datetime) -> list[ConsentFact]:
    """What the survivor is left with too much: consents that stand only by what was the other's."""
    told = await list_consent_events(session, parted.survivor_id)
    links = (await list_links(session, [parted.survivor_id])).get(parted.survivor_id, [])

    def states(events: Sequence[ConsentEvent]) -> dict[Scope, ConsentState]:
        entries = zip((event.principal_ref for event in events), to_entries(events), strict=True)
        return fold(weave(parted.survivor_id, entries, links))

    now_given = states([event for event, _ in told])
    own = states([event for event, _ in told if event.id not in given])
    too_much = {
        state.event_id
        for scope, state in now_given.items()
        if state.state == "given" and (scope not in own or own[scope].state != "given")
    }
    return [_follow(event, "superseded", parted, now) for event, _ in told if event.id in too_much]


def _follow(event: ConsentEvent, name: Any, parted: Parted, at: datetime) -> ConsentFact:
    evidence = {"id": str(event.id), "merge_id": str(parted.merge_id)}
    return follow_up(event, name, method=_METHOD, actor=parted.by, effective_at=at, evidence=evidence)


async def _stop_both(session: AsyncSession, parted: Parted) -> None:
    """What stopped one of them since the merge, first or once more, stops the other: an id later than the merge's."""
    rows = await session.scalars(
        select(Suppression)
        .where(
            Suppression.contact_id.in_([parted.survivor_id, parted.merged_id]),
            or_(Suppression.id > parted.merge_id, Suppression.again_id > parted.merge_id),
        )
        .order_by(Suppression.id)
    )
    for row in rows.all():
        other = parted.merged_id if row.contact_id == parted.survivor_id else parted.survivor_id
        await suppress(session, [other], row.channel, row.reason, row.created_at)
