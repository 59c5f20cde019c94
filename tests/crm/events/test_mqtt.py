"""Events by MQTT through a real Mosquitto: stored before they are acknowledged, each once, wrong ones let go."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from contextlib import asynccontextmanager, suppress

import pytest
from gmqtt import Client
from sqlalchemy import func, select
from structlog.testing import capture_logs

from base.clock import SystemClock
from base.database import transaction
from base.errors import InvalidInput
from crm.contacts.service import attach_address, create_contact
from crm.events.mqtt import MqttEvents, read_payload
from crm.events.sources import make_source
from crm.timeline.models import TimelineEvent
from server.setup.machine import find_broker

EMAIL = "ann@northwind-ledger.example"


@pytest.fixture
async def broker(tmp_path):
    program = find_broker()
    if program is None:
        pytest.fail("No Mosquitto found: apt-get install mosquitto.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n")
    running = subprocess.Popen([program, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        await asyncio.sleep(0.05)
    yield port
    running.terminate()
    running.wait(10)


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
        await make_source(
            session, keys, name="meters", way="mqtt", unknown_people="refuse", mapping=None, made_by="x", now=now
        )
    return contact_id


@asynccontextmanager
async def taking(database, keys, port):
    """The subscriber, from when it is subscribed to when it has stopped."""
    stopping, ready = asyncio.Event(), asyncio.Event()
    events = MqttEvents(database.sessions, keys, SystemClock(), f"mqtt://127.0.0.1:{port}", "parley/events/+")
    running = asyncio.create_task(events.run(stopping, on_ready=ready.set))
    await asyncio.wait_for(ready.wait(), 10)
    yield
    stopping.set()
    await asyncio.wait_for(running, 10)


@asynccontextmanager
async def device(port):
    client = Client("meter-1")
    await client.connect("127.0.0.1", port)
    yield lambda payload, source="meters": client.publish(
        f"parley/events/{source}", payload if isinstance(payload, bytes) else json.dumps(payload), qos=1
    )
    await client.disconnect()


def reading(value, **more):
    return {
        "kind": "device_read", "about": {"email": EMAIL}, "occurred_at": "2026-11-20T10:00:00Z",
        "properties": {"device": "meter-1", "metric": "kW", "value": value}, **more,
    }  # fmt: skip


async def values(database, wanted):
    """What is stored, once there are as many as wanted; a little later, so that one too many would show."""
    for _ in range(100):
        async with database.sessions() as session:
            if await session.scalar(select(func.count()).select_from(TimelineEvent)) >= wanted:
                break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    async with database.sessions() as session:
        rows = await session.scalars(select(TimelineEvent).order_by(TimelineEvent.id))
        return [(row.source, row.data["value"]) for row in rows]


async def test_what_a_device_publishes_is_on_the_timeline_once(database, keys, broker, ann) -> None:
    async with taking(database, keys, broker), device(broker) as publish:
        publish(reading(1))
        publish(reading(1))
        publish([reading(2), reading(3, id="r3")])
        assert sorted(await values(database, 3)) == [("mqtt", 1), ("mqtt", 2), ("mqtt", 3)]


async def test_wrong_messages_are_let_go_and_hold_up_nobody(database, keys, broker, ann) -> None:
    with capture_logs() as logged:
        async with taking(database, keys, broker), device(broker) as publish:
            publish(b"\xff not JSON")
            publish(reading("much"))
            publish({**reading(1), "about": {"email": "nobody@nowhere.example"}})
            publish(reading(5), "strangers")
            publish(reading(4))
            assert await values(database, 1) == [("mqtt", 4)]
    refused = [one for one in logged if one["event"] == "mqtt_refused"]
    assert len(refused) == 4
    assert "nowhere" not in json.dumps(refused)


async def test_what_is_published_while_nobody_is_here_is_taken_later(database, keys, broker, ann) -> None:
    async with taking(database, keys, broker):
        pass
    async with device(broker) as publish:
        for number in range(15):
            publish(reading(number))
        await asyncio.sleep(0.3)
    async with taking(database, keys, broker):
        assert sorted(await values(database, 15)) == [("mqtt", number) for number in range(15)]


async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(database, keys, broker, ann, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from crm.events import mqtt

    away = asyncio.Event()

    async def refuse(*_args, **_kwargs):
        away.set()
        raise OperationalError("insert", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(mqtt, "take_in", refuse)
        async with taking(database, keys, broker), device(broker) as publish:
            publish(reading(7))
            await asyncio.wait_for(away.wait(), 10)
    async with taking(database, keys, broker):
        assert await values(database, 1) == [("mqtt", 7)]


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b"[" * 100_000, b'[{"kind": "x"}]', b"\xff"])
def test_a_message_that_holds_no_event_is_refused(payload) -> None:
    with pytest.raises(InvalidInput):
        read_payload("parley/events/meters", payload)
