"""Colleagues are told of their tasks by mail, once, in one mail for a burst, unless they want none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import delete, func, select

from admin.models import AdminUser, TaskNotice
from admin.task_mails.letter import ToDo, write_letter
from admin.task_mails.service import APART, TOLD, TaskMails
from base.database import transaction
from base.ids import new_id
from channels.email.colleague_mail import ColleagueMail
from channels.email.settings import EmailSettings, SMTPServer
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact
from crm.tasks.service import NewTask, close_task, create_tasks

MINUTE = timedelta(minutes=1)


@dataclass
class MailServer:
    """Takes what comes, or answers as it is told."""

    answer: str = "250 OK"
    taken: list = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("250"):
            self.taken.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=policy.default)))
        return self.answer


@dataclass
class Office:
    """Ada and Bob sign in; Carl is a contact of Ada's."""

    sessions: object
    clock: object
    server: MailServer
    mails: TaskMails
    ada: object
    bob: object
    carl: object

    async def make(self, *titles, owner=None, **more):
        tasks = [NewTask(self.carl, "task", title, owner, **more) for title in titles]
        async with transaction(self.sessions) as session:
            return await create_tasks(session, tasks, self.clock.now())

    async def later(self, length=MINUTE):
        self.clock.moment += length
        return await self.mails.do_due(self.clock.now())

    def got(self):
        return {tuple(to): message for to, message in self.server.taken}


@pytest.fixture
async def office(database, keys, clock):
    server = MailServer()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(server, hostname="mail.test", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    port = listening.sockets[0].getsockname()[1]
    settings = EmailSettings(server=SMTPServer(host="127.0.0.1", port=port), from_address="crm@northwind.example")
    ids = {name: new_id() for name in ("ada", "bob")}
    async with transaction(database.sessions) as session:
        for name, user_id in ids.items():
            session.add(
                AdminUser(
                    id=user_id, email=f"{name}@northwind.example", name=name.title(), role="owner",
                    password_hash="-", created_at=clock.now(),
                )
            )  # fmt: skip
        carl = await create_contact(session, time_zone=None, now=clock.now())
        await attach_address(session, keys, carl, kind="email", value="carl@customer.example", now=clock.now())
    mail = ColleagueMail(settings, clock)
    mails = TaskMails(database.sessions, mail, clock, "https://talk.northwind.example/")
    yield Office(database.sessions, clock, server, mails, ids["ada"], ids["bob"], carl)
    listening.close()


async def test_the_tasks_of_a_minute_are_one_mail_to_their_owner(office):
    await office.make("Call Carl", owner=office.ada, due_at=office.clock.now() + timedelta(days=1))
    assert await office.mails.next_due_at() == office.clock.now() + MINUTE
    office.clock.moment += MINUTE / 2
    await office.make("Send Carl\r\nBcc: all@customer.example", owner=office.ada)
    assert await office.later(MINUTE / 4) == 0
    assert await office.later(MINUTE / 4) == 1
    ((to, mail),) = office.server.taken
    assert to == ["ada@northwind.example"]
    assert mail["Subject"] == "2 things to do: Call Carl …"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content().replace("\r\n", "\n")
    assert (
        f"* Call Carl (until 24 November 2026, 15:00 UTC)\n  https://talk.northwind.example/admin/leads/{office.carl}"
        in text
    )
    assert "* Send Carl Bcc: all@customer.example\n" in text
    assert await office.later(timedelta(hours=1)) == 0
    assert await office.mails.next_due_at() is None


async def test_what_is_nobodys_yet_goes_to_everybody_who_signs_in_and_never_to_a_contact(office):
    await office.make("Look at Carl")
    assert await office.later() == 2
    assert set(office.got()) == {("ada@northwind.example",), ("bob@northwind.example",)}


async def test_tasks_that_come_up_after_a_mail_wait_for_the_next(office):
    await office.make("First", owner=office.ada)
    await office.later()
    for number in range(4):
        await office.make(f"Then {number}", owner=office.ada)
        assert await office.later() == 0
    assert await office.mails.next_due_at() == office.clock.now() + APART - 4 * MINUTE
    assert await office.later(APART) == 1
    assert [mail["Subject"] for _, mail in office.server.taken] == ["To do: First", "4 things to do: Then 0 …"]


async def test_what_is_done_or_a_week_old_is_not_mailed(office):
    (done,) = await office.make("Done", owner=office.ada)
    async with transaction(office.sessions) as session:
        await close_task(session, done, by="user:1", now=office.clock.now())
    await office.make("Old", owner=office.ada)
    assert await office.later(timedelta(days=8)) == 0
    assert office.server.taken == []


async def test_who_turned_them_off_gets_none(signed_in, office):
    assert await signed_in.read("/api/v1/task-mails") == {"wanted": True}
    assert await (await signed_in.send("PUT", "/api/v1/task-mails", {"wanted": False})).json() == {"wanted": False}
    assert await signed_in.read("/api/v1/task-mails") == {"wanted": False}
    await office.make("Look at Carl")
    assert await office.later() == 2
    assert set(office.got()) == {("ada@northwind.example",), ("bob@northwind.example",)}
    answer = await signed_in.send("PUT", "/api/v1/task-mails", {"wanted": True})
    assert answer.status == 200
    await office.make("Look at Carl again")
    assert await office.later(timedelta(hours=1)) == 3


async def test_a_mail_that_was_not_taken_is_sent_again_and_a_worker_that_died_is_made_up_for(office):
    await office.make("Call Carl", owner=office.ada)
    office.server.answer = "451 4.3.0 Later"
    assert await office.later() == 0
    office.server.answer = "250 OK"
    assert await office.later() == 0
    # Somebody holds the mail and dies.
    office.clock.moment += APART
    assert await office.mails._hold_one(office.clock.now()) is not None
    assert await office.later() == 0
    assert await office.later() == 1
    assert len(office.server.taken) == 1


async def test_a_task_that_is_erased_while_its_mail_is_on_the_way_breaks_nothing(office):
    await office.make("Call Carl", owner=office.ada)
    office.clock.moment += MINUTE
    held = await office.mails._hold_one(office.clock.now())
    async with transaction(office.sessions) as session:
        await session.execute(delete(Contact))
    assert await office.mails._send(held, office.clock.now()) == 1
    async with office.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(TaskNotice)) == 0


async def test_without_a_mail_server_nothing_is_due(office):
    mail = ColleagueMail(EmailSettings(from_address="crm@northwind.example"), office.clock)
    mails = TaskMails(office.sessions, mail, office.clock, "https://talk.northwind.example")
    await office.make("Call Carl", owner=office.ada)
    office.clock.moment += MINUTE
    assert "smtp_url" in mail.configured()
    assert (await mails.do_due(office.clock.now()), await mails.next_due_at()) == (0, None)


def test_only_roles_that_may_work_with_contacts_are_told():
    assert {"owner", "agent", "marketer"} <= TOLD
    assert "analyst" not in TOLD


def test_of_very_many_tasks_the_first_are_listed():
    tasks = [ToDo(new_id(), new_id(), "task", f"Task {number} {'x' * 200}", None) for number in range(35)]
    letter = write_letter("Ada", tasks, "https://talk.northwind.example")
    assert len(letter.subject) == 120
    assert letter.text.count("* Task") == 30
    assert "… and 5 more." in letter.text
