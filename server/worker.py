"""The worker process: Procrastinate wakes the due pump, which plans and delivers follow-ups."""

from __future__ import annotations

import structlog

from outreach.alarm import QUEUE, alarm_context, create_alarm, create_connector, wake
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.planning import Planner
from outreach.pump import DuePump
from outreach.rule_pack import read_rule_pack
from server.wiring import Platform, create_senders, database_url

log = structlog.get_logger(__name__)

FINISH_WITHIN = 10.0
"""Seconds a pump run may go on after the process was asked to stop."""


def create_pump(platform: Platform) -> DuePump:
    """The due pump with every channel's sender."""
    senders = {sender.channel: sender for sender in create_senders(platform)}
    gatekeeper = Gatekeeper(read_rule_pack(), senders, (platform.settings.default_time_zone,))
    return DuePump(
        platform.sessions,
        Planner(platform.sessions, gatekeeper),
        Delivery(platform.sessions, platform.keys, gatekeeper),
        platform.clock,
    )


async def run_worker(platform: Platform) -> None:
    """Runs until SIGINT or SIGTERM, then finishes what is in hand."""
    alarm = create_alarm(create_connector(database_url(platform.settings)))
    try:
        async with alarm.open_async():
            # Whatever became due while no worker ran is found at once.
            await wake(alarm)
            log.info("worker_started")
            await alarm.run_worker_async(
                queues=[QUEUE],
                additional_context=alarm_context(create_pump(platform)),
                shutdown_graceful_timeout=FINISH_WITHIN,
            )
    finally:
        await platform.engine.dispose()
