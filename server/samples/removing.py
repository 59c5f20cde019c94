"""Removes the sample workspace whole, in the caller's transaction: as erasing does, but all of its people at once.

What stays is what the ledger may never lose: its events, which name nobody. A company or segment that real work has
come to rest on stays, too. Nobody real is touched.
"""

from __future__ import annotations

from contextlib import suppress as ignore
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.segments.uses import list_uses
from base.errors import NotFound
from crm.companies.models import ContactCompany
from crm.companies.service import delete_company
from crm.consent.principals import list_links
from crm.contacts.models import Contact, ContactPoint
from crm.imports.models import ContactImport, ImportProblem
from crm.privacy.erasing import delete_rows
from crm.privacy.persons import Person, conversations_of, rows_of, table_named
from crm.samples.models import SamplePerson, SampleThing, SampleWorkspace
from crm.segments.errors import SegmentInUse
from crm.segments.service import delete_segment, get_segment

_KEPT_OF_REAL_PEOPLE = ("suppressions", "principal_links", "privacy_requests", "privacy_erasures")
"""What erasing keeps of somebody for their own sake, and what is worth nothing of somebody who never was."""


async def remove_samples(session: AsyncSession, workspace: SampleWorkspace) -> dict[str, int]:
    """Removes everything; returns how many rows of which table went."""
    await _hold_imports(session)
    everybody = await _find_everybody(session)
    counts = {} if everybody is None else await delete_rows(session, everybody)
    if everybody is not None:
        for name in _KEPT_OF_REAL_PEOPLE:
            await session.execute(delete(table_named(name)).where(rows_of(name, everybody)))  # type: ignore[arg-type]
    await _remove_things(session)
    await session.execute(delete(SampleWorkspace).where(SampleWorkspace.id == workspace.id))
    return counts


async def _hold_imports(session: AsyncSession) -> None:
    """Nothing more is brought in meanwhile."""
    named = select(SampleThing.thing_id).where(SampleThing.kind == "import")
    await session.execute(select(ContactImport.id).where(ContactImport.id.in_(named)).with_for_update())


async def _find_everybody(session: AsyncSession) -> Person | None:
    """All made-up people as if they were one person, whose rows go; None when there are none."""
    made_up = select(Contact.id).join(SamplePerson, SamplePerson.contact_id == Contact.id).order_by(Contact.id)
    contacts = set(await session.scalars(made_up.with_for_update(of=Contact)))
    if not contacts:
        return None
    contacts |= {link.principal_ref for links in (await list_links(session, contacts)).values() for link in links}
    points = (
        await session.execute(
            select(ContactPoint.id, ContactPoint.blind_index).where(ContactPoint.contact_id.in_(contacts))
        )
    ).all()
    return Person(
        contact_id=min(contacts),
        contacts=frozenset(contacts),
        conversations=frozenset(await conversations_of(session, contacts)),
        points=frozenset(row.id for row in points),
        addresses=frozenset(row.blind_index for row in points),
        # Nobody made up has ever written to us by a provider.
        senders=frozenset(),
    )


async def _remove_things(session: AsyncSession) -> None:
    things = (await session.scalars(select(SampleThing).order_by(SampleThing.kind, SampleThing.name))).all()
    for thing in things:
        with ignore(NotFound):
            # A colleague may have removed it by themselves.
            await _REMOVE[thing.kind](session, thing.thing_id)
    await session.execute(delete(SampleThing))


async def _remove_company(session: AsyncSession, company_id: UUID) -> None:
    works_there = exists().where(ContactCompany.company_id == company_id)
    if not await session.scalar(select(works_there)):
        await delete_company(session, company_id)


async def _remove_segment(session: AsyncSession, segment_id: UUID) -> None:
    segment = await get_segment(session, segment_id)
    with ignore(SegmentInUse):
        used_by = await list_uses(session, segment_id)
        await delete_segment(session, segment_id, version=segment.version, used_by=used_by)


async def _remove_import(session: AsyncSession, import_id: UUID) -> None:
    await session.execute(delete(ImportProblem).where(ImportProblem.import_id == import_id))
    await session.execute(delete(ContactImport).where(ContactImport.id == import_id))


_REMOVE = {"company": _remove_company, "segment": _remove_segment, "import": _remove_import}
