"""The inbox through the API: who has which talk, what may be said in it, and what a colleague can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from admin.audit.models import AuditEntry
from admin.inbox.sending import Replies
from admin.models import AdminUser
from base.clock import SystemClock
from base.database import transaction
from base.ids import new_id
from bot.handoff.models import Handoff
from bot.models import Conversation, Message
from channels.web.sender import WebSender
from crm.consent.suppression import suppress
from crm.contacts.service import set_fields
from crm.meetings.calendars import NewCalendar, add_calendar
from crm.tasks.models import Task
from outreach.answers import OutboxAnswers
from outreach.gatekeeper import Gatekeeper
from outreach.models import OutboxMessage
from outreach.rule_pack import read_rule_pack
from tests.admin.conftest import PASSWORD, Admin, client_of
from tests.admin.people import make_contact, make_talk

TALKS = "/api/v1/conversations"


class ReadySender:
    """A channel that is set up; nothing is sent by it here."""

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def configured(self) -> None:
        return None


@pytest.fixture
def context(context):
    senders = {"sms": ReadySender("sms"), "web": WebSender(context.sessions, context.clock)}
    gatekeeper = Gatekeeper(read_rule_pack(), senders, ("UTC",), keys=context.keys, machine=SystemClock())
    return replace(context, replies=Replies(OutboxAnswers(("sms", "telegram", "email")), gatekeeper))


@pytest.fixture
async def grace(context, passwords, now) -> AdminUser:
    """A colleague."""
    user = AdminUser(
        id=new_id(), email="grace@example.com", name="Grace", role="agent",
        password_hash=await passwords.hash(PASSWORD), created_at=now,
    )  # fmt: skip
    async with transaction(context.sessions) as session:
        session.add(user)
    return user


@pytest.fixture
async def graces(context, clock, grace):
    """A colleague's browser."""
    async with client_of(context) as client:
        browser = Admin(client, context, clock)
        assert (await browser.sign_in(email="grace@example.com")).status == 200
        yield browser


async def make_talks(context, now, count: int, *, channel: str = "web", status: str = "handed_off") -> list[UUID]:
    """Talks of people called 0, 1, 2 …, who have waited for a person the longer the lower their number."""
    made = []
    async with transaction(context.sessions) as session:
        for number in range(count):
            at = now - timedelta(minutes=count - number)
            contact_id = await make_contact(
                session, context.keys, at, phone=f"+1415555267{number}", fields={"first_name": f"Visitor {number}"}
            )
            talk = await make_talk(session, contact_id, at, status=status)
            await session.execute(update(Conversation).where(Conversation.id == talk).values(channel=channel))
            await said_by_visitor(session, talk, f"Hello {number}", at)
            if status == "handed_off":
                session.add(
                    Handoff(
                        id=new_id(), conversation_id=talk, state="waiting", reason="asked", asked_at=at, changed_at=at
                    )
                )
            made.append(talk)
    return made


async def said_by_visitor(session, conversation_id: UUID, text: str, at) -> None:
    seq = await session.scalar(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(next_seq=Conversation.next_seq + 1, last_message_at=at)
        .returning(Conversation.next_seq)
    )
    await session.execute(
        insert(Message).values(
            id=new_id(), conversation_id=conversation_id, seq=seq - 1, author="visitor", kind="text", text=text,
            data={}, client_id=uuid4(), created_at=at,
        )
    )  # fmt: skip


async def names_in(admin, view: str, **params) -> list[str]:
    return [talk["name"] for talk in (await admin.read(TALKS, view=view, **params))["items"]]


async def test_who_waits_longest_is_first_and_pages_hold_each_talk_once(signed_in, context, now):
    await make_talks(context, now, 5)
    found, cursor = [], {}
    while True:
        page = await signed_in.read(TALKS, view="waiting", limit="2", **cursor)
        found += [talk["name"] for talk in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == [f"Visitor {number}" for number in range(5)]


async def test_a_talk_moves_from_view_to_view_with_who_has_it(signed_in, context, now, user):
    talk, other = await make_talks(context, now, 2)
    path = f"{TALKS}/{talk}"
    assert (await signed_in.read("/api/v1/inbox/counts")) == {"waiting": 2, "mine": 0}

    taken = await (await signed_in.send("POST", f"{path}/take-over")).json()
    assert (taken["state"], taken["user"]["name"]) == ("taken", user.name)
    assert await names_in(signed_in, "waiting") == ["Visitor 1"]
    assert await names_in(signed_in, "mine") == ["Visitor 0"]
    assert sorted(await names_in(signed_in, "people")) == ["Visitor 0", "Visitor 1"]

    assert (await signed_in.send("POST", f"{path}/hand-back")).status == 200
    assert await names_in(signed_in, "bot") == ["Visitor 0"]

    await signed_in.send("POST", f"{TALKS}/{other}/take-over")
    closed = await (await signed_in.send("POST", f"{TALKS}/{other}/close", {"ask_rating": False})).json()
    assert closed["state"] == "closed"
    assert await names_in(signed_in, "closed") == ["Visitor 1"]
    assert (await signed_in.read("/api/v1/inbox/counts")) == {"waiting": 0, "mine": 0}


async def test_people_are_found_by_name_and_by_their_whole_number(signed_in, context, now):
    await make_talks(context, now, 3)
    assert await names_in(signed_in, "waiting", q="visitor 1") == ["Visitor 1"]
    assert await names_in(signed_in, "waiting", q="+14155552672") == ["Visitor 2"]
    assert await names_in(signed_in, "waiting", channel="sms") == []


async def test_what_was_not_read_is_counted_until_it_is(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1)
    (row,) = (await signed_in.read(TALKS, view="waiting"))["items"]
    assert (row["unread"], row["last_message"]["text"]) == (1, "Hello 0")
    assert (await signed_in.send("POST", f"{TALKS}/{talk}/read", {"seq": 1})).status == 204
    (row,) = (await signed_in.read(TALKS, view="waiting"))["items"]
    assert row["unread"] == 0
    async with context.sessions() as session:
        entries = await session.scalars(select(AuditEntry.action))
    assert "mark_read" not in set(entries), "what somebody looked at is on their own screen only"


async def test_an_answer_in_the_chat_is_said_once_and_shows_who_said_it(signed_in, context, now, user):
    (talk,) = await make_talks(context, now, 1)
    wish = {"text": "How can I help?", "client_id": str(uuid4())}
    first = await signed_in.send("POST", f"{TALKS}/{talk}/replies", wish)
    assert (first.status, await first.json()) == (201, {"stored": True})
    assert (await (await signed_in.send("POST", f"{TALKS}/{talk}/replies", wish)).json()) == {"stored": False}

    messages = (await signed_in.read(f"{TALKS}/{talk}/messages"))["items"]
    assert [(one["author"], one["text"]) for one in messages] == [
        ("visitor", "Hello 0"),
        ("person", "How can I help?"),
    ]
    assert messages[-1]["user"] == {"user_id": str(user.id), "name": user.name}
    async with context.sessions() as session:
        assert (await session.scalars(select(OutboxMessage.id))).all() == [], "the chat is fetched, not sent"


async def test_an_answer_by_text_message_leaves_by_the_outbox_like_everything_else(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1, channel="sms")
    detail = await signed_in.read(f"{TALKS}/{talk}")
    assert detail["may_reply"]["allowed"], detail["may_reply"]
    answer = await signed_in.send("POST", f"{TALKS}/{talk}/replies", {"text": "Hello!", "client_id": str(uuid4())})
    assert answer.status == 201
    async with context.sessions() as session:
        (sent,) = (await session.scalars(select(OutboxMessage))).all()
    assert (sent.channel, sent.purpose, sent.text, sent.state) == ("sms", "answer", "Hello!", "planned")
    shown = (await signed_in.read(f"{TALKS}/{talk}/messages"))["items"][-1]
    assert shown["delivery"] == {"state": "planned", "reason": None}


async def test_nobody_is_answered_who_stopped_us_and_the_colleague_is_told_why(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1, channel="sms")
    async with transaction(context.sessions) as session:
        contact_id = await session.scalar(select(Conversation.contact_id))
        await suppress(session, [contact_id], "all", "opted_out", now)
    detail = await signed_in.read(f"{TALKS}/{talk}")
    assert (detail["may_reply"]["allowed"], detail["may_reply"]["rule"]) == (False, "suppression")

    refused = await signed_in.send("POST", f"{TALKS}/{talk}/replies", {"text": "Hello!", "client_id": str(uuid4())})
    problem = await refused.json()
    assert (refused.status, problem["code"]) == (409, "reply_refused")
    assert problem["detail"] == detail["may_reply"]["reason"]
    messages = (await signed_in.read(f"{TALKS}/{talk}/messages"))["items"]
    assert [one["author"] for one in messages] == ["visitor"], "and nothing is shown as said"


async def test_a_call_is_not_answered_in_writing(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1, channel="voice")
    assert (await signed_in.read(f"{TALKS}/{talk}"))["may_reply"]["rule"] == "call"


async def test_a_colleague_cannot_answer_in_anothers_talk_until_it_is_theirs(signed_in, graces, grace, context, now):
    (talk,) = await make_talks(context, now, 1)
    await signed_in.send("POST", f"{TALKS}/{talk}/take-over")
    wish = {"text": "Hello!", "client_id": str(uuid4())}
    refused = await graces.send("POST", f"{TALKS}/{talk}/replies", wish)
    assert (refused.status, (await refused.json())["code"]) == (409, "with_colleague")
    given = await signed_in.send("PUT", f"{TALKS}/{talk}/assignment", {"user_id": str(grace.id)})
    assert (await given.json())["state"] == "waiting"
    assert await names_in(graces, "mine") == ["Visitor 0"]
    assert (await graces.send("POST", f"{TALKS}/{talk}/replies", wish)).status == 201


async def test_notes_are_for_colleagues_and_no_part_of_what_was_said(signed_in, context, now, user):
    (talk,) = await make_talks(context, now, 1)
    noted = await (await signed_in.send("POST", f"{TALKS}/{talk}/notes", {"text": "Is a friend of the boss"})).json()
    assert [(note["text"], note["user"]["name"]) for note in noted["notes"]] == [("Is a friend of the boss", user.name)]
    messages = (await signed_in.read(f"{TALKS}/{talk}/messages"))["items"]
    assert "friend" not in str(messages)


async def test_stage_tags_and_tasks_are_one_click_away(signed_in, context, now, user):
    (talk,) = await make_talks(context, now, 1)
    path = f"{TALKS}/{talk}"
    staged = await (await signed_in.send("POST", f"{path}/stage", {"stage": "sql"})).json()
    assert staged["contact"]["stage"] == "sql"
    tagged = await (await signed_in.send("POST", f"{path}/tags", {"add": ["vip"]})).json()
    assert tagged["tags"] == ["vip"]
    untagged = await (await signed_in.send("POST", f"{path}/tags", {"remove": ["vip"]})).json()
    assert untagged["tags"] == []
    assert (await signed_in.send("POST", f"{path}/tasks", {"title": "Call back"})).status == 201
    async with context.sessions() as session:
        (task,) = (await session.scalars(select(Task))).all()
    assert (task.title, task.owner_id) == ("Call back", user.id)


async def test_nobody_unknown_is_given_a_stage(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1)
    async with transaction(context.sessions) as session:
        await session.execute(update(Conversation).values(contact_id=None))
    refused = await signed_in.send("POST", f"{TALKS}/{talk}/stage", {"stage": "sql"})
    assert (refused.status, (await refused.json())["code"]) == (409, "nobody_known")


async def test_canned_replies_are_filled_with_what_is_known_and_nothing_dangerous(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1)
    for language, text in (("en", "Hello {{ first_name | there }}, {{ company | your company }}!"), ("de", "Hallo!")):
        wish = {"name": "Greeting", "language": language, "text": text}
        assert (await signed_in.send("POST", "/api/v1/canned-replies", wish)).status == 201
    async with transaction(context.sessions) as session:
        contact_id = await session.scalar(select(Conversation.contact_id))
        await set_fields(session, contact_id, {"company": "evil.example/phish"}, now)
    filled = (await signed_in.read(f"{TALKS}/{talk}/canned-replies"))["items"]
    assert [(one["language"], one["fits"]) for one in filled] == [("en", True), ("de", False)]
    assert filled[0]["text"] == "Hello Visitor 0, your company!"


async def test_a_canned_reply_is_changed_only_at_the_version_that_was_read(signed_in):
    wish = {"name": "Greeting", "language": "en", "text": "Hello"}
    made = await (await signed_in.send("POST", "/api/v1/canned-replies", wish)).json()
    path = f"/api/v1/canned-replies/{made['id']}"
    assert (await signed_in.send("POST", "/api/v1/canned-replies", wish)).status == 409
    changed = await signed_in.send("PUT", path, {**wish, "text": "Hi"}, **{"If-Match": '"1"'})
    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    assert (await signed_in.send("PUT", path, wish, **{"If-Match": '"1"'})).status == 412
    assert (await signed_in.send("DELETE", path, **{"If-Match": '"2"'})).status == 204
    assert (await signed_in.read("/api/v1/canned-replies"))["items"] == []
    broken = await signed_in.send("POST", "/api/v1/canned-replies", {**wish, "text": "Hello {{ name"})
    assert broken.status == 422


async def test_teams_have_members_and_rules_name_teams_that_are_there(signed_in, user, grace):
    wish = {"name": "sales", "routing": "round_robin", "members": [str(user.id), str(grace.id)]}
    made = await (await signed_in.send("POST", "/api/v1/inbox/teams", wish)).json()
    assert {member["name"] for member in made["members"]} == {"Ada", "Grace"}
    assert made["open_now"], "without hours it is always there"
    assert (await signed_in.send("POST", "/api/v1/inbox/teams", wish)).status == 409
    stranger = await signed_in.send("POST", "/api/v1/inbox/teams", {**wish, "name": "x", "members": [str(new_id())]})
    assert stranger.status == 422

    rules = {"items": [{"team_id": made["id"], "language": "fr"}]}
    assert (await signed_in.send("PUT", "/api/v1/inbox/rules", rules)).status == 200
    unknown = await signed_in.send("PUT", "/api/v1/inbox/rules", {"items": [{"team_id": str(new_id())}]})
    assert (unknown.status, (await unknown.json())["errors"][0]["field"]) == (422, "items.0.team_id")
    assert len((await signed_in.read("/api/v1/inbox/rules"))["items"]) == 1

    path = f"/api/v1/inbox/teams/{made['id']}"
    alone = await signed_in.send("PUT", path, {**wish, "members": []}, **{"If-Match": '"1"'})
    assert (await alone.json())["members"] == []
    assert (await signed_in.send("DELETE", path, **{"If-Match": '"2"'})).status == 204
    assert (await signed_in.read("/api/v1/inbox/rules"))["items"] == []


async def test_who_is_away_is_shown_as_such(signed_in, user):
    assert (await signed_in.send("PUT", "/api/v1/inbox/away", {"away": True})).status == 204
    colleagues = (await signed_in.read("/api/v1/inbox/colleagues"))["items"]
    assert [(one["name"], one["away"]) for one in colleagues] == [(user.name, True)]
    assert (await signed_in.send("PUT", "/api/v1/inbox/away", {"away": False})).status == 204
    assert [one["away"] for one in (await signed_in.read("/api/v1/inbox/colleagues"))["items"]] == [False]


async def test_figures_tell_how_quickly_people_answered_by_channel(signed_in, context, now):
    asked = {"web": [60, 120, 600], "sms": [30, None]}
    async with transaction(context.sessions) as session:
        for channel, answers in asked.items():
            for seconds in answers:
                talk = await make_talk(session, await make_contact(session, context.keys, now), now)
                await session.execute(update(Conversation).where(Conversation.id == talk).values(channel=channel))
                asked_at = now - timedelta(hours=1)
                answered_at = None if seconds is None else asked_at + timedelta(seconds=seconds)
                session.add(
                    Handoff(
                        id=new_id(), conversation_id=talk, state="waiting", reason="", asked_at=asked_at,
                        answered_at=answered_at, changed_at=now, rating=None if seconds is None else 4,
                    )
                )  # fmt: skip
    figures = await signed_in.read("/api/v1/inbox/figures")
    assert (figures["total"]["asked"], figures["total"]["answered"], figures["total"]["rating"]) == (5, 4, 4)
    by_channel = {one["channel"]: one["first_answer_median"] for one in figures["channels"]}
    assert by_channel == {"web": 120, "sms": 30}
    assert figures["total"]["first_answer_median"] == 90


async def test_without_any_talk_there_are_figures_all_the_same(signed_in):
    figures = await signed_in.read("/api/v1/inbox/figures")
    assert (figures["total"]["asked"], figures["channels"]) == (0, [])


async def test_articles_are_suggested_to_what_the_visitor_wrote_last(signed_in, context, now):
    (talk,) = await make_talks(context, now, 1)
    found = await signed_in.read(f"{TALKS}/{talk}/suggestions")
    assert found == {"question": "Hello 0", "items": []}, "no article is live here"


async def test_a_meeting_is_booked_once_at_a_time_that_was_free(signed_in, context, now):
    first, second = await make_talks(context, now, 2)
    async with transaction(context.sessions) as session:
        hours = {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
        new = NewCalendar("sales", "Sales", "Europe/Madrid", hours)
        await add_calendar(session, context.keys, new, now=now)
    free = await signed_in.read(f"{TALKS}/{first}/free-times")
    assert (free["calendar"], len(free["times"]), free["more"]) == ("sales", 12, True)
    wish = {"calendar": "sales", "starts_at": free["times"][0]["starts_at"], "client_id": str(uuid4())}
    booked = await signed_in.send("POST", f"{TALKS}/{first}/meetings", wish)
    assert booked.status == 201, await booked.text()
    assert (await booked.json())["label"] == free["times"][0]["label"]
    assert (await signed_in.send("POST", f"{TALKS}/{first}/meetings", wish)).status == 201, "the same is booked once"
    taken = await signed_in.send("POST", f"{TALKS}/{second}/meetings", {**wish, "client_id": str(uuid4())})
    assert (taken.status, (await taken.json())["code"]) == (409, "time_taken")
    later = await signed_in.read(f"{TALKS}/{second}/free-times")
    assert later["times"][0]["starts_at"] != free["times"][0]["starts_at"]


@pytest.mark.parametrize("count", [3, 30])
async def test_a_page_costs_the_same_number_of_statements_however_long_it_is(signed_in, context, now, counted, count):
    await make_talks_quickly(context, now, count)
    with counted() as statements:
        await signed_in.read(TALKS, view="waiting")
    assert len(statements) <= 14


async def make_talks_quickly(context, now, count: int) -> None:
    async with transaction(context.sessions) as session:
        for number in range(count):
            contact_id = await make_contact(session, context.keys, now, fields={"first_name": f"V{number}"})
            talk = await make_talk(session, contact_id, now, status="handed_off")
            session.add(
                Handoff(id=new_id(), conversation_id=talk, state="waiting", reason="", asked_at=now, changed_at=now)
            )
