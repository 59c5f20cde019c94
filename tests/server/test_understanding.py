"""A worker looks at the gaps list when it is woken; what a report is made of tells reports apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest

from base.database import libpq_url
from outreach.alarm import QUEUE, create_alarm, create_connector
from server.settings import ROOT, Settings
from server.understanding import RasaEvaluator
from server.woken_jobs import UNDERSTANDING, add_looks, wake_worker
from tests.conftest import Database


@dataclass
class NotedWork:
    """Counts the wake-ups that reached it."""

    woken: int = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
async def alarm(database: Database) -> AsyncIterator[procrastinate.App]:
    app = create_alarm(create_connector(database.url))
    async with app.open_async():
        yield app


async def work_off(alarm: procrastinate.App) -> None:
    await alarm.run_worker_async(queues=[QUEUE], wait=False, install_signal_handlers=False, listen_notify=False)


async def test_a_worker_looks_when_the_web_process_wakes_it_and_once_for_many_wake_ups(
    database: Database, alarm: procrastinate.App
) -> None:
    for _ in range(3):
        await wake_worker(alarm, UNDERSTANDING)  # as the web process does, which has no such task
    with psycopg.connect(libpq_url(database.url)) as connection:
        waiting = connection.execute("SELECT task_name, status FROM procrastinate_jobs").fetchall()
    assert waiting == [("understanding.look", "todo")]
    work: Any = NotedWork()
    add_looks(alarm, work, UNDERSTANDING)
    alarm.periodic_registry.periodic_tasks.clear()
    await work_off(alarm)
    assert work.woken == 1


async def test_it_looks_by_itself_each_minute(alarm: procrastinate.App) -> None:
    work: Any = NotedWork()
    add_looks(alarm, work, UNDERSTANDING)
    tasks = {task.task.name: task.cron for task in alarm.periodic_registry.periodic_tasks.values()}
    assert tasks["understanding.each_minute"] == "* * * * *"
    await alarm.tasks["understanding.each_minute"].defer_async(timestamp=0)
    alarm.periodic_registry.periodic_tasks.clear()
    await work_off(alarm)
    assert work.woken == 1


async def test_a_wake_up_that_is_lost_is_no_error(database: Database, alarm: procrastinate.App) -> None:
    with psycopg.connect(libpq_url(database.url)) as connection:
        connection.execute("DROP TABLE procrastinate_jobs CASCADE")
    await wake_worker(alarm, UNDERSTANDING)


def test_other_examples_and_other_held_out_texts_are_another_report(tmp_path: Path) -> None:
    (tmp_path / "encoder").symlink_to(ROOT / "var" / "encoder")
    evaluator = RasaEvaluator(Settings(data_dir=tmp_path))
    marks = [
        evaluator.mark({"a.yml": "1"}, {}),
        evaluator.mark({"a.yml": "2"}, {}),
        evaluator.mark({"b.yml": "1"}, {}),
        evaluator.mark({"a.yml": "1"}, {"held_out.yml": "1"}),
    ]
    assert len(set(marks)) == 4
    assert evaluator.mark({"a.yml": "1"}, {}) == marks[0]
