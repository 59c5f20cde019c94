"""Checks of the database, and of what it tells of the processes. Everything is read, nothing locked or written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from base.clock import Clock
from base.database import POOL_SIZE
from base.errors import ParleyError
from base.schema_version import check_schema, needed_revision, read_schema_version
from outreach import alarm
from outreach.people_known import clock_skew
from outreach.timing_rules import MOST_SKEW
from server.doctor.findings import Finding, fine, skipped, worth_a_look, wrong

TESTED_ON = 18
OLDEST = 16
"""PostgreSQL's major version."""
_LISTENING = 6
"""Connections of a process that wait for news, or hold what one process at a time does, as asking a mailbox."""
CONNECTIONS = 2 * POOL_SIZE + alarm.POOL_SIZE + _LISTENING
"""What a web process or a worker may use."""
BACKUP_AGE = timedelta(days=2)
"""After which somebody should ask why there is no newer one."""
WORKER_SILENT = timedelta(seconds=60)
"""A worker gives a sign of life every ten seconds."""
STUCK = timedelta(minutes=10)
_NOTHING_ELSE = (
    "schema", "clock", "connections", "workers", "jobs", "messages", "quarantine", "back-up"
)  # fmt: skip


async def check_database(engine: AsyncEngine, clock: Clock) -> list[Finding]:
    """Whether it is there, is of a version we know, and what it tells."""
    try:
        async with engine.connect() as connection:
            findings = [await _version(connection), await _schema(connection)]
            if findings[-1].level == "wrong":
                return [*findings, *(skipped(name, "The schema does not fit.") for name in _NOTHING_ELSE[1:])]
            now = clock.now()
            return [
                *findings,
                await _clock(connection, clock),
                await _connections(connection),
                await _workers(connection, now),
                await _jobs(connection),
                await _messages(connection, now),
                await _quarantine(connection),
                await _backup(connection, now),
            ]
    except (OSError, SQLAlchemyError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        said = " ".join(str(cause).split())
        remedy = "Is it running, and is DATABASE_URL right? Without one set, start `parley up`."
        return [
            wrong("database", f"It cannot be used: {said}", remedy),
            *(skipped(name, "The database cannot be used.") for name in _NOTHING_ELSE),
        ]


async def _version(connection: AsyncConnection) -> Finding:
    number = int(await connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    says = f"PostgreSQL {number} answers."
    if number < OLDEST:
        return wrong("database", says, f"Parley needs PostgreSQL {OLDEST} or newer, and is tested on {TESTED_ON}.")
    if number != TESTED_ON:
        return worth_a_look("database", says, f"The tests run on {TESTED_ON}.")
    return fine("database", says)


async def _schema(connection: AsyncConnection) -> Finding:
    found, needed = await read_schema_version(connection), needed_revision()
    try:
        check_schema(found, needed)
    except ParleyError as error:
        return wrong("schema", error.message, "See docs/howto/upgrading.md.")
    if found.revision != needed:
        return worth_a_look(
            "schema", f"The database has {found.revision}, newer than this program's {needed}.", "Upgrade this machine."
        )
    return fine("schema", f"It has {needed}, as this program needs.")


async def _clock(connection: AsyncConnection, clock: Clock) -> Finding:
    before = clock.now()
    at = await connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(at, datetime)
    apart = clock_skew(before, clock, [at])
    says = f"This machine's and the database's are {apart.total_seconds():.1f} s apart."
    if apart > MOST_SKEW:
        return wrong("clock", f"{says} Promotion waits.", "Set the clocks of both machines right (NTP).")
    return fine("clock", says)


async def _connections(connection: AsyncConnection) -> Finding:
    row = await _row(
        connection,
        "SELECT count(*) AS used, current_setting('max_connections')::int AS most FROM pg_stat_activity "
        "WHERE backend_type = 'client backend'",
    )
    says = f"{row.used} of {row.most} connections are used."
    if row.used > row.most * 0.9:
        remedy = f"Raise max_connections, or run fewer processes: each may use up to {CONNECTIONS}."
        return wrong("connections", says, remedy)
    return fine("connections", says)


async def _workers(connection: AsyncConnection, now: datetime) -> Finding:
    row = await _row(connection, "SELECT count(*) AS known, max(last_heartbeat) AS latest FROM procrastinate_workers")
    if row.latest is None:
        return wrong("workers", "None runs: nothing is sent, and nothing due is done.", "Start one: `parley worker`.")
    silent = now - row.latest
    if silent > WORKER_SILENT:
        says = f"The last sign of life was {_ago(silent)} ago: nothing is sent meanwhile."
        return wrong("workers", says, "Start one: `parley worker`; its log says why it ended.")
    alive = await connection.scalar(
        text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > :since"), {"since": now - WORKER_SILENT}
    )
    return fine("workers", f"{alive} alive, the last sign of life {_ago(silent)} ago.")


async def _jobs(connection: AsyncConnection) -> Finding:
    row = await _row(
        connection,
        "SELECT count(*) FILTER (WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - :stuck)) "
        "AS left_over, count(*) FILTER (WHERE j.status = 'todo' AND coalesce(j.scheduled_at, now()) < now() - :stuck) "
        "AS late, count(*) FILTER (WHERE j.status = 'failed') AS failed "
        "FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id",
        stuck=STUCK,
    )
    if row.left_over or row.late:
        says = f"{row.left_over} were left by a worker that ended, {row.late} wait for more than {_ago(STUCK)}."
        return wrong("jobs", says, "Start a worker, or look in its log for what it is busy with.")
    if row.failed:
        return worth_a_look("jobs", f"{row.failed} failed in the last day.", "The worker's log says why.")
    return fine("jobs", "None is stuck.")


async def _messages(connection: AsyncConnection, now: datetime) -> Finding:
    row = await _row(
        connection,
        "SELECT count(*) FILTER (WHERE state IN ('planned', 'deferred') AND due_at < :late) AS late, "
        "count(*) FILTER (WHERE state = 'sending' AND claimed_at < :late) AS hanging, "
        "count(*) FILTER (WHERE reason_rule = 'quarantined') AS broken FROM outbox "
        "WHERE state IN ('planned', 'deferred', 'sending', 'failed')",
        late=now - STUCK,
    )
    if row.late or row.hanging:
        says = f"{row.late} are due for more than {_ago(STUCK)}, {row.hanging} are being sent for as long."
        return wrong("messages", says, "Is a worker alive, and does its provider answer? `parley channels check`.")
    if row.broken:
        return worth_a_look(
            "messages", f"{row.broken} broke whatever tried to send them.", "See the outbox in the admin."
        )
    return fine("messages", "None is late.")


async def _quarantine(connection: AsyncConnection) -> Finding:
    row = (
        await connection.execute(
            text("SELECT value->>'restored_at', value->>'begun' FROM site_facts WHERE name = 'quarantine'")
        )
    ).one_or_none()
    if row is None:
        return fine("quarantine", "None: messages are sent.")
    since, begun = row
    if begun == "false":
        says = f"A restore that began at {since[:16]} UTC broke off: nothing is sent."
        return wrong("quarantine", says, "Stop every process, then parley restore FOLDER --replace.")
    says = f"A back-up was restored at {since[:16]} UTC: nothing is sent."
    return worth_a_look("quarantine", says, "parley quarantine show, then parley quarantine lift")


async def _backup(connection: AsyncConnection, now: datetime) -> Finding:
    at = await connection.scalar(text("SELECT set_at FROM site_facts WHERE name = 'backup'"))
    if at is None:
        return worth_a_look("back-up", "None was made by `parley backup`.", "parley backup FOLDER, each night.")
    assert isinstance(at, datetime)
    says = f"The latest was made {_ago(now - at)} ago."
    return (
        worth_a_look("back-up", says, "Why is there no newer one?") if now - at > BACKUP_AGE else fine("back-up", says)
    )


async def _row(connection: AsyncConnection, statement: str, **values: Any) -> Any:
    return (await connection.execute(text(statement), values)).one()


def _ago(length: timedelta) -> str:
    seconds = max(0, round(length.total_seconds()))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
