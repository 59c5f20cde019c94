"""`parley segments …` as operators run it, on a real database."""

from __future__ import annotations

import pytest

from base.database import transaction
from base.encryption import create_key_file
from crm.contacts.service import change_tags, create_contact, set_fields
from crm.segments.service import create_segment
from crm.segments.tree import SegmentTree
from crm.segments.work import SegmentWork
from crm.timeline.service import record
from tests.server.command_line import CommandLine


@pytest.fixture
def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return CommandLine(tmp_path, settings, "segments")


class Clock:
    def __init__(self, moment) -> None:
        self._moment = moment

    def now(self):
        return self._moment


async def test_segments_are_listed_counted_and_shown_in_words(parley, database, keys, now) -> None:
    tree = SegmentTree.model_validate({"all": [{"tag": "vip"}, {"fact": "country", "op": "is", "value": "DE"}]})
    async with transaction(database.sessions) as session:
        segment = await create_segment(session, name="Good ones", tree=tree, by="test", now=now)
        people = []
        for tags in (["vip"], ["vip"], []):
            people.append(await create_contact(session, time_zone=None, now=now))
            await set_fields(session, people[-1], {"country": "DE"}, now)
            await change_tags(session, people[-1], add=tags, now=now)
        await record(
            session, kind="opt_out_signal_received", contact_id=people[1], conversation_id=None, data={}, now=now
        )
    listed = (await parley("list")).out
    assert listed.split() == [*f"{segment.id} 0 Good ones (members are being found: 0 of 3 asked)".split()]
    await SegmentWork(database.sessions, keys, Clock(now)).do_all()
    assert (await parley("list")).out.split() == [str(segment.id), "1", "Good", "ones"]
    assert [line.strip() for line in (await parley("count", "Good ones")).out.splitlines()] == [
        "2  is tagged “vip”",
        "3  the country is “DE”",
        "1  together",
        "1  more fit, but may not be profiled",
    ]
    shown = (await parley("show", str(segment.id), "--language", "es")).out.splitlines()
    assert shown == [
        f"Good ones  {segment.id}  version 1, live",
        "lleva la etiqueta «vip» y el país es «DE»",
        "Who may not be profiled is not in it.",
        f"{people[0]}  since 2026-11-23 15:00",
    ]


async def test_a_segment_that_is_not_there_is_said_so_with_what_to_do(parley) -> None:
    done = await parley("show", "Nobody")
    assert done.code == 1
    assert "There is no segment Nobody. `parley segments list` lists them." in done.err
