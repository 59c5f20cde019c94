"""The page behind a meeting's link, and the mails of what became of it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, expect
from sqlalchemy import select, update

from admin.api.problems import problem_middleware
from base.database import transaction
from crm.contacts.service import attach_address
from crm.meetings import page as page_module
from crm.meetings.mails import ToMail, list_to_mail
from crm.meetings.models import Calendar, Meeting
from crm.meetings.page import PersonsPages, routes
from crm.meetings.routes import MeetingPages, issue_token
from crm.meetings.routes import routes as invitation_routes
from crm.privacy.pages.html import STYLE_PATH, read_style
from crm.privacy.pages.words import read_words
from tests.crm.meetings.conftest import Office, OfficeClock
from tests.journey_of_a_lead.colleague import check_with_axe

TUESDAY_TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
HALF = timedelta(minutes=30)


class Visit:
    """A person with the link of their meeting and no script."""

    def __init__(self, office: Office, client: TestClient[Any, Any], woken: list[datetime]) -> None:
        self.office = office
        self.client = client
        self.woken = woken

    async def book(self, at: datetime = TUESDAY_TEN, **changed: Any) -> UUID:
        hold = await self.office.hold(at, **changed)
        assert hold is not None
        await self.office.confirm(hold)
        return hold

    def path(self, meeting_id: UUID) -> str:
        return f"/meetings/{issue_token(self.office.keys, meeting_id)}"

    async def see(self, path: str, **query: str) -> str:
        response = await self.client.get(path, params=query)
        assert response.status == 200, await response.text()
        assert "script" not in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        return unescape(await response.text())

    async def press(self, path: str, seen: datetime, do: str, at: datetime | None = None) -> str:
        form = {"do": do, "seen": stamp(seen)} | ({} if at is None else {"starts_at": stamp(at)})
        response = await self.client.post(path, data=form)
        return unescape(await response.text())

    async def meeting(self, meeting_id: UUID) -> Meeting:
        async with self.office.sessions() as session:
            return await session.get_one(Meeting, meeting_id)

    async def mails(self) -> list[ToMail]:
        async with transaction(self.office.sessions) as session:
            return await list_to_mail(session, self.office.now, sender="Northwind", limit=50)

    async def give_address(self) -> None:
        async with transaction(self.office.sessions) as session:
            await attach_address(
                session, self.office.keys, self.office.contact_id, kind="email", value="ada@customer.example",
                now=self.office.now,
            )  # fmt: skip


def stamp(at: datetime) -> str:
    return f"{at.timestamp():.0f}"


async def show_style(_request: web.Request) -> web.Response:
    return web.Response(text=read_style(), content_type="text/css")


@pytest.fixture
async def visit(office: Office) -> AsyncIterator[Visit]:
    await office.add()
    woken: list[datetime] = []

    async def wake() -> None:
        woken.append(office.now)

    pages = PersonsPages(office.sessions, office.keys, OfficeClock(office), office.feeds, "North & Wind", wake)
    invitations = MeetingPages(
        office.sessions,
        office.keys,
        OfficeClock(office),
        "Northwind",
        "sales@northwind.example",
        "https://site.example",
    )
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes([*invitation_routes(invitations), *routes(pages), web.get(STYLE_PATH, show_style)])
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield Visit(office, client, woken)


async def test_the_page_shows_the_meeting_and_other_times_on_the_persons_clock(visit: Visit) -> None:
    meeting_id = await visit.book(language="de", zone="America/New_York")
    text = await visit.see(visit.path(meeting_id))
    assert '<html lang="de">' in text
    assert "Di., 24. Nov., 04:00" in text
    assert "Di., 24. Nov., 04:30" in text
    assert "Product demo" in text
    assert f"{visit.path(meeting_id)}.ics" in text
    assert f'value="{stamp(TUESDAY_TEN)}" required' not in text, "the time it has is none to choose"


async def test_the_link_in_the_page_leads_to_later_times_in_the_language_chosen(visit: Visit) -> None:
    meeting_id = await visit.book()
    text = await visit.see(visit.path(meeting_id), lang="fr")
    assert '<html lang="fr">' in text
    [href] = re.findall(r'<a class="link" href="([^"]+)#move">Plus tard', text)
    later = await visit.see(href)
    assert '<html lang="fr">' in later
    first = [int(one) for one in re.findall(r'name="starts_at" value="(\d+)"', text)]
    then = [int(one) for one in re.findall(r'name="starts_at" value="(\d+)"', later)]
    assert max(first) < min(then)
    assert "Retour aux premières heures" in later


async def test_a_person_moves_their_meeting_and_the_workers_are_woken(visit: Visit) -> None:
    meeting_id = await visit.book()
    path = visit.path(meeting_id)
    text = await visit.press(path, TUESDAY_TEN, "move", TUESDAY_TEN + HALF)
    assert "Done: your meeting is at the new time." in text
    assert "Tue 24 Nov, 10:30" in text
    moved = await visit.meeting(meeting_id)
    assert (moved.starts_at, moved.sequence, moved.changed_by) == (TUESDAY_TEN + HALF, 1, "person")
    assert len(visit.woken) == 1
    again = await visit.press(path, TUESDAY_TEN, "move", TUESDAY_TEN + HALF)
    assert "changed meanwhile" in again
    assert (await visit.meeting(meeting_id)).sequence == 1


async def test_a_person_cancels_their_meeting_once(visit: Visit) -> None:
    meeting_id = await visit.book()
    path = visit.path(meeting_id)
    assert "Yes, cancel it" in await visit.see(path)
    assert "This meeting is cancelled." in await visit.press(path, TUESDAY_TEN, "cancel")
    await visit.press(path, TUESDAY_TEN, "cancel")
    gone = await visit.meeting(meeting_id)
    assert (gone.state, gone.sequence, gone.changed_by) == ("cancelled", 1, "person")
    assert "Yes, cancel it" not in await visit.see(path)


async def test_a_time_that_went_to_somebody_else_is_said_so_and_nothing_changes(visit: Visit) -> None:
    meeting_id = await visit.book()
    other = await visit.office.hold(TUESDAY_TEN + HALF, conversation_id=await visit.office.converse())
    assert other is not None
    text = await visit.press(visit.path(meeting_id), TUESDAY_TEN, "move", TUESDAY_TEN + HALF)
    assert "just gone to somebody else" in text
    assert (await visit.meeting(meeting_id)).starts_at == TUESDAY_TEN
    assert visit.woken == []


@pytest.mark.parametrize("at", ["", "now", "9" * 11, "9" * 400, "-1"])
async def test_no_form_breaks_the_page(visit: Visit, at: str) -> None:
    path = visit.path(await visit.book())
    for do in ("move", "cancel ", ""):
        response = await visit.client.post(path, data={"do": do, "seen": stamp(TUESDAY_TEN), "starts_at": at})
        assert response.status == 200
    response = await visit.client.get(path, params={"after": at, "lang": at})
    assert response.status == 200


async def test_a_meeting_that_has_begun_can_no_longer_be_changed(visit: Visit) -> None:
    path = visit.path(await visit.book())
    visit.office.now = TUESDAY_TEN + timedelta(minutes=1)
    assert "has begun or is over" in await visit.see(path)
    assert "has begun or is over" in await visit.press(path, TUESDAY_TEN, "cancel")


async def test_only_our_links_open_a_page_and_a_time_that_is_only_held_has_none(visit: Visit) -> None:
    held = await visit.office.hold(TUESDAY_TEN)
    assert held is not None
    for path in (visit.path(held), f"{visit.path(held)[:-1]}x", "/meetings/nothing"):
        response = await visit.client.get(path, headers={"Accept-Language": "es"})
        assert response.status == 404
        assert "Este enlace no es nuestro" in await response.text()
        assert (await visit.client.post(path, data={"do": "cancel"})).status == 404


async def test_no_title_or_place_adds_markup_to_the_page(visit: Visit) -> None:
    meeting_id = await visit.book()
    async with transaction(visit.office.sessions) as session:
        await session.execute(update(Calendar).values(title="<b>Demo</b>", place='"><script>'))
    response = await visit.client.get(visit.path(meeting_id))
    text = await response.text()
    assert "<b>" not in text
    assert "<script" not in text
    assert "North &amp; Wind" in text


async def test_every_thing_that_becomes_of_a_meeting_is_mailed_once_in_the_language_of_its_talk(visit: Visit) -> None:
    meeting_id = await visit.book(language="de", zone="Europe/Berlin")
    assert await visit.mails() == [], "they have no address yet"
    await visit.give_address()
    [booked] = await visit.mails()
    assert booked.subject == "Gebucht: Product demo, Di., 24. Nov., 10:00 (MEZ)"
    assert "{link}" in booked.text
    assert "https://meet.example/sales" in booked.text
    assert (booked.sequence, booked.meeting["cancelled"]) == (0, False)
    assert await visit.mails() == []
    path = visit.path(meeting_id)
    await visit.press(path, TUESDAY_TEN, "move", TUESDAY_TEN + HALF)
    [moved] = await visit.mails()
    assert moved.subject.startswith("Neue Zeit: ")
    assert moved.meeting["sequence"] == 1
    await visit.press(path, TUESDAY_TEN + HALF, "cancel")
    [cancelled] = await visit.mails()
    assert cancelled.subject.startswith("Abgesagt: ")
    assert "wie Sie es wollten" in cancelled.text
    assert (cancelled.meeting["sequence"], cancelled.meeting["cancelled"]) == (2, True)
    assert await visit.mails() == []


async def test_who_was_never_written_to_is_not_told_of_a_cancelled_meeting(visit: Visit) -> None:
    meeting_id = await visit.book()
    await visit.office.cancel(meeting_id)
    await visit.give_address()
    assert await visit.mails() == []


async def test_a_meeting_that_we_cancel_is_mailed_with_regret(visit: Visit) -> None:
    meeting_id = await visit.book()
    await visit.give_address()
    await visit.mails()
    await visit.office.cancel(meeting_id)
    [mail] = await visit.mails()
    assert "We are sorry" in mail.text


async def test_a_meeting_that_is_over_is_mailed_of_no_more(visit: Visit) -> None:
    await visit.book()
    await visit.give_address()
    visit.office.now = TUESDAY_TEN + timedelta(hours=1)
    assert await visit.mails() == []
    async with visit.office.sessions() as session:
        assert await session.scalar(select(Meeting.told_sequence)) is None


@pytest.mark.journey
async def test_the_page_passes_axe_and_works_without_script(visit: Visit, browser: Browser, tmp_path: Path) -> None:
    meeting_id = await visit.book(language="de", zone="Europe/Berlin")
    pictures = Path(os.environ.get("PARLEY_TOUR", tmp_path))
    url = str(visit.client.make_url(visit.path(meeting_id)))
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            page = await browser.new_page(
                color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}
            )
            await page.goto(url)
            await page.locator("summary").click()
            await check_with_axe(page, pictures / f"meeting-{scheme}-{width}.png")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.close()
    page = await browser.new_page(java_script_enabled=False)
    await page.goto(url)
    await page.get_by_label("Di., 24. Nov., 10:30").check()
    await page.get_by_role("button", name="Auf diese Zeit verlegen").click()
    await expect(page.get_by_role("status")).to_have_text("Erledigt: Ihr Termin ist zur neuen Zeit.")
    await page.locator("summary").click()
    await page.get_by_role("button", name="Ja, absagen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Dieser Termin ist abgesagt.")
    await page.close()
    assert (await visit.meeting(meeting_id)).state == "cancelled"


def test_the_page_has_the_same_sentences_in_every_language() -> None:
    words = page_module._words()
    assert words.keys() == read_words().keys()
    assert len({frozenset(said) for said in words.values()}) == 1
