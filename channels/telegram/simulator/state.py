"""What the local Telegram knows: its bots, who writes to them, what is shown in their chats. Serves nothing."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]

_FIRST_UPDATES = 900_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """How a method is answered instead of being done. `hangs_up`: it is done, but the connection breaks off.

    Attributes:
        delay: seconds before anything is answered.
    """

    status: int = 200
    description: str = ""
    retry_after: int | None = None
    hangs_up: bool = False
    delay: float = 0
    body: bytes | None = None


class Refusal(Exception):
    """A method cannot be done: Telegram's code and words."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def as_json(self) -> JSON:
        """The body of the answer."""
        told: JSON = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            told["parameters"] = {"retry_after": self.retry_after}
        return told


@dataclass(slots=True)
class Shown:
    """A message as a chat shows it.

    Attributes:
        by_bot: else it is the person's.
        buttons: rows of inline buttons, as they were sent.
        media: the method's part that was shown (`photo`) and what it was: an address or a file's id.
    """

    message_id: int
    date: int
    text: str
    by_bot: bool
    buttons: list[list[JSON]] = field(default_factory=list)
    media: tuple[str, str] | None = None
    preview: bool = True

    @property
    def labels(self) -> list[str]:
        """What can be tapped under it."""
        return [button["text"] for row in self.buttons for button in row]


@dataclass(slots=True)
class Chat:
    """A person's private chat with a bot. Its number is the person's."""

    id: int
    first_name: str
    language: str | None
    phone: str | None = None
    blocked: bool = False
    deactivated: bool = False
    started: bool = False
    messages: list[Shown] = field(default_factory=list)
    keyboard: list[list[JSON]] = field(default_factory=list)
    """Buttons in the place of the letters, until they are removed."""
    last_sent_at: float = 0.0

    @property
    def user(self) -> JSON:
        """The person, as updates name them."""
        user: JSON = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        return {**user, "language_code": self.language} if self.language else user

    @property
    def chat(self) -> JSON:
        """The chat, as updates name it."""
        return {"id": self.id, "type": "private", "first_name": self.first_name}

    def find(self, message_id: int) -> Shown | None:
        """The message of this number."""
        return next((one for one in self.messages if one.message_id == message_id), None)


@dataclass(slots=True)
class Webhook:
    """Where a bot's updates are brought."""

    url: str
    secret: str | None
    allowed: list[str]
    max_connections: int


@dataclass
class SimulatedBot:
    """A bot and all that Telegram keeps of it.

    Attributes:
        pending: updates that were not taken yet, the oldest first.
        script: how the next calls of a method are answered.
        calls: every call, with what it said.
        keeps_limits: whether floods are refused as Telegram does.
        answered: taps that were answered.
    """

    token: str
    username: str
    can_join_groups: bool = True
    keeps_limits: bool = False
    webhook: Webhook | None = None
    allowed: list[str] = field(default_factory=list)
    chats: dict[int, Chat] = field(default_factory=dict)
    pending: deque[JSON] = field(default_factory=deque)
    script: dict[str, list[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, JSON]] = field(default_factory=list)
    commands: dict[tuple[str, str], list[JSON]] = field(default_factory=dict)
    taps: dict[str, int] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    last_error: tuple[int, str] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is a new update."""
    sent_at: deque[float] = field(default_factory=deque)
    poll: int = 0
    """Counts questions for updates: an older one that still waits is ended."""

    def __post_init__(self) -> None:
        # Telegram's numbers begin anywhere.
        self._updates: Iterator[int] = itertools.count(_FIRST_UPDATES + secrets.randbelow(10_000_000))
        self._messages: Iterator[int] = itertools.count(1)

    @property
    def id(self) -> int:
        """The bot's own number."""
        return int(self.token.partition(":")[0])

    @property
    def user(self) -> JSON:
        """The bot, as getMe names it."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.username,
            "username": self.username,
            "can_join_groups": self.can_join_groups,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def count_updates_from(self, number: int) -> None:
        """Goes on with other numbers, as Telegram does after a quiet week."""
        self._updates = itertools.count(number)

    def next_message_id(self) -> int:
        """A number for a message."""
        return next(self._messages)

    def tell(self, kind: str, content: JSON) -> JSON | None:
        """Puts an update among those that wait; None when the bot does not want its kind."""
        wanted = self.webhook.allowed if self.webhook is not None else self.allowed
        if wanted and kind not in wanted:
            return None
        update = {"update_id": next(self._updates), kind: content}
        self.pending.append(update)
        self.news.set()
        return update

    def take_answer(self, method: str) -> Answer | None:
        """How the script answers this call; None when it is to be done."""
        answers = self.script.get(method) or []
        return answers.pop(0) if answers else None

    def check_flood(self, chat: Chat) -> None:
        """Refuses more than Telegram takes: 30 a second, and one a second in a chat."""
        now = time.monotonic()
        while self.sent_at and now - self.sent_at[0] >= 1:
            self.sent_at.popleft()
        if self.keeps_limits and (now - chat.last_sent_at < 1 or len(self.sent_at) >= 30):
            raise Refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        chat.last_sent_at = now
        self.sent_at.append(now)


def new_token() -> str:
    """A token of the form that @BotFather gives."""
    return f"{7_000_000_000 + secrets.randbelow(999_999_999)}:{secrets.token_urlsafe(26)[:35]}"


def now() -> int:
    """The moment, as Telegram writes it."""
    return int(time.time())
