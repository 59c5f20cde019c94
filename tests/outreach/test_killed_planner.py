"""A planner that is killed with kill -9 leaves its people where they stood; the next one sends what it would have."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = Path(__file__).with_name("doomed_planner.py")


async def test_what_a_killed_planner_did_is_done_once_by_the_next(site, long_journey, tmp_path, oracle):
    await site.publish(long_journey)
    people = [await site.contact() for _ in range(5)]
    for contact_id in people:
        await site.enrol(contact_id, "follow_up")
    site.clock.forward(minutes=10)
    file = tmp_path / "here"
    planner = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_SCRIPT),
        site.url,
        str(file),
        site.clock.now().isoformat(),
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
    )
    try:
        async with asyncio.timeout(60):
            while not (file.exists() and file.read_text()):
                assert planner.returncode is None, "the planner ended by itself"
                await asyncio.sleep(0.02)
        # Its people are in hand: another planner passes over them.
        assert (await site.planner.advance_due(site.clock.now())).advanced == 0
    finally:
        if planner.returncode is None:
            planner.kill()
        await planner.wait()
    assert file.read_text() == "5"
    assert await site.outbox() == []
    async with asyncio.timeout(30):
        while not (await site.planner.advance_due(site.clock.now())).advanced:
            await asyncio.sleep(0.1)  # the server notices that its client is gone
    assert sorted(one.contact_id for one in await site.outbox()) == sorted(people)
    await site.pump.run_once()
    await oracle(site.sessions, site.clock.now())
