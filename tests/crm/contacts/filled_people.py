"""People with rows in every table of the registry, made up by chance: also in tables that come later.

Values fit their columns' types, lists of words in check constraints and foreign keys; a row that some other constraint
refuses is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Table, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from base import tables
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_events
from crm.consent.suppression import suppress
from crm.contacts.merging import sum_up
from crm.contacts.models import Contact
from crm.privacy.registry import read_registry
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded
METADATA = tables.Table.metadata
NOT_MADE = frozenset(
    {
        "contact_merges",
        "merged_rows",
        "principal_links",
        "consent_events",
        "suppressions",
        "privacy_erasures",
        "sample_people",
    }
)
"""Made by the code that owns them, or kept for good."""
_LEFT_EMPTY = frozenset({"turn_claimed_until", "turn_claimed_by", "gate_decision_id", "moved_to", "turn_state"})
_WORDS = ("a", "b", "c")
_FIELDS = ("first_name", "last_name", "company", "city", "note")
_ONE_OF = re.compile(r"^\s*(\w+)\s+in\s+\((.*)\)\s*$", re.IGNORECASE)


class Filler:
    """Makes rows of one person. `most` is how many of each table there may be."""

    def __init__(self, session: AsyncSession, random: Random, now: datetime, *, most: int = 2) -> None:
        self._session = session
        self._random = random
        self._now = now
        self._most = most
        self._own: dict[str, list[Any]] = {}
        self.filled: set[str] = set()

    async def make_person(self) -> UUID:
        """A contact with rows everywhere; returns its id."""
        contact_id = new_id()
        self._own = {}
        moment = self._moment()
        await self._session.execute(
            insert(Contact).values(
                id=contact_id,
                stage=self._random.choice(["visitor", "lead", "mql", "sql", "customer", "disqualified"]),
                qualification=self._random.choice([None, "hot", "warm", "cold"]),
                time_zone=self._random.choice([None, "Europe/Vienna", "America/New_York"]),
                fields={name: self._random.choice(_WORDS) for name in _FIELDS if self._random.random() < 0.5},
                tags=[tag for tag in _WORDS if self._random.random() < 0.5],
                created_at=moment,
                updated_at=moment,
            )
        )
        held = read_registry().tables
        for table in METADATA.sorted_tables:
            if table.name in held and table.name not in NOT_MADE and table.name != "contacts":
                for _ in range(self._random.randint(0, self._most)):
                    await self._make_row(table, contact_id)
        await self._say(contact_id)
        await sum_up(self._session, contact_id)
        return contact_id

    async def _make_row(self, table: Table, contact_id: UUID) -> None:
        row = {}
        for column in table.columns:
            value = await self._value(table, column, contact_id)
            if value is not None:
                row[column.name] = value
        try:
            async with self._session.begin_nested():
                await self._session.execute(insert(table).values(row))
        except IntegrityError:
            return
        self.filled.add(table.name)
        key = next(iter(table.primary_key.columns))
        self._own.setdefault(table.name, []).append(row.get(key.name))

    async def _value(self, table: Table, column: Column[Any], contact_id: UUID) -> Any:
        if column.name in _LEFT_EMPTY or column.identity is not None:
            return None
        if column.name == "contact_id":
            return contact_id
        if (named := self._named(column)) is not None:
            return await self._key_of(named, column)
        if (column.nullable or column.server_default is not None) and self._random.random() < 0.3:
            return None
        return self._of_type(table, column)

    async def _key_of(self, named: str, column: Column[Any]) -> Any:
        """A row of a table that a column names, of the person's own where it holds something about people."""
        if named in read_registry().tables:
            known = self._own.get(named, [])
            if known and (not column.nullable or self._random.random() < 0.7):
                return self._random.choice(known)
            return None if column.nullable else new_id()
        return None if column.nullable else await self._some_row(METADATA.tables[named], column)

    def _named(self, column: Column[Any]) -> str | None:
        for key in column.foreign_keys:
            return key.column.table.name
        return {"conversation_id": "conversations", "message_id": "messages", "enrolment_id": "enrolments"}.get(
            column.name
        )

    async def _some_row(self, table: Table, naming: Column[Any]) -> Any:
        """What names a row of a table that holds nothing about people, made if there is none."""
        named = (key.column for key in naming.foreign_keys)
        key = next(named, next(iter(table.primary_key.columns)))
        known = await self._session.scalar(select(key).limit(1))
        if known is None:
            row = {
                column.name: self._of_type(table, column)
                for column in table.columns
                if not column.nullable and column.identity is None
            }
            await self._session.execute(insert(table).values(row))
            known = row[key.name]
        return known

    def _of_type(self, table: Table, column: Column[Any]) -> Any:
        if (words := _allowed(table, column)) is not None:
            return self._random.choice([word for word in words if word != "sending"])
        if isinstance(column.type, JSONB):
            return [] if _is_list(column) else {"word": self._random.choice(_WORDS)}
        makers: dict[type, Callable[[], Any]] = {
            UUID: new_id,
            str: lambda: f"{column.name}-{self._random.choice(_WORDS)}",
            datetime: self._moment,
            date: lambda: self._moment().date(),
            bool: lambda: self._random.random() < 0.5,
            bytes: lambda: self._random.randbytes(32),
            list: list,
            int: lambda: self._random.randint(0, 9),
            float: self._random.random,
            # A vector.
            object: lambda: [self._random.random()] * (column.type.dim or 3),  # type: ignore[attr-defined]
        }
        return makers[column.type.python_type]()

    def _moment(self) -> datetime:
        return self._now - timedelta(microseconds=self._random.randint(1, 10**13))

    async def _say(self, contact_id: UUID) -> None:
        facts = []
        for _ in range(self._random.randint(0, 3)):
            event = self._random.choice(["given", "refused", "withdrawn"])
            facts.append(
                ConsentFact(
                    event=event,
                    principal_ref=contact_id,
                    purpose=self._random.choice(["marketing", "profiling"]),
                    channel=self._random.choice(["email", "sms"]),
                    controller="Northwind",
                    language="en",
                    method="test",
                    actor="subject",
                    effective_at=self._now,
                    notice_text="May we?" if event == "given" else None,
                )
            )
        await record_consent_events(self._session, facts, self._now)
        if self._random.random() < 0.4:
            await suppress(self._session, [contact_id], self._random.choice(["all", "sms"]), "test", self._now)


def _is_list(column: Column[Any]) -> bool:
    """Whether the model says that a JSON column holds a list."""
    models = (mapper.class_ for mapper in tables.Table.registry.mappers if mapper.local_table is column.table)
    return any("list[" in str(model.__annotations__.get(column.name, "")) for model in models)


def _allowed(table: Table, column: Column[Any]) -> list[str] | None:
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = _ONE_OF.match(str(constraint.sqltext))
            if found and found[1] == column.name:
                return [word.strip().strip("'") for word in found[2].split(",")]
    return None


async def read_everything(session: AsyncSession) -> dict[str, list[str]]:
    """Every row of every table of the registry as text, but of merges themselves and what the timeline says of them.

    What is made anew by triggers is theirs to keep right.
    """
    everything = {}
    for name, held in read_registry().tables.items():
        if name in ("contact_merges", "merged_rows") or (held.merge is not None and held.merge.anew is not None):
            continue
        where = "WHERE kind NOT LIKE 'contact_%merged'" if name in ("timeline_events", "event_queue") else ""
        rows = await session.scalars(text(f'SELECT CAST(to_jsonb(t) AS text) FROM "{name}" t {where}'))
        everything[name] = sorted(rows)
    return everything
