"""What a step needs while its turn is decided: each kind of need goes to who can obtain it (protocols.md, 2).

A need that nobody here can obtain gets the answer for that, which every flow has a way for; the turn goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import ParleyError
from bot.claims import Claim
from bot.dialogue import DialogueFailed, Need
from bot.facts import read_facts
from bot.resume_codes import issue_code
from bot.turn_shapes import NeedName

log = structlog.get_logger(__name__)

Obtain = Callable[[Claim, Need, str], Awaitable[Mapping[str, Any]]]
"""Obtains what one kind of need asks for; the text is the attempt's key, the same when the turn is done again."""

LinkTo = Callable[[str, str], Awaitable[str | None]]
"""Where a code is gone on with on a channel: its name and the code make a link, where that channel has one."""

_IN_VAIN: Mapping[str, Mapping[str, Any]] = {
    "http": {"ok": False, "problem": "not available"},
    "free_times": {"times": [], "more": False},
    "hold_time": {"held": False},
    "knowledge": {"passages": [], "sure": False},
}


@dataclass(frozen=True)
class PlatformNeeds:
    """The needs the platform answers: `facts` and `resume_code` here, the others by who is handed in.

    Attributes:
        site_url: where a talk is gone on with on the web.
        link_to: where it is on other channels.
    """

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    site_url: str
    http: Obtain | None = None
    free_times: Obtain | None = None
    hold_time: Obtain | None = None
    knowledge: Obtain | None = None
    link_to: LinkTo | None = None

    async def answer(self, claim: Claim, need: Need, *, attempt_key: str) -> Mapping[str, Any]:
        """The result as the protocol has it.

        Raises:
            DialogueFailed: one of the platform's own could not be obtained.
        """
        obtain = self._find(need.need)
        if obtain is None:
            log.error("need_not_configured", need=need.need, conversation_id=str(claim.conversation_id))
            return _IN_VAIN[need.need]
        try:
            return await obtain(claim, need, attempt_key)
        except ParleyError as error:
            if need.need not in _IN_VAIN:
                raise DialogueFailed(f"The need {need.need} of {need.step} was not met: {error.message}") from error
            log.error("need_failed", need=need.need, error=error.code, conversation_id=str(claim.conversation_id))
            return _IN_VAIN[need.need]

    def _find(self, name: NeedName) -> Obtain | None:
        obtainers: dict[NeedName, Obtain | None] = {
            "facts": self._facts,
            "resume_code": self._resume_code,
            "http": self.http,
            "free_times": self.free_times,
            "hold_time": self.hold_time,
            "knowledge": self.knowledge,
        }
        return obtainers[name]

    async def _facts(self, claim: Claim, _need: Need, _attempt_key: str) -> Mapping[str, Any]:
        async with self.sessions() as session:
            return await read_facts(
                session,
                contact_id=claim.contact_id,
                conversation_id=claim.conversation_id,
                now=self.clock.now(),
            )

    async def _resume_code(self, claim: Claim, need: Need, attempt_key: str) -> Mapping[str, Any]:
        async with transaction(self.sessions) as session:
            code = await issue_code(
                session,
                self.keys,
                conversation_id=claim.conversation_id,
                channels=need.channels,
                attempt_key=attempt_key,
                now=self.clock.now(),
            )
        return {"code": code, "link": await self._find_link(need.channels, code)}

    async def _find_link(self, channels: Sequence[str], code: str) -> str:
        """The link for the first of the channels that has one; empty when none has."""
        for channel in channels:
            if channel == "web":
                return f"{self.site_url.rstrip('/')}/?{urlencode({'resume': code})}"
            if self.link_to is not None and (link := await self.link_to(channel, code)) is not None:
                return link
        return ""
