"""The sample workspace: filled once, whatever dies meanwhile; nothing of it is ever sent; it goes whole."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from admin.models import AdminUser
from base.clock import SystemClock
from base.database import transaction
from base.encryption import create_key_file, read_key_file
from base.errors import NotFound
from base.ids import new_id
from base.tables import Table
from bot.handoff.models import Handoff
from bot.models import Conversation
from bot.understanding.models import Gap
from crm.companies.models import Company, ContactCompany
from crm.companies.service import set_company
from crm.consent.ledger import verify_chain
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import read_addresses
from crm.imports.models import ContactImport
from crm.privacy.models import PrivacyRequest
from crm.resolution.candidates import list_candidates
from crm.samples.models import SamplePerson, SampleWorkspace
from crm.samples.service import SamplesThere, ask_to_add, ask_to_remove
from crm.scoring.models import ScoreEntry
from crm.segments.models import Segment
from crm.segments.service import find_segment
from crm.tasks.models import Task
from crm.timeline.models import QueuedEvent, TimelineEvent
from crm.webhooks.models import WebhookDelivery
from crm.webhooks.service import Wish, make_endpoint
from flows.compiler import compile_journeys, load_content
from outreach.decisions import Deny, message_class_of
from outreach.enrolment import publish_journeys
from outreach.models import Enrolment, OutboxMessage
from outreach.snapshots import Question
from server.audit.oracle import audit
from server.likeness_jobs import look_at_all
from server.sample_jobs import create_sample_work
from server.samples import filling
from server.samples.content import read_content
from server.samples_commands import find_owner
from server.settings import ROOT, Settings
from server.wiring import Platform
from server.worker import create_pump
from tests.admin.people import make_contact, make_talk, outbox_row

IMPORTED = 9
CHANNELS = ("email", "sms", "voice", "telegram", "web")
PURPOSES = ("marketing", "service", "answer", "nudge", "notice", "rights")
KEPT = {
    "consent_events", "consent_notices", "audit_entries", "alembic_version", "score_books", "segment_looks",
    "contact_due_looks",
}  # fmt: skip
"""Tables in which something may stay: what the ledger may not lose, and notes that are taken within seconds."""


@pytest.fixture
def platform(database, keys, tmp_path) -> Platform:
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", content_dir=tmp_path / "content")
    return Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")


async def make_user(platform: Platform) -> AdminUser:
    user = AdminUser(
        id=new_id(), email="ada@example.com", name="Ada", role="owner", password_hash=None,
        created_at=platform.clock.now(),
    )  # fmt: skip
    async with transaction(platform.sessions) as session:
        session.add(user)
    return user


async def ask(platform: Platform) -> AdminUser:
    user = await make_user(platform)
    async with transaction(platform.sessions) as session:
        await publish_journeys(session, compile_journeys(load_content(intents=None)), platform.clock.now())
        await ask_to_add(session, made_by=user.id, now=platform.clock.now())
    return user


async def fill(platform: Platform) -> AdminUser:
    user = await ask(platform)
    await create_sample_work(platform).do_all()
    return user


async def remove(platform: Platform) -> None:
    async with transaction(platform.sessions) as session:
        await ask_to_remove(session)
    await create_sample_work(platform).do_all()


async def count(platform: Platform, model, *conditions) -> int:
    async with platform.sessions() as session:
        return await session.scalar(select(func.count()).select_from(model).where(*conditions))


async def count_all(platform: Platform) -> dict[str, int]:
    """Rows of every table there is."""
    async with platform.sessions() as session:
        return {
            name: await session.scalar(text(f'SELECT count(*) FROM "{name}"'))
            for name in sorted(Table.metadata.tables)
            if name not in KEPT
        }


async def test_one_click_fills_every_page_soon_and_the_ledger_holds(platform) -> None:
    began = time.process_time()
    user = await fill(platform)
    # Of our own time, however busy the machine is; the database takes about as long.
    assert time.process_time() - began < 30
    async with platform.sessions() as session:
        workspace = await session.scalar(select(SampleWorkspace))
        assert (workspace.state, workspace.done) == ("ready", workspace.total)
        assert await session.scalar(select(func.count()).select_from(SamplePerson)) == len(read_content().people) + (
            IMPORTED
        )
        stages = dict((await session.execute(select(Contact.stage, func.count()).group_by(Contact.stage))).all())
        assert {"lead", "mql", "sql", "customer", "disqualified"} <= stages.keys()
        assert set(await session.scalars(select(Conversation.channel).distinct())) == {
            "web", "sms", "telegram", "email"
        }  # fmt: skip
        states = dict((await session.execute(select(Handoff.state, func.count()).group_by(Handoff.state))).all())
        assert states["waiting"] >= 3
        assert states["taken"] >= 1
        assert set(await session.scalars(select(Handoff.rating).where(Handoff.rating.is_not(None)))) == {2, 5}
        assert (await verify_chain(session)).is_intact
        assert await audit(platform.sessions, platform.clock.now()) == []
        pairs = await list_candidates(session, state="open")
        names = select(SamplePerson.name).where(
            SamplePerson.contact_id.in_([one for pair in pairs for one in (pair.first_id, pair.second_id)])
        )
        assert {"katherine_doyle", "katherine_doyle_again"} <= set(await session.scalars(names))
        scores = (await session.scalars(select(Contact.score))).all()
        assert max(scores) >= 60
        assert len(set(scores)) > 10
    assert await count(platform, TimelineEvent, TimelineEvent.kind == "order_placed") >= 10
    assert await count(platform, Company) == len(read_content().companies)
    assert await count(platform, ContactCompany) == len(read_content().people) + IMPORTED
    assert await count(platform, Segment) == len(read_content().segments)
    assert await count(platform, ContactImport, ContactImport.state == "done", ContactImport.refused == 1) == 1
    assert await count(platform, PrivacyRequest) == 1
    assert await count(platform, Gap) >= 3
    assert await count(platform, Task, Task.owner_id == user.id) >= 3
    assert await count(platform, ScoreEntry) > 100
    assert await count(platform, Enrolment, Enrolment.state == "active") >= 5
    assert await count(platform, OutboxMessage, OutboxMessage.state == "planned") >= 5


async def test_who_they_are_given_to_is_found_by_the_address_as_one_signs_in_by_it(platform) -> None:
    user = await make_user(platform)
    async with transaction(platform.sessions) as session:
        await session.execute(update(AdminUser).values(email="ada@bücher.example"))
    async with platform.sessions() as session:
        for typed in ("Ada@Bücher.example", " ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"):
            assert await find_owner(session, typed) == user.id
        with pytest.raises(NotFound):
            await find_owner(session, "nobody at all")


async def test_who_asks_twice_is_told_that_it_is_there(platform) -> None:
    user = await ask(platform)
    for _ in range(2):
        with pytest.raises(SamplesThere):
            async with transaction(platform.sessions) as session:
                await ask_to_add(session, made_by=user.id, now=platform.clock.now())
    await create_sample_work(platform).do_all()
    with pytest.raises(SamplesThere):
        async with transaction(platform.sessions) as session:
            await ask_to_add(session, made_by=user.id, now=platform.clock.now())


async def test_nothing_is_ever_sent_to_a_made_up_person_by_any_channel_for_any_purpose(platform) -> None:
    await fill(platform)
    async with AsyncExitStack() as closing:
        pump = await create_pump_of(platform, closing)
        async with platform.sessions() as session:
            people = (await session.scalars(select(SamplePerson.contact_id))).all()
            now = platform.clock.now()
            questions = [
                Question(
                    id=new_id(), contact_id=contact_id, conversation_id=None, journey=None, channel=channel,
                    purpose=purpose, message_class=message_class_of(channel, purpose), frequency_class="essential",
                    due_at=now, created_at=now, message_id=new_id(),
                )
                for contact_id in people for channel in CHANNELS for purpose in PURPOSES
            ]  # fmt: skip
            verdicts = await pump._delivery._gatekeeper.ask(session, questions, "wire", now)
        assert len(verdicts) == len(people) * len(CHANNELS) * len(PURPOSES)
        assert {verdict.decision.rule for verdict in verdicts.values()} == {"made_up"}
        assert all(isinstance(verdict.decision, Deny) for verdict in verdicts.values())
        async with transaction(platform.sessions) as session:
            # What waits for them is due now, and so is one more of each purpose.
            await session.execute(update(OutboxMessage).where(OutboxMessage.state == "planned").values(due_at=now))
            await session.execute(update(Enrolment).where(Enrolment.state == "active").values(due_at=now))
            session.add_all(outbox_row(people[0], now, purpose=purpose) for purpose in ("marketing", "service"))
        gone = OutboxMessage.state.in_(("accepted", "delivered", "read", "undelivered", "unknown", "sending"))
        before = await count(platform, OutboxMessage, gone)
        await pump.run_once()
        async with platform.sessions() as session:
            left = await session.scalars(
                select(OutboxMessage.reason_rule).where(
                    OutboxMessage.updated_at >= now, OutboxMessage.state == "skipped"
                )
            )
            assert set(left) <= {"made_up"}
        assert await count(platform, OutboxMessage, OutboxMessage.claimed_at >= now) == 0
        after = await count(platform, OutboxMessage, gone)
        assert after == before
    # Nothing reacted to what happened to them, and nobody was told.
    assert await count(platform, QueuedEvent) == 0
    assert await count(platform, WebhookDelivery) == 0


async def create_pump_of(platform: Platform, closing: AsyncExitStack):
    async with transaction(platform.sessions) as session:
        wish = Wish("all", "https://hooks.example/", ("order_placed", "lead_captured"), with_addresses=True)
        await make_endpoint(
            session, platform.keys, wish, allow_private=False, made_by=new_id(), now=platform.clock.now()
        )
    return create_pump(platform, closing)


def test_no_address_of_a_made_up_person_can_be_anybodys() -> None:
    kept = re.compile(r"\+1\d{3}55501\d\d|\+442079460\d{3}")
    for person in read_content().people.values():
        assert person.address.endswith(".example")
        assert person.phone is None or kept.fullmatch(person.phone)
        assert person.telegram is None or int(person.telegram) > 2**52


async def test_a_worker_killed_half_way_is_gone_on_with_and_nobody_is_there_twice(database, tmp_path) -> None:
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", content_dir=tmp_path / "content")
    keys = read_key_file(settings.key_file)
    platform = Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")
    await make_user(platform)
    yours = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "samples", "add"],
        cwd=ROOT,
        env={**yours, "DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")},
        stdout=subprocess.DEVNULL,
    )
    try:
        while await count(platform, SamplePerson) < 15:
            assert process.poll() is None, "it was done before it could be killed"
            await asyncio.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    made = await count(platform, SamplePerson)
    assert made < len(read_content().people)
    # Its turn is over a minute later.
    async with transaction(platform.sessions) as session:
        await session.execute(update(SampleWorkspace).values(claimed_until=SystemClock().now() - timedelta(seconds=1)))
    await create_sample_work(platform).do_all()
    assert await count(platform, SamplePerson) == len(read_content().people) + IMPORTED
    assert await count(platform, Contact) == len(read_content().people) + IMPORTED
    async with platform.sessions() as session:
        assert (await session.scalar(select(SampleWorkspace))).state == "ready"
        addresses = await read_addresses(session, keys, await session.scalars(select(Contact.id)), kind="email")
        emails = [one["email"] for one in addresses.values() if one]
    assert len(emails) == len(set(emails)) == len(read_content().people) + IMPORTED


async def test_one_that_is_stopped_at_each_step_in_turn_comes_to_the_same_end(platform, monkeypatch) -> None:
    await ask(platform)
    do = filling.Filling._do

    class Stopped(OSError):
        pass

    stops = 0

    async def do_and_stop(self, turn, steps):
        nonlocal stops
        done = await do(self, turn, steps)
        if done % 7 == 0 and done > stops:
            stops = done
            raise Stopped
        return done

    monkeypatch.setattr(filling.Filling, "_do", do_and_stop)
    for _ in range(40):
        try:
            await create_sample_work(platform).do_all()
        except Stopped:
            async with transaction(platform.sessions) as session:
                await session.execute(update(SampleWorkspace).values(claimed_until=None))
        else:
            break
    assert stops > 40
    assert await count(platform, SampleWorkspace, SampleWorkspace.state == "ready") == 1
    assert await count(platform, Contact) == len(read_content().people) + IMPORTED
    assert await count(platform, ContactImport) == 1


async def test_it_goes_whole_with_one_click_and_real_people_stay_as_they_are(platform) -> None:
    user = await ask(platform)
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        real = await make_contact(
            session, platform.keys, now, email="grace@company.com", phone="+14155552671",
            fields={"first_name": "Grace", "company": "Lumen Works"},
        )  # fmt: skip
        await make_talk(session, real, now, texts=("Hello",))
        session.add(outbox_row(real, now + timedelta(days=1)))
    await look_at_all(platform)
    before = await count_all(platform)
    rows = await rows_of_real(platform, real)
    await create_sample_work(platform).do_all()
    assert await count(platform, Contact) == before["contacts"] + len(read_content().people) + IMPORTED
    await remove(platform)
    after = await count_all(platform)
    # That they were there: as the workspace itself, which was asked for before the count.
    before["sample_workspaces"] = 0
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}
    assert await rows_of_real(platform, real) == rows
    async with platform.sessions() as session:
        assert (await verify_chain(session)).is_intact
        assert await audit(platform.sessions, platform.clock.now()) == []
    # It can be had again.
    async with transaction(platform.sessions) as session:
        await ask_to_add(session, made_by=user.id, now=platform.clock.now())
    await create_sample_work(platform).do_all()
    assert await count(platform, SamplePerson) == len(read_content().people) + IMPORTED


async def rows_of_real(platform: Platform, contact_id):
    async with platform.sessions() as session:
        points = await session.execute(select(ContactPoint.id).where(ContactPoint.contact_id == contact_id))
        talks = await session.execute(select(Conversation.id).where(Conversation.contact_id == contact_id))
        contact = await session.execute(select(*Contact.__table__.c).where(Contact.id == contact_id))
        return [contact.all(), points.all(), talks.all()]


async def test_what_real_work_came_to_rest_on_stays(platform) -> None:
    await fill(platform)
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        company = await session.scalar(select(Company.id).where(Company.name == "Lumen Works"))
        real = await make_contact(session, platform.keys, now, email="grace@company.com")
        await set_company(session, real, company, by="user:1", now=now)
        segment = await find_segment(session, "Sample: customers")
        await session.execute(delete(Segment).where(Segment.id == segment.id))
    await remove(platform)
    assert await count(platform, Company) == 1
    assert await count(platform, ContactCompany, ContactCompany.contact_id == real) == 1
    assert await count(platform, Segment) == 0
    assert await count(platform, Contact) == 1


async def test_a_worker_that_is_stopped_leaves_it_to_another_at_once_and_counts_no_attempt(platform) -> None:
    await ask(platform)
    begun = SampleWorkspace.claimed_by.is_not(None)
    for condition in ([SampleWorkspace, begun], [SamplePerson]):
        work = create_sample_work(platform)
        work.wake()
        while not await count(platform, *condition):
            await asyncio.sleep(0.01)
        await work.stop()
        async with platform.sessions() as session:
            workspace = await session.scalar(select(SampleWorkspace))
        assert (workspace.state, workspace.claimed_until, workspace.attempts) == ("adding", None, 0)


async def test_removing_stops_who_is_filling_and_leaves_nothing(platform, monkeypatch) -> None:
    await ask(platform)
    work = create_sample_work(platform)
    do = filling.Filling._do

    async def do_until_removed(self, turn, steps):
        done = await do(self, turn, steps)
        if done == 20:
            async with transaction(platform.sessions) as session:
                await ask_to_remove(session)
        return done

    monkeypatch.setattr(filling.Filling, "_do", do_until_removed)
    await work.do_all()
    assert await count(platform, Contact) == 0
    assert await count(platform, SampleWorkspace) == 0
