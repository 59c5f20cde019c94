"""Imports as a worker carries them out: once, whoever dies in between, and only while somebody wants them."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text, update

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from crm.consent.ledger import verify_chain
from crm.consent.models import ConsentEvent
from crm.contacts.models import Contact
from crm.imports import jobs, preparing, service, undoing
from crm.imports.files import UnreadableFile
from crm.imports.models import ContactImport, ImportedContact, ImportProblem
from crm.imports.options import Options, check_options
from crm.imports.service import get_import, plan_file
from crm.imports.uploads import FileTooLarge, save_upload, shown_name
from crm.imports.work import MOST_ATTEMPTS, ImportWork
from crm.privacy.registry import read_registry
from server.settings import ROOT

ROWS = 60


async def pieces(content: bytes):
    for begin in range(0, len(content), 7):
        yield content[begin : begin + 7]


def people(rows: int = ROWS, day: str = "2026-01-31") -> bytes:
    lines = ["Email,Name,Consent date,Consent source,Consent channels"]
    lines += [f"p{number}@company.com,Ann Li,{day},Fair,email" for number in range(rows)]
    return "\n".join(lines).encode()


@dataclass
class Desk:
    """What the API does around an import."""

    database: object
    folder: Path
    work: ImportWork
    now: object

    async def send(self, content: bytes, suffix: str = ".csv"):
        saved = await save_upload(self.folder, pieces(content), suffix, "utf-8-sig")
        async with transaction(self.database.sessions) as session:
            one = await jobs.add_upload(
                session, saved, file_name="people", encoding="utf-8-sig", made_by="user:1", now=self.now
            )
        return one.id

    async def start(self, import_id, **more) -> None:
        async with transaction(self.database.sessions) as session:
            one = await get_import(session, import_id)
            options = check_options(Options(**more))
            path = jobs.file_of(self.folder, one)
            plan = plan_file(path, options.map, options, made_by="user:1", controller="Northwind")
            await jobs.start(session, one, plan, self.now)

    async def read(self, import_id) -> ContactImport:
        async with self.database.sessions() as session:
            return await session.get(ContactImport, import_id)

    async def count(self, table=Contact) -> int:
        async with self.database.sessions() as session:
            return await session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def desk(database, keys, now, tmp_path) -> Desk:
    folder = tmp_path / "imports"
    clock = SimpleNamespace(now=lambda: now)
    return Desk(database, folder, ImportWork(database.sessions, keys, clock, folder, "Northwind"), now)


async def test_a_file_that_is_sent_waits_until_it_is_started_and_is_gone_when_it_is_imported(desk) -> None:
    one = await desk.send(people() + b"\nnobody,No One,,,")
    (path,) = desk.folder.iterdir()
    assert (path.stat().st_mode & 0o077, desk.folder.stat().st_mode & 0o077) == (0, 0)
    await desk.work.do_all()
    assert await desk.count() == 0
    await desk.start(one)
    await desk.start(one)
    await desk.work.do_all()
    done = await desk.read(one)
    assert (done.state, done.rows, done.created, done.refused, done.consents) == ("done", 61, 60, 1, 60)
    assert (done.rows_expected, done.last_row, done.problems) == (60, 62, 2)
    assert (done.stored_as, done.file_name, done.claimed_until) == (None, None, None)
    assert list(desk.folder.iterdir()) == []
    assert await desk.count() == 60


async def test_what_is_wrong_with_rows_is_listed_without_any_value_or_formula(desk, database) -> None:
    one = await desk.send(b'Email,Phone,=cmd|x\n"=HYPERLINK(""x"")",12,=1+1\na@company.com,+1 (0) 12,@sum\n')
    await desk.start(one, columns=("email", "phone", "field:x"))
    await desk.work.do_all()
    async with database.sessions() as session:
        listed = "".join([line async for line in jobs.problem_lines(session, one)])
    lines = listed.splitlines()
    assert lines[0] == "row,column,became,reason"
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["2", "email", "left out"],
        ["2", "phone", "left out"],
        ["2", "", "refused"],
        ["3", "phone", "left out"],
    ]
    assert "HYPERLINK" not in listed
    cells = [cell for line in lines for cell in line.replace('"', "").split(",")]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)


async def test_a_worker_that_is_stopped_gives_the_import_back_at_once_and_no_row_comes_twice(
    desk, database, monkeypatch
) -> None:
    monkeypatch.setattr(preparing, "SET", 10)
    one = await desk.send(people())
    await desk.start(one)
    stored = service._store_set
    reached = asyncio.Event()

    async def store_then_wait(session, plan, import_id, some, now):
        if some.last_row > 30:
            reached.set()
            await asyncio.sleep(60)
        return await stored(session, plan, import_id, some, now)

    monkeypatch.setattr(service, "_store_set", store_then_wait)
    desk.work.wake()
    await asyncio.wait_for(reached.wait(), 30)
    await desk.work.stop()
    half = await desk.read(one)
    assert (half.state, half.rows, half.claimed_until) == ("running", 20, None)
    monkeypatch.setattr(service, "_store_set", stored)
    await desk.work.do_all()
    done = await desk.read(one)
    assert (done.state, done.rows, done.created, done.refused, done.consents) == ("done", 60, 60, 0, 60)
    async with database.sessions() as session:
        rows = await session.scalars(select(ImportedContact.row_number).order_by(ImportedContact.row_number))
        assert rows.all() == list(range(2, 62))
        assert (await verify_chain(session)).is_intact
    assert await desk.count(ConsentEvent) == 60


async def test_a_worker_that_is_killed_leaves_the_import_to_another_who_goes_on_behind_its_last_set(
    desk, database, keys, tmp_path
) -> None:
    """A real process, killed with SIGKILL in the middle; the process it has beside it ends, too."""
    one = await desk.send(people(30_000))
    await desk.start(one)
    worker = _start_worker(database, keys, desk.folder, tmp_path)
    try:
        deadline = time.monotonic() + 60
        while not (rows := (await desk.read(one)).rows) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        beside = subprocess.run(
            ["pgrep", "-P", str(worker.pid)], check=False, capture_output=True, text=True
        ).stdout.split()
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert 0 < rows < 30_000
    half = await desk.read(one)
    assert half.state == "running"
    await desk.work.do_all()
    # The claim of the dead has not run out yet.
    assert (await desk.read(one)).rows == half.rows
    async with transaction(database.sessions) as session:
        await session.execute(update(ContactImport).values(claimed_until=func.now() - timedelta(seconds=1)))
    await desk.work.do_all()
    done = await desk.read(one)
    assert (done.state, done.rows, done.created, done.refused) == ("done", 30_000, 30_000, 0)
    assert await desk.count() == await desk.count(ImportedContact) == 30_000
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in beside) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in beside)


async def test_whoever_was_thought_dead_stores_nothing_more(desk, database, monkeypatch) -> None:
    monkeypatch.setattr(preparing, "SET", 10)
    one = await desk.send(people())
    await desk.start(one)
    stored = service._store_set

    async def store_after_another_took_over(session, plan, import_id, some, now):
        done = await stored(session, plan, import_id, some, now)
        if some.last_row > 30:
            await session.execute(text("UPDATE contact_imports SET claimed_by = gen_random_uuid()"))
        return done

    monkeypatch.setattr(service, "_store_set", store_after_another_took_over)
    await desk.work.do_all()
    left = await desk.read(one)
    assert (left.state, left.rows, await desk.count()) == ("running", 30, 30)


async def test_an_import_that_is_cancelled_stops_behind_the_set_in_hand_and_can_be_undone(
    desk, database, monkeypatch
) -> None:
    monkeypatch.setattr(preparing, "SET", 10)
    one = await desk.send(people())
    await desk.start(one)
    noted = service._note_set

    async def cancelled_after(session, *rest):
        await noted(session, *rest)
        await session.execute(update(ContactImport).values(state="cancelled"))

    monkeypatch.setattr(service, "_note_set", cancelled_after)
    await desk.work.do_all()
    assert ((await desk.read(one)).state, await desk.count()) == ("cancelled", 10)
    async with transaction(database.sessions) as session:
        assert (await jobs.cancel(session, one, desk.now)).state == "cancelled"
        await jobs.ask_to_undo(session, one, "user:2")
    await desk.work.do_all()
    undone = await desk.read(one)
    assert (undone.state, undone.removed, undone.undone_by, await desk.count()) == ("undone", 10, "user:2", 0)


async def test_a_worker_that_is_killed_half_way_through_taking_back_leaves_the_rest_to_another(
    desk, database, keys, tmp_path
) -> None:
    one = await desk.send(people(6_000))
    await desk.start(one)
    await desk.work.do_all()
    async with transaction(database.sessions) as session:
        await jobs.ask_to_undo(session, one, "user:2")
    worker = _start_worker(database, keys, desk.folder, tmp_path)
    try:
        deadline = time.monotonic() + 60
        while not (removed := (await desk.read(one)).removed) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert 0 < removed < 6_000
    half = await desk.read(one)
    assert (half.state, await desk.count()) == ("undoing", 6_000 - half.removed)
    async with transaction(database.sessions) as session:
        assert (await jobs.ask_to_undo(session, one, "user:3")).undone_by == "user:2", "it is asked for once"
        await session.execute(update(ContactImport).values(claimed_until=func.now() - timedelta(seconds=1)))
    await desk.work.do_all()
    undone = await desk.read(one)
    assert (undone.state, undone.removed, undone.claimed_until, await desk.count()) == ("undone", 6_000, None, 0)
    async with database.sessions() as session:
        assert (await verify_chain(session)).is_intact


async def test_taking_back_goes_on_where_others_lock_the_same_people_in_another_order(desk, database) -> None:
    """As scoring and segments do: PostgreSQL ends one of the two, and the import is not left lying for a minute."""
    one = await desk.send(people(2))
    await desk.start(one)
    await desk.work.do_all()
    async with transaction(database.sessions) as session:
        await jobs.ask_to_undo(session, one, "user:2")
        first, last = (await session.scalars(select(Contact.id).order_by(Contact.id))).all()
    lock = "SELECT 1 FROM contacts WHERE id = :id FOR UPDATE"
    async with transaction(database.sessions) as other:
        # The one that has waited longest is ended: this one is patient.
        await other.execute(text("SET LOCAL deadlock_timeout = '20s'"))
        await other.execute(text(lock), {"id": last})
        taking_back = asyncio.create_task(desk.work.do_all())
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'contacts'")
        async with asyncio.timeout(60), database.sessions() as looking:
            while not await looking.scalar(waiting):
                await looking.rollback()
                await asyncio.sleep(0.02)
        await other.execute(text(lock), {"id": first})
    await taking_back
    undone = await desk.read(one)
    assert (undone.state, undone.removed, undone.attempts, await desk.count()) == ("undone", 2, 0, 0)


async def test_taking_back_that_breaks_off_each_time_says_so_and_can_be_asked_for_again(
    desk, database, monkeypatch
) -> None:
    one = await desk.send(people(1))
    await desk.start(one)
    await desk.work.do_all()
    async with transaction(database.sessions) as session:
        await jobs.ask_to_undo(session, one, "user:2")

    async def break_off(*_):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(undoing, "_remove", break_off)
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(OSError):
                await desk.work.do_all()
            async with transaction(database.sessions) as session:
                await session.execute(update(ContactImport).values(claimed_until=None))
        await desk.work.do_all()
    failed = await desk.read(one)
    assert (failed.state, "take it back again" in failed.problem) == ("failed", True)
    async with transaction(database.sessions) as session:
        await jobs.ask_to_undo(session, one, "user:2")
    await desk.work.do_all()
    undone = await desk.read(one)
    assert (undone.state, undone.problem, await desk.count()) == ("undone", None, 0)


async def test_what_a_state_does_not_allow_is_refused(desk, database) -> None:
    one = await desk.send(people(1))
    async with transaction(database.sessions) as session:
        for refused in (jobs.resume(session, one), jobs.ask_to_undo(session, one, "user:1")):
            with pytest.raises(jobs.NotNow):
                await refused
    await desk.start(one)
    await desk.work.do_all()
    async with transaction(database.sessions) as session:
        for refused in (jobs.resume(session, one), jobs.cancel(session, one, desk.now)):
            with pytest.raises(jobs.NotNow):
                await refused
        with pytest.raises(jobs.NotNow, match="no longer there"):
            jobs.file_of(desk.folder, await get_import(session, one))


async def test_a_file_that_breaks_half_way_fails_with_its_reason_and_keeps_what_came_before(desk, database) -> None:
    one = await desk.send(people(2_100) + b'\n"open,,,,\n' + b"x" * 40_000)
    await desk.start(one)
    await desk.work.do_all()
    failed = await desk.read(one)
    assert (failed.state, failed.rows, failed.created) == ("failed", 2_000, 2_000)
    assert "CSV file is broken" in failed.problem or "closing quote" in failed.problem
    assert failed.stored_as is not None
    async with transaction(database.sessions) as session:
        assert (await jobs.resume(session, one)).state == "waiting"
    await desk.work.do_all()
    again = await desk.read(one)
    assert (again.state, again.rows, await desk.count()) == ("failed", 2_000, 2_000)


async def test_a_file_that_was_exchanged_or_is_gone_is_not_imported(desk, database) -> None:
    exchanged, gone = await desk.send(people(1)), await desk.send(people(2))
    for one, change in ((exchanged, lambda path: path.write_bytes(people(3))), (gone, Path.unlink)):
        await desk.start(one)
        change(desk.folder / (await desk.read(one)).stored_as)
    await desk.work.do_all()
    assert "not the one that was sent" in (await desk.read(exchanged)).problem
    assert "no longer there" in (await desk.read(gone)).problem
    assert await desk.count() == 0


async def test_an_import_that_breaks_off_each_time_fails_in_the_end(desk, database, monkeypatch) -> None:
    one = await desk.send(people(1))
    await desk.start(one)

    async def break_off(*_):
        raise OSError

    monkeypatch.setattr(service, "_store_set", break_off)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(OSError):
            await desk.work.do_all()
        assert (await desk.read(one)).state == "running"
        async with transaction(database.sessions) as session:
            await session.execute(update(ContactImport).values(claimed_until=None))
    await desk.work.do_all()
    failed = await desk.read(one)
    assert (failed.state, failed.problem.split(":")[0]) == ("failed", "It broke off each time it was tried")


async def test_of_two_workers_one_has_the_import(desk, database, keys) -> None:
    one = await desk.send(people())
    await desk.start(one)
    other = ImportWork(database.sessions, keys, desk.work.clock, desk.folder, "Northwind")
    await asyncio.gather(desk.work.do_all(), other.do_all())
    done = await desk.read(one)
    assert (done.state, done.rows, done.created) == ("done", 60, 60)


async def test_files_that_nobody_imports_and_old_problems_go(desk, database, now) -> None:
    left, asked, bad = await desk.send(people(1)), await desk.send(people(2)), await desk.send(b"Email\nx\n")
    await desk.start(asked)
    await desk.start(bad)
    async with transaction(database.sessions) as session:
        await session.execute(update(ContactImport).where(ContactImport.id == asked).values(claimed_until=now))
    stray, fresh = desk.folder / "stray.csv", desk.folder / "fresh.csv"
    stray.touch()
    fresh.touch()
    os.utime(stray, (0, 0))
    await desk.work.clean_up()
    assert len(list(desk.folder.iterdir())) == 4
    await desk.work.do_all()
    assert await desk.count(ImportProblem) == 2
    later = SimpleNamespace(now=lambda: now + timedelta(days=91))
    await ImportWork(database.sessions, desk.work.keys, later, desk.folder, "Northwind").clean_up()
    assert [path.name for path in desk.folder.iterdir()] == ["fresh.csv"]
    assert ((await desk.read(left)).state, await desk.count(ImportProblem)) == ("cancelled", 0)


async def test_a_file_that_is_too_large_or_no_table_leaves_nothing_behind(desk, monkeypatch) -> None:
    monkeypatch.setattr("crm.imports.uploads.MOST_BYTES", 100)
    with pytest.raises(FileTooLarge):
        await desk.send(people())
    monkeypatch.setattr("crm.imports.uploads.MOST_BYTES", 100_000)
    with pytest.raises(UnreadableFile, match="no XLSX"):
        await desk.send(people(), ".xlsx")
    assert list(desk.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\people.csv", "people.csv"),
        ("a\x00b\n.csv", "a b .csv"),
        ("..", ".."),
        ("x" * 300, "x" * 100),
        ("dir/", ""),
    ],
)
def test_of_a_files_name_only_what_can_be_shown_is_kept(sent, shown) -> None:
    assert shown_name(sent) == shown


def test_imports_are_no_store_of_persons_beside_the_contacts_they_made() -> None:
    assert {"contact_imports", "import_problems"} <= set(read_registry().others)


def _start_worker(database, keys, folder: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    """One that imports, in a process of its own."""
    program = tmp_path / "worker.py"
    program.write_text(
        "import asyncio, pickle, sys\n"
        "from pathlib import Path\n"
        "from base.clock import SystemClock\n"
        "from base.database import create_engine, create_sessions\n"
        "from crm.imports.work import ImportWork\n"
        "import server.web\n"
        "if __name__ == '__main__':\n"
        "    sessions = create_sessions(create_engine(sys.argv[1]))\n"
        "    keys = pickle.loads(Path(sys.argv[3]).read_bytes())\n"
        "    work = ImportWork(sessions, keys, SystemClock(), Path(sys.argv[2]), 'Northwind')\n"
        "    asyncio.run(work.do_all())\n"
    )
    (tmp_path / "keys").write_bytes(pickle.dumps(keys))
    return subprocess.Popen(
        [sys.executable, str(program), database.url, str(folder), str(tmp_path / "keys")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
