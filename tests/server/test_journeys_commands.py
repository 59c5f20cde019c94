"""`parley journeys …` as operators run it, on a real database."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from base.database import transaction
from base.encryption import create_key_file
from base.ids import new_id
from crm.contacts.service import create_contact
from outreach.enrolment import publish_journeys
from tests.server.command_line import CommandLine


@pytest.fixture
def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return CommandLine(tmp_path, settings, "journeys")


def compiled(version, step):
    return {
        "journey": "nurture", "name": "Nurture", "version": version, "purpose": "marketing",
        "version_policy": "follow", "exit_when": [], "first": step, "wording": {},
        "steps": {
            step: {"step": "wait_for", "seconds": 3_600, "next": [{"to": "done"}]},
            "done": {"step": "exit"},
        },
    }  # fmt: skip


async def test_a_journey_is_steered_and_explained(parley, database, now) -> None:
    async with transaction(database.sessions) as session:
        await publish_journeys(session, {"nurture": compiled("v1", "rest")}, now)
        contact_id = await create_contact(session, time_zone=None, now=now)
    assert (await parley("enrol", "nurture", str(contact_id))).out.strip() == "entered"
    assert "in it already" in (await parley("enrol", "nurture", str(contact_id))).out
    assert (await parley("enrol", "nurture", str(new_id()))).out.strip() == "not entered: there is no such contact"
    assert (await parley("enrol", "nowhere", str(contact_id))).code == 1
    assert (await parley("list")).out.strip() == "nurture  running  1 people  version v1"
    why = (await parley("why", "nurture", str(contact_id))).out
    assert "Came in by rest." in why
    assert "Stands on rest until" in why
    assert "1 stayed out, re_entry" in (await parley("why", "nurture")).out
    assert (await parley("pause", "nurture")).out.strip() == "nurture is paused"
    assert (await parley("resume", "nurture")).out.strip() == "nurture is running"
    assert (await parley("drain", "nurture")).out.strip() == "nurture is draining"
    assert "1 on rest (version v1)" in (await parley("show", "nurture")).out


async def test_a_segment_is_put_in_and_a_version_taken_back(parley, database, now) -> None:
    segment = new_id()
    async with transaction(database.sessions) as session:
        await publish_journeys(session, {"nurture": compiled("v1", "rest")}, now)
        await publish_journeys(session, {"nurture": compiled("v2", "nap")}, now)
        contact_id = await create_contact(session, time_zone=None, now=now)
        await session.execute(
            text(
                "INSERT INTO segments (id, name, tree, state, made_by, created_at, updated_at) "
                "VALUES (:id, 'All', '{}', 'live', 'user:1', now(), now())"
            ),
            {"id": segment},
        )
        await session.execute(
            text("INSERT INTO segment_members VALUES (:id, :contact, now())"), {"id": segment, "contact": contact_id}
        )
    assert "running  0 of 1 looked at, 0 entered" in (await parley("backfill", "nurture", str(segment))).out
    assert (await parley("enrol", "nurture", str(contact_id))).out.strip() == "entered"
    done = await parley("rollback", "nurture", "v1", "--place", "v2:nap=rest", "--yes")
    assert done.out.splitlines() == ["nurture v2: 1 on nap: on rest (mapped)", "version v1 of nurture is live"]
    assert (await parley("rollback", "nurture", "v1", "--place", "nap", "--yes")).code == 2
    assert "version v1, people are being brought" in (await parley("list")).out
