"""Carries out a call as Twilio does: asks our webhooks for TwiML, says it to the person, hands back what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import aiohttp

from channels.voice.simulator.calling import call as post
from channels.voice.simulator.grammar import NoTwiML, read_twiml
from channels.voice.simulator.relay import RelayClient
from channels.voice.simulator.state import Input, PhoneCall, Pickup, State

_MOST_DOCUMENTS = 400
_SILENCE = Input("silence")


class HungUp(Exception):
    """The call is over."""


@dataclass
class Line:
    """One call being carried out. `pace` is how many real seconds a second of pause takes."""

    state: State
    http: aiohttp.ClientSession
    call: PhoneCall
    show: Callable[[str], None]
    pace: float = 0.0

    async def run_inbound(self, url: str) -> None:
        """Somebody calls our number, whose webhook is told."""
        self.call.status = "ringing"
        await self._carry_out(url)

    async def run_outbound(self, pickup: Pickup) -> None:
        """Our call rings, and is taken or not."""
        for status in ("initiated", "ringing"):
            await self._report(status)
        if pickup.how != "answered":
            await self._report(pickup.how, sip_code=pickup.sip_code)
            self.call.ended.set()
            return
        await self._report("in-progress")
        detecting = asyncio.create_task(self._detect(pickup))
        try:
            await self._carry_out(self.call.url)
        finally:
            await detecting

    async def _detect(self, pickup: Pickup) -> None:
        if not self.call.amd_callback or pickup.answered_by is None:
            return
        await self.call.listening.wait()
        form = {"CallSid": self.call.sid, "AccountSid": self.state.account_sid, "AnsweredBy": pickup.answered_by,
                "MachineDetectionDuration": "2400"}  # fmt: skip
        await post(self.http, self.state.tokens[0], self.call.amd_callback, form)

    async def _carry_out(self, url: str) -> None:
        form: dict[str, str] = {}
        try:
            for _ in range(_MOST_DOCUMENTS):
                url, form = await self._document(url, form)
            self.call.problems.append("the call never ends")
        except HungUp:
            pass
        except NoTwiML as problem:
            self.call.problems.append(str(problem))
            self.show(f"  ! Twilio would not carry this out: {problem}")
        finally:
            self.call.listening.set()
            self.call.ended.set()
            await self._report("completed")

    async def _document(self, url: str, form: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Carries out one document; returns where the call goes on, and with what."""
        self.call.status = "in-progress" if self.call.twiml else self.call.status
        called = await post(self.http, self.state.tokens[0], url, {**self.facts(), **form})
        self.call.statuses.append(called.statuses[-1])
        if not called.was_taken:
            self.call.problems.append(f"{called.statuses[-1]} from {url}")
            self.show(f"  ! Parley did not answer ({called.statuses[-1] or 'nothing'}).")
            raise HungUp
        return await self._perform(called.body, url)

    async def _perform(self, text: str, url: str) -> tuple[str, dict[str, str]]:
        self.call.twiml.append(text)
        for verb in read_twiml(text):
            going_on = await self._do(verb, url)
            if going_on is not None:
                return going_on
            if self.call.replaced is not None:
                return await self._change(url)
        raise HungUp

    async def _change(self, url: str) -> tuple[str, dict[str, str]]:
        """The API has given the call other TwiML, or ended it."""
        text, self.call.replaced = self.call.replaced, None
        if not text:
            raise HungUp
        return await self._perform(text, url)

    async def _do(self, verb: ET.Element, url: str) -> tuple[str, dict[str, str]] | None:
        match verb.tag:
            case "Say" | "Play":
                self._say(verb)
            case "Pause":
                await asyncio.sleep(float(verb.get("length", "1")) * self.pace)
            case "Start":
                self.call.recorded = self.call.recorded or verb.find("Recording") is not None
            case "Redirect":
                return urljoin(url, verb.text or ""), {}
            case "Gather":
                return await self._gather(verb, url)
            case "Dial":
                return self._dial(verb, url)
            case "Connect":
                return await self._connect(verb, url)
            case "Hangup":
                raise HungUp
            case unknown:
                raise NoTwiML(f"this simulator cannot do <{unknown}>")
        return None

    def _say(self, verb: ET.Element) -> None:
        self.hears(verb.text or "", verb.get("language", ""))

    def hears(self, text: str, language: str) -> None:
        """The person hears something."""
        self.call.heard.append(text)
        self.call.languages.append(language)
        self.show(f"◂ {text}")

    async def _gather(self, verb: ET.Element, url: str) -> tuple[str, dict[str, str]] | None:
        early = self._early(verb)
        for nested in verb:
            if early is None or nested is verb[0]:
                self._say(nested)
        what = early or await self._next_input()
        if what is None:
            return await self._change(url)
        action = urljoin(url, verb.get("action", ""))
        match what.kind:
            case "hang up":
                raise HungUp
            case "speech":
                told = {"SpeechResult": what.text}
                return action, told if what.confidence is None else {**told, "Confidence": str(what.confidence)}
            case "keys":
                return action, {"Digits": await self._digits(verb, what.text)}
        if verb.get("actionOnEmptyResult") == "true":
            return action, {}
        return None

    def _early(self, verb: ET.Element) -> Input | None:
        """What was done while we were still speaking, where that may interrupt us."""
        waiting = self.call.inputs._queue  # type: ignore[attr-defined]  # noqa: SLF001  # a queue cannot be looked into
        if verb.get("bargeIn", "true") == "true" and waiting and waiting[0].barges:
            early: Input = self.call.inputs.get_nowait()
            return early
        return None

    async def _next_input(self) -> Input | None:
        """What the person does next; None when the API changed the call meanwhile."""
        self.call.listening.set()
        doing = asyncio.ensure_future(self.call.inputs.get())
        cut = asyncio.ensure_future(self.call.cut.wait())
        try:
            await asyncio.wait({doing, cut}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (doing, cut):
                one.cancel()
        self.call.listening.clear()
        if cut.done() and not cut.cancelled():
            self.call.cut.clear()
            return None
        return doing.result()

    async def _digits(self, verb: ET.Element, keys: str) -> str:
        """As many as are asked for, or up to the key that ends them; the rest is there for the next question."""
        most, ends = int(verb.get("numDigits", "0")), verb.get("finishOnKey", "#")
        taken = ""
        for place, key in enumerate(keys):
            if key and key in ends:
                await self._put_back(keys[place + 1 :])
                return taken
            taken += key
            if most and len(taken) == most:
                await self._put_back(keys[place + 1 :])
                return taken
        return taken

    async def _put_back(self, keys: str) -> None:
        if keys:
            rest = [Input("keys", keys)]
            while not self.call.inputs.empty():
                rest.append(self.call.inputs.get_nowait())
            for one in rest:
                await self.call.inputs.put(one)

    def _dial(self, verb: ET.Element, url: str) -> tuple[str, dict[str, str]]:
        numbers = [one.text or "" for one in verb.iter("Number")] or [verb.text or ""]
        self.call.dialled += numbers
        self.show(f"  (calling {', '.join(numbers)}: {self.call.dial_status})")
        return urljoin(url, verb.get("action", "")), {"DialCallStatus": self.call.dial_status}

    async def _connect(self, verb: ET.Element, url: str) -> tuple[str, dict[str, str]]:
        relay = verb.find("ConversationRelay")
        if relay is None:
            raise NoTwiML("this simulator connects to ConversationRelay only")
        ended = await RelayClient(self.state, self.http, self.call, self.hears).run(relay)
        if ended is None:
            raise HungUp
        return urljoin(url, verb.get("action", "")), ended

    def facts(self) -> dict[str, str]:
        """What every webhook of the call is told."""
        facts = {
            "AccountSid": self.state.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.call.sid,
            "CallStatus": self.call.status,
            "Called": self.call.to,
            "Caller": self.call.sender,
            "Direction": self.call.direction,
            "From": self.call.sender,
            "To": self.call.to,
        }
        return {**facts, "StirVerstat": self.call.verification} if self.call.verification else facts

    async def _report(self, status: str, *, sip_code: int | None = None) -> None:
        self.call.status = status
        if self.call.status_callback:
            form = {**self.facts(), "CallbackSource": "call-progress-events", "SequenceNumber": "0"}
            if sip_code is not None:
                form["SipResponseCode"] = str(sip_code)
            await post(self.http, self.state.tokens[0], self.call.status_callback, form)


def barging(what: Input) -> Input:
    """The same while we still speak."""
    return replace(what, barges=True)
