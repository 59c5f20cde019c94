"""The flows that ship do what their own test conversations say, on a real dialogue process."""

from __future__ import annotations

import pytest

from flows.compiler import load_content
from server.flows_tests import run_folder_tests
from server.settings import read_settings

FEWEST = 5
"""Test conversations beside each flow of the library."""


@pytest.mark.journey
async def test_every_shipped_flow_passes_its_test_conversations() -> None:
    report = await run_folder_tests(read_settings(), (), print)
    assert report.conversations > 90
    assert report.passed, report.as_text()


def test_beside_every_shipped_flow_stand_test_conversations_on_more_than_one_channel() -> None:
    content = load_content()

    tests = {name: content.tests[name].conversations.root if name in content.tests else () for name in content.flows}

    assert [name for name, written in tests.items() if len(written) < FEWEST] == []
    assert [name for name, written in tests.items() if len({test.channel for test in written}) < 2] == []
