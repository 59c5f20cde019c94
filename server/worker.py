"""The worker process: Procrastinate wakes the due pump, which plans and delivers follow-ups."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException

from admin.numbers.visits import keep_visits
from admin.sessions.service import remove_expired
from base.database import Sessions, transaction
from base.limits.shared import forget_unused
from base.woken_work import WokenWork
from bot import timers
from bot.dialogue import RasaDialogue
from bot.knowledge.indexer import KnowledgeIndexer
from bot.publishing.source import PublishedSource
from crm.scoring.work import ScoreWork
from crm.segments.work import SegmentWork
from crm.webhooks.sending import WebhookSending
from outreach.accounts.book import AccountBook
from outreach.alarm import QUEUE, alarm_context, create_alarm, create_connector, wake
from outreach.delivery import SEND_TIMEOUT, Delivery
from outreach.library import Library
from outreach.looking import Looking
from outreach.planning import Planner
from outreach.ports import Closes, DueWork
from outreach.pump import DuePump
from outreach.reacting import Reactor
from server.bulk_jobs import add_bulk_jobs, create_bulk_work
from server.calendars import add_calendar_jobs
from server.channels import channel_senders
from server.gate import create_gatekeeper
from server.import_jobs import add_import_jobs, create_import_work
from server.ledger_jobs import add_ledger_jobs
from server.likeness_jobs import add_likeness_jobs
from server.link_mails import ConfirmationMails, MeetingMails, PrivacyMails
from server.merge_jobs import add_merge_jobs
from server.metrics.jobs import watch_job
from server.metrics.observing import observed
from server.privacy_jobs import add_privacy_jobs
from server.publishing import create_publish_work
from server.quarantine import HeldBack, run_outside
from server.reactions import create_journey_work, create_reactor, follow_events
from server.sample_jobs import add_sample_jobs, create_sample_work
from server.schema import check_schema_of
from server.scoring_jobs import add_scoring_jobs
from server.talks import JourneyTalks
from server.understanding import create_understanding_work
from server.wiring import (
    Platform,
    create_digest_mails,
    create_senders,
    create_task_mails,
    create_webhook_mails,
    database_url,
)
from server.woken_jobs import PUBLISHING, SEGMENTS, UNDERSTANDING, add_looks

log = structlog.get_logger(__name__)

FINISH_WITHIN = SEND_TIMEOUT.total_seconds() + 5
"""Seconds a run may go on after the process was asked to stop: a send in hand must not end as `unknown`."""

TIMERS_AT_ONCE = 500

_PAUSE = 1.0
"""Seconds before a worker that lost the database tries again."""


def create_pump(
    platform: Platform, closing: AsyncExitStack, reactor: Reactor | None = None, more: Sequence[DueWork] = ()
) -> DuePump:
    """The due pump with every channel's sender.

    Args:
        closing: what of the senders' is to be given up in the end is added to it.
        reactor: the worker's own, where it reacts at once, too.
        more: what else becomes due.
    """
    library = Library() if reactor is None else reactor.library
    accounts = AccountBook(platform.sessions, platform.keys)
    every = (*create_senders(platform, accounts), *channel_senders(platform, accounts))
    senders = {sender.channel: sender for sender in every}
    for sender in every:
        if isinstance(sender, Closes):
            closing.push_async_callback(sender.close)
    gatekeeper = create_gatekeeper(platform, accounts, every)
    return DuePump(
        platform.sessions,
        Planner(platform.sessions, gatekeeper, library, talks=JourneyTalks(accounts)),
        Delivery(platform.sessions, platform.keys, gatekeeper),
        platform.clock,
        [
            SilenceTimers(platform.sessions),
            ConfirmationMails(platform.sessions),
            PrivacyMails(platform.sessions),
            MeetingMails(platform.sessions, platform.settings.company_name),
            *(HeldBack(platform.sessions, mails) for mails in _mails_to_colleagues(platform)),
            Looking(platform.sessions, platform.keys, senders, accounts),
            *create_journey_work(platform, library, reactor or create_reactor(platform, library)),
            *more,
        ],
    )


def _mails_to_colleagues(platform: Platform) -> list[DueWork]:
    return [create_task_mails(platform), create_digest_mails(platform), create_webhook_mails(platform)]


class SilenceTimers:
    """`outreach.ports.DueWork`: people who have not answered for as long as their flow waits."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def do_due(self, now: datetime) -> int:
        """Lets due timers ring; the web processes answer within their next look."""
        rung = 0
        while True:
            async with transaction(self._sessions) as session:
                fired = await timers.fire_due(session, now, limit=TIMERS_AT_ONCE)
            rung += fired
            if fired < TIMERS_AT_ONCE:
                return rung

    async def next_due_at(self) -> datetime | None:
        async with transaction(self._sessions) as session:
            return await timers.next_due_at(session)


async def run_worker(platform: Platform) -> None:
    """Runs until SIGINT or SIGTERM, then finishes what is in hand and claims nothing more."""
    await check_schema_of(platform)
    alarm = create_alarm(create_connector(database_url(platform.settings)))
    _add_housekeeping(alarm, platform)
    add_ledger_jobs(alarm, platform)
    add_privacy_jobs(alarm, platform)
    scores = ScoreWork(platform.sessions, platform.keys, platform.clock)
    add_scoring_jobs(alarm, scores)
    segments = SegmentWork(platform.sessions, platform.keys, platform.clock)
    add_looks(alarm, segments, SEGMENTS)
    samples = create_sample_work(platform, segments.wake)
    add_sample_jobs(alarm, samples)
    add_likeness_jobs(alarm, platform)
    add_merge_jobs(alarm, platform)
    calendars = add_calendar_jobs(alarm, platform)
    imports = create_import_work(platform)
    add_import_jobs(alarm, imports)
    bulk = create_bulk_work(platform)
    add_bulk_jobs(alarm, bulk)
    source = PublishedSource(platform.sessions)
    dialogue = _dialogue_for_vectors(platform, source)
    by_dialogue = [] if dialogue is None else _add_dialogue_work(alarm, platform, source, dialogue)
    closing, stopping = AsyncExitStack(), asyncio.Event()
    reactor = create_reactor(platform, Library())
    pump = create_pump(platform, closing, reactor, [calendars])
    webhooks = WebhookSending(
        platform.sessions, platform.keys, platform.clock, allow_private=platform.settings.webhooks_private
    )

    def stop() -> None:
        pump.finish()
        reactor.finishing = True
        stopping.set()

    try:
        async with observed(platform, "worker", tables=True), closing as stack:
            await stack.enter_async_context(alarm.open_async())
            for work in (samples, imports, bulk, scores, segments, calendars):
                stack.push_async_callback(work.stop)
            if dialogue is not None:
                await dialogue.open()
                stack.push_async_callback(dialogue.close)
            for asking in by_dialogue:
                stack.push_async_callback(asking.stop)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop)
            following = asyncio.create_task(follow_events(platform, reactor, pump))
            stack.push_async_callback(_end, following)
            stack.push_async_callback(_end, asyncio.create_task(run_outside(platform.sessions, webhooks.run)))
            stack.push_async_callback(webhooks.stop)
            _begin((samples, imports, bulk, scores, segments, calendars))
            while not stopping.is_set():
                # Whatever became due while no worker ran is found at once.
                await wake(alarm)
                await _work(alarm, pump, stopping)
    finally:
        await platform.engine.dispose()


def _begin(works: Sequence[WokenWork]) -> None:
    """Finds what there is to do already."""
    for work in works:
        work.wake()
    # What is loaded by now stays: looking for garbage must not look at all of it while sets are worked on.
    gc.freeze()
    log.info("worker_started")


async def _end(following: asyncio.Task[None]) -> None:
    """Stops reacting: what is not committed is as if it had not been begun."""
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def _work(alarm: procrastinate.App, pump: DuePump, stopping: asyncio.Event) -> None:
    """Has Procrastinate work until asked to stop, or until it ends by itself: it does when it loses the database."""
    working = asyncio.create_task(
        alarm.run_worker_async(
            queues=[QUEUE],
            additional_context=alarm_context(pump),
            worker_middleware=[watch_job],
            install_signal_handlers=False,
            shutdown_graceful_timeout=FINISH_WITHIN,
        )
    )
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    if asked.done():
        working.cancel()
    error = (await asyncio.gather(working, return_exceptions=True))[0]
    if isinstance(error, Exception) and not isinstance(error, ConnectorException):
        raise error
    if not asked.done():
        log.warning("worker_lost_the_database", again_in=_PAUSE)
        await asyncio.wait({asked}, timeout=_PAUSE)
    asked.cancel()


def _add_housekeeping(alarm: procrastinate.App, platform: Platform) -> None:
    """Clears what is of no more use (ended sessions, old failed sign-ins), and keeps figures of days that are over."""

    @alarm.periodic(cron="17 * * * *", queueing_lock="server.remove_expired")
    @alarm.task(name="server.remove_expired", queue=QUEUE)
    async def remove_expired_sessions(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        async with transaction(platform.sessions) as session:
            await remove_expired(session, platform.clock.now())
            await forget_unused(session)

    @alarm.periodic(cron="7 * * * *", queueing_lock="numbers.keep_visits")
    @alarm.task(name="numbers.keep_visits", queue=QUEUE, lock="numbers.keep_visits")
    async def keep_flow_visits(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        await keep_visits(platform.sessions, platform.clock.now())


def _dialogue_for_vectors(platform: Platform, source: PublishedSource) -> RasaDialogue | None:
    """The dialogue processes, where the settings name any; without them articles are found by words alone.

    Nor is anything grouped, measured or published for the gaps list.
    """
    settings = platform.settings
    if not settings.rasa_addresses or settings.rasa_secret is None:
        log.warning("knowledge_without_vectors", missing="PARLEY_RASA_URLS, PARLEY_RASA_SECRET")
        return None
    secret = settings.rasa_secret.get_secret_value()
    return RasaDialogue(settings.rasa_addresses, secret, source)


def _add_dialogue_work(
    alarm: procrastinate.App, platform: Platform, source: PublishedSource, dialogue: RasaDialogue
) -> list[WokenWork]:
    """What needs dialogue processes: articles get their vectors, the gaps list is worked on, drafts are published."""
    _add_indexing(alarm, KnowledgeIndexer(platform.sessions, dialogue, platform.clock))
    understanding = create_understanding_work(platform, source, dialogue)
    add_looks(alarm, understanding, UNDERSTANDING)
    publishing = create_publish_work(platform, source, dialogue)
    add_looks(alarm, publishing, PUBLISHING)
    return [understanding, publishing]


def _add_indexing(alarm: procrastinate.App, indexer: KnowledgeIndexer) -> None:
    """Gives new articles their vectors within a minute; beside the pump, which does not wait for it."""

    @alarm.periodic(cron="* * * * *", queueing_lock="knowledge.index")
    @alarm.task(name="knowledge.index", queue=QUEUE, lock="knowledge.index")
    async def index_knowledge(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        await indexer.index_if_due()
