"""Opt-outs among arrivals: the carriers' words at once, other words when the crowd is through."""

from __future__ import annotations

import asyncio

from base.channel_contract import Said, Sender
from bot.intake.stops import Stops


class Door:
    """Who was found to have opted out, and whether a crowd is at the door."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self.crowded = False
        self.stops = Stops(self.found.append, lambda: self.crowded)


def said(text: str, **more: bool) -> Said:
    return Said("1", Sender("phone", "+14155552671"), text, **more)


async def test_without_a_crowd_every_opt_out_is_told_at_once() -> None:
    door = Door()
    assert door.stops.is_one(b"a", said("STOP"), "sms")
    assert door.stops.is_one(b"a", said("please stop texting me"), "sms")
    assert not door.stops.is_one(b"a", said("I would like a demo"), "sms")
    assert not door.stops.is_one(b"a", said(""), "sms")
    await door.stops.drain()
    assert door.found == []


async def test_in_a_crowd_the_carriers_words_are_told_at_once_and_the_others_when_it_is_through() -> None:
    door = Door()
    door.crowded = True
    assert door.stops.is_one(b"a", said("STOP"), "sms")
    for number in range(20):
        text = "please stop texting me" if number == 13 else "I would like a demo"
        assert not door.stops.is_one(bytes([number]), said(text), "sms")
    await asyncio.sleep(0.12)
    assert door.found == []
    door.crowded = False
    await asyncio.wait_for(door.stops.drain(), 5)
    assert door.found == [bytes([13])]


async def test_what_comes_while_it_reads_is_read_as_well() -> None:
    door = Door()
    door.crowded = True
    door.stops.is_one(b"a", said("please stop texting me"), "sms")
    door.crowded = False
    await asyncio.sleep(0)
    door.crowded = True
    door.stops.is_one(b"b", said("please stop texting me"), "sms")
    door.crowded = False
    await asyncio.wait_for(door.stops.drain(), 5)
    assert door.found == [b"a", b"b"]


async def test_a_plain_no_is_one_where_it_answers_a_promotional_message() -> None:
    door = Door()
    assert not door.stops.is_one(b"a", said("No thanks."), "email")
    assert door.stops.is_one(b"a", said("No thanks.", answers_promotion=True), "email")
