"""What does not fit its field is left out and said so, also where nobody can be asked again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from crm.contacts.models import Contact
from crm.fields.rules import Definition
from crm.fields.service import create_field
from crm.imports.options import Options
from crm.imports.preview import preview_rows
from crm.imports.service import plan_file
from crm.timeline.models import TimelineEvent
from crm.timeline.service import summary_of
from tests.bot.happenings import contact_of, happen
from tests.crm.imports.people import import_file, write_csv


@pytest.fixture
async def fields(database, now) -> dict[str, Definition]:
    defined = {
        "seats": Definition("seats", "Seats", "number"),
        "trial": Definition("trial", "Trial", "yes_no"),
    }
    async with transaction(database.sessions) as session:
        for one in defined.values():
            await create_field(session, one, now)
    return defined


@pytest.fixture
def file(tmp_path):
    return write_csv(
        tmp_path / "people.csv",
        ["E-mail", "Seats", "Trial", "Mood", "Website", "Street"],
        ["ann@a.example", "0", "no", "good", "a.example", "6 High Street"],
        ["bob@b.example", "many", "", "bad", "none", ""],
    )


COLUMNS = ("email", "field:seats", "field:trial", "field:mood", "website", "street")


async def test_an_import_stores_values_by_their_type_and_leaves_out_and_names_the_others(
    database, keys, now, fields, file
) -> None:
    done, problems = await import_file(database, keys, now, file, columns=COLUMNS)
    assert (done.created, done.refused) == (2, 0)
    async with database.sessions() as session:
        ann, bob = await session.scalars(select(Contact).order_by(Contact.id))
    assert ann.fields == {
        "seats": 0,
        "trial": False,
        "mood": "good",
        "website": "https://a.example",
        "street": "6 High Street",
    }
    assert bob.fields == {"mood": "bad"}
    assert [(problem.row, problem.column) for problem in problems] == [(3, "field:seats"), (3, "website")]
    assert problems[0].reason == ("Seats: write a number with a point before its decimals, such as 1500 or 1500.5.")


def test_a_preview_shows_what_will_not_fit(now, fields, file) -> None:
    options = Options(columns=COLUMNS)
    plan = plan_file(file, options.map, options, made_by="operator", controller="Northwind")
    ann, bob = preview_rows(plan, now, fields)
    assert (ann.values["seats"], ann.values["trial"]) == ("0", "False")
    assert [problem.column for problem in bob.problems] == ["field:seats", "website"]


async def test_what_is_said_in_a_talk_and_does_not_fit_stays_in_the_talk_and_is_noted(stage, now) -> None:
    async with transaction(stage.sessions) as session:
        await create_field(session, Definition("seats", "Seats", "number"), now)
    effects = [{"effect": "capture_lead", "field": "seats", "value": value} for value in ("a dozen", "12")]
    await happen(stage, effects[0])
    assert "seats" not in (await contact_of(stage)).fields
    async with stage.sessions() as session:
        noted = await session.scalar(select(TimelineEvent.data).where(TimelineEvent.kind == "fact_unfit"))
    assert noted["field"] == "seats"
    assert "dozen" not in noted["reason"]
    assert summary_of("fact_unfit", noted).startswith("What was said did not fit seats: Seats: write a number")
    await happen(stage, effects[1])
    assert (await contact_of(stage)).fields["seats"] == 12
