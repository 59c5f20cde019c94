"""Who is worked for next: each sender in order, a few at once, a stop before everybody, arrivals before all work."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import lanes as lanes_module
from bot.intake.lanes import AT_ONCE, TURNS_AT_ONCE, Lanes


class Desk:
    """Things to do by sender; notes how they were done."""

    def __init__(self, *, takes: float = 0.0) -> None:
        self.open: dict[bytes, list[int]] = defaultdict(list)
        self.done: list[tuple[bytes, int]] = []
        self.at_work: Counter[bytes] = Counter()
        self.most_at_once = 0
        self.takes = takes
        self.crowded = False
        self.lanes = Lanes(self.work, lambda: self.crowded)

    async def work(self, sender: bytes) -> bool:
        self.at_work[sender] += 1
        assert self.at_work[sender] == 1, "one thing after the other"
        self.most_at_once = max(self.most_at_once, self.at_work.total())
        await asyncio.sleep(self.takes)
        self.at_work[sender] -= 1
        if not self.open[sender]:
            return False
        self.done.append((sender, self.open[sender].pop(0)))
        return True

    def add(self, sender: bytes, number: int, *, hurry: bool = False) -> asyncio.Task[None]:
        self.open[sender].append(number)
        return self.lanes.run_soon(sender, hurry=hurry)


async def test_everything_is_done_in_each_senders_order_and_few_at_once() -> None:
    desk = Desk(takes=0.001)
    for number in range(5):
        for sender in range(30):
            desk.add(bytes([sender]), number)
        await asyncio.sleep(0)
    await desk.lanes.drain()
    assert {sender: [n for one, n in desk.done if one == sender] for sender, _ in desk.done} == {
        bytes([sender]): [0, 1, 2, 3, 4] for sender in range(30)
    }
    assert desk.most_at_once <= AT_ONCE
    assert desk.lanes._lanes == {}


async def test_what_comes_while_a_sender_is_worked_for_makes_one_more_task_and_not_more() -> None:
    desk = Desk(takes=0.01)
    first = desk.add(b"a", 1)
    await asyncio.sleep(0.005)
    later = {desk.add(b"a", number) for number in range(2, 50)}
    assert len(later) == 1
    assert first not in later
    await asyncio.wait(later)
    assert [number for _, number in desk.done] == list(range(1, 50))


async def test_a_stop_waits_for_no_place_and_takes_what_came_before_it_along() -> None:
    desk = Desk(takes=0.05)
    for sender in range(40):
        for number in range(20):
            desk.add(bytes([sender]), number)
    quiet = bytes([39])
    stopped = desk.add(quiet, 99, hurry=True)
    await asyncio.wait_for(stopped, 21 * 0.05 + 1)
    assert [number for one, number in desk.done if one == quiet] == [*range(20), 99]
    assert len(desk.done) < 40 * 20
    assert desk.most_at_once <= AT_ONCE + 1
    desk.takes = 0
    await desk.lanes.drain()


async def test_work_makes_way_for_a_crowd_but_not_for_ever_and_a_stop_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MAKES_WAY_FOR", 0.2)
    desk = Desk()
    desk.crowded = True
    slow = desk.add(b"a", 1)
    await asyncio.wait_for(desk.add(b"b", 1, hurry=True), 0.1)
    assert desk.done == [(b"b", 1)]
    await asyncio.wait_for(slow, 2)
    assert desk.done == [(b"b", 1), (b"a", 1)]


async def test_no_more_is_begun_while_many_turns_are_under_way() -> None:
    desk = Desk()
    ends = asyncio.Event()
    turns = [asyncio.create_task(ends.wait()) for _ in range(TURNS_AT_ONCE)]
    for turn in turns:
        desk.lanes.count_turn(turn)  # type: ignore[arg-type]
    waits = desk.add(b"a", 1)
    await asyncio.sleep(0.1)
    assert desk.done == []
    ends.set()
    await asyncio.wait_for(waits, 1)
    assert desk.done == [(b"a", 1)]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=40))
def test_nothing_is_ever_left_over(events: list[tuple[int, bool, int]]) -> None:
    async def run() -> Desk:
        desk = Desk()
        for number, (sender, hurry, pauses) in enumerate(events):
            desk.add(bytes([sender]), number, hurry=hurry)
            for _ in range(pauses):
                await asyncio.sleep(0)
        await asyncio.wait_for(desk.lanes.drain(), 10)
        return desk

    desk = asyncio.run(run())
    assert sorted(number for _, number in desk.done) == list(range(len(events)))
    for sender in range(6):
        own = [number for one, number in desk.done if one == bytes([sender])]
        assert own == sorted(own)
    assert desk.lanes._lanes == {}
