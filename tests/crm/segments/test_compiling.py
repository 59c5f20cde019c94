"""A rule in SQL holds for exactly the people it holds for when it is read in plain Python, now and as time passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from base.database import driver_url
from crm.contacts.models import Contact
from crm.segments.book import membership_statement
from crm.segments.compiling import compile_tree
from crm.segments.narrowing import FEW, narrow
from crm.segments.tree import SegmentTree
from tests.crm.segments.made_up import KINDS, MEANINGS, NOW, OTHERS, fill, fill_once, people, trees
from tests.crm.segments.plain import Person, holds, is_inside

PER_EXAMPLE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def connection(fresh_database_url: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(fresh_database_url), connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        fill_once(connection)
        connection.commit()
        yield connection
    engine.dispose()


def ask(connection: Connection, tree: SegmentTree, some: list[Person], now: datetime) -> dict[Any, Any]:
    statement = membership_statement(tree)
    rows = connection.execute(statement, {"ids": [one.id for one in some], "now": now, "segment_id": OTHERS[0]})
    return {row.id: row for row in rows}


@PER_EXAMPLE
@given(trees, st.lists(people, min_size=1, max_size=4))
def test_sql_and_python_agree_on_every_rule_for_one_and_for_all(connection, tree, some):
    with connection.begin() as transaction:
        fill(connection, some)
        expected = {one.id for one in some if is_inside(tree, one, NOW, MEANINGS)}
        whoever = sorted(one.id for one in some if holds(tree.root, one, NOW, MEANINGS))
        # However few they are: looked up, joined, or the one after the other.
        for few in (FEW, 0, 2):
            assert sorted(connection.scalars(select(narrow(tree, NOW, few=few).c.id))) == whoever
        one_by_one = select(Contact.id).where(compile_tree(tree, NOW))
        assert set(connection.scalars(one_by_one)) == expected
        rows = ask(connection, tree, some, NOW)
        assert {key for key, row in rows.items() if row.inside} == expected
        # Never null: a `not` around it would then hold for nobody.
        assert None not in set(connection.scalars(select(compile_tree(tree, NOW)).select_from(Contact)))
        transaction.rollback()


@PER_EXAMPLE
@given(trees, st.lists(people, min_size=1, max_size=3), st.integers(0, 60 * 24 * 2))
def test_nobody_enters_or_leaves_by_time_alone_before_they_are_due(connection, tree, some, halves):
    later = NOW + timedelta(minutes=30 * halves)
    with connection.begin() as transaction:
        fill(connection, some)
        rows = ask(connection, tree, some, NOW)
        for one in some:
            due = getattr(rows[one.id], "due", None)
            assert due is None or due > NOW
            until = later if due is None else min(later, due - timedelta(microseconds=1))
            assert is_inside(tree, one, until, MEANINGS) == rows[one.id].inside
        transaction.rollback()


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_or_value_of_a_rule_becomes_sql_text(kind):
    odd = "'; drop table contacts; --"
    tree = SegmentTree.model_validate(
        {
            "all": [
                {"fact": odd, "op": "is", "value": odd},
                {"event": kind, "where": [{"property": odd, "op": "contains", "value": odd}], "count": 2},
                {"tag": odd},
                {"date": odd, "is": "in_next", "days": 3},
                {"consent": odd, "channel": "email", "is": "refused"},
                {"score": odd, "op": "at_least", "value": 3},
                {"near": odd},
            ]
        }
    )
    for statement in (select(narrow(tree, NOW).c.id), select(Contact.id).where(compile_tree(tree, NOW))):
        sql = str(statement)
        assert "drop" not in sql
        assert kind not in sql
