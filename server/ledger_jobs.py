"""What is done each night: consents that ran out are written down, the heads of ledger and audit log are signed."""

from __future__ import annotations

import asyncio

import procrastinate
import structlog

from admin.audit.heads import AUDIT_LOG
from base.database import transaction
from crm.consent.expiry import expire_due
from crm.consent.export import LEDGER
from crm.consent.heads import Chain, save_head, sign_head
from outreach.alarm import QUEUE
from server.wiring import Platform

log = structlog.get_logger(__name__)

EXPIRE = "ledger.expire"
SIGN = "ledger.sign_head"
SIGN_AUDIT_LOG = "audit_log.sign_head"


def add_ledger_jobs(alarm: procrastinate.App, platform: Platform) -> None:
    """Adds the nightly tasks (UTC). Either of them twice, or late, does no more than once in time."""

    @alarm.periodic(cron="40 1 * * *", queueing_lock=EXPIRE)
    @alarm.task(name=EXPIRE, queue=QUEUE, lock="ledger")
    async def expire_consents(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        log.info("consents_expired", consents=await expire_all(platform))

    @alarm.periodic(cron="10 2 * * *", queueing_lock=SIGN)
    @alarm.task(name=SIGN, queue=QUEUE, lock="ledger")
    async def sign_ledger_head(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        log.info("ledger_head_signed", file=await sign_and_save(platform, LEDGER))

    @alarm.periodic(cron="15 2 * * *", queueing_lock=SIGN_AUDIT_LOG)
    @alarm.task(name=SIGN_AUDIT_LOG, queue=QUEUE, lock="audit_log")
    async def sign_audit_log_head(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate hands it over
        log.info("audit_log_head_signed", file=await sign_and_save(platform, AUDIT_LOG))


async def expire_all(platform: Platform) -> int:
    """Writes `expired` for every consent whose time is over, a set a transaction; returns how many."""
    expired = 0
    while True:
        async with transaction(platform.sessions) as session:
            count = await expire_due(session, platform.clock.now())
        if not count:
            return expired
        expired += count


async def sign_and_save(platform: Platform, chain: Chain) -> str:
    """Signs the chain's head and writes it into the folder of heads; returns the file."""
    async with transaction(platform.sessions) as session:
        signed = await sign_head(session, chain, platform.keys, platform.clock.now())
    path = await asyncio.to_thread(save_head, platform.settings.heads_dir, chain, signed)
    return str(path)
