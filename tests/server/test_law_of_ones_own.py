"""The worker judges by the operator's jurisdiction files, and does not begin with one that is wrong."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from base.clock import SystemClock
from outreach.jurisdictions.pack import InvalidJurisdictions
from server.settings import Settings
from server.wiring import Platform
from server.worker import create_pump

RULE = """
version: 2026-12-01
jurisdictions:
  DE:
    name: Germany
    rules:
      - source: Opinion of counsel
        status: S
        effective_from: 2026-12-01
        consent: {channels: [email], accepts: [{kind: express}]}
"""


@pytest.fixture
def platform(database, keys, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", content_dir=tmp_path / "content")
    (tmp_path / "content" / "jurisdictions").mkdir(parents=True)
    return Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")


async def begin(platform):
    async with AsyncExitStack() as closing:
        return create_pump(platform, closing)


async def test_a_worker_begins_with_files_that_are_right(platform):
    (platform.settings.content_dir / "jurisdictions" / "counsel.yml").write_text(RULE)
    assert await (await begin(platform)).next_due_at() is None


async def test_a_worker_does_not_begin_with_a_file_that_is_wrong_and_says_which(platform):
    path = platform.settings.content_dir / "jurisdictions" / "counsel.yml"
    path.write_text(RULE.replace("        status: S\n", ""))
    with pytest.raises(InvalidJurisdictions, match=r"counsel\.yml cannot be used.*status"):
        await begin(platform)
