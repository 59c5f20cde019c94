"""The process that takes events of devices from an MQTT broker: one is enough, a second would take over from it."""

from __future__ import annotations

import asyncio
import signal

from crm.events.mqtt import MqttEvents
from server.metrics.observing import observed
from server.schema import check_schema_of
from server.settings import SettingsProblem
from server.wiring import Platform


async def run_mqtt(platform: Platform) -> None:
    """Runs until SIGINT or SIGTERM.

    Raises:
        SettingsProblem: no broker is named.
    """
    settings = platform.settings
    if settings.mqtt_url is None:
        raise SettingsProblem("PARLEY_MQTT_URL is needed: the broker whose messages are events.")
    await check_schema_of(platform)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    url = settings.mqtt_url.get_secret_value()
    events = MqttEvents(platform.sessions, platform.keys, platform.clock, url, settings.mqtt_topic)
    try:
        async with observed(platform, "mqtt"):
            await events.run(stopping)
    finally:
        await platform.engine.dispose()
