"""A worker that is killed with kill -9 leaves its message in doubt; promotion is never sent a second time."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = Path(__file__).with_name("doomed_worker.py")


async def kill_worker(site, point: str, file: Path) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_SCRIPT),
        site.url,
        point,
        str(file),
        site.clock.now().isoformat(),
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
    )
    try:
        async with asyncio.timeout(60):
            while not file.exists():
                assert worker.returncode is None, "the worker ended by itself"
                await asyncio.sleep(0.02)
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.wait()


async def test_promotion_of_a_killed_worker_is_unknown_and_never_sent_again(site, tmp_path, oracle):
    outbox_id = await site.put(await site.contact())
    await kill_worker(site, "during_send", tmp_path / "here")
    assert (await site.message(outbox_id)).state == "sending"
    for _ in range(3):
        site.clock.forward(seconds=61)
        await site.pump.run_once()
    row = await site.message(outbox_id)
    assert (row.state, row.reason_rule, row.attempts) == ("unknown", "send_interrupted", 1)
    assert site.email.sent == []
    await oracle(site.sessions, site.clock.now())


async def test_promotion_that_a_killed_worker_had_not_begun_is_sent_once(site, tmp_path, oracle):
    outbox_id = await site.put(await site.contact())
    await kill_worker(site, "after_claim", tmp_path / "here")
    for _ in range(3):
        site.clock.forward(seconds=61)
        await site.pump.run_once()
    assert [one.outbox_id for one in site.email.sent] == [outbox_id]
    row = await site.message(outbox_id)
    assert (row.state, row.attempts, row.crashes) == ("accepted", 1, 1)
    await oracle(site.sessions, site.clock.now())


async def test_what_was_asked_for_is_sent_once_more_after_a_kill(site, tmp_path, oracle):
    outbox_id = await site.put(await site.contact(), message_class="requested", purpose="service")
    await kill_worker(site, "during_send", tmp_path / "here")
    for _ in range(3):
        site.clock.forward(hours=1)
        await site.pump.run_once()
    assert [one.outbox_id for one in site.email.sent] == [outbox_id]
    row = await site.message(outbox_id)
    assert (row.state, row.attempts) == ("accepted", 2)
    await oracle(site.sessions, site.clock.now())
