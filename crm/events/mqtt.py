"""Events by MQTT: devices publish to a topic that ends in the name of their source. Who may publish is the broker's.

A message is acknowledged once its events are stored, so what a crash interrupts is delivered again; one that is wrong
is acknowledged, too, and logged without its content.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from gmqtt import Client
from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from crm.events.reading import GivenEvent, read_given
from crm.events.service import Giver, take_in
from crm.events.sources import find_source

log = structlog.get_logger(__name__)

CLIENT_ID = "parley-events"
AT_ONCE = 500
"""Messages stored together, and delivered before one is acknowledged."""
MOST_IN_ONE = 100
"""Events in one message."""
LARGEST = 64 * 1024
"""Bytes of a message."""
KEPT = 24 * 3600
"""Seconds for which the broker keeps messages while nobody is here to take them."""
_PAUSE = 1.0
"""Seconds before what the database refused is tried again."""
_TAKEN = 0


@dataclass(frozen=True, slots=True)
class _Message:
    source: str
    events: list[GivenEvent]
    done: asyncio.Future[None]


class MqttEvents:
    """Subscribes, and stores what comes."""

    def __init__(self, sessions: Sessions, keys: KeyRing, clock: Clock, url: str, topic: str) -> None:
        self._sessions, self._keys, self._clock = sessions, keys, clock
        self._url, self._topic = URL(url), topic
        self._waiting: asyncio.Queue[_Message] = asyncio.Queue()

    async def run(self, stopping: asyncio.Event, *, on_ready: Callable[[], None] = lambda: None) -> None:
        """Takes events until it is asked to stop. The client connects again whenever the connection is lost."""
        client = Client(
            CLIENT_ID,
            clean_session=False,
            optimistic_acknowledgement=False,
            receive_maximum=AT_ONCE,
            session_expiry_interval=KEPT,
        )
        client.on_message = self._receive
        client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        client.on_subscribe = lambda *_: on_ready()
        if self._url.user is not None:
            client.set_auth_credentials(self._url.user, self._url.password)
        tls = ssl.create_default_context() if self._url.scheme == "mqtts" else False
        storing = asyncio.create_task(self._store_all())
        try:
            await client.connect(self._url.host, self._url.port or (8883 if tls else 1883), ssl=tls)
            log.info("mqtt_connected", host=self._url.host)
            await stopping.wait()
        finally:
            # What is not stored yet is not acknowledged: the broker keeps it.
            await client.disconnect()
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)

    async def _receive(self, _client: Client, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        source = topic.rpartition("/")[2]
        try:
            events = read_payload(topic, payload)
        except InvalidInput as error:
            log.warning("mqtt_refused", source=source, problems=error.errors[:5] or error.message)
            return _TAKEN
        message = _Message(source, events, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(message)
        await message.done
        return _TAKEN

    async def _store_all(self) -> None:
        while True:
            messages = [await self._waiting.get()]
            while len(messages) < AT_ONCE and not self._waiting.empty():
                messages.append(self._waiting.get_nowait())
            for source in dict.fromkeys(message.source for message in messages):
                await self._store(source, [message for message in messages if message.source == source])

    async def _store(self, source: str, messages: Sequence[_Message]) -> None:
        """Stores the messages of one source together; those of a set with a mistake one by one."""
        while messages:
            try:
                await self._take(source, [event for message in messages for event in message.events])
            except SQLAlchemyError as error:
                log.warning("mqtt_waits_for_the_database", error=type(error).__name__)
                await asyncio.sleep(_PAUSE)
                continue
            except (InvalidInput, NotFound) as error:
                if len(messages) > 1:
                    for message in messages:
                        await self._store(source, [message])
                    return
                problems = [problem["field"] for problem in error.errors[:5]]
                log.warning("mqtt_refused", source=source, problems=problems or error.message)
            for message in messages:
                message.done.set_result(None)
            return

    async def _take(self, name: str, events: Sequence[GivenEvent]) -> None:
        async with transaction(self._sessions) as session:
            source = await find_source(session, "mqtt", name=name)
            by = Giver("mqtt", source.name, creates=source.unknown_people == "create")
            for start in range(0, len(events), 1_000):
                await take_in(session, self._keys, events[start : start + 1_000], by, self._clock.now())


def read_payload(topic: str, payload: bytes) -> list[GivenEvent]:
    """The event, or list of them, that a message holds.

    One that says when it happened but has no id gets one of its content, as a message may be delivered twice.

    Raises:
        InvalidInput: it holds none.
    """
    if len(payload) > LARGEST:
        raise InvalidInput(f"A message has at most {LARGEST} bytes.")
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The message is not JSON.") from error
    events = content if isinstance(content, list) else [content]
    if not 1 <= len(events) <= MOST_IN_ONE:
        raise InvalidInput(f"A message holds 1 to {MOST_IN_ONE} events.")
    given = read_given(events)
    own = hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()
    return [
        event.model_copy(update={"id": f"{own}-{number}"}) if event.id is None and event.occurred_at else event
        for number, event in enumerate(given)
    ]
