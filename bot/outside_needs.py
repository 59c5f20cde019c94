"""What steps need from other systems and from calendars, in the words of the protocol. Decides nothing itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from bot.claims import Claim
from bot.connectors.begin import ConnectorRequest
from bot.connectors.call import Connectors
from bot.dialogue import Need
from crm.meetings.booking import hold_time
from crm.meetings.feeds import BusyFeeds
from crm.meetings.free_times import free_times
from crm.meetings.routes import issue_token

MOST_TIMES = 10
"""Times offered at once."""


@dataclass(frozen=True)
class OutsideNeeds:
    """The needs `http`, `free_times` and `hold_time`, each as `bot.needs.Obtain`."""

    sessions: Sessions
    clock: Clock
    connectors: Connectors
    feeds: BusyFeeds
    keys: KeyRing
    site_url: str

    async def http(self, claim: Claim, need: Need, attempt_key: str) -> Mapping[str, Any]:
        """Calls another system, once for each attempt's key."""
        query = need.query if isinstance(need.query, Mapping) else {}
        request = ConnectorRequest(
            connector=need.connector or "",
            method=need.method or "",
            path=need.path or "",
            query={name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()},
            body=need.body if isinstance(need.body, Mapping) else None,
            callback=need.callback,
        )
        return await self.connectors.call(request, key=attempt_key, conversation_id=claim.conversation_id)

    async def free_times(self, claim: Claim, need: Need, _attempt_key: str) -> Mapping[str, Any]:
        """The next times, labelled in the visitor's language and zone."""
        async with transaction(self.sessions) as session:
            found = await free_times(
                session,
                self.feeds,
                calendar=need.calendar or "",
                after=need.after,
                count=max(1, min(need.count or 1, MOST_TIMES)),
                language=claim.language,
                zone=claim.time_zone,
                now=self.clock.now(),
            )
        times = [{"starts_at": time.starts_at.isoformat(), "label": time.label} for time in found.times]
        return {"times": times, "more": found.more}

    async def hold_time(self, claim: Claim, need: Need, attempt_key: str) -> Mapping[str, Any]:
        """Keeps a time for this talk; the turn done again finds it kept."""
        if need.starts_at is None:
            return {"held": False}
        async with transaction(self.sessions) as session:
            hold = await hold_time(
                session,
                self.feeds,
                calendar=need.calendar or "",
                starts_at=need.starts_at,
                hold_key=attempt_key,
                conversation_id=claim.conversation_id,
                now=self.clock.now(),
                language=claim.language,
                zone=claim.time_zone,
            )
        if hold is None:
            return {"held": False}
        link = f"{self.site_url}/meetings/{issue_token(self.keys, hold)}"
        return {"held": True, "hold": str(hold), "invitation": link}
