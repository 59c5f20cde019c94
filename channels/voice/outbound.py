"""Calls of ours once they are taken: who calls, how to stop it, then what we have to say; or a machine answers.

What is said is the text of the message in the outbox that the gate let go; after it the call is a talk like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import aiohttp
import structlog
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from twilio.base.exceptions import TwilioException

from base.channel_contract import Reported
from base.database import transaction
from base.errors import NotAllowed
from bot.begun import Beginning, begin_flow, key_of
from bot.conversations import append_message, list_messages
from bot.models import Conversation
from channels.voice import addresses
from channels.voice.calls import Line, find_answer, find_call
from channels.voice.client import Throttled
from channels.voice.models import Call
from channels.voice.opening import begin_call, identify
from channels.voice.payloads import Answered, Detected, is_machine, read_form
from channels.voice.prompts import Speech, Step, find_ask, spoken
from channels.voice.results import MACHINE
from channels.voice.settings import VoiceAccount
from channels.voice.talk import Talk
from channels.voice.twiml import build, hang_up
from channels.voice.webhook import Verified, VoiceWebhooks, read_id, twiml_response
from channels.voice.words import Words, read_out
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact
from outreach.decisions import SERVICE_PURPOSES
from outreach.models import OutboxMessage
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

_SILENCE = 1.0
"""Seconds somebody may hear nothing after they took the call."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The message that a call of ours carries."""

    outbox_id: UUID
    text: str
    is_promotion: bool
    language: str
    flow: str | None = None
    """The flow that the call is for; without one the text is what we have to say."""
    begun_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OutboundWebhooks:
    """The handlers of calls of ours."""

    hooks: VoiceWebhooks

    @property
    def _talk(self) -> Talk:
        return self.hooks.talk

    async def handle_answered(self, request: web.Request) -> web.Response:
        """Somebody or something takes the call: identification, how to stop, then the message."""
        verified = await self.hooks.verify(request)
        told = read_form(Answered, verified.form, verified.account)
        outbox_id = read_id(request.match_info["outbox"])
        if told.is_inbound or outbox_id is None:
            raise NotAllowed("This address is for calls that we make.")
        line = Line(verified.account_id, told.call_sid, told.theirs, told.is_proven, outbox_id)
        async with transaction(self._talk.sessions) as session:
            carried = await _find_carried(session, outbox_id)
            if carried is None:
                return twiml_response(hang_up())
            call, new = await self._talk.begin(session, line)
            if (kept := await find_answer(session, call.id, 0)) is not None:
                return twiml_response(kept)
            if new:
                await self._put_down(session, call, carried)
            if told.answered_by is not None:
                call.answered_by = told.answered_by
        if told.is_machine:
            return twiml_response(self._to_machine(verified, carried, told.answered_by))
        if carried.flow is not None and not await self._opens(call):
            # Nobody listens to a silence: they hear who it is, and come back for the rest.
            async with self._talk.sessions() as session:
                stopped = await _is_stopped(session, call)
            then: Literal["hang up", "wait"] = "hang up" if stopped else "wait"
            step = Step(then, carried.language, () if stopped else tuple(self._begins(carried)))
            return twiml_response(build(step, self.hooks.ways(verified, call, 0, 0)))

        async def decide(session: AsyncSession, held: Call) -> Step:
            return await self._first_words(session, held, carried, verified.account)

        return twiml_response(await self.hooks.keep(verified, call, 0, decide))

    async def handle_detected(self, request: web.Request) -> web.Response:
        """Twilio has found out who took the call: a machine is hung up on, or left the message if that is allowed."""
        verified = await self.hooks.verify(request)
        told = read_form(Detected, verified.form, verified.account)
        outbox_id = read_id(request.match_info["outbox"])
        async with transaction(self._talk.sessions) as session:
            call = await find_call(session, verified.account_id, told.call_sid, lock=True)
            if outbox_id is None or call is None or call.outbox_id != outbox_id or call.answered_by is not None:
                return web.Response(status=204)
            if call.turn > 0 and call.quiet == 0:
                # Somebody has answered what we asked: no machine does that.
                return web.Response(status=204)
            call.answered_by = told.answered_by
            carried = await _find_carried(session, outbox_id)
            leaves_message = _leaves_message(verified.account, told.answered_by)
            if is_machine(told.answered_by) and not leaves_message:
                report = Reported(MACHINE.state, outbox_id, told.call_sid, rule=MACHINE.rule, reason=MACHINE.reason)
                await write_report(session, "voice", report, self._talk.clock.now())
        if is_machine(told.answered_by) and carried is not None:
            await self._turn_to_machine(verified, told, carried)
        return web.Response(status=204)

    async def _turn_to_machine(self, verified: Verified, told: Detected, carried: Carried) -> None:
        change: dict[str, Any] = {"status": "completed"}
        if _leaves_message(verified.account, told.answered_by):
            change = {"twiml": self._to_machine(verified, carried, told.answered_by)}
        try:
            async with self.hooks.api.client(verified.account) as client:
                await client.calls(told.call_sid).update_async(**change)
        except (Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
            # The next webhook of the call hangs up, see `is_over`.
            _log.warning("machine_not_hung_up", outbox_id=str(carried.outbox_id), error=type(error).__name__)

    async def _opens(self, call: Call) -> bool:
        """Has the flow begin; False when that takes longer than anybody holds a silent phone."""
        self._talk.open(call)
        return await self._talk.wait(call, _SILENCE)

    async def _put_down(self, session: AsyncSession, call: Call, carried: Carried) -> None:
        """What is said stands in the talk, too; a flow is begun there."""
        now = self._talk.clock.now()
        if carried.text:
            await append_message(
                session,
                conversation_id=call.conversation_id,
                author="follow_up",
                text=carried.text,
                data={},
                client_id=carried.outbox_id,
                now=now,
            )
        if carried.flow is not None:
            talk = await session.get_one(Conversation, call.conversation_id)
            assert talk.contact_id is not None, "whoever is called has a number"
            beginning = Beginning(
                contact_id=talk.contact_id,
                channel="voice",
                flow=carried.flow,
                language=carried.language,
                key=key_of(str(carried.outbox_id)),
                begun_by=carried.begun_by,
                conversation_id=talk.id,
            )
            await begin_flow(session, beginning, now)

    async def _first_words(self, session: AsyncSession, call: Call, carried: Carried, account: VoiceAccount) -> Step:
        """Identification, then within two seconds how to stop it, and only then the message (47 CFR 64.1200(b))."""
        messages = await list_messages(session, call.conversation_id)
        words = Words(carried.language)
        if await _is_stopped(session, call):
            # Whoever stopped us while it rang is told nothing more.
            return Step("hang up", carried.language)
        if messages:
            call.asked_seq, call.heard_seq = messages[0].seq, messages[-1].seq
        callback = Speech(words.say("callback", number=read_out(account.number)))
        if carried.flow is not None:
            # The question comes last.
            said = (*self._begins(carried), callback, *spoken(messages, carried.language))
            return Step("listen", carried.language, said, find_ask(messages, carried.language))
        said = (*self._begins(carried), *spoken(messages, carried.language), callback)
        return Step("listen", carried.language, said)

    def _begins(self, carried: Carried) -> Sequence[Speech]:
        return tuple(map(Speech, begin_call(carried.language, self._talk.company, promotes=carried.is_promotion)))

    def _to_machine(self, verified: Verified, carried: Carried, answered_by: str | None) -> str:
        account, words = verified.account, Words(carried.language)
        if not carried.text or not _leaves_message(account, answered_by) or account.opt_out_number is None:
            return hang_up()
        said = (
            Speech(identify(words, self._talk.company, promotes=carried.is_promotion, by="voicemail_begins")),
            Speech(carried.text),
            Speech(words.say("callback", number=read_out(account.number))),
            Speech(words.say("voicemail", number=read_out(account.opt_out_number))),
        )
        step = Step("hang up", carried.language, said)
        return build(step, self.hooks.ways_without_call(verified))


def routes(webhooks: OutboundWebhooks) -> Sequence[web.RouteDef]:
    """The routes of calls of ours."""
    return [
        web.post(addresses.ANSWERED, webhooks.handle_answered),
        web.post(addresses.DETECTED, webhooks.handle_detected),
    ]


def _leaves_message(account: VoiceAccount, answered_by: str | None) -> bool:
    return account.voicemail == "leave message" and answered_by != "fax"


async def _is_stopped(session: AsyncSession, call: Call) -> bool:
    """Whether the person wants no calls."""
    contact_id = await session.scalar(select(OutboxMessage.contact_id).where(OutboxMessage.id == call.outbox_id))
    if contact_id is None:
        return True
    return bool({"all", "voice"} & (await list_suppressions(session, [contact_id]))[contact_id].keys())


async def _find_carried(session: AsyncSession, outbox_id: UUID) -> Carried | None:
    """The message of the outbox, if a call with it may be going on."""
    row = (
        await session.execute(
            select(
                OutboxMessage.text,
                OutboxMessage.purpose,
                OutboxMessage.content,
                OutboxMessage.journey,
                OutboxMessage.step,
                OutboxMessage.enrolment_id,
                Contact.language,
            )
            .join(Contact, Contact.id == OutboxMessage.contact_id)
            .where(
                OutboxMessage.id == outbox_id,
                OutboxMessage.channel == "voice",
                # Taken can be quicker than the answer of the request that began it.
                OutboxMessage.state.in_(("sending", "accepted", "unknown")),
            )
        )
    ).first()
    if row is None:
        return None
    begun_by = {"journey": row.journey, "step": row.step, "enrolment_id": row.enrolment_id, "purpose": row.purpose}
    return Carried(
        outbox_id,
        row.text,
        row.purpose not in SERVICE_PURPOSES,
        row.language,
        (row.content or {}).get("flow"),
        {name: str(value) for name, value in begun_by.items() if value is not None},
    )
