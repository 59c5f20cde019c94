"""Which conversation a browser goes on with: that of its token, one that a code opens, or a new one. Knows no HTTP."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import TooMany
from base.limits.networks import network_of
from bot.models import Conversation
from bot.resume_codes import CodeNotValid
from bot.turns import TurnService
from channels.web.limits import ChatLimits
from channels.web.opening import Opening
from channels.web.tokens import TokenInvalid, VisitorTokens
from crm.privacy.signals import honour_signal, honoured_words


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser's session. `notice` says what is wrong with the code it came with, or that its signal is honoured."""

    conversation_id: UUID
    token: str
    notice: str | None


class ChatSessions:
    """Opens sessions."""

    def __init__(
        self, *, sessions: Sessions, turns: TurnService, tokens: VisitorTokens, clock: Clock, limits: ChatLimits
    ) -> None:
        self._sessions = sessions
        self._turns = turns
        self._tokens = tokens
        self._clock = clock
        self._limits = limits

    async def open(self, opening: Opening, *, origin: str, address: str, opts_out: bool = False) -> Opened:
        """Goes on with a conversation, or starts one; raises TooMany when the address started too many.

        Args:
            opts_out: the browser sent the Global Privacy Control.
        """
        known = await self._find_known(opening.token, origin)
        conversation_id, notice = await self._resume(opening, known, address)
        if conversation_id is None:
            await self._limits.sessions.check(network_of(address))
            await self._limits.all_sessions.check("")
            conversation_id = await self._turns.start(
                channel="web",
                language=opening.primary_language,
                time_zone=opening.zone,
                page_url=opening.page,
            )
        if opts_out:
            async with transaction(self._sessions) as session:
                await honour_signal(session, conversation_id, self._clock.now())
            notice = notice or honoured_words(opening.primary_language)
        return Opened(conversation_id, self._tokens.issue(conversation_id, origin), notice)

    async def _find_known(self, token: str | None, origin: str) -> UUID | None:
        """The conversation of an old token, unless it is gone or goes on elsewhere."""
        if not token:
            return None
        with suppress(TokenInvalid):
            conversation_id = self._tokens.read(token, origin)
            async with self._sessions() as session:
                conversation = await session.get(Conversation, conversation_id)
                if conversation is not None and conversation.moved_to is None:
                    return conversation_id
        return None

    async def _resume(self, opening: Opening, known: UUID | None, address: str) -> tuple[UUID | None, str | None]:
        """The conversation of the code, else the known one with what is wrong with the code.

        A code that is not valid keeps nobody from chatting.
        """
        if not opening.resume:
            return known, None
        try:
            await self._limits.codes.check(network_of(address))
            if known is not None:
                await self._limits.codes.check(str(known))
            await self._limits.all_codes.check("")
            resumed = await self._turns.resume_by_code(
                opening.resume,
                channel="web",
                language=opening.primary_language,
                time_zone=opening.zone,
                page_url=opening.page,
            )
        except (CodeNotValid, TooMany) as error:
            return known, error.message
        return resumed, None
