"""The methods of the Bot API that the local Telegram has: what each takes, refuses and answers. Serves nothing."""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.telegram.simulator.state import JSON, Chat, Refusal, Shown, SimulatedBot, Webhook, now

_LONGEST_TEXT, _LONGEST_CAPTION, _LONGEST_DATA = 4096, 1024, 64
_LARGEST_FILE = 20 * 1024 * 1024
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MEDIA = {
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendDocument": "document",
}


class Upload(bytes):
    """A file that came along with a call."""


Call = Mapping[str, Any]
"""A method's parameters: texts, or what JSON gave."""


def send_message(bot: SimulatedBot, call: Call) -> JSON:
    """Shows a text in a chat."""
    text = str(call.get("text") or "")
    if not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if _units(text) > _LONGEST_TEXT:
        raise Refusal(400, "Bad Request: message is too long")
    preview = not _object(call, "link_preview_options").get("is_disabled", False)
    return _show(bot, call, text, preview=preview)


def send_media(bot: SimulatedBot, call: Call, method: str) -> JSON:
    """Shows a picture, video, sound or file: by address, by its id or as it came along."""
    part = _MEDIA[method]
    caption = str(call.get("caption") or "")
    if _units(caption) > _LONGEST_CAPTION:
        raise Refusal(400, "Bad Request: message caption is too long")
    given = call.get(part)
    if isinstance(given, Upload):
        given = keep_file(bot, part, bytes(given))
    elif not given:
        raise Refusal(400, f"Bad Request: there is no {part} in the request")
    elif str(given).startswith(("http://", "https://")):
        _check_fetchable(str(given), part)
    elif given not in bot.files:
        raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
    return _show(bot, call, caption, media=(part, str(given)))


def edit_message_reply_markup(bot: SimulatedBot, call: Call) -> JSON:
    """Changes the buttons under a message of the bot's."""
    chat = _chat(bot, call)
    message = chat.find(int(call.get("message_id") or 0))
    if message is None or not message.by_bot:
        raise Refusal(400, "Bad Request: message to edit not found")
    buttons = _buttons(_object(call, "reply_markup"))
    if buttons == message.buttons:
        raise Refusal(400, "Bad Request: message is not modified: specified new message content and reply markup are "
                      "exactly the same as a current content and reply markup of the message")  # fmt: skip
    message.buttons = buttons
    return describe(bot, chat, message)


def answer_callback_query(bot: SimulatedBot, call: Call) -> bool:
    """Ends the waiting of a button."""
    query = str(call.get("callback_query_id"))
    if query not in bot.taps:
        raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    bot.answered.append(query)
    return True


def get_file(bot: SimulatedBot, call: Call) -> JSON:
    """Where a file can be fetched."""
    file_id = str(call.get("file_id"))
    if file_id not in bot.files:
        raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    path, data = bot.files[file_id]
    if len(data) > _LARGEST_FILE:
        raise Refusal(400, "Bad Request: file is too big")
    return {"file_id": file_id, "file_unique_id": file_id[-8:], "file_size": len(data), "file_path": path}


def set_webhook(bot: SimulatedBot, call: Call) -> bool:
    """Has updates brought to an address. Unlike Telegram, one on this machine may be plain HTTP."""
    url = str(call.get("url") or "")
    if not url:
        return delete_webhook(bot, call)
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost")
    if parts.scheme != "https" and not local:
        raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not local and (parts.port or 443) not in (443, 80, 88, 8443):
        raise Refusal(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = call.get("secret_token")
    if secret is not None and not _SECRET.fullmatch(str(secret)):
        raise Refusal(400, "Bad Request: secret token contains unallowed characters")
    connections = int(call.get("max_connections") or 40)
    if call.get("allowed_updates") is not None:
        bot.allowed = [str(kind) for kind in _list(call, "allowed_updates")]
    bot.webhook = Webhook(url, None if secret is None else str(secret), bot.allowed, connections)
    _drop_if_asked(bot, call)
    bot.last_error = None
    bot.news.set()
    return True


def delete_webhook(bot: SimulatedBot, call: Call) -> bool:
    """Keeps updates until they are asked for."""
    bot.webhook = None
    _drop_if_asked(bot, call)
    return True


def get_webhook_info(bot: SimulatedBot, _call: Call) -> JSON:
    """How updates go, and what went wrong last."""
    info: JSON = {"url": "", "has_custom_certificate": False, "pending_update_count": len(bot.pending)}
    if bot.webhook is not None:
        info |= {"url": bot.webhook.url, "max_connections": bot.webhook.max_connections, "ip_address": "127.0.0.1"}
    if bot.allowed:
        info["allowed_updates"] = bot.allowed
    if bot.last_error is not None:
        info |= {"last_error_date": bot.last_error[0], "last_error_message": bot.last_error[1]}
    return info


def set_my_commands(bot: SimulatedBot, call: Call) -> bool:
    """Keeps the menu of commands for a scope and language."""
    commands = _list(call, "commands")
    for one in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(one.get("command"))):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(str(one.get("description") or "")) <= 256:
            raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands[_scope(call)] = commands
    return True


def get_my_commands(bot: SimulatedBot, call: Call) -> list[JSON]:
    """The menu of commands for a scope and language."""
    return bot.commands.get(_scope(call), [])


def get_me(bot: SimulatedBot, _call: Call) -> JSON:
    """Who the bot is."""
    return bot.user


METHODS: Mapping[str, Callable[[SimulatedBot, Call], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    **{
        method: lambda bot, call, method=method: send_media(bot, call, method)  # type: ignore[misc]
        for method in _MEDIA
    },
    "editMessageReplyMarkup": edit_message_reply_markup,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
}
"""All but `getUpdates`, which waits."""


def keep_file(bot: SimulatedBot, kind: str, data: bytes, name: str | None = None) -> str:
    """Takes a file in; returns its id."""
    file_id = f"AgAC{secrets.token_urlsafe(30)}"
    bot.files[file_id] = (f"{kind}s/{name or f'file_{len(bot.files)}'}", data)
    return file_id


def describe(bot: SimulatedBot, chat: Chat, message: Shown) -> JSON:
    """A message as Telegram tells it."""
    told: JSON = {
        "message_id": message.message_id,
        "date": message.date,
        "chat": chat.chat,
        "from": {"id": bot.id, "is_bot": True, "first_name": bot.username, "username": bot.username}
        if message.by_bot
        else chat.user,
    }
    if message.media is None:
        told["text"] = message.text
    else:
        told |= {"caption": message.text} if message.text else {}
        told[message.media[0]] = _describe_media(message.media[0])
    if message.buttons:
        told["reply_markup"] = {"inline_keyboard": message.buttons}
    return told


def _describe_media(part: str) -> Any:
    file: JSON = {"file_id": "AgACshown", "file_unique_id": "shown", "file_size": 4}
    sized = {**file, "width": 1, "height": 1}
    return {"photo": [sized], "video": {**sized, "duration": 1}, "audio": {**file, "duration": 1}}.get(part, file)


def _show(
    bot: SimulatedBot, call: Call, text: str, *, preview: bool = True, media: tuple[str, str] | None = None
) -> JSON:
    chat, markup = _chat(bot, call), _object(call, "reply_markup")
    buttons = _buttons(markup)
    bot.check_flood(chat)
    message = Shown(bot.next_message_id(), now(), text, True, buttons, media, preview)
    chat.messages.append(message)
    if "keyboard" in markup:
        chat.keyboard = markup["keyboard"]
    elif markup.get("remove_keyboard"):
        chat.keyboard = []
    return describe(bot, chat, message)


def _chat(bot: SimulatedBot, call: Call) -> Chat:
    try:
        chat = bot.chats.get(int(call.get("chat_id") or 0))
    except ValueError:
        chat = None
    if chat is None:
        raise Refusal(400, "Bad Request: chat not found")
    if chat.deactivated:
        raise Refusal(403, "Forbidden: user is deactivated")
    if chat.blocked:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    if not chat.started:
        raise Refusal(403, "Forbidden: bot can't initiate conversation with a user")
    return chat


def _buttons(markup: JSON) -> list[list[JSON]]:
    rows: list[list[JSON]] = markup.get("inline_keyboard") or []
    for button in (one for row in rows for one in row):
        if not str(button.get("text") or ""):
            raise Refusal(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        data = str(button.get("callback_data") or "")
        if not 1 <= len(data.encode()) <= _LONGEST_DATA:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _check_fetchable(url: str, part: str) -> None:
    """Telegram fetches what is public, and of files only a few kinds."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:
        private = "." not in host or host.endswith((".local", ".internal"))
    if private:
        raise Refusal(400, "Bad Request: failed to get HTTP URL content")
    if part == "document" and not parts.path.lower().endswith((".pdf", ".zip", ".gif")):
        raise Refusal(400, "Bad Request: wrong type of the web page content")


def _drop_if_asked(bot: SimulatedBot, call: Call) -> None:
    if str(call.get("drop_pending_updates")).lower() == "true":
        bot.pending.clear()


def _scope(call: Call) -> tuple[str, str]:
    return str(_object(call, "scope").get("type") or "default"), str(call.get("language_code") or "")


def _object(call: Call, name: str) -> JSON:
    value = _parsed(call, name)
    return value if isinstance(value, dict) else {}


def _list(call: Call, name: str) -> list[Any]:
    value = _parsed(call, name)
    return value if isinstance(value, list) else []


def _parsed(call: Call, name: str) -> Any:
    """A parameter that is JSON, also where it came as text in a form."""
    value = call.get(name)
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(400, f"Bad Request: can't parse {name} JSON object") from None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
