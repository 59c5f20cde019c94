"""Writes that come one by one are stored together, and each is told what became of it."""

from __future__ import annotations

import asyncio

import pytest

from base.group_commit import GroupCommit


async def test_what_comes_while_a_set_is_written_is_the_next_set():
    sets, may_end = [], asyncio.Event()

    async def write(some):
        sets.append(list(some))
        await may_end.wait()

    group = GroupCommit(write)
    first = asyncio.create_task(group.add(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(group.add(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(first, *others)
    assert sets == [[1], [2, 3, 4]]


async def test_a_set_that_fails_is_told_to_its_own_and_the_next_is_written():
    stored = []

    async def write(some):
        if "bad" in some:
            raise ValueError("not this one")
        stored.extend(some)

    group = GroupCommit(write)
    with pytest.raises(ValueError, match="not this one"):
        await group.add("bad")
    await group.add("good")
    assert stored == ["good"]


async def test_nobody_waits_for_ever_when_the_writer_is_cancelled():
    async def write(_some):
        await asyncio.sleep(600)

    group = GroupCommit(write)
    waiting = asyncio.create_task(group.add(1))
    await asyncio.sleep(0.01)
    group._writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
