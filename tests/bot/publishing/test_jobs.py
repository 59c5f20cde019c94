"""Publishing as a job: told line by line, done once, refused with its reasons, taken over when a worker dies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from base.errors import NotFound
from base.ids import new_id
from bot.publishing.contents import find_live
from bot.publishing.drafts import find_draft, save_draft
from bot.publishing.jobs import MOST_ATTEMPTS, JobKind, Places, PublishWork, ask_for_job, get_job, list_jobs
from bot.publishing.models import PublishJob
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from crm.contacts.service import create_contact
from outreach.enrolment import publish_journeys
from outreach.models import Enrolment, Journey
from outreach.removed_steps import Told, choose_places
from tests.bot.publishing.small_site import FLOW, TESTS, WORDS, hello, small_site
from tests.conftest import Database

WISH = {"items": None, "note": "", "replay": 0, "strict_replay": False, "force": False, "places": []}


@pytest.fixture
def work(database: Database, shop: Workshop) -> PublishWork:
    def publisher(places: Places) -> Publisher:
        told = [Told(each["step"], each["to"], each.get("journey")) for each in places]

        async def check(session: Any, compiled: Mapping[str, Mapping[str, Any]]) -> object:
            return await choose_places(session, compiled, told)

        async def publish(session: Any, compiled: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
            await publish_journeys(session, compiled, now, places=await choose_places(session, compiled, told))

        return Publisher(replace(shop, journeys=publish, journey_check=check))

    return PublishWork(database.sessions, publisher, shop.clock)


async def ask(database: Database, now: datetime, kind: JobKind, **wish: Any) -> UUID:
    async with transaction(database.sessions) as session:
        return (await ask_for_job(session, kind, {**WISH, **wish}, author="Ada", now=now)).id


async def job_of(database: Database, job_id: UUID) -> PublishJob:
    async with database.sessions() as session:
        return await get_job(session, job_id)


async def draft(database: Database, now: datetime, **files: Any) -> None:
    async with transaction(database.sessions) as session:
        await save_draft(session, "library/hello", hello(**files), author="Ada", revision=None, now=now)


async def live_seq(database: Database) -> int:
    async with database.sessions() as session:
        return (await find_live(session)).seq


async def test_drafts_are_tried_published_and_taken_back_and_each_is_told(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await draft(database, now, words=WORDS.replace("How large", "How big"))

    tried = await ask(database, now, "try")
    await work.do_all()
    job = await job_of(database, tried)
    assert (job.status, job.publication, await live_seq(database)) == ("done", None, 1)
    assert "Test conversations passed." in job.lines
    assert job.outcome["report"]["changes"] == {"library/hello": ["wording en: ask_size changed (text)"]}
    assert job.outcome["report"]["tests"] == {"conversations": 1, "failures": []}

    published = await ask(database, now, "publish", note="Bigger")
    await work.do_all()
    job = await job_of(database, published)
    assert (job.status, job.publication, job.lines[-1]) == ("done", 2, "Publication 2 is live.")
    async with database.sessions() as session:
        assert await find_draft(session, "library/hello") is None

    for wish, seq in (({"publication": 1}, 3), ({"item": "library/hello", "version": 2}, 4)):
        back = await ask(database, now, "rollback", **wish)
        await work.do_all()
        assert ((await job_of(database, back)).status, await live_seq(database)) == ("done", seq)
    async with database.sessions() as session:
        assert [one.kind for one in await list_jobs(session)][-1] == "try"
        with pytest.raises(NotFound):
            await get_job(session, UUID(int=1))


async def test_faults_and_failing_tests_are_told_where_they_belong_and_nothing_goes_live(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await draft(database, now, flow=FLOW.replace("slot: company", "slot: firm"))
    broken = await ask(database, now, "publish")
    await work.do_all()
    job = await job_of(database, broken)
    assert (job.status, job.code, await live_seq(database)) == ("refused", "flows_refused", 1)
    placed = {(one["item"], one["step"], one["field"]) for one in job.outcome["faults"]}
    assert ("library/hello", "ask_company", "slot") in placed

    async with transaction(database.sessions) as session:
        tests = TESTS.replace("bot: ask_size", "bot: ask_company")
        await save_draft(session, "library/hello", hello(tests=tests), author="Ada", revision=1, now=now)
    failing = await ask(database, now, "publish")
    await work.do_all()
    job = await job_of(database, failing)
    assert (job.status, job.code, await live_seq(database)) == ("refused", "publish_refused", 1)
    (failure,) = job.outcome["report"]["tests"]["failures"]
    assert (failure["flow"], failure["name"]) == ("hello", "the size is asked first")


async def test_people_on_a_step_of_a_journey_that_goes_are_told_and_go_on_where_the_wish_says(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    resting = dict(small_site()["journeys/follow_up"])
    rest = "steps:\n  - {id: rest, step: wait_for, duration: 2 days}\n"
    resting["journey.yml"] = resting["journey.yml"].replace("steps:\n", f"version_policy: follow\n{rest}")
    await publisher.publish(small_site(journeys__follow_up=resting), author="Ada")
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        live = await session.scalar(select(Journey.live_version).where(Journey.id == "follow_up"))
        assert live is not None
        session.add(
            Enrolment(
                id=new_id(), journey="follow_up", version=live, contact_id=contact_id, step="rest", due_at=now,
                entered_at=now, updated_at=now,
            )
        )  # fmt: skip
        files = {**resting, "journey.yml": resting["journey.yml"].replace(rest, "steps:\n")}
        await save_draft(session, "journeys/follow_up", files, author="Ada", revision=None, now=now)

    asked = await ask(database, now, "publish")
    await work.do_all()
    job = await job_of(database, asked)
    assert (job.status, job.code) == ("refused", "people_on_removed_steps")
    assert job.outcome["stranded"] == [
        {"journey": "follow_up", "step": "rest", "people": 1, "nearest": "mail", "steps": ["mail", "done"]}
    ]

    asked = await ask(database, now, "publish", places=[{"step": "rest", "to": "done", "journey": None}])
    await work.do_all()
    assert (await job_of(database, asked)).status == "done"


async def test_a_job_of_a_worker_that_died_is_done_by_another_and_given_up_after_some_times(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await draft(database, now, words=WORDS.replace("How large", "How big"))
    asked = await ask(database, now, "publish", items=["library/hello"])
    # It died right after the publication was committed and before the job was written off.
    await publisher.publish_drafts(author="Ada", items=["library/hello"])
    await _died(database, asked, attempts=1)

    await work.do_all()

    job = await job_of(database, asked)
    assert (job.status, job.outcome["unchanged"], await live_seq(database)) == ("done", True, 2)
    again = await ask(database, now, "publish")
    await _died(database, again, attempts=MOST_ATTEMPTS)
    await work.do_all()
    assert ((await job_of(database, again)).status, (await job_of(database, again)).code) == ("failed", "broke_off")


async def test_a_job_that_somebody_works_on_is_left_alone(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    await publisher.publish(small_site(), author="Ada")
    asked = await ask(database, now, "publish")
    await _died(database, asked, attempts=1, held=True)

    await work.do_all()

    assert (await job_of(database, asked)).status == "running"


async def test_two_workers_do_each_job_once(
    database: Database, now: datetime, publisher: Publisher, work: PublishWork
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await draft(database, now, words=WORDS.replace("How large", "How big"))
    asked = [await ask(database, now + timedelta(seconds=number), "publish") for number in range(3)]

    await asyncio.gather(work.do_all(), work.do_all())

    jobs = [await job_of(database, one) for one in asked]
    assert [(job.status, job.attempts) for job in jobs] == [("done", 1)] * 3
    assert await live_seq(database) == 2


async def _died(database: Database, job_id: UUID, *, attempts: int, held: bool = False) -> None:
    """As the row is when a worker took it; its claim ran out, unless it is held."""
    until = datetime.now().astimezone() + timedelta(minutes=5 if held else -5)
    async with transaction(database.sessions) as session:
        await session.execute(
            update(PublishJob)
            .where(PublishJob.id == job_id)
            .values(status="running", attempts=attempts, claimed_until=until)
        )
