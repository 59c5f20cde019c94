"""Steps that change something about the contact, or have a colleague do it. Calls go out in `call_out`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from base.ids import new_id
from base.nested_rows import asked_ids, one_of
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from crm.contacts.rules import Stage, stages_before
from crm.contacts.tags import MOST_TAGS
from crm.owners.service import list_owners
from crm.profiling.service import find_refusals
from crm.scoring.entries import OF_JOURNEYS
from crm.scoring.models import ScoreEntry
from crm.scoring.service import recompute_for
from crm.tasks.service import NewTask, create_tasks
from flows.wording import render
from outreach.merge_values import mergeable
from outreach.steps.holding import hold_contacts
from outreach.steps.taking_back import take_back_consents
from outreach.steps.ways import go_on
from outreach.trail import Happened
from outreach.walking import Group, Walker, Work


async def change_contact(work: Work, group: Group) -> None:
    """`update`: sets and forgets fields, puts tags on and takes them off, takes consents back."""
    held = await hold_contacts(work, group.walkers)
    if not held:
        return
    step = group.step
    rows = (await work.session.execute(_READ, {"ids": [walker.contact_id for walker in held]})).all()
    tags = {row.id: _tagged(row.tags, step.add, step.remove) for row in rows}
    given = {
        **rows_of({"id": contact_id, "tags": new} for contact_id, new in tags.items()),
        "forgotten": [name for name, value in step.set.items() if value is None],
        "told": {name: value for name, value in step.set.items() if value is not None},
        "now": work.now,
    }
    await work.session.execute(_CHANGE, given)
    before = {row.id: row.tags for row in rows}
    for walker in held:
        had, has = before.get(walker.contact_id, []), tags.get(walker.contact_id, [])
        for kind, changed in (("tag_added", set(has) - set(had)), ("tag_removed", set(had) - set(has))):
            work.events += [
                Happened(kind, walker.contact_id, walker.conversation_id, {"tag": tag}) for tag in sorted(changed)
            ]
    await take_back_consents(work, group, held)
    await go_on(work, group.of(held))


async def adjust(work: Work, group: Group) -> None:
    """`adjust_score_stage`: points with their reason, and a stage that only goes forward."""
    held = await hold_contacts(work, group.walkers)
    step = group.step
    if step.points and step.reason is not None and held:
        await _give_points(work, group.of(held))
    if step.stage is not None and held:
        await _move_stage(work, cast("Stage", step.stage), held)
    if held:
        await go_on(work, group.of(held))


async def tell_colleague(work: Work, group: Group) -> None:
    """`task_or_notify`: a task stays open until it is done; a notice is only read. It is of whoever looks after the
    contact; for the team, and when nobody does, it is nobody's yet, and the team is named with it.
    """
    step = group.step
    rows = await work.session.execute(_READ, {"ids": group.contact_ids})
    facts: dict[UUID, Mapping[str, Any]] = {
        row.id: {**mergeable(row.fields), "qualification": row.qualification, "score": row.score, "stage": row.stage}
        for row in rows
    }
    due_at = None if step.due_seconds is None else work.now + timedelta(seconds=step.due_seconds)
    kind = step.kind or "task"
    owners = {} if step.to == "team" else await list_owners(work.session, group.contact_ids)
    tasks = [
        NewTask(
            contact_id=walker.contact_id,
            kind=kind,
            title=render(step.text or "", {**facts.get(walker.contact_id, {}), **mergeable(walker.remembered)}),
            owner_id=owners.get(walker.contact_id),
            data={"journey": walker.journey, "step": walker.step, "team": step.team, "to": step.to},
            due_at=due_at,
        )
        for walker in group.walkers
    ]
    ids = await create_tasks(work.session, tasks, work.now)
    work.events += [
        Happened("task_made", walker.contact_id, walker.conversation_id, {"task": str(task_id), "kind": kind})
        for walker, task_id in zip(group.walkers, ids, strict=True)
    ]
    await go_on(work, group)


async def _give_points(work: Work, group: Group) -> None:
    """Each arrival counts once. Who may not be scored gets none."""
    step, keys = group.step, work.gatekeeper.keys
    refused = await find_refusals(work.session, keys, group.contact_ids, "scoring", work.now)
    rows = [
        {
            "id": new_id(),
            "contact_id": walker.contact_id,
            "rule": f"{OF_JOURNEYS}{walker.journey}/{walker.step}/{walker.id}:{walker.arrivals}",
            "score": step.score,
            "points": step.points,
            "reason": step.reason,
            "created_at": work.now,
        }
        for walker in group.walkers
        if walker.contact_id not in refused
    ]
    if not rows:
        return
    await work.session.execute(insert(ScoreEntry).values(rows).on_conflict_do_nothing())
    if keys is not None:
        await recompute_for(work.session, keys, [one for one in group.contact_ids if one not in refused], work.now)


async def _move_stage(work: Work, stage: Stage, walkers: Sequence[Walker]) -> None:
    ids = [walker.contact_id for walker in walkers]
    before = {row.id: row.stage for row in await work.session.execute(_READ, {"ids": ids})}
    moved = await work.session.scalars(
        update(Contact)
        .where(one_of(Contact.id, ids), Contact.stage.in_(stages_before(stage)))
        .values(stage=stage, updated_at=work.now)
        .returning(Contact.id)
        .execution_options(synchronize_session=False)
    )
    by_contact = {walker.contact_id: walker for walker in walkers}
    work.events += [
        Happened(
            "stage_changed",
            contact_id,
            by_contact[contact_id].conversation_id,
            {"stage": stage, "before": before[contact_id], "reason": f"journey {by_contact[contact_id].journey}"},
        )
        for contact_id in moved
    ]


def _tagged(had: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    kept = [tag for tag in had if tag not in remove]
    kept += [tag for tag in add if tag not in kept and tag not in remove]
    return kept[: max(MOST_TAGS, len(had))]


def _read_statement() -> Any:
    asked = asked_ids("ids")
    columns = (Contact.id, Contact.fields, Contact.tags, Contact.stage, Contact.score, Contact.qualification)
    return select(*columns).join(asked, asked.c.id == Contact.id)


def _change_statement() -> Any:
    contacts, new = table_of(Contact), given_rows({"id": Uuid(), "tags": JSONB()})
    # PostgreSQL takes `-` before `||`: first what is forgotten goes, then what was told comes.
    kept = contacts.c.fields.op("-", return_type=JSONB())(bindparam("forgotten", type_=ARRAY(Text())))
    return (
        update(contacts)
        .where(contacts.c.id == new.c.id)
        .values(
            fields=kept.op("||", return_type=JSONB())(bindparam("told", type_=JSONB())),
            tags=new.c.tags,
            updated_at=bindparam("now", type_=Contact.updated_at.type),
        )
    )


_READ = _read_statement()
_CHANGE = _change_statement()
