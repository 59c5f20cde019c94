"""Twilio's webhooks of calls people make, and of how calls go on. Verify, read, hand on, answer in TwiML.

What the bot says is the answer itself. The same webhook again gets the same answer and makes no second turn. Never
answers 429: Twilio knows no such thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog
from aiohttp import web
from multidict import MultiDict
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import repeat_on_deadlock, transaction
from base.errors import Malformed, NotAllowed
from channels.voice import addresses
from channels.voice.addresses import OVERRIDES, socket_url, ways_of
from channels.voice.calls import Line, end_call, find_answer, find_call, keep_answer
from channels.voice.client import TwilioAPI
from channels.voice.hearing import Meant, objects_to_recording, read_keys, read_speech, refuses_recording
from channels.voice.models import Call
from channels.voice.payloads import Dialled, Heard, OfACall, RelayEnded, Status, is_machine, read_body, read_form
from channels.voice.prompts import Ask, Speech, Step
from channels.voice.recording import stop_recording
from channels.voice.results import report_of
from channels.voice.settings import VoiceAccount, read_account
from channels.voice.signatures import HEADER, is_signed
from channels.voice.talk import Talk, tell_of_recording, wait_step
from channels.voice.twiml import Ways, build, hang_up
from channels.voice.words import Words
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

ANSWERS_WITHIN = 8.0
"""Seconds for the bot, below the 15 that Twilio waits: who waits longer hears that it takes a moment."""
MOST_WAITS = 9
"""Times somebody is kept waiting before they hear that something does not work."""
RECORDING_TURN = 1
"""The turn in which people may object to being recorded, where the account records."""
_FORM = "application/x-www-form-urlencoded"
_MOST_DIGITS = 6
Decide = Callable[[AsyncSession, Call], Awaitable[Step]]


@dataclass(frozen=True, slots=True)
class Verified:
    """A request that Twilio made: the account it is for, and its form."""

    account_id: UUID
    account: VoiceAccount
    form: MultiDict[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn that was begun: what was heard, and how what was asked before may be answered."""

    call: Call
    number: int
    ask: Ask
    meant: Meant


@dataclass(frozen=True)
class VoiceWebhooks:
    """The handlers and what they need. `public_url` is the site's address as Twilio was told it."""

    talk: Talk
    accounts: AccountBook
    public_url: str
    api: TwilioAPI
    answers_within: float = ANSWERS_WITHIN
    _known: dict[UUID, tuple[Account, VoiceAccount]] = field(default_factory=dict, repr=False)

    # A call begins

    async def handle_call(self, request: web.Request) -> web.Response:
        """Somebody calls us: who we are, then what the dialogue opens with."""
        verified = await self.verify(request)
        told = read_form(OfACall, verified.form, verified.account)
        if not told.is_inbound:
            raise NotAllowed("This address is for calls that people make to us.")
        line = Line(verified.account_id, told.call_sid, told.theirs, told.is_proven)
        async with transaction(self.talk.sessions) as session:
            call, new = await self.talk.begin(session, line)
            kept = await find_answer(session, call.id, 0)
        if kept is not None:
            return twiml_response(kept)
        if new:
            self.talk.open(call)
        if verified.account.recording == "announced":
            return twiml_response(await self.keep(verified, call, 0, self._announce))
        if verified.account.mode == "relay":
            return twiml_response(await self.keep(verified, call, 0, self._connect))
        return await self._answer(verified, call, 0, waited=0)

    async def _announce(self, session: AsyncSession, call: Call) -> Step:
        asked = await self.talk.asked(session, call)
        call.recording = "asked"
        return self.talk.announce_recording(asked.language)

    async def _connect(self, session: AsyncSession, call: Call) -> Step:
        asked = await self.talk.asked(session, call)
        call.relays += 1
        return Step("connect", asked.language)

    # It goes on

    async def handle_turn(self, request: web.Request) -> web.Response:
        """Somebody said something, pressed a key, or neither; or comes back for an answer that took its time."""
        verified = await self.verify(request)
        heard = read_form(Heard, verified.form, verified.account)
        number, waited = _read_number(request, "n"), _read_number(request, "wait")
        begun = await self._begin_turn(verified, heard, number)
        if isinstance(begun, str):
            return twiml_response(begun)
        if waited:
            return await self._answer(verified, begun.call, number, waited=waited)
        return await self._go_on(verified, begun)

    async def _begin_turn(self, verified: Verified, heard: Heard, number: int) -> Turn | str:
        """The turn, counted once; or what is answered without one."""
        async with transaction(self.talk.sessions) as session:
            call = await find_call(session, verified.account_id, heard.call_sid, lock=True)
            kept = None if call is None else await find_answer(session, call.id, number)
            if kept is not None:
                return kept
            if call is None or _is_over(call) or not call.turn <= number <= call.turn + 1:
                return hang_up()
            asked = await self.talk.asked(session, call)
            meant = _read(heard, asked.ask, asked.language)
            if number == RECORDING_TURN and call.recording != "off":
                meant = self._hear_of_recording(call, heard, meant, asked.language, begins=number > call.turn)
            elif call.recording == "on" and objects_to_recording(heard.speech, asked.language):
                meant = Meant("no recording")
            elif number > call.turn:
                call.quiet = 0 if meant.is_said else call.quiet + (meant.kind != "again")
            call.turn = number
        return Turn(call, number, asked.ask, meant)

    async def _go_on(self, verified: Verified, turn: Turn) -> web.Response:
        call, number, meant = turn.call, turn.number, turn.meant
        if meant.is_said:
            await self.talk.hear(call, number, meant, turn.ask)
            return await self._answer(verified, call, number, waited=0)
        if meant.kind == "nothing":
            if verified.account.mode == "relay":
                return twiml_response(await self.keep(verified, call, number, self._connect))
            return await self._answer(verified, call, number, waited=0)
        if meant.kind == "no recording" and not await self.object(verified.account, call):
            return twiml_response(hang_up())
        return twiml_response(await self.keep(verified, call, number, partial(self.talk.quiet_step, meant=meant)))

    async def object(self, account: VoiceAccount, call: Call) -> bool:
        """Somebody does not want to be recorded any more; False when only hanging up ends the recording."""
        if not await stop_recording(self.api, account, call.call_sid):
            return False
        async with transaction(self.talk.sessions) as session:
            held = await find_call(session, call.account_id, call.call_sid, lock=True)
            if held is not None:
                held.recording = "refused"
        return True

    @staticmethod
    def _hear_of_recording(call: Call, heard: Heard, meant: Meant, language: str, *, begins: bool) -> Meant:
        """Whether the call is recorded from here on. What else is said to the announcement is no answer to anything."""
        if begins:
            objects = meant.kind == "stop" or refuses_recording(heard.speech, heard.digits, language)
            call.recording = "refused" if objects else "on"
        is_stop = meant.kind == "stop" and not refuses_recording(heard.speech, heard.digits, language)
        return meant if is_stop else Meant("nothing")

    async def _answer(self, verified: Verified, call: Call, number: int, *, waited: int) -> web.Response:
        """What the bot answers, or that it takes a moment more."""
        if await self.talk.wait(call, self.answers_within):
            return twiml_response(
                await self.keep(verified, call, number, partial(self.talk.next_step, account=verified.account))
            )
        async with self.talk.sessions() as session:
            language = (await self.talk.asked(session, call)).language
        gives_up = waited >= MOST_WAITS
        step = self.talk.trouble(language, verified.account) if gives_up else wait_step(language, waited)
        return twiml_response(build(step, self.ways(verified, call, number, waited)))

    async def keep(self, verified: Verified, call: Call, number: int, decide: Decide) -> str:
        """The answer of one webhook, decided once: the same webhook again gets the same."""
        async with transaction(self.talk.sessions) as session:
            held = await find_call(session, call.account_id, call.call_sid, lock=True)
            if held is None or _is_over(held):
                return hang_up()
            kept = await find_answer(session, held.id, number)
            if kept is not None:
                return kept
            step = await decide(session, held)
            if number == RECORDING_TURN and held.recording != "off":
                step = tell_of_recording(step, on=held.recording == "on")
            twiml = build(step, self.ways(verified, held, number, 0))
            await keep_answer(session, held.id, number, twiml, self.talk.clock.now())
        return twiml

    # It is put through, or over

    async def handle_dialled(self, request: web.Request) -> web.Response:
        """A transfer is over: nobody took it, or the two have talked."""
        verified = await self.verify(request)
        dialled = read_form(Dialled, verified.form, verified.account)
        async with self.talk.sessions() as session:
            call = await find_call(session, verified.account_id, dialled.call_sid)
            if call is None or call.ended_at is not None or dialled.status in ("completed", "answered"):
                return twiml_response(hang_up())
            language = (await self.talk.asked(session, call)).language
        step = Step("hang up", language, (Speech(Words(language).say("nobody_there")),))
        return twiml_response(build(step, self.ways(verified, call, call.turn, 0)))

    async def handle_relayed(self, request: web.Request) -> web.Response:
        """A socket is over: what the bot said last comes here; if the socket broke, the talk goes on turn by turn."""
        verified = await self.verify(request)
        ended = read_form(RelayEnded, verified.form, verified.account)
        number = -_read_number(request, "r")
        async with self.talk.sessions() as session:
            call = await find_call(session, verified.account_id, ended.call_sid)
            kept = None if call is None else await find_answer(session, call.id, number)
        if kept is not None:
            return twiml_response(kept)
        if call is None or _is_over(call):
            return twiml_response(hang_up())
        await self.talk.wait(call, self.answers_within)
        decide = partial(self.talk.after_relay, account=verified.account, handoff=ended.handoff_data)
        return twiml_response(await self.keep(verified, call, number, decide))

    async def handle_status(self, request: web.Request) -> web.Response:
        """How far a call is; of one of ours, what became of the message it carries."""
        verified = await self.verify(request)
        status = read_form(Status, verified.form, verified.account)
        outbox_id = read_id(request.match_info.get("outbox", ""))
        await repeat_on_deadlock(lambda: self._note_status(verified, status, outbox_id))
        return web.Response(status=204)

    async def _note_status(self, verified: Verified, status: Status, outbox_id: UUID | None) -> None:
        now = self.talk.clock.now()
        async with transaction(self.talk.sessions) as session:
            call = await find_call(session, verified.account_id, status.call_sid, lock=True)
            if call is not None and status.is_final:
                await end_call(session, call, now)
            if outbox_id is not None:
                answered_by = (call.answered_by if call is not None else None) or status.answered_by
                leaves_message = verified.account.voicemail == "leave message"
                report = report_of(status, answered_by, outbox_id, leaves_message=leaves_message)
                await write_report(session, "voice", report, now)

    # Who asks

    async def verify(self, request: web.Request) -> Verified:
        """The account a request is for and its form.

        Raises:
            NotAllowed: nothing proves that it comes from Twilio.
            Malformed: it does, but it is no form.
        """
        account_id, account = await self.find_account(request)
        body = await request.read()
        is_form = request.content_type == _FORM
        form = read_body(body) if is_form else MultiDict[str]()
        url = self._told_url(request)
        signature = request.headers.get(HEADER)
        if not any(is_signed(one, form, signature, account.tokens) for one in (url, url + OVERRIDES)):
            _log.warning("voice_webhook_refused", account_id=str(account_id))
            raise NotAllowed("This request is not signed by Twilio for this address.")
        if not is_form:
            raise Malformed("Twilio is to send forms here: leave the webhook's method at POST.")
        return Verified(account_id, account, form)

    async def verify_socket(self, request: web.Request) -> tuple[UUID, VoiceAccount]:
        """The account that a request for a socket is for.

        Raises:
            NotAllowed: nothing proves that it comes from Twilio.
        """
        account_id, account = await self.find_account(request)
        url, signature = socket_url(self._told_url(request)), request.headers.get(HEADER)
        # Twilio has signed sockets with and without a slash at the end.
        if not any(is_signed(one, MultiDict[str](), signature, account.tokens) for one in (url, f"{url}/")):
            _log.warning("voice_socket_refused", account_id=str(account_id))
            raise NotAllowed("This request is not signed by Twilio for this address.")
        return account_id, account

    async def find_account(self, request: web.Request) -> tuple[UUID, VoiceAccount]:
        """The account that an address names.

        Raises:
            NotAllowed: there is none.
        """
        account_id = read_id(request.match_info["account"])
        found = await self.accounts.get(account_id) if account_id is not None else None
        if found is None or found.channel != "voice" or account_id is None:
            raise NotAllowed("Nothing is taken in here.")
        known = self._known.get(account_id)
        if known is None or known[0] is not found:
            known = self._known[account_id] = (found, read_account(found))
        return account_id, known[1]

    def _told_url(self, request: web.Request) -> str:
        """The address as Twilio was told it, never what the request says of its host: anybody can write that."""
        url = f"{self.public_url}{request.rel_url.raw_path}"
        return f"{url}?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else url

    def ways_without_call(self, verified: Verified) -> Ways:
        """The same for a step that ends the call."""
        return ways_of(self.public_url, verified.account_id, verified.account, "", turn=0, waited=0, relay=0)

    def ways(self, verified: Verified, call: Call, number: int, waited: int) -> Ways:
        """Where a call goes on."""
        return ways_of(
            self.public_url,
            verified.account_id,
            verified.account,
            call.call_sid,
            turn=max(number, call.turn),
            waited=waited,
            relay=call.relays,
        )


def routes(webhooks: VoiceWebhooks) -> list[web.RouteDef]:
    """The routes of calls that are gathered turn by turn."""
    return [
        web.post(addresses.CALL, webhooks.handle_call),
        web.post(addresses.TURN, webhooks.handle_turn),
        web.post(addresses.DIALLED, webhooks.handle_dialled),
        web.post(addresses.RELAYED, webhooks.handle_relayed),
        web.post(addresses.STATUS, webhooks.handle_status),
        web.post(addresses.STATUS_OF, webhooks.handle_status),
    ]


def _read(heard: Heard, ask: Ask, language: str) -> Meant:
    if heard.digits:
        return read_keys(heard.digits, ask, language)
    return read_speech(heard.speech, heard.confidence, ask, language)


def _is_over(call: Call) -> bool:
    """Whether nobody is on the line: it has ended, or a machine answered."""
    return call.ended_at is not None or is_machine(call.answered_by)


def _read_number(request: web.Request, name: str) -> int:
    told = request.query.get(name, "0")
    if not told.isdecimal() or len(told) > _MOST_DIGITS:
        raise Malformed(f"{name} is a whole number.")
    return int(told)


def read_id(text: str) -> UUID | None:
    """An id in an address; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def twiml_response(text: str) -> web.Response:
    """TwiML as Twilio reads it."""
    return web.Response(text=text, content_type="text/xml", charset="utf-8")
