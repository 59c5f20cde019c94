"""A rule over all contacts as SQL: step by step, each over those that the last one left. Runs nothing.

First what stands in the contacts' own rows, then what other tables say of them, the largest last, then what is joined
by `any`. Where nothing stands in their own rows, it begins with those an event is about. Few contacts are looked up by
indexes, many are joined to what is read once; which it is shows as it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, CompoundSelect, Select, exists, func, select
from sqlalchemy.sql.selectable import FromClause

from base.json_values import Truth
from base.tables import table_of
from crm.contacts.models import Contact
from crm.segments.comparing import COLUMNS
from crm.segments.compiling import compile_joined, compile_leaf, compile_node, events_of
from crm.segments.tree import (
    TOTAL,
    AllOf,
    DateCondition,
    EventCondition,
    FactCondition,
    NearText,
    Node,
    Not,
    ScoreCondition,
    SegmentTree,
    TagCondition,
)
from crm.timeline.models import TimelineEvent

FEW = 50_000
"""Contacts up to whose number each is looked up by an index; of more, what is asked for is read once for all."""


def narrow(tree: SegmentTree, now: datetime, *, few: int = FEW) -> CTE:
    """The ids of the contacts the rule holds for, whoever of them may be profiled."""
    parts = list(_conjuncts(tree.root))
    own = [part for part in parts if _is_own(part)]
    single = [part for part in parts if part not in own and _is_single(_bare(part))]
    joined = [part for part in parts if part not in own and part not in single]
    single.sort(key=_cost)
    if not own and single and (begun := _begin(single[0], now)) is not None:
        step = _step(0, begun)
        single = single[1:]
    else:
        step = _step(0, select(Contact.id).where(*(compile_node(part, now) for part in sorted(own, key=_cost_of_own))))
    for part in single:
        is_few = select(func.count()).select_from(step).scalar_subquery() <= few
        step = _step(step, _look_up(part, now, step, is_few).union_all(_read(part, now, step, ~is_few)))
    return _step(step, _join(joined, now, step)) if joined else step


def _begin(part: Node, now: datetime) -> Select[Any] | None:
    """Those for whom it holds, found among the events alone; None for what is not found so."""
    if not isinstance(part, EventCondition) or part.times != "at_least" or part.count < 1:
        return None
    found = select(TimelineEvent.contact_id.label("id")).where(
        *events_of(part, now), TimelineEvent.contact_id.is_not(None)
    )
    return found.group_by(TimelineEvent.contact_id).having(func.count() >= part.count)


def _step(last: CTE | int, chosen: Select[Any] | CompoundSelect[Any]) -> CTE:
    number = last if isinstance(last, int) else int(last.name.removeprefix("step_")) + 1
    # Not to be folded into what follows: the planner would choose an order of its own, knowing little.
    return chosen.cte(f"step_{number}").prefix_with("MATERIALIZED")


def _look_up(part: Node, now: datetime, step: CTE, gate: Truth) -> Select[Any]:
    """The few of them for whom it holds, each looked up. Whether they are few is known when the step before is done:
    PostgreSQL then runs this or the other way, never both.
    """
    # As a value and not as EXISTS, which the planner would turn into a join.
    asked = select(compile_leaf(part, now, step.c.id)).correlate(step).scalar_subquery()
    return select(step.c.id).where(gate, asked)


def _read(part: Node, now: datetime, step: CTE, gate: Truth) -> Select[Any]:
    """Those of them for whom it holds, joined to all that it is about."""
    if not _is_counted(_bare(part)):
        return select(step.c.id).where(gate, compile_leaf(part, now, step.c.id))
    node = _bare(part)
    assert isinstance(node, EventCondition)  # nothing else is counted
    number = func.count()
    often = {
        "at_least": number >= node.count,
        "at_most": number > node.count,
        "exactly": number == node.count,
    }[node.times]
    found = (
        select(step.c.id)
        .join(TimelineEvent, TimelineEvent.contact_id == step.c.id)
        .where(gate, *events_of(node, now))
        .group_by(step.c.id)
        .having(often)
    )
    # Who did nothing has no row to be counted: `at_most` is asked the other way round.
    if (node.times == "at_most") == isinstance(part, Not):
        return found
    others = found.subquery()
    return select(step.c.id).where(gate, ~exists(select(others.c.id).where(others.c.id == step.c.id).correlate(step)))


def _join(parts: Sequence[Node], now: datetime, step: CTE) -> Select[Any]:
    contacts: FromClause = table_of(Contact)
    source, holds = compile_joined(parts, now, contacts.join(step, step.c.id == Contact.id))
    return select(Contact.id).select_from(source).where(holds)


def _conjuncts(node: Node) -> Iterator[Node]:
    """What must all hold."""
    if isinstance(node, AllOf):
        for part in node.all:
            yield from _conjuncts(part)
    elif isinstance(node, Not) and isinstance(node.negated, Not):
        yield from _conjuncts(node.negated.negated)
    else:
        yield node


def _bare(part: Node) -> Node:
    return part.negated if isinstance(part, Not) else part


def _is_own(node: Node) -> bool:
    """Whether the contact's own row answers it."""
    if parts := node.parts():
        return all(map(_is_own, parts))
    if isinstance(node, ScoreCondition):
        return node.score == TOTAL
    return isinstance(node, FactCondition | TagCondition | DateCondition)


def _is_single(node: Node) -> bool:
    """Whether it is one condition that can be asked for a contact by an index."""
    return not node.parts()


def _is_counted(node: Node) -> bool:
    once = ("at_least", 1)
    return isinstance(node, EventCondition) and node.count > 0 and (node.times, node.count) != once


def _cost_of_own(part: Node) -> int:
    """Columns are compared before JSON is opened."""
    return sum(not (isinstance(leaf, FactCondition) and leaf.fact in COLUMNS) for leaf in SegmentTree(part).leaves())


def _cost(part: Node) -> int:
    """What is read for all, if it must be: first what is little. The dearest come when few are left."""
    node = _bare(part)
    if isinstance(node, EventCondition):
        return 1 + _is_counted(node) + 2 * bool(node.where)
    return 5 if isinstance(node, ScoreCondition | NearText) else 0
