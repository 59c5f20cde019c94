"""The worker process: Procrastinate wakes the due pump, which plans and delivers follow-ups."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import procrastinate
import structlog

from admin.sessions.service import remove_expired
from base.database import transaction
from outreach.alarm import QUEUE, alarm_context, create_alarm, create_connector, wake
from outreach.delivery import SEND_TIMEOUT, Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.planning import Planner
from outreach.pump import DuePump
from outreach.rule_pack import read_rule_pack
from server.wiring import Platform, create_senders, database_url

log = structlog.get_logger(__name__)

FINISH_WITHIN = SEND_TIMEOUT.total_seconds() + 5
"""Seconds a run may go on after the process was asked to stop: a send in hand must not end as `unknown`."""


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
    """Runs until SIGINT or SIGTERM, then finishes what is in hand and claims nothing more."""
    alarm = create_alarm(create_connector(database_url(platform.settings)))
    _add_housekeeping(alarm, platform)
    pump = create_pump(platform)
    try:
        async with alarm.open_async():
            # Whatever became due while no worker ran is found at once.
            await wake(alarm)
            working = asyncio.create_task(
                alarm.run_worker_async(
                    queues=[QUEUE],
                    additional_context=alarm_context(pump),
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=FINISH_WITHIN,
                )
            )

            def stop() -> None:
                pump.finish()
                working.cancel()

            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop)
            log.info("worker_started")
            with suppress(asyncio.CancelledError):
                await working
    finally:
        await platform.engine.dispose()


def _add_housekeeping(alarm: procrastinate.App, platform: Platform) -> None:
    """Clears what is of no more use: ended sessions, old failed sign-ins."""

    @alarm.periodic(cron="17 * * * *", queueing_lock="server.remove_expired")
    @alarm.task(name="server.remove_expired", queue=QUEUE)
    async def remove_expired_sessions(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        async with transaction(platform.sessions) as session:
            await remove_expired(session, platform.clock.now())
