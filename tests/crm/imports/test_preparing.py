"""Rows are prepared beside: each once, in order, and nothing is left running."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import aclosing

import pytest

from base.encryption import create_key_file, read_key_file
from base.ids import new_id
from crm.imports import preparing
from crm.imports.files import UnreadableFile
from crm.imports.preparing import PreparationBroke, Source, prepare_sets
from crm.imports.rows import Defaults
from tests.crm.imports.people import write_csv

STARTS_WITHIN = 60.0  # seconds


@pytest.fixture
def source(tmp_path, monkeypatch) -> Source:
    """4,500 people: too many for one set here, and for two of the process beside, which has sets of its own size."""
    monkeypatch.setattr(preparing, "SET", 10)
    path = write_csv(tmp_path / "p.csv", ["Email"], *([f"p{number}@company.com"] for number in range(4_500)))
    create_key_file(tmp_path / "keys.json")
    keys = read_key_file(tmp_path / "keys.json")
    return Source(new_id(), path, "utf-8", {0: "email"}, Defaults(), 1, keys)


@pytest.fixture
def waits_for_it(monkeypatch) -> None:
    """Nothing but the first set is prepared here."""

    def is_ready(beside) -> bool:
        return beside._ours.poll(STARTS_WITHIN)

    monkeypatch.setattr(preparing._Beside, "is_ready", is_ready)


async def test_each_row_comes_once_and_in_order_whoever_prepares_it(source, now) -> None:
    numbers = []
    async with aclosing(prepare_sets(source, lambda: now)) as sets:
        async for some in sets:
            numbers += [row.number for row in some.rows]
            assert numbers[-1] == some.last_row
            # The process beside takes over somewhere on the way.
            await asyncio.sleep(0.01)
    assert numbers == list(range(2, 4_502))
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("waits_for_it")
async def test_the_process_beside_seals_so_that_we_can_open_it(source, now) -> None:
    async with aclosing(prepare_sets(source, lambda: now)) as sets:
        all_sets = [some async for some in sets]
    assert [some.read for some in all_sets] == [10, 2_000, 2_000, 490]
    (point,) = all_sets[1].rows[0].points
    assert point.blind_index == source.keys.blind_index("p10@company.com", kind="email")
    assert b"p10@company.com" not in point.stored.encode()


@pytest.mark.usefixtures("waits_for_it")
async def test_when_the_process_beside_is_ended_it_is_said_and_not_waited_for(source, now) -> None:
    async with aclosing(prepare_sets(source, lambda: now)) as sets:
        await anext(sets)
        (beside,) = multiprocessing.active_children()
        beside.kill()
        with pytest.raises(PreparationBroke):
            async for _ in sets:
                pass


@pytest.mark.usefixtures("waits_for_it")
async def test_what_is_broken_further_down_is_told_from_beside(source, now) -> None:
    with source.path.open("a") as file:
        file.write(f"{'x' * 40_000}\n")
    async with aclosing(prepare_sets(source, lambda: now)) as sets:
        with pytest.raises(UnreadableFile, match="Row 4502 has a cell"):
            async for _ in sets:
                pass


@pytest.mark.usefixtures("waits_for_it")
async def test_whoever_stops_reading_leaves_no_process_behind(source, now) -> None:
    async with aclosing(prepare_sets(source, lambda: now)) as sets:
        await anext(sets)
        assert multiprocessing.active_children()
    assert multiprocessing.active_children() == []
