"""A call as a talk: hands on what was heard, waits for the bot, decides what comes next. Knows no TwiML, no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions
from base.encryption import KeyRing
from base.messages import MAX_TEXT, Inbound, Stored
from bot.conversations import list_messages
from bot.models import Conversation
from bot.stopping import is_stopped_state
from bot.turns import TurnService
from channels.voice.calls import Line, begin_call, client_id, find_call, is_answered
from channels.voice.hearing import Meant
from channels.voice.models import Call
from channels.voice.prompts import LONG_STOP_KEY, Ask, Speech, Step, find_ask, spoken
from channels.voice.settings import VoiceAccount
from channels.voice.words import Words
from crm.timeline.service import find_event

MOST_TURNS = 200
"""Turns after which a call is ended: nobody talks that much, but a loop of two machines does."""
LONGEST_CALL = timedelta(hours=1)
MOST_QUIET = 3
"""Silences in a row, the last of which ends the call."""
GOODBYE, HANDOFF, TROUBLE = '{"reason":"goodbye"}', '{"reason":"handoff"}', '{"reason":"trouble"}'
"""What a socket is ended with: nobody says anything any more; the bot has said how it ends; no answer comes."""
_QUIET = {"noise": "noise", "wrong key": "wrong_key", "no recording": "not_recorded"}
_LOOK_EVERY = 0.2  # seconds
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said last, how it may be answered, and in which language."""

    language: str
    ask: Ask
    messages: Sequence[Stored]


class Talk:
    """What calls work with, whichever way they are carried. `company` is whom people talk to."""

    def __init__(
        self, *, sessions: Sessions, keys: KeyRing, turns: TurnService, clock: Clock, company: str, language: str = "en"
    ) -> None:
        self.sessions = sessions
        self.clock = clock
        self.company = company
        self._keys = keys
        self._turns = turns
        self._language = language

    async def begin(self, session: AsyncSession, line: Line) -> tuple[Call, bool]:
        """The call, kept now if it is new; whether it is. A call of ours is not opened by the dialogue."""
        new = await begin_call(
            session,
            self._keys,
            line,
            language=self._language,
            opens=line.outbox_id is None,
            now=self.clock.now(),
        )
        call = await find_call(session, line.account_id, line.call_sid, lock=True)
        assert call is not None, "its event is there, so it is"
        return call, new

    def open(self, call: Call) -> None:
        """Has the dialogue open the talk."""
        self._turns.resume_soon(call.conversation_id)

    async def hear(self, call: Call, number: int, meant: Meant, ask: Ask) -> None:
        """Hands on what was said in one turn; the same turn again changes nothing."""
        is_choice = meant.kind == "choice"
        inbound = Inbound(
            call.conversation_id,
            client_id(call, number),
            "choice" if is_choice else "text",
            meant.text[:MAX_TEXT],
            step=ask.step if is_choice else None,
            value=meant.value if is_choice else None,
        )
        taken = await self._turns.take(inbound)
        if taken.claim is not None:
            self._turns.answer_soon(taken.claim)

    async def wait(self, call: Call, seconds: float) -> bool:
        """Waits until all that was said is answered, whichever process does it; False when that takes longer."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            async with self.sessions() as session:
                if await is_answered(session, call.conversation_id):
                    return True
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(_LOOK_EVERY)

    async def asked(self, session: AsyncSession, call: Call) -> Asked:
        """What was said last and may be answered now."""
        language = await session.scalar(select(Conversation.language).where(Conversation.id == call.conversation_id))
        language = language or self._language
        after = max(call.asked_seq - 1, 0)
        messages = [
            one
            for one in await list_messages(session, call.conversation_id, after=after, limit=_PAGE)
            if one.author != "visitor" and one.seq <= call.heard_seq
        ]
        return Asked(language, find_ask(messages, language), messages)

    async def next_step(self, session: AsyncSession, call: Call, account: VoiceAccount) -> Step:
        """What happens after the bot has answered. Notes in the call what is said with it."""
        talk = await session.get_one(Conversation, call.conversation_id, populate_existing=True)
        messages = [
            one
            for one in await list_messages(session, talk.id, after=call.heard_seq, limit=_PAGE)
            if one.author != "visitor"
        ]
        words = Words(talk.language)
        said = (*self._introduction(call, messages, words), *spoken(messages, talk.language))
        if messages:
            call.asked_seq, call.heard_seq = messages[0].seq, messages[-1].seq
        if is_stopped_state(talk.state):
            return Step("hang up", talk.language, (*said, Speech(words.say("stopped"))))
        if talk.status == "handed_off":
            return await self._hand_over(session, talk, account, said)
        if talk.status == "closed" or self._lasts_too_long(call):
            return Step("hang up", talk.language, (*said, Speech(words.say("too_long"))))
        if not said:
            # Nothing came of it: what was asked before is still open.
            asked = await self.asked(session, call)
            again = spoken([asked.ask.message], talk.language) if asked.ask.message is not None else ()
            return Step("listen", talk.language, (Speech(words.say("noise")), *again), asked.ask)
        return Step("listen", talk.language, said, find_ask(messages, talk.language))

    async def quiet_step(self, session: AsyncSession, call: Call, meant: Meant) -> Step:
        """What happens when nothing was said that could be answered: ask again, offer the keys, say goodbye."""
        asked = await self.asked(session, call)
        words, ask = Words(asked.language), asked.ask
        question = [ask.message] if ask.message is not None else list(asked.messages[-1:])
        again = spoken(question, asked.language)
        if meant.kind == "again":
            return Step("listen", asked.language, spoken(asked.messages, asked.language), ask)
        if call.quiet >= MOST_QUIET and meant.kind != "no recording":
            return Step("hang up", asked.language, (Speech(words.say("goodbye")),))
        name = _QUIET.get(meant.kind, "silence")
        said = [Speech(words.say(name)), *again]
        if call.quiet == MOST_QUIET - 1:
            said += self._offer_keys(ask, words)
        return Step("listen", asked.language, tuple(said), ask)

    def trouble(self, language: str, account: VoiceAccount) -> Step:
        """What happens when the bot does not answer for so long that nobody would stay on the line."""
        words = Words(language)
        then: Literal["transfer", "hang up"] = "transfer" if account.transfer_to is not None else "hang up"
        after = "transfer" if then == "transfer" else "call_back"
        return Step(then, language, (Speech(words.say("trouble")), Speech(words.say(after))))

    async def after_relay(self, session: AsyncSession, call: Call, *, account: VoiceAccount, handoff: str) -> Step:
        """What happens when a socket is over: what was still to be said, or the question again where it broke."""
        language = (await self.asked(session, call)).language
        if handoff == GOODBYE:
            return Step("hang up", language, (Speech(Words(language).say("goodbye")),))
        if handoff == TROUBLE:
            return self.trouble(language, account)
        return await self.next_step(session, call, account)

    def announce_recording(self, language: str) -> Step:
        """Says who we are and that the call may be recorded, whole: nobody objects to what they have not heard."""
        words = Words(language)
        said = (
            Speech(words.say("introduction", company=self.company), whole=True),
            Speech(words.say("recording"), whole=True),
        )
        return Step("listen", language, said, seconds=3)

    def _introduction(self, call: Call, messages: Sequence[Stored], words: Words) -> tuple[Speech, ...]:
        """Who speaks, and that it is a machine, unless the bot's own first words say both."""
        if call.heard_seq > 0 or call.direction == "outbound" or call.recording != "off":
            return ()
        first = messages[0] if messages else None
        names = first is not None and self.company.casefold() in first.text.casefold()
        if first is not None and names and first.data.get("notice") == "ai":
            return ()
        return (Speech(words.say("introduction", company=self.company), whole=True),)

    async def _hand_over(
        self, session: AsyncSession, talk: Conversation, account: VoiceAccount, said: tuple[Speech, ...]
    ) -> Step:
        words = Words(talk.language)
        nobody_in = await find_event(session, kind="handed_off", conversation_id=talk.id, data={"open": False})
        if account.transfer_to is None or nobody_in is not None:
            return Step("hang up", talk.language, (*said, Speech(words.say("call_back"))))
        return Step("transfer", talk.language, (*said, Speech(words.say("transfer"))))

    def _lasts_too_long(self, call: Call) -> bool:
        return call.turn >= MOST_TURNS or self.clock.now() - call.started_at > LONGEST_CALL

    @staticmethod
    def _offer_keys(ask: Ask, words: Words) -> list[Speech]:
        stop = words.say("long_stop") if ask.stop_key == LONG_STOP_KEY else ask.stop_key
        if ask.person_key is not None:
            return [Speech(words.say("keys", person=ask.person_key, stop=stop))]
        typed = [Speech(words.say("digits"))] if ask.typed else []
        return [*typed, Speech(words.say("opt_out", key=stop))]


def tell_of_recording(step: Step, *, on: bool) -> Step:
    """The step that follows the announcement, with what came of it."""
    told = Speech(Words(step.language).say("recorded" if on else "not_recorded"))
    return replace(step, said=(told, *step.said), records=on and step.then in ("listen", "connect"))


def wait_step(language: str, waited: int) -> Step:
    """Keeps somebody waiting a little longer; says so at first and now and then."""
    name = "one_moment" if waited == 0 else "still_busy" if waited % 3 == 0 else None
    return Step("wait", language, (Speech(Words(language).say(name)),) if name is not None else ())
