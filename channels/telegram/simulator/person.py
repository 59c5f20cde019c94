"""Somebody with Telegram on their phone: writes, taps, shares, blocks, and sees what the bot shows."""

from __future__ import annotations

import re
import secrets
from typing import Any

from channels.telegram.simulator.methods import describe, keep_file
from channels.telegram.simulator.state import JSON, Chat, Shown, SimulatedBot, now

_COMMAND = re.compile(r"/[A-Za-z0-9_]+(?:@\w+)?")


class Person:
    """One person and their private chat with one bot. What they do becomes an update."""

    def __init__(self, bot: SimulatedBot, chat: Chat) -> None:
        self.bot = bot
        self.chat = chat

    @property
    def id(self) -> int:
        """Their number, which is the chat's."""
        return self.chat.id

    @property
    def sees(self) -> list[str]:
        """What the bot has said, in order."""
        return [one.text for one in self.chat.messages if one.by_bot]

    @property
    def last(self) -> Shown:
        """The last message of the bot."""
        return next(one for one in reversed(self.chat.messages) if one.by_bot)

    def starts(self, payload: str = "") -> JSON | None:
        """Opens the chat with its Start button, or by a link with a payload."""
        return self.says(f"/start {payload}".strip())

    def says(self, text: str, **more: Any) -> JSON | None:
        """Writes a message."""
        command = _COMMAND.match(text)
        entities = [{"type": "bot_command", "offset": 0, "length": len(command[0])}] if command else []
        return self._sends(text, {"text": text, **({"entities": entities} if entities else {}), **more})

    def edits(self, text: str) -> JSON | None:
        """Changes their last message."""
        mine = next(one for one in reversed(self.chat.messages) if not one.by_bot)
        mine.text = text
        return self.bot.tell("edited_message", {**describe(self.bot, self.chat, mine), "edit_date": now()})

    def taps(self, label: str, *, message: Shown | None = None) -> JSON | None:
        """Taps a button under a message, by default the last one that has it."""
        shown = message or next(
            one for one in reversed(self.chat.messages) if any(text.endswith(label) for text in one.labels)
        )
        button = next(one for row in shown.buttons for one in row if one["text"].endswith(label))
        return self.taps_data(shown, button["callback_data"])

    def taps_data(self, shown: Shown, data: str) -> JSON | None:
        """Sends a tap as a changed program could: with any data."""
        query = str(secrets.randbits(62))
        self.bot.taps[query] = shown.message_id
        content = {
            "id": query,
            "from": self.chat.user,
            "chat_instance": str(self.id),
            "data": data,
            "message": describe(self.bot, self.chat, shown),
        }
        return self.bot.tell("callback_query", content)

    def shares_number(self, phone: str, *, whose: int | None = None, name: str | None = None) -> JSON | None:
        """Shares a card: their own by the bot's button, or another's out of their address book."""
        owner = self.id if whose is None else whose
        card = {"phone_number": phone.lstrip("+"), "first_name": name or self.chat.first_name, "user_id": owner}
        return self._sends("", {"contact": card})

    def sends_file(self, kind: str, data: bytes, *, name: str | None = None, mime: str | None = None,
                   caption: str = "") -> JSON | None:  # fmt: skip
        """Sends a file as `photo`, `document`, `voice`, `video` …"""
        file: JSON = {"file_id": keep_file(self.bot, kind, data, name), "file_size": len(data)}
        file["file_unique_id"] = file["file_id"][-8:]
        more = {"file_name": name} if name else {}
        content: Any = {**file, **more, **({"mime_type": mime} if mime else {}), "duration": 1}
        if kind == "photo":
            small = {**file, "file_id": keep_file(self.bot, kind, data[:4]), "width": 90, "height": 90}
            content = [small, {**file, "width": 1280, "height": 960}]
        return self._sends(caption, {kind: content, **({"caption": caption} if caption else {})})

    def sends_other(self, kind: str, content: JSON) -> JSON | None:
        """Sends a place, a sticker, or whatever else there is."""
        return self._sends("", {kind: content})

    def blocks(self) -> JSON | None:
        """Blocks the bot."""
        self.chat.blocked = True
        return self._stands("member", "kicked")

    def unblocks(self) -> JSON | None:
        """Lets the bot write again; what follows on a phone is the Start button."""
        self.chat.blocked = False
        return self._stands("kicked", "member")

    def _stands(self, before: str, after: str) -> JSON | None:
        bot = {"id": self.bot.id, "is_bot": True, "first_name": self.bot.username}
        return self.bot.tell(
            "my_chat_member",
            {
                "chat": self.chat.chat,
                "from": self.chat.user,
                "date": now(),
                "old_chat_member": {"user": bot, "status": before},
                "new_chat_member": {"user": bot, "status": after, "until_date": 0},
            },
        )

    def _sends(self, text: str, content: JSON) -> JSON | None:
        self.chat.started = True
        message = Shown(self.bot.next_message_id(), now(), text, by_bot=False)
        self.chat.messages.append(message)
        envelope = {"message_id": message.message_id, "date": message.date, "chat": self.chat.chat}
        return self.bot.tell("message", {**envelope, "from": self.chat.user, **content})
