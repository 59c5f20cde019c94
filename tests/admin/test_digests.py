"""On Monday morning each colleague who wants it is mailed the week in numbers: once, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml
from aiosmtpd.smtp import SMTP
from sqlalchemy import select, update

from admin.digests.letter import Reader, write_digest
from admin.digests.models import Digest
from admin.digests.service import DigestMails
from admin.digests.weeks import LONGEST_LATE, Report, Sold, Week, WeekFigures, week_of
from admin.digests.wishes import Wish, set_wish
from admin.models import AdminUser
from admin.numbers.deliveries import HeldBack
from admin.numbers.funnels import Funnel
from base.database import transaction
from base.ids import new_id
from base.wording import SPOKEN
from channels.email.colleague_mail import ColleagueMail
from channels.email.settings import EmailSettings, SMTPServer
from crm.timeline.service import record
from tests.admin.conftest import SetClock, client_of
from tests.admin.people import make_contact, make_talk, outbox_row

SITE = "https://talk.northwind.example"
BERLIN = "Europe/Berlin"
MONDAY = date(2026, 11, 23)
SEVEN = datetime(2026, 11, 23, 6, tzinfo=UTC)
"""Seven in the morning in Berlin, on a Monday in November."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WORDS = yaml.safe_load((Path(__file__).parents[2] / "admin" / "digests" / "words.yml").read_text("utf-8"))


@dataclass
class MailServer:
    """Takes what comes, or answers as it is told."""

    answer: str = "250 OK"
    taken: list = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(0)
        if self.answer.startswith("250"):
            self.taken.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content, policy=policy.default)))
        return self.answer

    def got(self):
        return sorted(to.partition("@")[0] for to, _ in self.taken)


@asynccontextmanager
async def listening(server: MailServer) -> AsyncIterator[EmailSettings]:
    serving = await asyncio.get_running_loop().create_server(
        lambda: SMTP(server, hostname="mail.test", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    port = serving.sockets[0].getsockname()[1]
    yield EmailSettings(server=SMTPServer(host="127.0.0.1", port=port), from_address="crm@northwind.example")
    serving.close()


@dataclass
class Office:
    """Ada in Berlin and Bob in New York want the digest; Carl does not."""

    sessions: object
    keys: object
    clock: SetClock
    server: MailServer
    settings: EmailSettings
    ids: dict[str, UUID]

    def worker(self) -> DigestMails:
        mail = ColleagueMail(self.settings, self.clock)
        return DigestMails(self.sessions, self.keys, mail, self.clock, f"{SITE}/", BERLIN)

    async def at(self, moment: datetime) -> int:
        self.clock.moment = moment
        return await self.worker().do_due(moment)

    async def wish(self, name: str, wish: Wish, now: datetime) -> None:
        async with transaction(self.sessions) as session:
            await set_wish(session, self.ids[name], wish, now)

    async def states(self) -> dict[tuple[str, date], str]:
        names = {user_id: name for name, user_id in self.ids.items()}
        async with self.sessions() as session:
            return {(names[row.user_id], row.week): row.state for row in await session.scalars(select(Digest))}


@pytest.fixture
async def office(database, keys):
    server, clock = MailServer(), SetClock(SEVEN - 7 * DAY)
    ids = {name: new_id() for name in ("ada", "bob", "carl")}
    async with transaction(database.sessions) as session:
        for name, user_id in ids.items():
            session.add(
                AdminUser(
                    id=user_id, email=f"{name}@northwind.example", name=name.title(), role="analyst",
                    password_hash="-", created_at=clock.now(),
                )
            )  # fmt: skip
    async with listening(server) as settings:
        office = Office(database.sessions, keys, clock, server, settings, ids)
        await office.wish("ada", Wish(wanted=True, language="de", time_zone=None), SEVEN - DAY)
        await office.wish("bob", Wish(wanted=True, language="en", time_zone="America/New_York"), SEVEN - DAY)
        yield office


async def test_it_leaves_on_monday_at_seven_by_each_readers_clocks_and_once(office):
    assert await office.worker().next_due_at() == SEVEN
    assert await office.at(SEVEN - MINUTE) == 0
    assert await office.at(SEVEN) == 1
    assert office.server.got() == ["ada"], "in New York it is still night"
    assert await office.worker().next_due_at() == SEVEN + timedelta(hours=6)
    assert await office.at(SEVEN + timedelta(hours=6)) == 1
    for hours in (6, 7, 30, 100):
        assert await office.at(SEVEN + timedelta(hours=hours)) == 0
    assert office.server.got() == ["ada", "bob"]
    assert await office.worker().next_due_at() == SEVEN + 7 * DAY
    assert await office.at(SEVEN + 8 * DAY) == 2
    assert (await office.states())["ada", MONDAY] == "sent"


async def test_two_workers_at_once_send_one_to_each(office):
    moment = SEVEN + timedelta(hours=7)
    office.clock.moment = moment
    sent = await asyncio.gather(*(office.worker().do_due(moment) for _ in range(6)))
    assert sum(sent) == 2
    assert office.server.got() == ["ada", "bob"]


async def test_a_worker_that_dies_before_it_hands_over_is_made_up_for(office, monkeypatch):
    async def dies(*_):
        raise asyncio.CancelledError

    monkeypatch.setattr(DigestMails, "_write", dies)
    with pytest.raises(asyncio.CancelledError):
        await office.at(SEVEN)
    monkeypatch.undo()
    assert await office.at(SEVEN + MINUTE) == 0, "it may still be at it"
    assert await office.worker().next_due_at() == SEVEN + 5 * MINUTE
    assert await office.at(SEVEN + 5 * MINUTE) == 1
    assert office.server.got() == ["ada"]


async def test_a_worker_that_dies_while_it_hands_over_leaves_a_doubt_and_no_second_mail(office, monkeypatch):
    hand_over = ColleagueMail.send

    async def dies(mail, *letter):
        await hand_over(mail, *letter)
        raise asyncio.CancelledError

    monkeypatch.setattr(ColleagueMail, "send", dies)
    with pytest.raises(asyncio.CancelledError):
        await office.at(SEVEN)
    monkeypatch.undo()
    for minutes in (1, 5, 60, 600):
        await office.at(SEVEN + minutes * MINUTE)
    assert office.server.got() == ["ada", "bob"]
    assert (await office.states())["ada", MONDAY] == "in_doubt"


async def test_a_worker_that_was_slow_sends_nothing_once_another_has_taken_over(office, monkeypatch):
    write, slow = DigestMails._write, asyncio.Event()

    async def waits(mails, *given):
        letter = await write(mails, *given)
        await slow.wait()
        return letter

    monkeypatch.setattr(DigestMails, "_write", waits)
    office.clock.moment = SEVEN
    late = asyncio.create_task(office.worker().do_due(SEVEN))
    while not await office.states():
        await asyncio.sleep(0.01)
    monkeypatch.undo()
    assert await office.at(SEVEN + 5 * MINUTE) == 1
    slow.set()
    assert await late == 0
    assert office.server.got() == ["ada"]


async def test_a_mail_server_that_takes_nothing_for_now_is_tried_again_and_one_that_never_will_is_not(office):
    office.server.answer = "451 4.3.0 Later"
    assert await office.at(SEVEN) == 0
    office.server.answer = "250 OK"
    assert await office.at(SEVEN + MINUTE) == 0
    assert await office.at(SEVEN + 15 * MINUTE) == 1
    office.server.answer = "550 5.1.1 Nobody of this name"
    assert await office.at(SEVEN + timedelta(hours=7)) == 0
    office.server.answer = "250 OK"
    assert await office.at(SEVEN + timedelta(hours=9)) == 0
    assert await office.states() == {("ada", MONDAY): "sent", ("bob", MONDAY): "refused"}


async def test_what_is_days_late_is_not_sent_and_who_asks_on_wednesday_gets_the_next(office):
    assert await office.at(SEVEN + LONGEST_LATE) == 1, "of Bob's it is not as late"
    assert office.server.got() == ["bob"]
    await office.wish("carl", Wish(wanted=True, language="en", time_zone=None), SEVEN + 2 * DAY)
    assert await office.at(SEVEN + 2 * DAY) == 1
    assert office.server.got() == ["ada", "bob"]
    assert await office.at(SEVEN + 7 * DAY) == 2
    assert office.server.got()[-1] == "carl"


async def test_only_who_may_read_the_numbers_and_still_works_here_gets_it(office):
    async with transaction(office.sessions) as session:
        await session.execute(update(AdminUser).where(AdminUser.id == office.ids["ada"]).values(role="cashier"))
        gone = update(AdminUser).where(AdminUser.id == office.ids["bob"])
        await session.execute(gone.values(deactivated_at=office.clock.now()))
    assert await office.at(SEVEN + timedelta(hours=8)) == 0
    assert await office.worker().next_due_at() is None


async def test_without_a_mail_server_nothing_is_due(office):
    nowhere = replace(office, settings=EmailSettings(from_address="crm@northwind.example"))
    assert (await nowhere.at(SEVEN), await nowhere.worker().next_due_at()) == (0, None)


async def test_it_tells_the_same_figures_as_the_page_beside_those_of_the_week_before(office, keys):
    week = Week(MONDAY, ZoneInfo(BERLIN))
    wednesday = week.since + 2.5 * DAY
    async with transaction(office.sessions) as session:
        for name, stage, at in (
            ("ann", "customer", wednesday), ("ben", "mql", wednesday), ("eve", "visitor", wednesday),
            ("old", "lead", wednesday - 7 * DAY),
        ):  # fmt: skip
            contact = await make_contact(session, keys, at - DAY, stage=stage)
            talk = await make_talk(session, contact, at)
            told = {"contact_id": contact, "conversation_id": talk, "now": at}
            if name == "ann":
                sold = {"order": "o-1", "value": 1234.75, "currency": "EUR"}
                await record(session, kind="order_placed", data=sold, **{**told, "now": at + DAY})
                await record(session, kind="enrolled", data={"journey": "win_back"}, **told)
            for rule in ("consent", "too_late", "late", "never_heard_of"):
                row = outbox_row(contact, at, state="skipped")
                row.reason_rule = rule
                session.add(row)
    assert await office.at(SEVEN) == 1
    ((_, mail),) = office.server.taken
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = mail.get_body(("html",)).get_content()
    assert mail["Subject"] == "Ihre Woche in Zahlen: 16.–22. Nov. 2026"
    lines = {re.split(r"\s{2,}", line)[0]: re.split(r"\s{2,}", line)[1:] for line in text.splitlines() if "  " in line}
    assert lines["Personen, die kamen"] == ["3", "1", "+2"]
    assert lines["Neue Leads"] == ["2", "1", "+1"]
    assert lines["Qualifiziert"] == ["2", "0", "+2"]
    assert lines["Gewonnen"] == ["1", "0", "+1"]
    assert lines["Umsatz (EUR)"] == ["1.235\N{NO-BREAK SPACE}€", "0\N{NO-BREAK SPACE}€", "+1.235"]
    assert lines["Zurückgehaltene Nachrichten"] == ["12", "4", "+8"]
    assert "* es war zu spät: 6\n* sie haben nicht zugestimmt: 3\n* andere Gründe: 3" in text
    assert "* Journey „Win back“: kamen: 1 · Leads: 1 · gewonnen: 1" in text
    assert f"{SITE}/admin/numbers?from=2026-11-16&to=2026-11-22" in text
    assert f"{SITE}/admin/digest-off#" in text
    for told in ("Personen, die kamen", "1.235", "es war zu spät", "Win back", f"{SITE}/admin/digest-off#"):
        assert told in html
    assert '<html lang="de">' in html
    assert "prefers-color-scheme: dark" in html


async def test_a_week_in_which_nothing_happened_is_told_in_two_sentences(office):
    assert await office.at(SEVEN + timedelta(hours=7)) == 2
    texts = {to: mail.get_body(("plain",)).get_content() for to, mail in office.server.taken}
    assert "Nothing happened from Nov 16\N{THIN SPACE}–\N{THIN SPACE}22, 2026" in texts["bob@northwind.example"]
    assert "People who came" not in texts["bob@northwind.example"]
    assert "ist nichts geschehen" in texts["ada@northwind.example"]


async def test_the_link_in_it_turns_it_off_without_signing_in(office, context):
    await office.at(SEVEN)
    ((_, mail),) = office.server.taken
    token = re.search(r"digest-off#(\S+)", mail.get_body(("plain",)).get_content())[1]
    async with client_of(context) as client:
        headers = {"X-Requested-With": "parley"}
        answer = await client.post("/api/v1/digest/off", json={"token": f"{token}x"}, headers=headers)
        assert answer.status == 403
        answer = await client.post("/api/v1/digest/off", json={"token": token}, headers=headers)
        assert answer.status == 204
    assert await office.at(SEVEN + 7 * DAY) == 0
    assert await office.at(SEVEN + 7 * DAY + timedelta(hours=6)) == 1
    assert office.server.got() == ["ada", "bob"]


async def test_each_decides_for_themselves_and_may_have_one_at_once(signed_in, user):
    before = await signed_in.read("/api/v1/digest")
    assert before == {
        "wanted": False, "language": "en", "time_zone": None, "company_time_zone": "UTC", "email": user.email,
        "can_send": False,
    }  # fmt: skip
    assert (await signed_in.send("POST", "/api/v1/digest/send")).status == 409
    wish = {"wanted": True, "language": "fr", "time_zone": "Europe/Paris"}
    answer = await signed_in.send("PUT", "/api/v1/digest", wish)
    assert await answer.json() == {**before, **wish}
    assert (await signed_in.send("PUT", "/api/v1/digest", {**wish, "time_zone": "Mars/Olympus"})).status == 422
    assert (await signed_in.send("PUT", "/api/v1/digest", {**wish, "language": "xx"})).status == 422
    server = MailServer()
    async with listening(server) as settings:
        mail = ColleagueMail(settings, signed_in.clock)
        async with client_of(replace(signed_in.context, colleague_mail=mail)) as client:
            client.session.cookie_jar.update_cookies(
                signed_in.client.session.cookie_jar.filter_cookies(client.make_url("/"))
            )
            answer = await client.post("/api/v1/digest/send", headers=signed_in.headers)
            assert (answer.status, await answer.json()) == (200, {"email": user.email})
            server.answer = "451 4.3.0 Later"
            assert (await client.post("/api/v1/digest/send", headers=signed_in.headers)).status == 503
    ((to, sent),) = server.taken
    assert to == user.email
    assert sent["Subject"].startswith("Votre semaine en chiffres")
    async with signed_in.context.sessions() as session:
        assert (await session.scalars(select(Digest))).all() == [], "Monday's comes all the same"


@pytest.mark.parametrize(
    ("zone", "now", "monday"),
    [
        ("Pacific/Auckland", datetime(2026, 11, 22, 11, tzinfo=UTC), date(2026, 11, 23)),
        ("America/Los_Angeles", datetime(2026, 11, 23, 7, tzinfo=UTC), date(2026, 11, 16)),
        ("Europe/Berlin", datetime(2026, 3, 30, 5, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_a_week_is_the_seven_days_before_monday_where_the_reader_is(zone, now, monday):
    week = week_of(now, ZoneInfo(zone))
    assert week.monday == monday
    assert (week.first_day.weekday(), week.last_day.weekday()) == (0, 6)
    assert week.until.astimezone(ZoneInfo(zone)).hour == 0
    assert week.since.astimezone(ZoneInfo(zone)).hour == 0


def test_a_week_in_which_the_clocks_change_has_an_hour_less():
    week = Week(date(2026, 3, 30), ZoneInfo(BERLIN))
    assert week.until.astimezone(UTC) - week.since.astimezone(UTC) == 7 * DAY - timedelta(hours=1)
    assert week.before().until == week.since


def _report(name: str | None = "=cmd<b>\r\nBcc: x") -> Report:
    best = Funnel(name, 1234, 9, 8, 7, 6, 5)
    reasons = [HeldBack("consent", 3), HeldBack(None, 2)]
    figures = WeekFigures(best, [Sold("EUR", 10.0), Sold("USD", 2.0)], 1, 5, reasons, best, best)
    before = WeekFigures(Funnel(None, 2000, 9, 9, 7, 6, 5), [Sold("EUR", 12.5)], 1, 0, [], None, None)
    return Report(Week(MONDAY, ZoneInfo(BERLIN)), figures, before)


@pytest.mark.parametrize("language", SPOKEN)
def test_each_language_says_everything(language):
    assert WORDS[language].keys() == WORDS["en"].keys()
    letter = write_digest(Reader("Ada", language), _report(), SITE, f"{SITE}/admin/digest-off#t")
    for said in (letter.text, letter.html):
        assert "{" not in re.sub(r"<style>.*</style>", "", said, flags=re.DOTALL)
        assert "[[" not in said
    if language != "en":
        assert WORDS["en"]["title"] not in letter.text


def test_nothing_of_a_name_gets_out_of_its_place():
    letter = write_digest(Reader("Ada <i>\r\nBcc: x", "en"), _report(), SITE, f"{SITE}/admin/digest-off#t")
    assert "\r" not in letter.subject
    assert "<b>" not in letter.html
    assert "<i>" not in letter.html
    assert "Hello Ada <i> Bcc: x,\n" in letter.text
    assert "=cmd<b> Bcc: x" in letter.text
    assert re.search(r"People who came\s+1,234\s+2,000\s+\N{MINUS SIGN}766", letter.text)
