"""What an update means: what somebody said, tapped, sent or did. Pure; only private chats with a person count.

In groups the bot says nothing and hears nothing: consent, opt-outs and contact data are one person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from base.channel_contract import Attachment, Said, Sender
from bot.resume_codes import find_code
from channels.telegram.keyboards import read_tap
from channels.telegram.updates import CallbackQuery, ChatMemberUpdated, Message, SentFile, Update, User
from crm.contacts.addresses import InvalidAddress, normalise_phone

_BLOCKED = "kicked"
_START = "/start"
UNREADABLE = ""
"""The `ref` of what cannot be fetched: a place, a sticker. The dialogue says that it takes no such thing here."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap that must be answered, so that the button stops waiting.

    Attributes:
        label: what was chosen; None when the tap means nothing and the keyboard stays as it is.
    """

    query_id: str
    chat_id: int
    message_id: int
    label: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What an update comes to; neither part for one that is of no concern."""

    said: Said | None = None
    tapped: Tapped | None = None


def read(update: Update, bot_id: str) -> Read:
    """What the update says.

    Args:
        bot_id: made part of what it is known by: two bots count their updates alike.
    """
    if update.message is not None:
        said = _read_message(update.message)
        return Read(None if said is None else _named(said, bot_id, update.update_id, update.message.message_id))
    if update.callback_query is not None:
        return _read_callback(update.callback_query, bot_id)
    if update.my_chat_member is not None:
        said = _read_standing(update.my_chat_member)
        return Read(None if said is None else _named(said, bot_id, update.update_id, update.my_chat_member.date))
    return Read()


def _named(said: Said, bot_id: str, update_id: int, more: int) -> Said:
    """Known by the update's number and something of its own: after a quiet week the numbers begin anew anywhere."""
    return replace(said, provider_id=f"{bot_id}:{update_id}:{more}")


def _read_message(message: Message) -> Said | None:
    who = _sender(message.sender, message.chat.id if message.chat.type == "private" else None)
    if who is None or message.sender is None:
        return None
    said = Said(
        provider_id="",
        sender=who,
        # Neither PostgreSQL nor anybody's eye can make anything of NUL.
        text=(message.text or message.caption or "").replace("\x00", ""),
        attachments=tuple(_attachments(message)),
        language=message.sender.language_code,
        sent_at=datetime.fromtimestamp(message.date, UTC) if message.date else None,
    )
    if message.contact is not None:
        return _with_contact(said, message, message.sender)
    command = _command_of(message)
    if command is not None:
        return _with_command(said, *command)
    # What pins a message, changes a picture and the like says nothing.
    return said if said.text or said.attachments else None


def _sender(user: User | None, private_chat: int | None) -> Sender | None:
    """Whoever writes in their private chat with the bot; its number is theirs."""
    if user is None or user.is_bot or private_chat != user.id or user.id <= 0:
        return None
    return Sender("telegram", str(user.id), user.first_name or None)


def _command_of(message: Message) -> tuple[str, str] | None:
    """A command that begins the text, without the bot's name, and what stands behind it."""
    text = message.text or ""
    first = next((one for one in message.entities if one.type == "bot_command" and one.offset == 0), None)
    if first is None:
        return None
    # Commands are ASCII, so UTF-16 units are characters.
    return text[: first.length].partition("@")[0].lower(), text[first.length :].strip()


def _with_command(said: Said, command: str, behind: str) -> Said:
    """Start opens the talk, or the one whose code stands behind it. Other commands are the words they are."""
    if command != _START:
        return replace(said, text=f"{command} {behind}".strip())
    return replace(said, text=behind if find_code(behind) is not None else "", opens=True)


def _with_contact(said: Said, message: Message, sender: User) -> Said:
    """Their own card is their number, for Telegram has seen to it that it is theirs. Anybody else's is no answer."""
    contact = message.contact
    if contact is None or contact.user_id != sender.id:
        return replace(said, attachments=(_unreadable("contact"),))
    number = "+" + contact.phone_number.strip().lstrip("+")
    try:
        return replace(said, text=number, also_theirs=(Sender("phone", normalise_phone(number, None)),))
    except InvalidAddress:
        return replace(said, text=number)


def _attachments(message: Message) -> Iterator[Attachment]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        yield Attachment(largest.file_id, "image/jpeg", "photo.jpg")
    # An animation comes with a copy of itself as document.
    document = None if message.animation else message.document
    named: tuple[tuple[SentFile | None, str, str], ...] = (
        (message.animation, "video/mp4", "animation.mp4"),
        (document, "application/octet-stream", "file"),
        (message.video, "video/mp4", "video.mp4"),
        (message.video_note, "video/mp4", "video.mp4"),
        (message.audio, "audio/mpeg", "audio.mp3"),
        (message.voice, "audio/ogg", "voice.ogg"),
    )
    for file, media_type, name in named:
        if file is not None:
            yield Attachment(file.file_id, file.mime_type or media_type, file.file_name or name)
    for name, other in (
        ("sticker", message.sticker),
        # A venue comes with its place.
        ("location", message.location),
        ("poll", message.poll),
        ("dice", message.dice),
    ):
        if other is not None:
            yield _unreadable(name)


def _unreadable(name: str) -> Attachment:
    return Attachment(UNREADABLE, "application/octet-stream", name)


def _read_callback(query: CallbackQuery, bot_id: str) -> Read:
    message = query.message
    if message is None:
        return Read()
    who = _sender(query.sender, message.chat.id if message.chat.type == "private" else None)
    tap = read_tap(query.data or "")
    label = _label_of(message, query.data)
    if who is None or tap is None or label is None:
        return Read(None, Tapped(query.id, message.chat.id, message.message_id, None))
    said = Said(
        # One keyboard is tapped once, however fast and wherever else it is still seen.
        provider_id=f"{bot_id}:tap:{tap[0].hex}",
        sender=who,
        text=label,
        tapped=tap,
        language=query.sender.language_code,
    )
    return Read(said, Tapped(query.id, message.chat.id, message.message_id, label or None))


def _label_of(message: Message, data: str | None) -> str | None:
    """What stands on the button; empty when Telegram does not show the message any more, None when it is not there."""
    if message.reply_markup is None:
        return ""
    buttons = (button for row in message.reply_markup.inline_keyboard for button in row)
    return next((one.text for one in buttons if one.callback_data == data), None)


def _read_standing(change: ChatMemberUpdated) -> Said | None:
    """Blocking stops the channel. Unblocking says nothing yet: the Start button does, which Telegram shows then."""
    who = _sender(change.sender, change.chat.id if change.chat.type == "private" else None)
    if who is None or change.new_chat_member.status != _BLOCKED:
        return None
    return Said("", who, closes=True, sent_at=datetime.fromtimestamp(change.date, UTC))
