"""Two of each process on one database, and one of them killed every five seconds, while fifty people talk and five
hundred messages a minute are due: nobody is lost, nothing is said or sent twice, and talks stay in order.

How long a turn takes is printed, not asserted: that is for a machine where nothing else runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import func, insert, select

import server.web  # noqa: F401  # every room's tables
from base.database import Sessions, create_engine, create_sessions, transaction
from base.encryption import KeyRing, read_key_file
from base.ids import new_id
from outreach.delivery import CONCURRENCY, LANES
from outreach.models import OutboxMessage
from tests.faults.people import people_who_agreed
from tests.journey_of_a_lead.running_site import PROCESSES, Letters, RunningSite, running_site
from tests.journey_of_a_lead.test_bad_days import QUESTION, PatientClient
from tests.time_zones import zone_where_it_is_noon

PEOPLE, SENDS_A_MINUTE, KILL_EVERY = 50, 500, 5.0
TWO_OF_EACH = {
    "PARLEY_WEB_REPLICAS": "2",
    "PARLEY_WORKER_REPLICAS": "2",
    "PARLEY_RASA_REPLICAS": "2",
    "PARLEY_CHAT_MESSAGES_A_MINUTE": "600",
    "PARLEY_CHAT_SESSIONS_A_MINUTE": "600",
}
SETTLED = {"accepted", "delivered", "unknown"}


async def plan(sessions: Sessions, keys: KeyRing, count: int, over: timedelta) -> None:
    """People who agreed to mail and have never quiet hours, each with a letter like no other, due one after another."""
    now = datetime.now(UTC)
    addresses = [f"person{number}@customer.example" for number in range(count)]
    async with transaction(sessions) as session:
        people = await people_who_agreed(session, keys, "email", addresses, zone_where_it_is_noon(), now)
        letters = [
            {
                "id": new_id(), "occurrence": f"fault {number}", "contact_id": one, "channel": "email",
                "purpose": "marketing", "message_class": "promotional", "subject": "News",
                "text": f"News for {one.hex}", "state": "planned", "due_at": now + over * number / count,
                "created_at": now, "updated_at": now,
            }
            for number, one in enumerate(people)
        ]  # fmt: skip
        await session.execute(insert(OutboxMessage), letters)


async def kill(site: RunningSite, until: float, chance: random.Random) -> Counter[str]:
    """Any one of them every five seconds, by SIGKILL; whoever is just coming back, too."""
    killed: Counter[str] = Counter()
    while time.monotonic() < until:
        await asyncio.sleep(KILL_EVERY)
        found = [(name, pid) for name, pids in site.pids().items() for pid in pids]
        name, pid = chance.choice(found)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed[name] += 1
    return killed


async def arrive(site: RunningSite, number: int) -> PatientClient:
    """Opens a chat, as people come one after another."""
    await asyncio.sleep(number * 0.1)
    client = PatientClient(site.url)
    async with aiohttp.ClientSession() as session:
        await client.open(session)
    return client


async def talk(client: PatientClient, number: int, until: float) -> list[float]:
    """One person who asks on and on, with pauses; returns how many seconds each answer took."""
    chance, took = random.Random(number), []
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(4, 8))
            began = time.monotonic()
            await client.say(session, QUESTION, str(uuid.uuid4()), answers=2)
            took.append(time.monotonic() - began)
    return took


async def settled(sessions: Sessions, within: float) -> Counter[str]:
    """The states of the letters, once none is under way."""
    deadline = time.monotonic() + within
    while True:
        async with sessions() as session:
            counted = func.count().label("count")
            rows = await session.execute(
                select(OutboxMessage.state, counted)
                .where(OutboxMessage.occurrence.like("fault %"))
                .group_by(OutboxMessage.state)
            )
            states = Counter({row.state: row.count for row in rows})
        if states.keys() <= SETTLED:
            return states
        assert time.monotonic() < deadline, states
        await asyncio.sleep(1)


def check_talks(site: RunningSite, clients: Sequence[PatientClient]) -> None:
    """Each question was kept once and answered once, in order."""
    for client in clients:
        asked = {UUID(one) for one in client.confirmed}
        rows = site.query(
            "SELECT client_id, turn_state FROM messages WHERE author = 'visitor' AND client_id = ANY(%s)", list(asked)
        )
        assert Counter(row["client_id"] for row in rows) == Counter(asked)
        assert {row["turn_state"] for row in rows} == {"done"}
        assert Counter(client.answers_to(one) for one in client.confirmed) == {2: len(asked)}
        seqs = [message["seq"] for message in client.shown]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "each message was shown once, in order"


def check_letters(letters: Letters, states: Counter[str], killed: Counter[str], count: int) -> None:
    """None left twice, none is lost without a trace, no more are in doubt than killed workers had on the wire."""
    bodies = [letter.get_body(("plain",)) for letter in letters.received if letter["Subject"] == "News"]
    seen = Counter(body.get_content().split("News for ")[1][:32] for body in bodies if body is not None)
    assert max(seen.values()) == 1
    assert sum(states.values()) == count
    assert count - states["unknown"] <= len(seen) <= count
    assert states["unknown"] <= LANES * CONCURRENCY * killed["worker"]


@pytest.mark.long
@pytest.mark.parametrize("seconds", [60, 600])
async def test_any_process_killed_every_five_seconds_loses_doubles_and_disorders_nothing(
    seconds: int, oracle: Callable[[Any, datetime], Awaitable[None]]
) -> None:
    count = SENDS_A_MINUTE * seconds // 60
    with tempfile.TemporaryDirectory(prefix="parley-faults-") as folder:
        async with running_site(Path(folder), **TWO_OF_EACH) as site:
            async with asyncio.timeout(60):
                while {len(pids) for pids in site.pids().values()} != {2 * PROCESSES}:
                    await asyncio.sleep(0.1)
            engine = create_engine(site.database_url)
            sessions = create_sessions(engine)
            clients = await asyncio.gather(*(arrive(site, number) for number in range(PEOPLE)))
            await plan(sessions, read_key_file(Path(folder) / "keys" / "root.json"), count, timedelta(seconds=seconds))
            until, chance = time.monotonic() + seconds, random.Random(20261128)
            killing = asyncio.create_task(kill(site, until, chance))
            talked = await asyncio.gather(*(talk(client, number, until) for number, client in enumerate(clients)))
            killed = await killing
            states = await settled(sessions, within=300)
            took = sorted(one for each in talked for one in each)
            cuts = statistics.quantiles(took, n=100)
            print(
                f"{seconds} s, killed {dict(killed)}: {len(took)} turns, p50 {cuts[49]:.2f} s, p95 {cuts[94]:.2f} s, "
                f"slowest {took[-1]:.1f} s; {count} letters: {dict(states)}, of which killed workers may have left "
                f"{LANES * CONCURRENCY * killed['worker']} in doubt"
            )
            check_talks(site, clients)
            check_letters(site.letters, states, killed, count)
            await oracle(sessions, datetime.now(UTC))
            await engine.dispose()
