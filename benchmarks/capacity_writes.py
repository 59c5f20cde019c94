"""Where one PostgreSQL ends: the statements of a turn, from more and more connections, until no more go through.

pgbench (of the embedded server) asks what the turn path asks, built from the very statements (bot/turn_statements.py):
what was said is stored and the talk claimed; then, for most turns in one statement, the state is kept, the reply
stored, the message answered, the talk freed and the other processes told. Nothing of it waits for a dialogue, so that
PostgreSQL is the only part. fsync and synchronous_commit are on, as always. Beside it the same without NOTIFY, since
transactions that notify commit one after the other; and both on a disk that takes longer, for which each flush of the
log waits so long (commit_delay).
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from base.database import libpq_url
from benchmarks.capacity_costs import postmaster_of
from benchmarks.database import Database, started
from benchmarks.numbers_page import spent
from bot.turn_statements import FINISH_ALONE, STORE_AND_CLAIM
from server.postgres_programs import environment_of, find_program

TALKS = 20_000
CONNECTIONS = (1, 8, 32)
DISKS_MS = (0.0, 1.0, 3.0)
"""What a flush of the log takes beside what this disk takes. Assumed, of volumes over a network."""
_STATE = {
    "v": 2,
    "slots": {f"slot_{number}": "a value that somebody said" for number in range(12)},
    "stack": [{"flow": "demo_request", "version": "a" * 16, "step": "ask_company_size", "asked": True}],
    "events": ["x" * 60] * 4,
}
"""About as long as a talk's state in the middle of the demo request."""
_REPLY = "That is good to know. About how many people work in your company? A rough number is enough."
_TOLD = re.compile(r"pg_notify\('\w+', .*?\) AS told")
_VALUE = re.compile(r"%\((\w+)\)s")


def _id(kind: int, number: str) -> str:
    return f"('00000000-0000-7{kind:03x}-8000-' || lpad(to_hex({number}::bigint), 12, '0'))::uuid"


_VALUES = {
    "of_conversation": _id(1, ":talk"),
    "new_id": _id(2, ":message"),
    "new_client_id": _id(3, ":message"),
    "of_message": _id(2, ":message"),
    "of_pieces": f"ARRAY[{_id(2, ':message')}]",
    "at": "now()",
    "by": "1",
    "new_kind": "'text'",
    "new_text": "'How much does it cost for a team of twenty?'",
    "new_data": "'{}'",
    "stops_on_web": "false",
    "stops_elsewhere": "false",
    "fence": ":was_turn_fence",
    "count": "1",
    "claimed_at_seq": ":was_next_seq",
    "new_state": f"'{json.dumps(_STATE)}'",
    "new_publication": "1",
    "new_language": "NULL",
    "new_language_from": "NULL",
    "new_timer": "NULL",
    "new_timer_due_at": "NULL",
    "new_debounce_ms": "0",
    "replies": f"jsonb_build_array(jsonb_build_object('id', {_id(4, ':message')}, 'place', 0, "
    f"'text', '{_REPLY}', 'data', '{{}}'::jsonb))",
    "came_to": """'{"walked": [["demo_request", "ask_name", "ask_company_size"]]}'""",
    "notice": "'bench ' || :talk",
}


def script(connections: int, *, notify: bool) -> str:
    """A turn, as each of so many connections of pgbench reads it."""
    store, finish = _told(STORE_AND_CLAIM), _told(FINISH_ALONE)
    if not notify:
        finish, count = _TOLD.subn("NULL::text AS told", finish)
        assert count == 1
    return "\n".join((
        # Of its own talks, as nobody says two things at once in one.
        f"\\set talk {connections} * random(0, {TALKS // connections - 1}) + :client_id",
        "\\set turn :turn + 1",
        "\\set message :first + :turn * 1000 + :client_id",
        store.removesuffix(";"), "\\gset was_",
        f"{finish};\n",
    ))  # fmt: skip


def _told(statement: ClauseElement) -> str:
    text = str(statement.compile(dialect=PGDialect_psycopg())).replace("\n", " ")
    return _VALUE.sub(lambda found: f"({_VALUES[found[1]]})", text)


_FILL = f"""
INSERT INTO conversations (id, channel, language, state, next_seq, created_at, last_message_at)
SELECT {_id(1, "n")}, 'web', 'en', %(state)s::jsonb, 1, now(), now() FROM generate_series(0, {TALKS - 1}) n
"""


def fill_talks(database: Database) -> None:
    """Puts the talks there."""
    with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
        connection.execute(_FILL, {"state": json.dumps(_STATE)})
        connection.execute("VACUUM (ANALYZE)")


@contextmanager
def _set(connection: psycopg.Connection, delay_ms: float) -> Iterator[None]:
    """Has each flush of the log wait."""
    connection.execute(f"ALTER SYSTEM SET commit_delay = {round(delay_ms * 1_000)}")
    connection.execute("ALTER SYSTEM SET commit_siblings = 0")
    connection.execute("ALTER SYSTEM SET track_wal_io_timing = on")
    connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")


_FLUSHES = "SELECT sum(fsyncs)::bigint, sum(fsync_time) FROM pg_stat_io WHERE object = 'wal'"
_LOG = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"


class Turns:
    """Runs turns against a filled database."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._postmaster = postmaster_of(database.folder / "pg")
        self._runs = 0

    def run(self, connections: int, *, notify: bool, delay_ms: float) -> dict[str, Any]:
        """What goes through, and what it takes; a flush of the log waits `delay_ms` more."""
        self._runs += 1
        file = self._database.folder / "turn.sql"
        file.write_text(script(connections, notify=notify))
        with psycopg.connect(libpq_url(self._database.url), autocommit=True) as connection, _set(connection, delay_ms):
            connection.execute("CHECKPOINT")
            before = self._look(connection)
            done = subprocess.run(
                [
                    find_program("pgbench", at_least=18), "--no-vacuum", "--protocol=prepared",
                    f"--client={connections}",
                    f"--jobs={min(connections, 2)}", f"--time={self._seconds:.0f}", f"--file={file}",
                    "--define=turn=0", f"--define=first={self._runs * 10_000_000_000}",
                ],
                env=environment_of(self._database.url), capture_output=True, text=True, check=False,
            )  # fmt: skip
            after = self._look(connection)
        if done.returncode:
            raise RuntimeError(done.stderr)
        turns = int(re.findall(r"transactions actually processed: (\d+)", done.stdout)[0])
        took = turns / float(re.findall(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)[0])
        cpu, flushes, flush_ms, wal = (late - early for late, early in zip(after, before, strict=True))
        return {
            "connections": connections, "notify": notify, "disk_adds_ms": delay_ms,
            "turns_per_second": round(turns / took), "commits_per_second": round(2 * turns / took),
            "wal_mb_per_second": round(wal / took / 1e6, 2), "wal_bytes_a_turn": round(wal / turns),
            "postgres_cpu_ms_a_turn": round(cpu * 1_000 / turns, 3), "cores_in_use": round(cpu / took, 2),
            "flushes_per_second": round(flushes / took), "commits_a_flush": round(2 * turns / max(flushes, 1), 2),
            "flush_ms": round(flush_ms / max(flushes, 1) + delay_ms, 3),
            "load": round(psutil.getloadavg()[0], 1),
        }  # fmt: skip

    def _look(self, connection: psycopg.Connection) -> tuple[float, int, float, int]:
        time.sleep(1.2)  # what ended backends counted is told by then
        flushes, flush_ms = connection.execute(_FLUSHES).fetchone()
        (wal,) = connection.execute(_LOG).fetchone()
        return spent(self._postmaster), int(flushes), float(flush_ms), int(wal)


def measure_writes(*, short: bool) -> dict[str, Any]:
    """By connections, with and without NOTIFY, by disk."""
    with started("capacity-writes") as database:
        fill_talks(database)
        turns = Turns(database, 2 if short else 6)
        found = []
        for delay_ms in DISKS_MS:
            for notify in (True, False):
                for connections in CONNECTIONS if delay_ms == 0 else CONNECTIONS[-1:]:
                    one = turns.run(connections, notify=notify, delay_ms=delay_ms)
                    found.append(one)
                    print(one, flush=True)
    return {"runs": found}
