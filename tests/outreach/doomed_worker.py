"""A delivery process that says where it is and then waits to be killed. Run by test_killed_worker.py."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from base.database import create_engine, create_sessions
from base.encryption import KeyRing
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.rule_pack import read_rule_pack


class FixedClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class HangingSender:
    channel = "email"

    def __init__(self, file: Path) -> None:
        self.file = file

    def configured(self) -> None:
        return None

    async def send(self, envelope: Any) -> Any:
        self.file.write_text(f"handed over {envelope.outbox_id}")
        await asyncio.sleep(600)


async def main(url: str, point: str, file: Path, moment: datetime) -> None:
    sessions = create_sessions(create_engine(url))
    gatekeeper = Gatekeeper(read_rule_pack(), {"email": HangingSender(file)}, ("Europe/London",))
    keys = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
    delivery = Delivery(sessions, keys, gatekeeper)
    clock = FixedClock(moment)
    if point == "after_claim":
        (message,) = (await delivery.claim(clock)).messages
        file.write_text(f"claimed {message.id}")
        await asyncio.sleep(600)
    await delivery.deliver_due(clock)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), datetime.fromisoformat(sys.argv[4])))
