"""Moves the rows of one contact to another in every table the registry names, notes each change, and takes them back.

In sets, in the caller's transaction, which holds both contacts. Knows no table: what happens to its rows is said in
`crm/privacy/registry.yml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Table,
    Uuid,
    and_,
    case,
    cast,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.models import PrincipalLink
from crm.contacts.models import MergedRow
from crm.privacy.persons import table_named
from crm.privacy.registry import Merge, read_registry

_TALKS = "conversations"


@dataclass(frozen=True, slots=True)
class Merging:
    """A merge that is being done or taken back. Rows with a later key than `id` were made since."""

    id: UUID
    survivor_id: UUID
    merged_id: UUID
    now: datetime


@lru_cache(maxsize=1)
def list_moving() -> tuple[tuple[str, Merge], ...]:
    """The tables whose rows move, those first by which others are known."""
    moving = {name: held.merge for name, held in read_registry().tables.items() if held.merge and held.merge.move}

    def depth(name: str) -> int:
        named = {*moving[name].about.values(), *moving[name].ends_with.values()} & moving.keys()
        return 1 + max(map(depth, named), default=0)

    return tuple(sorted(moving.items(), key=lambda item: depth(item[0])))


async def count_rows(session: AsyncSession, contact_id: UUID) -> dict[str, int]:
    """How many rows of each table name the contact and would move with it."""
    counts = {}
    for name, merge in list_moving():
        found = select(func.count()).select_from(table_named(name)).where(_column(name, merge) == contact_id)
        counts[name] = await session.scalar(found) or 0
    return {name: count for name, count in counts.items() if count}


async def move_rows(session: AsyncSession, merging: Merging) -> None:
    """Makes all rows of the merged contact the survivor's.

    A row of which a person has one at most, and the survivor has it, ends or is set aside. What is made anew goes.
    """
    for name, held in read_registry().tables.items():
        if held.merge is not None and held.merge.anew is not None:
            named = or_(*(_named(name).c[way.contact] == merging.merged_id for way in held.find if way.contact))
            await session.execute(delete(_named(name)).where(named))
    for name, merge in list_moving():
        column = _column(name, merge)
        if merge.one is not None:
            double = and_(column == merging.merged_id, _is_double(name, merge, merging.survivor_id))
            if merge.ends:
                await _end(session, merging, name, merge, double)
            else:
                await set_aside(session, merging, name, double)
        for own, other in merge.ends_with.items():
            ended = select(MergedRow.key["id"].astext).where(
                MergedRow.merge_id == merging.id, MergedRow.table_name == other, MergedRow.change == "changed"
            )
            with_it = cast(_named(name).c[own], MergedRow.table_name.type).in_(ended)
            await _end(
                session, merging, name, merge, and_(column == merging.merged_id, with_it, *_where(_named(name), merge))
            )
        if name == _TALKS:
            await _stop_turns(session, merging.merged_id)
        moved = (
            update(_named(name))
            .where(column == merging.merged_id)
            .values({column.name: merging.survivor_id})
            .returning(_key(name, merge).label("key"))
            .cte("moved")
        )
        await _note(session, merging, name, "moved", moved, key=moved.c.key)


async def set_aside(session: AsyncSession, merging: Merging, name: str, which: ColumnElement[bool]) -> None:
    """Takes rows out of a table and keeps them in the merge's record."""
    gone = delete(_named(name)).where(which).returning(_as_json(name).label("row")).cte("gone")
    await _note(session, merging, name, "set_aside", gone, before=gone.c.row)


async def note_made(session: AsyncSession, merging: Merging, name: str, which: ColumnElement[bool]) -> None:
    """Notes rows that the merge itself made."""
    made = select(_key(name, None).label("key"), _as_json(name).label("row")).where(which).cte("made")
    await _note(session, merging, name, "made", made, key=made.c.key, after=made.c.row)


async def are_as_made(session: AsyncSession, merging: Merging, name: str) -> bool:
    """Whether the rows that the merge made in a table are all there as it made them."""
    noted = select(func.count()).where(*_noted(merging, name, "made"))
    same = select(func.count()).select_from(_named(name)).join(MergedRow, and_(*_is_as_made(merging, name)))
    return await session.scalar(noted) == await session.scalar(same)


async def take_back_rows(session: AsyncSession, merging: Merging) -> None:
    """Undoes all that `move_rows` and the others did, but where a row was changed since; the merged contact is there.

    What was made since goes to whom it was about.
    """
    for name, merge in reversed(list_moving()):
        await _take_away_made(session, merging, name)
        await put_back(session, merging, name)
        if name == _TALKS:
            await _stop_turns(session, merging.survivor_id)
        await _move_back(session, merging, name, merge)
    for name, merge in list_moving():
        if merge.ends:
            await _restore(session, merging, name, [*merge.ends, "updated_at"])
    for name, merge in list_moving():
        await _allot(session, merging, name, merge)


async def put_back(session: AsyncSession, merging: Merging, name: str) -> None:
    """Returns what was set aside; a row that came in its place since stays."""
    table = _quoted(name)
    await session.execute(
        text(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"  # noqa: S608
            f" SELECT (jsonb_populate_record(NULL::{table}, r.before)).* FROM merged_rows r"
            " WHERE r.merge_id = :merge_id AND r.table_name = :name AND r.change = 'set_aside' ORDER BY r.id"
            " ON CONFLICT DO NOTHING"
        ),
        {"merge_id": merging.id, "name": name},
    )


async def list_strays(session: AsyncSession, before: datetime, *, limit: int) -> list[tuple[str, UUID]]:
    """Tables with rows that still name a contact which was merged before then, and the contact."""
    merged = select(PrincipalLink.principal_ref).where(PrincipalLink.linked_at < before)
    found: list[tuple[str, UUID]] = []
    for name, merge in list_moving():
        # Named, not looked up: whoever asks need not have loaded every room's tables.
        named = column(merge.move or "", Uuid())
        rows = select(named).select_from(table(name, named)).where(named.in_(merged)).distinct()
        strays = await session.scalars(rows.limit(limit - len(found)))
        found += [(name, contact_id) for contact_id in strays]
    return found


async def follow_links(session: AsyncSession, since: datetime) -> int:
    """Gives rows that were still written for contacts merged since then to the ones they are part of; returns how many.

    Whoever was writing for somebody while they were merged may have written a row in a table without a foreign key. One
    of which the survivor has the like goes.
    """
    count = 0
    for name, merge in list_moving():
        column = _column(name, merge)
        is_stray = and_(column == PrincipalLink.principal_ref, PrincipalLink.linked_at >= since)
        if merge.one is not None and not merge.ends:
            gone = delete(_named(name)).where(is_stray, _is_double(name, merge, PrincipalLink.contact_id))
            await session.execute(gone.execution_options(synchronize_session=False))
        strays = update(_named(name)).where(is_stray).values({column.name: PrincipalLink.contact_id})
        moved = await session.execute(strays.execution_options(synchronize_session=False))
        count += int(moved.rowcount)  # type: ignore[attr-defined]
    return count


async def _end(session: AsyncSession, merging: Merging, name: str, merge: Merge, which: ColumnElement[bool]) -> None:
    table = _named(name)
    keys = [column for column in table.primary_key.columns if column.name != merge.move]
    before = select(*keys, _as_json(name).label("row")).where(which).with_for_update().cte("before")
    ended = (
        update(table)
        .where(*(column == before.c[column.name] for column in keys))
        .values({**merge.ends, "updated_at": merging.now})
        .returning(_key(name, merge).label("key"), before.c.row.label("before"), _as_json(name).label("after"))
        .cte("ended")
    )
    changed = [*merge.ends, "updated_at"]
    await _note(
        session,
        merging,
        name,
        "changed",
        ended,
        key=ended.c.key,
        before=_only(ended.c.before, changed),
        after=_only(ended.c.after, changed),
    )


async def _note(
    session: AsyncSession, merging: Merging, name: str, change: str, rows: FromClause, **columns: Any
) -> None:
    told = select(literal(merging.id), literal(name), literal(change), *columns.values()).select_from(rows)
    await session.execute(insert(MergedRow).from_select(["merge_id", "table_name", "change", *columns], told))


async def _take_away_made(session: AsyncSession, merging: Merging, name: str) -> None:
    made = delete(_named(name)).where(*_is_as_made(merging, name))
    await session.execute(made.execution_options(synchronize_session=False))


async def _move_back(session: AsyncSession, merging: Merging, name: str, merge: Merge) -> None:
    column = _column(name, merge)
    back = (
        update(_named(name))
        .where(column == merging.survivor_id, _is_noted(merging, name, "moved", merge))
        .values({column.name: merging.merged_id})
    )
    await session.execute(back.execution_options(synchronize_session=False))


async def _restore(session: AsyncSession, merging: Merging, name: str, columns: Iterable[str]) -> None:
    """What ended goes on, unless something was done to it since."""
    table = _quoted(name)
    values = ", ".join(
        f'"{column}" = (jsonb_populate_record(NULL::{table}, r.before))."{column}"' for column in columns
    )
    await session.execute(
        text(
            f"UPDATE {table} t SET {values} FROM merged_rows r"  # noqa: S608
            " WHERE r.merge_id = :merge_id AND r.table_name = :name AND r.change = 'changed'"
            " AND t.id = CAST(r.key ->> 'id' AS uuid) AND to_jsonb(t) @> r.after"
        ),
        {"merge_id": merging.id, "name": name},
    )


async def _allot(session: AsyncSession, merging: Merging, name: str, merge: Merge) -> None:
    """What was made since and was about the merged contact becomes theirs; all other stays."""
    if not merge.about:
        return
    table, column = _named(name), _column(name, merge)
    about = case(
        *((table.c[own].is_not(None), table.c[own].in_(_theirs(other, merging))) for own, other in merge.about.items()),
        else_=false(),
    )
    which = [column == merging.survivor_id, table.c.id > merging.id, about]
    if merge.one is not None:
        which.append(~_is_double(name, merge, merging.merged_id))
    allotted = update(table).where(*which).values({column.name: merging.merged_id})
    await session.execute(allotted.execution_options(synchronize_session=False))


def _theirs(name: str, merging: Merging) -> Any:
    """The merged contact's rows of a table that others name."""
    if name == "messages":
        messages = table_named(name)
        return select(messages.c.id).where(messages.c.conversation_id.in_(_theirs(_TALKS, merging)))
    table = table_named(name)
    return select(table.c.id).where(table.c.contact_id == merging.merged_id)


async def _stop_turns(session: AsyncSession, contact_id: UUID) -> None:
    """Takes the claim of a turn that is running in the contact's talks: it would write for whom it was begun.

    The message stays open and is answered again, for whom the talk belongs to then.
    """
    talks = _named(_TALKS)
    running = (talks.c.contact_id == contact_id, talks.c.turn_claimed_until > func.now())
    free = {"turn_fence": talks.c.turn_fence + 1, "turn_claimed_until": None, "turn_claimed_by": None}
    taken = update(talks).where(*running).values(free)
    await session.execute(taken.execution_options(synchronize_session=False))


def _is_double(name: str, merge: Merge, contact_id: Any) -> ColumnElement[bool]:
    """Whether another contact has a row of which there may be one."""
    table, other = _named(name), _named(name).alias("other")
    alike = [table.c[column] == other.c[column] for column in merge.one or ()]
    theirs = exists().where(other.c[merge.move or ""] == contact_id, *alike, *_where(other, merge))
    return and_(*_where(table, merge), theirs)


def _where(table: FromClause, merge: Merge) -> list[ColumnElement[bool]]:
    return [table.c[column].in_(values) for column, values in merge.where.items()]


def _noted(merging: Merging, name: str, change: str) -> tuple[ColumnElement[bool], ...]:
    return (MergedRow.merge_id == merging.id, MergedRow.table_name == name, MergedRow.change == change)


def _is_as_made(merging: Merging, name: str) -> tuple[ColumnElement[bool], ...]:
    return (
        *_noted(merging, name, "made"),
        *_is_keyed(name, None),
        _as_json(name).contains(MergedRow.after),
    )


def _keys(name: str, merge: Merge | None) -> list[Column[Any]]:
    moved = None if merge is None else merge.move
    return [column for column in _named(name).primary_key.columns if column.name != moved]


def _key(name: str, merge: Merge | None) -> ColumnElement[Any]:
    return _object({column.name: column for column in _keys(name, merge)})


def _is_keyed(name: str, merge: Merge | None) -> list[ColumnElement[bool]]:
    """That a row is the one a note is about: by its key's own columns, so that their index finds it."""
    return [column == cast(MergedRow.key[column.name].astext, column.type) for column in _keys(name, merge)]


def _is_noted(merging: Merging, name: str, change: str, merge: Merge) -> ColumnElement[bool]:
    """That a row is among those noted, or, where a contact has one at most, that it is noted at all."""
    noted, keyed = _noted(merging, name, change), _is_keyed(name, merge)
    return and_(*noted, *keyed) if keyed else exists().where(*noted)


def _only(row: ColumnElement[Any], columns: Iterable[str]) -> ColumnElement[Any]:
    return _object({column: row.op("->")(column) for column in columns})


def _object(values: Mapping[str, Any]) -> ColumnElement[Any]:
    parts: list[Any] = []
    for name, value in values.items():
        parts += [literal_column(f"'{name}'"), value]
    return func.jsonb_build_object(*parts)


def _as_json(name: str) -> ColumnElement[Any]:
    return func.to_jsonb(_named(name).table_valued(), type_=MergedRow.before.type)


def _column(name: str, merge: Merge) -> Column[Any]:
    return _named(name).c[merge.move or ""]


def _named(name: str) -> Table:
    table = table_named(name)
    assert isinstance(table, Table)
    return table


def _quoted(name: str) -> str:
    """A table of the registry, whose names are letters, digits and underscores."""
    return f'"{_named(name).name}"'
