"""What each bulk operation does to a set of contacts that the caller has locked. Decides nothing about who is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin.audit.chain import Author, Change, append
from base.errors import Conflict
from base.nested_rows import one_of
from crm.contacts.models import Contact
from crm.contacts.rules import Stage, stages_before
from crm.contacts.tags import MOST_TAGS
from crm.owners.models import ContactOwner
from crm.owners.service import list_owners
from crm.privacy.files import FiledMails
from crm.privacy.requests import Filing, Hands, carry_out, file_request, list_waiting
from outreach.entering import HELD_OUT, Entrant, enter, is_held_out
from outreach.entry_models import EntryRefusal
from outreach.library import Library
from outreach.trail import Happened, record_all

NOBODY = "nobody"
"""The owner of those who have none, where owners are counted."""


@dataclass(frozen=True, slots=True)
class Work:
    """A set, in a transaction: `value` is the tag, stage, owner (empty: nobody) or journey."""

    session: AsyncSession
    library: Library
    contact_ids: Sequence[UUID]
    value: str
    author: Author
    now: datetime
    hands: Hands
    mails: FiledMails

    @property
    def by(self) -> str:
        """Whoever asked for it, as their work is signed."""
        return f"user:{self.author.user_id}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many are different now, why some are not, and what was there before, counted."""

    changed: int
    stopped: Mapping[UUID, str] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)


async def add_tag(work: Work) -> Outcome:
    """Those who have it already stay as they are; a contact has only so many tags."""
    rows = await _read(work, Contact.tags)
    without = {contact_id: tags for contact_id, tags in rows.items() if work.value not in tags}
    stopped = {contact_id: "too_many_tags" for contact_id, tags in without.items() if len(tags) >= MOST_TAGS}
    free = [contact_id for contact_id in without if contact_id not in stopped]
    await _change(work, free, tags=Contact.tags.op("||", return_type=JSONB())(func.jsonb_build_array(work.value)))
    await _tell(work, "tag_added", {contact_id: {"tag": work.value} for contact_id in free})
    return Outcome(len(free), stopped, {"had_it": len(rows) - len(without)})


async def remove_tag(work: Work) -> Outcome:
    rows = await _read(work, Contact.tags)
    having = [contact_id for contact_id, tags in rows.items() if work.value in tags]
    await _change(work, having, tags=Contact.tags.op("-", return_type=JSONB())(literal(work.value)))
    await _tell(work, "tag_removed", {contact_id: {"tag": work.value} for contact_id in having})
    return Outcome(len(having), before={"had_it": len(having)})


async def set_stage(work: Work) -> Outcome:
    """Forward only, as everywhere; nothing leads out of `disqualified` by itself."""
    stage, rows = cast("Stage", work.value), await _read(work, Contact.stage)
    moving = {contact_id: old for contact_id, old in rows.items() if old in stages_before(stage)}
    stopped = {
        contact_id: "disqualified" if old == "disqualified" else "further"
        for contact_id, old in rows.items()
        if contact_id not in moving and old != stage
    }
    await _change(work, list(moving), stage=stage)
    await _tell(work, "stage_changed", {one: {"stage": stage, "before": old} for one, old in moving.items()})
    return Outcome(len(moving), stopped, Counter(moving.values()))


async def set_owner(work: Work) -> Outcome:
    owners = await list_owners(work.session, work.contact_ids)
    owner = UUID(work.value) if work.value else None
    others = [contact_id for contact_id in work.contact_ids if owners.get(contact_id) != owner]
    if owner is None:
        await work.session.execute(delete(ContactOwner).where(one_of(ContactOwner.contact_id, others)))
    elif others:
        new = {"user_id": owner, "assigned_by": work.by, "assigned_at": work.now}
        rows = insert(ContactOwner).values([{"contact_id": contact_id, **new} for contact_id in others])
        await work.session.execute(rows.on_conflict_do_update(index_elements=["contact_id"], set_=new))
    data = {"user_id": None if owner is None else str(owner), "by": work.by}
    await _tell(work, "owner_assigned", dict.fromkeys(others, data))
    return Outcome(len(others), before=Counter(str(owners.get(contact_id, NOBODY)) for contact_id in others))


async def enrol(work: Work) -> Outcome:
    """The rules of entry hold; whoever they keep out has the rule as the reason.

    Raises:
        Conflict: there is no such journey any more.
    """
    live = (await work.library.live(work.session, [work.value])).get(work.value)
    if live is None:
        raise Conflict(f"There is no journey {work.value} any more.")
    done = await enter(work.session, work.library, live, [Entrant(one) for one in work.contact_ids], work.now)
    out = [contact_id for contact_id in work.contact_ids if contact_id not in done.contact_ids]
    rules = await work.session.execute(
        select(EntryRefusal.contact_id, EntryRefusal.rule).where(
            one_of(EntryRefusal.contact_id, out),
            EntryRefusal.journey == work.value,
            EntryRefusal.last_at == work.now,
        )
    )
    told = dict(rules.all())
    stopped = {one: told.get(one) or (HELD_OUT if is_held_out(live.definition, one) else "re_entry") for one in out}
    return Outcome(len(done.contact_ids), stopped)


async def export(work: Work) -> Outcome:
    """Nothing is changed: the file is written when it is fetched."""
    return Outcome(len(work.contact_ids))


async def erase(work: Work) -> Outcome:
    """Each as if they had asked for it themselves: filed, carried out, with a receipt. No erasure hides a request that
    was not answered yet.
    """
    waiting = await list_waiting(work.session, work.contact_ids)
    for contact_id in work.contact_ids:
        if contact_id in waiting:
            continue
        filing = Filing(contact_id, "erase", "staff", work.by, verified=True)
        request = await file_request(work.session, work.hands, filing, work.now)
        request, _ = await carry_out(
            work.session, work.hands, request.id, by=work.by, outcome="Erased by a bulk operation.", now=work.now,
            mails=work.mails,
        )  # fmt: skip
        told = {"kind": request.kind, "status": request.status}
        change = Change(work.author, "carry_out_privacy_request", "privacy_request", str(request.id), None, told)
        await work.session.run_sync(partial(append, changes=[change], now=work.now))
    free = len(work.contact_ids) - len(waiting)
    return Outcome(free, dict.fromkeys(waiting, "open_request"))


CHANGES: Mapping[str, Callable[[Work], Awaitable[Outcome]]] = {
    "add_tag": add_tag,
    "remove_tag": remove_tag,
    "set_stage": set_stage,
    "set_owner": set_owner,
    "enrol": enrol,
    "export": export,
    "erase": erase,
}
AT_ONCE: Mapping[str, int] = {"erase": 1}
"""Contacts that are changed in one transaction, where that is not as many as can be."""


async def _read(work: Work, column: Any) -> dict[UUID, Any]:
    rows = await work.session.execute(select(Contact.id, column).where(one_of(Contact.id, work.contact_ids)))
    return dict(rows.all())


async def _change(work: Work, contact_ids: Sequence[UUID], **values: Any) -> None:
    if contact_ids:
        await work.session.execute(
            update(Contact)
            .where(one_of(Contact.id, contact_ids))
            .values(**values, updated_at=work.now)
            .execution_options(synchronize_session=False)
        )


async def _tell(work: Work, kind: str, told: Mapping[UUID, dict[str, Any]]) -> None:
    await record_all(work.session, [Happened(kind, one, data=data) for one, data in told.items()], work.now)
