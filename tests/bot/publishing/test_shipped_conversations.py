"""The flows that ship do what their own test conversations say, on a real dialogue process."""

from __future__ import annotations

import pytest

from server.flows_tests import run_folder_tests
from server.settings import read_settings


@pytest.mark.journey
async def test_every_shipped_flow_passes_its_test_conversations() -> None:
    report = await run_folder_tests(read_settings(), (), print)
    assert report.conversations > 40
    assert report.passed, report.as_text()
