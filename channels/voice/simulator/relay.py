"""ConversationRelay as Twilio plays it: opens our socket, tells what people say, says what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import aiohttp

from channels.voice.simulator.calling import sign
from channels.voice.simulator.state import Input, PhoneCall, State, new_sid

_BREATH = 0.15  # seconds


@dataclass
class RelayClient:
    """One session. `hears` is told of each text with its language."""

    state: State
    http: aiohttp.ClientSession
    call: PhoneCall
    hears: Callable[[str, str], None]
    _tokens: list[str] = field(default_factory=list)
    _language: str = ""
    _can_be_interrupted: bool = True
    _silence: asyncio.TimerHandle | None = None

    async def run(self, relay: ET.Element) -> dict[str, str] | None:
        """Runs it to its end; what the action is then told. None: the person has hung up."""
        url = relay.get("url", "")
        session = new_sid("VX")
        self._language = relay.get("language", "")
        headers = {"X-Twilio-Signature": sign(self.state.tokens[0], url, {})}
        told = {"SessionId": session, "SessionDuration": "10"}
        try:
            async with self.http.ws_connect(url, headers=headers) as socket:
                await socket.send_json(self._setup(session))
                handoff = await self._converse(socket)
        except (aiohttp.ClientError, OSError) as error:
            return {**told, "SessionStatus": "failed", "ErrorCode": "64102", "ErrorMessage": type(error).__name__}
        if handoff is None:
            return None
        return {**told, "SessionStatus": "ended" if handoff else "completed", "HandoffData": handoff}

    def _setup(self, session: str) -> dict[str, object]:
        return {
            "type": "setup",
            "sessionId": session,
            "accountSid": self.state.account_sid,
            "parentCallSid": "",
            "callSid": self.call.sid,
            "from": self.call.sender,
            "to": self.call.to,
            "forwardedFrom": "",
            "callType": "PSTN",
            "callerName": "",
            "direction": self.call.direction,
            "callStatus": "IN-PROGRESS",
            "customParameters": {},
        }

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> str | None:
        """Until we end it (what we hand over), the socket breaks (nothing), or the person hangs up (None)."""
        listening = asyncio.create_task(self._listen(socket))
        talking = asyncio.create_task(self._talk(socket))
        try:
            await asyncio.wait({listening, talking}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                return listening.result()
            talking.result()
            return None
        finally:
            if self._silence is not None:
                self._silence.cancel()
            for one in (listening, talking):
                one.cancel()
            await asyncio.gather(listening, talking, return_exceptions=True)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            self.call.sent_over_socket.append(frame)
            match frame["type"]:
                case "text":
                    self._tokens.append(frame["token"])
                    self._can_be_interrupted = frame.get("interruptible", True)
                    if frame["last"]:
                        self.hears("".join(self._tokens), frame.get("lang", self._language))
                        self._tokens.clear()
                        self._fall_silent()
                case "play":
                    self.hears(frame["source"], self._language)
                case "language":
                    self._language = frame.get("ttsLanguage", self._language)
                case "end":
                    handoff: str = frame.get("handoffData", "")
                    return handoff
        return ""

    def _fall_silent(self) -> None:
        """It is the person's turn, unless more is said at once."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(_BREATH, self.call.listening.set)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            what = await self.call.inputs.get()
            if what.kind == "hang up":
                return
            await self._do(socket, what)

    async def _do(self, socket: aiohttp.ClientWebSocketResponse, what: Input) -> None:
        if what.cuts or (what.barges and self._can_be_interrupted):
            heard = self.call.heard[-1]
            # What was said last is cut: only its beginning was heard.
            self.call.heard[-1] = heard[: len(heard) // 3]
            cut = {"type": "interrupt", "utteranceUntilInterrupt": self.call.heard[-1], "durationUntilInterruptMs": 460}
            await socket.send_json(cut)
        if what.kind == "speech":
            partial = {"type": "prompt", "voicePrompt": what.text[: len(what.text) // 2], "lang": self._language}
            await socket.send_json({**partial, "last": False})
            await socket.send_json({**partial, "voicePrompt": what.text, "last": True})
        elif what.kind == "keys":
            for digit in what.text:
                await socket.send_json({"type": "dtmf", "digit": digit})
