"""What the worker does each minute about contacts that came or changed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from crm.companies.models import ContactCompany
from crm.companies.service import create_company
from crm.resolution.candidates import list_candidates
from outreach.alarm import create_alarm, create_connector
from server.likeness_jobs import LOOK, add_likeness_jobs, look_at_all
from tests.admin.people import make_contact


@pytest.fixture
def platform(database, keys, now):
    from types import SimpleNamespace

    return SimpleNamespace(sessions=database.sessions, keys=keys, clock=SimpleNamespace(now=lambda: now))


async def test_everybody_who_is_due_is_looked_at_and_linked_to_the_company_of_their_domain(platform, now) -> None:
    async with transaction(platform.sessions) as session:
        northwind = await create_company(session, platform.keys, now, name="Northwind", domains=["northwind.example"])
        made = [
            await make_contact(
                session,
                platform.keys,
                now,
                email=email,
                fields={"first_name": "Jane", "last_name": "Thompson", "company": "Northwind"},
            )
            for email in ("jane@northwind.example", "j.thompson@northwind.example")
        ]
    assert await look_at_all(platform) == 1
    assert await look_at_all(platform) == 0
    async with platform.sessions() as session:
        links = await session.execute(select(ContactCompany.contact_id, ContactCompany.company_id))
        assert dict(links.all()) == dict.fromkeys(made, northwind.id)
        (pair,) = await list_candidates(session, state="open")
    assert {pair.first_id, pair.second_id} == set(made)


def test_the_worker_looks_each_minute_and_never_twice_at_once(platform, database) -> None:
    alarm = create_alarm(create_connector(database.url))
    add_likeness_jobs(alarm, platform)
    task = alarm.tasks[LOOK]
    assert (task.lock, task.queueing_lock) == (LOOK, None)
    (periodic,) = [one for one in alarm.periodic_registry.periodic_tasks.values() if one.task.name == LOOK]
    assert (periodic.cron, periodic.configure_kwargs["queueing_lock"]) == ("* * * * *", LOOK)
