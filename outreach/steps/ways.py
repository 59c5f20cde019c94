"""Which way people go on from a step: by its conditions, in one statement for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Text, case, literal, null, select

from base.nested_rows import asked_ids
from crm.contacts.models import Contact
from outreach.conditions_sql import compile_condition
from outreach.definitions import Way
from outreach.walking import Group, Work


async def go_on(work: Work, group: Group) -> None:
    """Takes everybody to the first of the step's ways that holds for them; where none does, they end."""
    ways = group.step.next
    if not ways or ways[0].condition is None:
        for walker in group.walkers:
            walker.go(ways[0].to if ways else None)
        return
    definition = group.definition
    statement = work.library.statement(
        ("ways", definition.journey, definition.version, group.name), lambda: _statement(ways)
    )
    rows = await work.session.execute(statement, {"ids": group.contact_ids, "now": work.now})
    targets: dict[Any, str | None] = {row.id: row.target for row in rows}
    for walker in group.walkers:
        walker.go(targets.get(walker.contact_id))


def _statement(ways: Sequence[Way]) -> Select[Any]:
    asked = asked_ids("ids")
    whens = []
    otherwise: Any = null()
    for way in ways:
        if way.condition is None:
            otherwise = literal(way.to, Text())
            break
        whens.append((compile_condition(way.condition), literal(way.to, Text())))
    return select(Contact.id, case(*whens, else_=otherwise).label("target")).join(asked, asked.c.id == Contact.id)
