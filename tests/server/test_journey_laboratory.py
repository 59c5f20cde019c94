"""Where the web process tries journeys out: aside, on a database of its own, and without a word in the log."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
import structlog
from sqlalchemy import text

from admin.journeys.desk import NowhereToTry, TooLong
from base.logging import configure_logging
from base.played import QUIET_THREADS
from base.postgres import DatabaseUnavailable
from outreach.rule_pack import read_rule_pack
from server import journey_laboratory
from server.journey_laboratory import ScratchLaboratory


@pytest.fixture
async def laboratory():
    made = ScratchLaboratory(read_rule_pack, "Europe/Berlin", longest=20.0)
    yield made
    await made.close()


async def count_people(place, _talks):
    async with place.sessions() as session:
        before = await session.scalar(text("SELECT count(*) FROM contacts"))
        added = "INSERT INTO contacts (id, created_at, updated_at) VALUES (gen_random_uuid(), now(), now())"
        await session.execute(text(added))
        await session.commit()
    return before, place.default_zone, threading.current_thread().name


async def test_each_trial_finds_an_empty_place_and_runs_beside_this_process(laboratory):
    turns = 0

    async def answer_meanwhile():
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    answering = asyncio.create_task(answer_meanwhile())
    first = await laboratory.try_out(count_people)
    second = await laboratory.try_out(count_people)
    answering.cancel()
    assert [first[0], second[0]] == [0, 0]
    assert first[1] == "Europe/Berlin"
    assert first[2].startswith(QUIET_THREADS)
    assert turns > 20


async def test_what_takes_too_long_is_broken_off_and_the_next_is_played(laboratory):
    async def never(_place, _talks):
        await asyncio.sleep(3_600)

    await laboratory.try_out(count_people)
    laboratory._longest = 0.2
    with pytest.raises(TooLong):
        await laboratory.try_out(never)
    laboratory._longest = 20.0
    assert (await laboratory.try_out(count_people))[0] == 0


async def test_where_no_database_can_be_begun_it_is_said_so(laboratory, monkeypatch):
    def refuse(**_settings):
        raise DatabaseUnavailable("There is no room left.")

    monkeypatch.setattr(journey_laboratory, "scratch_server", refuse)
    with pytest.raises(NowhereToTry):
        await laboratory.try_out(count_people)


def test_what_is_only_played_is_not_logged_but_an_error_is(capsys):
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        configure_logging()
        log = structlog.get_logger("played")

        def play():
            log.info("message_sent")
            log.error("planning_batch_failed")

        thread = threading.Thread(target=play, name=f"{QUIET_THREADS}-journeys_0")
        thread.start()
        thread.join()
        log.info("really_sent")
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "message_sent" not in told
    assert "planning_batch_failed" in told
    assert "really_sent" in told
