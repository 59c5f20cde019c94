"""Every parser of strangers' bytes takes what once broke one, and any bytes, in time; `make fuzz` looks further."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import BEGINNINGS, FOUND, PARSERS, run

_LONGEST = 2.0
"""Seconds for a few kilobytes, on a machine that is busy."""


def timed(name: str, data: bytes) -> None:
    began = time.process_time()
    run(name, data)
    assert time.process_time() - began < _LONGEST


def changed(data: st.DataObject, beginning: bytes) -> bytes:
    """The bytes with some taken out, put in or repeated."""
    made = bytearray(beginning)
    for _ in range(data.draw(st.integers(0, 4))):
        at, more = data.draw(st.integers(0, len(made))), data.draw(st.binary(max_size=12))
        made[at : at + data.draw(st.integers(0, 6))] = more * data.draw(st.sampled_from([1, 1, 1, 200]))
    return bytes(made)


@pytest.mark.parametrize("name", PARSERS)
def test_every_parser_takes_what_was_found_before_and_any_bytes_in_time(name: str) -> None:
    for data in (*BEGINNINGS[name], *(path.read_bytes() for path in sorted((FOUND / name).glob("*")))):
        timed(name, data)

    @settings(max_examples=80, deadline=None, database=None)
    @given(st.data())
    def near(data: st.DataObject) -> None:
        timed(name, changed(data, data.draw(st.sampled_from(BEGINNINGS[name]))))

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.binary(max_size=2_000))
    @example(b"\xff" * 5_000)
    @example("\u202e\u200b\ud800".encode("utf-8", "surrogatepass") * 1_000)
    @example(b"(" * 5_000)
    @example(b"{{" * 5_000)
    @example(b"a: b\n" * 5_000)
    def any_bytes(data: bytes) -> None:
        timed(name, data)

    near()
    any_bytes()
