"""Somebody on each channel, who does what people do there and sees or hears what really came over the wire."""

from __future__ import annotations

import asyncio
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any, ClassVar
from uuid import UUID

import aiohttp

from channels.telegram import simulator as telegram
from channels.voice import simulator as calling
from tests.journey_of_a_lead.channel_accounts import AUTHSERV_ID, CALLS, HOOK_TOKEN, MAILBOX, RELAYED, Providers
from tests.journey_of_a_lead.running_site import Letters, RunningSite

PATIENCE = 60.0  # seconds
CHANNELS = {
    "web": "Web chat",
    "telegram": "Telegram",
    "sms": "Text message",
    "email": "E-mail",
    "gather": "Call, turn by turn",
    "relay": "Call over ConversationRelay",
}
"""The ways to talk with us, as people call them. Two are of the channel `voice`."""
PAGE = {"language": "en-GB", "time_zone": "Europe/London"}
"""What the page tells of its visitor."""
ONE_MOMENT = ("One moment, please.", "I am still looking into it.")
"""What a caller hears where a machine is slow; it says nothing of the talk."""


@dataclass(frozen=True)
class Begins:
    """Opens the chat, presses Start, calls: the channel's own way to begin, without a word."""

    how: str


@dataclass(frozen=True)
class Says:
    """Writes, or says on the phone."""

    text: str


@dataclass(frozen=True)
class Taps:
    """Taps a button by its label."""

    label: str


@dataclass(frozen=True)
class Presses:
    """Presses keys on the phone."""

    keys: str


Act = Begins | Says | Taps | Presses


@dataclass(frozen=True)
class Shown:
    """One message as a person sees or hears it, with the buttons and the link under it."""

    text: str
    buttons: tuple[str, ...] = ()
    link: str = ""


class Person(ABC):
    """One person on one channel: a key of `CHANNELS`."""

    channel: ClassVar[str]

    @abstractmethod
    async def do(self, act: Act) -> None:
        """Does it as people do on this channel."""

    @abstractmethod
    def sees(self) -> list[Shown]:
        """Everything that came, in order."""

    async def wait_for(self, texts: Sequence[str], *, after: int) -> list[Shown]:
        """What came after so many messages, once the last of it holds one of the texts."""
        deadline = time.monotonic() + PATIENCE
        while not (new := self.sees()[after:]) or not any(text in new[-1].text for text in texts):
            seen = "\n".join(one.text for one in self.sees())
            assert time.monotonic() < deadline, f"{self.channel}: none of {texts} in {PATIENCE} s; seen:\n{seen}"
            await asyncio.sleep(0.05)
        return new

    async def leave(self) -> None:  # noqa: B027  # most just put the phone away
        """Goes away, as one does there."""


class Visitor(Person):
    """Has the web chat open; frames are what is looked at."""

    channel = "web"

    def __init__(self, site: RunningSite, http: aiohttp.ClientSession) -> None:
        self._site = site
        self._http = http
        self._messages: list[dict[str, Any]] = []
        self._reading: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.conversation_id: UUID | None = None

    async def do(self, act: Act) -> None:
        frame: dict[str, Any] = {"client_id": str(uuid.uuid4())}
        match act:
            case Begins():
                await self._open()
            case Says(text):
                await self._send({**frame, "type": "message", "text": text})
            case Taps(label):
                asked = self._messages[-1]
                value = next(one["value"] for one in asked["choices"] if one["label"] == label)
                await self._send({**frame, "type": "choice", "step": asked["step"], "value": value, "text": label})
            case Presses():
                raise AssertionError("there are no keys on a page")

    async def _open(self) -> None:
        origin = {"Origin": self._site.url}
        async with self._http.post(f"{self._site.url}/chat/session", json=PAGE, headers=origin) as answer:
            opened = await answer.json()
        self.conversation_id = UUID(opened["conversation_id"])
        self._socket = await self._http.ws_connect(f"{self._site.url}/chat/socket", headers=origin)
        await self._send({"type": "hello", "token": opened["token"], "last_seen": 0})
        self._reading = asyncio.create_task(self._read(self._socket))

    async def _send(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None, "the chat is not open"
        await self._socket.send_json(frame)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for received in socket:
            frame = received.json()
            assert frame["type"] != "error", frame
            if frame["type"] == "messages":
                self._messages += [one for one in frame["messages"] if one["author"] != "visitor"]

    def sees(self) -> list[Shown]:
        return [
            Shown(
                one["text"], tuple(choice["label"] for choice in one["choices"]), (one["source"] or {}).get("title", "")
            )
            for one in self._messages
            if one["author"] == "bot"
        ]

    async def leave(self) -> None:
        if self._socket is not None and self._reading is not None:
            await self._socket.close()
            await self._reading


class Texter(Person):
    """Texts our number from a phone that shows what Twilio was given for it."""

    channel = "sms"

    def __init__(self, providers: Providers, phone: str) -> None:
        self._twilio = providers.texts
        self._phone = phone

    async def do(self, act: Act) -> None:
        assert isinstance(act, Says), "there is nothing to tap in a text"
        called = await self._twilio.text(self._phone, self._twilio.state.numbers[0], act.text)
        assert called is not None
        assert called.was_taken, called

    def sees(self) -> list[Shown]:
        return [Shown(one.body) for one in self._twilio.state.messages if one.to == self._phone]


class Chatter(Person):
    """Has a chat with the bot in Telegram."""

    channel = "telegram"

    def __init__(self, providers: Providers) -> None:
        self._person: telegram.Person = providers.telegram.person(providers.bot)
        self._shown: list[Shown] = []
        providers.telegram.on_shown = self._show

    def _show(self, _chat: telegram.Chat, message: telegram.Shown) -> None:
        self._shown.append(Shown(message.text, tuple(message.labels)))

    async def do(self, act: Act) -> None:
        match act:
            case Begins():
                self._person.starts()
            case Says(text):
                self._person.says(text)
            case Taps(label):
                self._person.taps(label)
            case Presses():
                raise AssertionError("there are no keys in a chat")

    def sees(self) -> list[Shown]:
        return self._shown


class Caller(Person):
    """Calls our number; hears what is in `<Say>`, or what comes over the socket of ConversationRelay."""

    def __init__(self, providers: Providers, phone: str, number: str) -> None:
        self._twilio = providers.calls
        self._phone = phone
        found = self._twilio.state.find_number(number)
        assert found is not None
        self._number = found
        self.line: calling.Person | None = None

    async def do(self, act: Act) -> None:
        match act:
            case Begins():
                self.line = self._twilio.dial(self._phone, self._number)
                await self.line.listens()
            case Says(text):
                await self._on_the_line.says(text)
            case Presses(keys):
                await self._on_the_line.presses(keys)
            case Taps():
                raise AssertionError("there is nothing to tap on a phone")

    def sees(self) -> list[Shown]:
        return [Shown(one) for one in self.line.call.heard if one not in ONE_MOMENT] if self.line is not None else []

    @property
    def _on_the_line(self) -> calling.Person:
        assert self.line is not None, "nobody was called"
        return self.line

    async def leave(self) -> None:
        await self._on_the_line.hangs_up()
        assert self._on_the_line.call.problems == []


class GatherCaller(Caller):
    """Is heard turn by turn."""

    channel = "gather"

    def __init__(self, providers: Providers, phone: str) -> None:
        super().__init__(providers, phone, CALLS)


class RelayCaller(Caller):
    """Is heard over a socket."""

    channel = "relay"

    def __init__(self, providers: Providers, phone: str) -> None:
        super().__init__(providers, phone, RELAYED)


class Correspondent(Person):
    """Writes and answers mails; the operator's mail server posts them to us with what it found of their origin."""

    channel = "email"

    def __init__(self, site: RunningSite, providers: Providers, http: aiohttp.ClientSession, address: str) -> None:
        self._hook = f"{site.url}/hooks/email/{providers.ids['email']}/mail"
        self._http = http
        self._letters: Letters = site.letters
        self.address = address

    @property
    def letters(self) -> Sequence[EmailMessage]:
        """What came in the talk; follow-ups are no part of it."""
        return [one for one in self._letters.to(self.address) if one["In-Reply-To"]]

    async def do(self, act: Act) -> None:
        assert isinstance(act, Says), "there is nothing to tap in a mail"
        mail = EmailMessage()
        domain = self.address.partition("@")[2]
        mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc=pass header.from={domain}"
        mail["From"], mail["Message-ID"] = f"Ada Byron <{self.address}>", make_msgid(domain=domain)
        text = act.text
        if self.letters:
            last = self.letters[-1]
            mail["To"], mail["Subject"] = last["Reply-To"], last["Subject"]
            mail["In-Reply-To"] = last["Message-ID"]
            mail["References"] = f"{last['References']} {last['Message-ID']}"
            text += (
                f"\n\nOn Mon, 23 Nov 2026 at 10:00, Northwind Ledger <{MAILBOX}> wrote:\n\n{_quoted(whole_text(last))}"
            )
        else:
            mail["To"], mail["Subject"] = MAILBOX, "A demo"
        mail.set_content(text)
        token = {"Authorization": f"Bearer {HOOK_TOKEN}"}
        async with self._http.post(self._hook, data=mail.as_bytes(), headers=token) as answer:
            assert await answer.json() == {"outcome": "kept"}

    def sees(self) -> list[Shown]:
        return [Shown(own_text(one)) for one in self.letters]


def whole_text(letter: EmailMessage) -> str:
    """The plain text of a mail of ours, footer included."""
    body = letter.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n").strip()


def own_text(letter: EmailMessage) -> str:
    """The same without the footer."""
    return whole_text(letter).partition("\n\n-- \n")[0]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
