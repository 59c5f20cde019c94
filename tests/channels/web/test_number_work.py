"""Nobody has us text or call a number by typing it in the chat: the browser that left it does some work first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from base.limits.networks import network_of
from bot.models import Conversation
from channels.web.limits import NUMBERS_OF_A_RANGE, NUMBERS_OF_AN_ADDRESS, ChatLimits, Rates
from channels.web.number_work import EASY, HARD, ROUNDS, is_done
from crm.contacts.models import ContactPoint, NumberChallenge
from crm.contacts.service import attach_address, create_contact
from outreach.claiming import claim_due
from outreach.decisions import Decision
from outreach.gatekeeper import Gatekeeper
from outreach.models import GateDecision, OutboxMessage
from outreach.rule_pack import read_rule_pack
from outreach.snapshots import Question
from tests.bot.scripted_dialogue import ScriptedDialogue, say
from tests.channels.web.chat_stage import ORIGIN, Process, running_process
from tests.conftest import Database
from tests.outreach.conftest import WritingSender

PATH = "/chat/number-work"
NUMBER = "+14155552671"


def leave(body: dict[str, Any]) -> dict[str, Any]:
    """What is typed is taken for a phone number."""
    typed = body["message"]["text"]
    if not typed.startswith("+"):
        return say("Hello")
    return say("Thank you.", effects=[{"effect": "capture_lead", "field": "phone", "value": typed}])


@pytest.fixture
async def process(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> AsyncIterator[Process]:
    dialogue.script = leave
    async with running_process(database, keys, now, dialogue) as running:
        yield running


async def leave_number(process: Process, number: str = NUMBER) -> tuple[dict[str, Any], dict[str, Any]]:
    """A visitor who leaves a number: their session, and what the bot answered."""
    opened = await process.open()
    await process.turns.drain()
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say(number)
        shown = await visitor.messages(until=3)
    return opened, shown[-1]


async def ask(process: Process, opened: dict[str, Any], *, status: int = 200) -> Any:
    async with process.request("GET", PATH, token=opened["token"]) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json() if status != 204 else None


async def tell(process: Process, opened: dict[str, Any], task: str, answer: int) -> int:
    body = {"task": task, "answer": answer}
    async with process.request("POST", PATH, token=opened["token"], json=body) as answered:
        return int(answered.status)


def solve(task: dict[str, Any]) -> int:
    return next(answer for answer in range(2**20) if is_done(task["salt"], answer, task["bits"]))


async def contact_of(process: Process, opened: dict[str, Any]) -> UUID:
    async with process.sessions() as session:
        found = await session.scalar(
            select(Conversation.contact_id).where(Conversation.id == UUID(opened["conversation_id"]))
        )
    assert found is not None
    return found


def gatekeeper_of(process: Process) -> Gatekeeper:
    return Gatekeeper(read_rule_pack(), {"sms": WritingSender("sms")}, ("UTC",), keys=process.keys)


async def may_text(
    process: Process, contact_id: UUID, *, later: timedelta = timedelta(0), talk: str | None = None
) -> Decision:
    """What the gate says to a text they asked for, in a talk maybe."""
    now = process.clock.now() + later
    whence = None if talk is None else UUID(talk)
    asked = Question(new_id(), contact_id, whence, None, "sms", "service", "requested", "normal", now, now)
    async with process.sessions() as session:
        return (await gatekeeper_of(process).ask(session, [asked], "plan", now))[asked.id].decision


async def put_text(process: Process, contact_id: UUID, *, state: str, due_at: datetime) -> UUID:
    """A text that waits to be sent."""
    outbox_id, now = new_id(), process.clock.now()
    async with transaction(process.sessions) as session:
        await session.execute(
            insert(OutboxMessage).values(
                id=outbox_id, occurrence="o", contact_id=contact_id, channel="sms", purpose="service",
                message_class="requested", text="Hi", state=state,
                reason_rule="number_challenge" if state == "deferred" else None,
                due_at=due_at, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    return outbox_id


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries that take no time, where only their number counts."""
    monkeypatch.setattr("channels.web.number_work.ROUNDS", 1)


async def do_work(process: Process, opened: dict[str, Any]) -> int:
    """Asks and does it; returns how hard it was."""
    task = await ask(process, opened)
    assert await tell(process, opened, task["task"], solve(task)) == 204
    return int(task["bits"])


async def test_a_number_that_a_visitor_left_gets_nothing_before_the_work_is_done(process: Process) -> None:
    opened, answer = await leave_number(process)
    assert answer["limits"] == {"number_work": True}
    contact_id = await contact_of(process, opened)
    wait = await may_text(process, contact_id)
    assert (wait.answer, wait.rule) == ("defer", "number_challenge")
    late = await may_text(process, contact_id, later=timedelta(minutes=15))
    assert (late.answer, late.rule) == ("deny", "number_challenge")
    task = await ask(process, opened)
    assert (task["rounds"], task["words"]) == (ROUNDS, "One moment, please…")
    assert await tell(process, opened, task["task"], solve(task)) == 204
    assert (await may_text(process, contact_id)).answer == "allow"
    assert await ask(process, opened, status=204) is None


async def test_what_waited_leaves_as_soon_as_the_work_is_done(process: Process) -> None:
    opened, _ = await leave_number(process)
    contact_id, now = await contact_of(process, opened), process.clock.now()
    outbox_id = await put_text(process, contact_id, state="deferred", due_at=now + timedelta(minutes=15))
    await do_work(process, opened)
    async with process.sessions() as session:
        assert (await session.get_one(OutboxMessage, outbox_id)).due_at == now
        assert await session.scalar(select(GateDecision.id)) is None


@pytest.mark.usefixtures("easy")
async def test_what_is_just_put_off_while_the_work_is_told_does_not_wait_for_it(process: Process) -> None:
    opened, _ = await leave_number(process)
    contact_id, now = await contact_of(process, opened), process.clock.now()
    outbox_id = await put_text(process, contact_id, state="planned", due_at=now)
    task = await ask(process, opened)
    async with transaction(process.sessions) as claiming:
        claim = await claim_due(claiming, gatekeeper_of(process), now, limit=1)
        assert (claim.looked_at, claim.deferred) == (1, 1)
        telling = asyncio.create_task(tell(process, opened, task["task"], solve(task)))
        await asyncio.wait({telling}, timeout=0.2)
    assert await telling == 204
    async with process.sessions() as session:
        assert (await session.get_one(OutboxMessage, outbox_id)).due_at == now


async def test_work_that_is_not_done_shuts_a_number_for_its_visitor_and_not_for_good(process: Process) -> None:
    opened, _ = await leave_number(process)
    contact_id, talk = await contact_of(process, opened), opened["conversation_id"]
    soon, later = timedelta(minutes=74), timedelta(minutes=75)
    assert (await may_text(process, contact_id, later=soon)).rule == "number_challenge"
    assert (await may_text(process, contact_id, later=later)).answer == "allow"
    assert (await may_text(process, contact_id, later=timedelta(days=30), talk=talk)).rule == "number_challenge"
    async with process.visitor(opened["token"], last_seen=3) as visitor:
        # Left again, there is the work again.
        await visitor.say(NUMBER)
        assert (await visitor.messages(until=5))[-1]["limits"] == {"number_work": True}
    await do_work(process, opened)
    assert (await may_text(process, contact_id, later=timedelta(days=30), talk=talk)).answer == "allow"


async def test_wrong_work_another_visitors_old_and_forged_work_are_refused(process: Process) -> None:
    opened, _ = await leave_number(process)
    other, _ = await leave_number(process, "+14155552672")
    task = await ask(process, opened)
    right = solve(task)
    wrong = next(answer for answer in range(10**6) if not is_done(task["salt"], answer, task["bits"]))
    assert await tell(process, opened, task["task"], wrong) == 422
    assert await tell(process, other, task["task"], right) == 422
    assert await tell(process, opened, task["task"][:-2] + "xx", right) == 422
    async with process.request("POST", PATH, token=opened["token"], data=b"[1]") as answer:
        assert answer.status == 400
    async with process.request("POST", PATH, json={"task": task["task"], "answer": right}) as answer:
        assert answer.status == 401
    async with process.sessions() as session:
        assert list(await session.scalars(select(NumberChallenge.solved_at))) == [None, None]


async def test_work_is_good_for_ten_minutes(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, _ = await leave_number(process)
    task = await ask(process, opened)
    monkeypatch.setattr("channels.web.number_work._HOLDS", -1)
    assert await tell(process, opened, task["task"], solve(task)) == 422


async def test_work_counts_for_one_number_once(process: Process) -> None:
    opened, _ = await leave_number(process)
    task = await ask(process, opened)
    answer = solve(task)
    told = await asyncio.gather(*(tell(process, opened, task["task"], answer) for _ in range(4)))
    assert set(told) == {204}
    limits = ChatLimits(process.sessions, process.keys, Rates(1, 1))
    async with process.sessions() as session:
        # One of 120 is gone; with the next it would be two.
        assert await limits.numbers.look(session, "") == pytest.approx(2 / 120, abs=1e-3)
    async with process.visitor(opened["token"], last_seen=3) as visitor:
        # They correct it: the new number needs work of its own, which the old does not do.
        await visitor.say("+14155552672")
        shown = await visitor.messages(until=5)
    assert shown[-1]["limits"] == {"number_work": True}
    assert await tell(process, opened, task["task"], answer) == 204
    contact_id = await contact_of(process, opened)
    assert (await may_text(process, contact_id)).rule == "number_challenge"


async def test_a_number_that_was_known_before_is_not_held_back_by_who_types_it(process: Process, now: datetime) -> None:
    async with transaction(process.sessions) as session:
        known = await create_contact(session, language="en", time_zone=None, now=now - timedelta(days=9))
        await attach_address(session, process.keys, known, kind="phone", value=NUMBER, now=now - timedelta(days=9))
    opened, answer = await leave_number(process)
    assert answer["limits"] is None
    assert await ask(process, opened, status=204) is None
    assert (await may_text(process, known)).answer == "allow"


async def test_whoever_proves_a_number_otherwise_needs_no_work(process: Process) -> None:
    opened, _ = await leave_number(process)
    async with transaction(process.sessions) as session:
        await session.execute(text("UPDATE contact_points SET verified_at = now()"))
        assert (await session.scalars(select(ContactPoint.kind))).all() == ["phone"]
    assert (await may_text(process, await contact_of(process, opened))).answer == "allow"


async def test_who_left_no_number_has_nothing_to_do(process: Process) -> None:
    opened = await process.open()
    assert await ask(process, opened, status=204) is None
    async with process.request("GET", PATH) as answer:
        assert answer.status == 401


@pytest.mark.usefixtures("easy")
async def test_the_more_numbers_are_worked_for_the_harder_it_gets_and_then_none_is(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    dialogue.script = leave
    async with running_process(database, keys, now, dialogue, rates=Rates(10_000, 10_000, 10_000, 8)) as process:
        bits = []
        for number in range(8):
            opened, _ = await leave_number(process, f"+1415555{number}671")
            bits.append(await do_work(process, opened))
        assert bits == sorted(bits)
        assert bits[0] < bits[-1] == HARD
        assert bits[0] >= EASY
        opened, _ = await leave_number(process, "+14155559671")
        async with process.request("GET", PATH, token=opened["token"]) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_fast")
            assert 1 <= int(answer.headers["Retry-After"]) <= 450
        assert (await may_text(process, await contact_of(process, opened))).rule == "number_challenge"


@pytest.mark.usefixtures("easy")
async def test_who_asks_for_work_and_does_none_uses_up_nothing(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    dialogue.script = leave
    async with running_process(database, keys, now, dialogue, rates=Rates(10_000, 10_000, 10_000, 1)) as process:
        first, _ = await leave_number(process)
        second, _ = await leave_number(process, "+14155552672")
        tasks = [await ask(process, one) for one in (first, second) for _ in range(3)]
        assert await tell(process, first, tasks[0]["task"], solve(tasks[0])) == 204
        # The only one of this hour is gone: what the other did counts for nothing, and waits.
        assert await tell(process, second, tasks[-1]["task"], solve(tasks[-1])) == 429
        assert (await may_text(process, await contact_of(process, first))).answer == "allow"
        assert (await may_text(process, await contact_of(process, second))).rule == "number_challenge"
        limits = ChatLimits(process.sessions, process.keys, Rates(1, 1))
        async with process.sessions() as session:
            used = await limits.numbers_of_address.look(session, "127.0.0.1")
        assert used == pytest.approx(2 / NUMBERS_OF_AN_ADDRESS, abs=1e-3)


async def test_a_visitor_tells_of_work_ten_times_in_ten_minutes(process: Process) -> None:
    opened, _ = await leave_number(process)
    task = await ask(process, opened)
    right = solve(task)
    wrong = next(answer for answer in range(10**6) if not is_done(task["salt"], answer, task["bits"]))
    assert [await tell(process, opened, task["task"], wrong) for _ in range(10)] == [422] * 10
    assert await tell(process, opened, task["task"], right) == 429


FEW = {
    "a range": ([f"+1415555{number:04}" for number in range(NUMBERS_OF_A_RANGE + 1)], NUMBERS_OF_A_RANGE),
    "an address": ([f"+1415{556 + number}2671" for number in range(NUMBERS_OF_AN_ADDRESS + 1)], NUMBERS_OF_AN_ADDRESS),
    "another country": ([f"+442079{460 + number}123" for number in range(7)], 6),
}


@pytest.mark.parametrize("what", FEW)
@pytest.mark.usefixtures("easy")
async def test_numbers_of_one_range_one_address_and_another_country_are_few(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue, what: str
) -> None:
    numbers, allowed = FEW[what]
    dialogue.script = leave
    statuses = []
    async with running_process(database, keys, now, dialogue, rates=Rates(10_000, 10_000, 10_000, 24)) as process:
        for number in numbers:
            opened, _ = await leave_number(process, number)
            async with process.request("GET", PATH, token=opened["token"]) as answer:
                statuses.append(answer.status)
                task = await answer.json()
            if statuses[-1] == 200:
                assert await tell(process, opened, task["task"], solve(task)) == 204
    assert statuses == [200] * allowed + [429] * (len(numbers) - allowed)


async def test_another_page_cannot_have_the_work_done_or_read_it(process: Process) -> None:
    opened, _ = await leave_number(process)
    async with process.request("GET", PATH, token=opened["token"], origin="https://evil.example") as answer:
        assert answer.status == 403
    async with process.request("GET", f"{PATH}.js") as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_an_address_is_what_one_customer_has() -> None:
    assert network_of("203.0.113.7") == network_of("::ffff:203.0.113.7") == "203.0.113.7"
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::9") != network_of("2001:db8:1:2::9")
