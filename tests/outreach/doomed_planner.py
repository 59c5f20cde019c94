"""A planner that has done everything but commit, says so and then waits to be killed. Run by test_killed_planner.py."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import outreach.planning
from base.database import create_engine, create_sessions
from base.encryption import KeyRing
from outreach.gatekeeper import Gatekeeper
from outreach.planning import Planner
from outreach.rule_pack import read_rule_pack


class SilentSender:
    channel = "email"

    def configured(self) -> None:
        return None

    async def send(self, envelope: Any) -> Any:
        raise AssertionError


async def main(url: str, file: Path, moment: datetime) -> None:
    keys = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
    gatekeeper = Gatekeeper(read_rule_pack(), {"email": SilentSender()}, ("Europe/London",), keys=keys)
    planner = Planner(create_sessions(create_engine(url)), gatekeeper)
    tell = outreach.planning.tell

    async def hang(work: Any) -> None:
        await tell(work)
        file.write_text(str(work.messages))
        await asyncio.sleep(600)

    outreach.planning.tell = hang
    await planner.advance_due(moment)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
