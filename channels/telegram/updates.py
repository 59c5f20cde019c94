"""What of Telegram's updates we read, as types. Everything else of them is passed over; decides nothing."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

UPDATE_KINDS = ("message", "callback_query", "my_chat_member")
"""What we have Telegram tell: no edited messages, no channel posts."""

Identifier = Annotated[int, Field(strict=True)]
Moment = Annotated[int, Field(strict=True, ge=0, lt=2**33)]
"""Seconds since 1970; no later than any date can be written."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(_Part):
    """Who did something."""

    id: Identifier
    is_bot: bool = False
    first_name: str = ""
    language_code: str | None = None


class Chat(_Part):
    """Where it was done; `type` is `private` between one person and the bot."""

    id: Identifier
    type: str


class SharedContact(_Part):
    """A card from an address book; `user_id` is whose card it is, where they are on Telegram."""

    phone_number: str
    user_id: Identifier | None = None


class SentFile(_Part):
    """A file as Telegram keeps it. Names and types are what the sender's program says."""

    file_id: str
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = None


class PhotoSize(_Part):
    """A photo in one size."""

    file_id: str
    width: int = 0
    height: int = 0


class Entity(_Part):
    """A marked place in a text; `bot_command` is what matters here."""

    type: str
    offset: int
    length: int


class Button(_Part):
    """A button of ours."""

    text: str
    callback_data: str | None = None


class Keyboard(_Part):
    """The buttons under a message of ours."""

    inline_keyboard: list[list[Button]] = []


class Message(_Part):
    """A message, of theirs or (under a tap) of ours."""

    message_id: Identifier
    date: Moment = 0
    chat: Chat
    sender: User | None = Field(None, validation_alias="from")
    text: str | None = None
    caption: str | None = None
    entities: list[Entity] = []
    contact: SharedContact | None = None
    photo: list[PhotoSize] = []
    animation: SentFile | None = None
    document: SentFile | None = None
    video: SentFile | None = None
    video_note: SentFile | None = None
    audio: SentFile | None = None
    voice: SentFile | None = None
    sticker: dict[str, Any] | None = None
    location: dict[str, Any] | None = None
    venue: dict[str, Any] | None = None
    poll: dict[str, Any] | None = None
    dice: dict[str, Any] | None = None
    reply_markup: Keyboard | None = None


class CallbackQuery(_Part):
    """A tap on a button of ours. `data` may be anything a changed program sends."""

    id: str
    sender: User = Field(validation_alias="from")
    data: str | None = None
    message: Message | None = None


class ChatMember(_Part):
    """How the bot stands in a chat; `kicked` is blocked."""

    status: str


class ChatMemberUpdated(_Part):
    """The bot's standing in a chat changed."""

    chat: Chat
    date: Moment
    sender: User = Field(validation_alias="from")
    new_chat_member: ChatMember


class Update(_Part):
    """One update; at most one of the parts is there."""

    update_id: Identifier
    message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: ChatMemberUpdated | None = None


class NotAnUpdate(ValueError):
    """This is no update at all."""


def read_update(content: object) -> Update:
    """An update of Telegram's, as JSON was read.

    One whose parts have another form than we know is an update of which nothing is understood: Telegram must not bring
    it again and again.

    Raises:
        NotAnUpdate: it has no number.
    """
    if not isinstance(content, dict) or type(content.get("update_id")) is not int:
        raise NotAnUpdate
    try:
        return Update.model_validate(content)
    except ValidationError:
        return Update(update_id=content["update_id"])
