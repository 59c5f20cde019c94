"""Looks at contacts that came or changed: who else may be the same person. Only proposes; a person decides.

What it costs grows with the contacts that are new and how many are like them, not with how many there are. Names and
addresses are compared in memory; the database sees keyed hashes of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from crm.contacts.addresses import AddressKind
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.privacy.limits import list_marks
from crm.resolution.comparison import Compared, compare
from crm.resolution.evidence import Evidence, read_evidence
from crm.resolution.keys import Key, group_keys, stored_keys, value_key
from crm.resolution.models import LikenessKey, MergeCandidate
from crm.resolution.weighing import PROBABLE, Weighed, weigh

AT_ONCE = 500
"""Contacts looked at in one transaction."""
LARGEST_GROUP = 100
"""Contacts; whoever shares a key with more is found by another key or not: so much in common says nothing."""
_READ_AT_ONCE = 2_000
MOST_COUNTED = 10_000
"""Contacts with one value that are counted: it is common then."""
_LOOKING = 7_274_003  # pg_advisory_xact_lock: of two looks at once neither would see the other's newcomers

_TAKE_DUE = text("""
WITH due AS (
    SELECT d.id FROM contact_due_looks d JOIN contacts c ON c.id = d.contact_id
    ORDER BY d.id LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED FOR KEY SHARE OF c SKIP LOCKED
)
DELETE FROM contact_due_looks d USING due WHERE d.id = due.id RETURNING d.contact_id
""")
_CONTACTS = text("""
SELECT greatest((SELECT reltuples::bigint FROM pg_class WHERE oid = 'contacts'::regclass),
                (SELECT count(*) FROM (SELECT FROM contacts LIMIT :most) c))
""")
_KEYS = bindparam("keys", type_=ARRAY(BigInteger))
_SHARING = text("""
SELECT k.key, g.contacts FROM unnest(:keys) AS k(key)
CROSS JOIN LATERAL (
    SELECT array_agg(l.contact_id) AS contacts
    FROM (SELECT contact_id FROM contact_likeness_keys WHERE key = k.key LIMIT :limit) l
) g
WHERE cardinality(g.contacts) BETWEEN 2 AND :limit - 1
""").bindparams(_KEYS)
_STORE_KEYS = text("""
INSERT INTO contact_likeness_keys (key, contact_id) SELECT * FROM unnest(:keys, :contacts)
""").bindparams(_KEYS, bindparam("contacts", type_=ARRAY(Uuid)))
_COUNTS = text("""
SELECT k.key, (SELECT count(*) FROM (SELECT FROM contact_likeness_keys WHERE key = k.key LIMIT :most) l)
FROM unnest(:keys) AS k(key)
""").bindparams(_KEYS)

Pair = tuple[UUID, UUID]
"""Two contacts, the lesser id first."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to; `due` rows were taken, so that 0 is the end."""

    due: int
    contacts: frozenset[UUID]
    compared: int
    found: int


async def hold_looks(session: AsyncSession) -> None:
    """Nobody is looked at elsewhere until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOOKING)))


async def look_at_due(session: AsyncSession, keys: KeyRing, now: datetime, limit: int = AT_ONCE) -> Looked:
    """Looks at contacts that are due. Call it, committing, until none is."""
    await hold_looks(session)
    due = [*await session.scalars(_TAKE_DUE, {"limit": limit})]
    if not due:
        return Looked(0, frozenset(), 0, 0)
    people = await _read_people(session, keys, set(due))
    await _store_keys(session, keys, set(due), people)
    pairs = await _list_pairs(session, keys, people)
    others = {one for pair in pairs for one in pair} - people.keys()
    people |= await _read_people(session, keys, others)
    pairs = {pair for pair in pairs if people.keys() >= {*pair}}
    weighed = await _weigh_all(session, keys, people, pairs)
    await _store(session, set(due), weighed, now)
    return Looked(len(due), frozenset(due), len(pairs), len(weighed))


async def _read_people(session: AsyncSession, keys: KeyRing, ids: Collection[UUID]) -> dict[UUID, Evidence]:
    """What is known of them. Left out are who wants their data not to be used, and who is being erased or merged."""
    wanted, people = list(ids), dict[UUID, Evidence]()
    for begin in range(0, len(wanted), _READ_AT_ONCE):
        people |= await _read_some(session, keys, wanted[begin : begin + _READ_AT_ONCE])
    return people


async def _read_some(session: AsyncSession, keys: KeyRing, ids: Collection[UUID]) -> dict[UUID, Evidence]:
    marks = await list_marks(session, ids)
    usable = [contact_id for contact_id, set_ in marks.items() if "restricted" not in set_]
    those = bindparam("those", usable, type_=ARRAY(Uuid))
    found = await session.execute(
        select(Contact.id, Contact.fields)
        .where(Contact.id == func.any(those))
        .with_for_update(read=True, key_share=True, skip_locked=True)
    )
    fields: dict[UUID, dict[str, Any]] = dict(found.all())
    points: dict[UUID, list[tuple[AddressKind, str, bool]]] = defaultdict(list)
    sealed = select(
        ContactPoint.id,
        ContactPoint.contact_id,
        ContactPoint.kind,
        ContactPoint.value_sealed,
        ContactPoint.verified_at.is_not(None),
    ).where(ContactPoint.contact_id == func.any(those))
    for point_id, contact_id, kind, value, is_proven in await session.execute(sealed):
        address = keys.unseal(value, column=SEALED_COLUMN, row=point_id)
        points[contact_id].append((cast("AddressKind", kind), address, is_proven))
    return {contact_id: read_evidence(told, points[contact_id]) for contact_id, told in fields.items()}


async def _store_keys(
    session: AsyncSession, keys: KeyRing, due: Collection[UUID], people: Mapping[UUID, Evidence]
) -> None:
    await session.execute(delete(LikenessKey).where(LikenessKey.contact_id.in_(due)))
    rows = [(key, contact_id) for contact_id, person in people.items() for key in stored_keys(keys, person)]
    values = {"keys": [key for key, _ in rows], "contacts": [contact_id for _, contact_id in rows]}
    await session.execute(_STORE_KEYS, values)


async def _list_pairs(session: AsyncSession, keys: KeyRing, people: Mapping[UUID, Evidence]) -> set[Pair]:
    """Everybody due with everybody who shares a group with them."""
    groups = {key for person in people.values() for key in group_keys(keys, person)}
    sharing = await session.execute(_SHARING, {"keys": sorted(groups), "limit": LARGEST_GROUP + 1})
    return {
        (min(one, other), max(one, other))
        for _, contacts in sharing
        for one in contacts
        if one in people
        for other in contacts
        if one != other
    }


async def _weigh_all(
    session: AsyncSession, keys: KeyRing, people: Mapping[UUID, Evidence], pairs: Collection[Pair]
) -> dict[Pair, Weighed]:
    """The pairs that are probably one person."""
    compared = {pair: compare(people[pair[0]], people[pair[1]]) for pair in pairs}
    valued = {
        (one.name, value): key
        for found in compared.values()
        for one in found
        if one.agreement in ("same", "close")
        for value in one.values
        if (key := value_key(keys, one.name, value)) is not None
    }
    counted = await session.execute(_COUNTS, {"keys": sorted({*valued.values()}), "most": MOST_COUNTED})
    counts: dict[Key, int] = dict(counted.all())
    contacts = await session.scalar(_CONTACTS, {"most": MOST_COUNTED}) or 0

    def holders(one: Compared) -> int | None:
        return max(
            (counts[valued[one.name, value]] for value in one.values if (one.name, value) in valued), default=None
        )

    weighed = {pair: weigh([(one, holders(one)) for one in found], contacts) for pair, found in compared.items()}
    return {pair: one for pair, one in weighed.items() if one.probability >= PROBABLE}


async def _store(session: AsyncSession, due: Collection[UUID], weighed: Mapping[Pair, Weighed], now: datetime) -> None:
    """Open pairs of whoever was looked at become what was found; what somebody decided stays."""
    open_ones = select(MergeCandidate.id, MergeCandidate.first_id, MergeCandidate.second_id).where(
        MergeCandidate.state == "open",
        or_(MergeCandidate.first_id.in_(due), MergeCandidate.second_id.in_(due)),
    )
    stale = [id_ for id_, first, second in await session.execute(open_ones) if (first, second) not in weighed]
    if stale:
        await session.execute(delete(MergeCandidate).where(MergeCandidate.id.in_(stale)))
    if not weighed:
        return
    rows = [
        {
            "id": new_id(),
            "first_id": first,
            "second_id": second,
            "probability": one.probability,
            "reasons": [reason.as_json() for reason in one.reasons],
            "found_at": now,
        }
        for (first, second), one in sorted(weighed.items())
    ]
    found = insert(MergeCandidate)
    await session.execute(
        found.on_conflict_do_update(
            index_elements=["first_id", "second_id"],
            set_={"probability": found.excluded.probability, "reasons": found.excluded.reasons},
            where=MergeCandidate.state == "open",
        ),
        rows,
    )
