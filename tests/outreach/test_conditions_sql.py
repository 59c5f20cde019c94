"""A branch in SQL goes the same way as the condition evaluated in Python."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from base.database import libpq_url
from crm.contacts.models import Contact
from flows.conditions import condition_holds
from outreach.conditions_sql import compile_condition

NAMES = ["score", "qualification", "stage", "language", "company", "size", "agreed", "odd'name; --"]
numbers = st.integers(-1_000, 1_000) | st.floats(-1e6, 1e6, allow_nan=False)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
scalars = st.booleans() | numbers | texts | st.sampled_from(["hot", "lead", "1", "true", ""])
names = st.sampled_from(NAMES)

comparisons = st.one_of(
    st.builds(lambda fact, op: {"fact": fact, "op": op}, names, st.sampled_from(["known", "unknown"])),
    st.builds(
        lambda fact, op, v: {"fact": fact, "op": op, "value": v}, names, st.sampled_from(["is", "is_not"]), scalars
    ),
    st.builds(lambda fact, v: {"fact": fact, "op": "in", "value": v}, names, st.lists(scalars, min_size=1, max_size=3)),
    st.builds(
        lambda fact, op, v: {"fact": fact, "op": op, "value": v},
        names,
        st.sampled_from(["at_least", "at_most"]),
        numbers,
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)
contacts = st.fixed_dictionaries(
    {
        "score": st.integers(-50, 150),
        "qualification": st.sampled_from([None, "hot", "warm", "cold"]),
        "stage": st.sampled_from(["visitor", "lead"]),
        "fields": st.dictionaries(st.sampled_from(NAMES[4:]), scalars | st.none(), max_size=4),
    }
)


@pytest.fixture
def connection(fresh_database_url):
    with psycopg.connect(libpq_url(fresh_database_url)) as connection:
        yield connection


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conditions, contacts)
def test_sql_and_python_agree_on_every_condition(connection: Any, condition, contact):
    with connection.transaction(force_rollback=True):
        connection.execute(
            "INSERT INTO contacts (id, score, qualification, stage, language, fields, created_at, updated_at) "
            "VALUES (gen_random_uuid(), %s, %s, %s, 'en', %s, now(), now())",
            [contact["score"], contact["qualification"], contact["stage"], json.dumps(contact["fields"])],
        )
        compiled = select(compile_condition(condition)).select_from(Contact).compile(dialect=_dialect())
        parameters = {
            name: compiled._bind_processors[name](value) if name in compiled._bind_processors else value
            for name, value in compiled.construct_params().items()
        }
        ((answer,),) = connection.execute(str(compiled), parameters).fetchall()
    columns = {name: contact[name] for name in ("score", "qualification", "stage")} | {"language": "en"}
    assert answer is condition_holds(condition, contact["fields"] | columns)


def _dialect() -> Any:
    dialect = PGDialect_psycopg()
    dialect._json_serializer = json.dumps
    return dialect


def test_an_operator_nobody_knows_never_holds():
    assert str(compile_condition({"fact": "score", "op": "resembles", "value": 1})) == "false"
