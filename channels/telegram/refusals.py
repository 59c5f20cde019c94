"""The error table: what Telegram's answer, or its silence, means for a message. Pure.

Reasons are our words: Telegram's own may repeat what was sent.
"""

from __future__ import annotations

from datetime import timedelta

from telegram.error import TelegramError

from channels.telegram.api import TurnedDown, Unreachable
from outreach.ports import InDoubt, Refused, RetryLater, SendOutcome

_CANNOT_SEND = timedelta(minutes=5)
"""How long an account rests whose token Telegram does not know: the operator must act."""
_PAUSE = timedelta(seconds=30)
"""For a 429 that does not say how long."""

_BLOCKED = "bot was blocked by the user"
_UNSENDABLE = Refused("unsendable", "Telegram cannot send a message like this.")
_REFUSALS: tuple[tuple[int, str, Refused], ...] = (
    # Blocking is how people say no on Telegram: it stops the channel, and START opens it again.
    (403, _BLOCKED, Refused("blocked", "They blocked the bot.", opted_out=True)),
    (403, "user is deactivated", Refused("deactivated", "The Telegram account was deleted.", dead_address=True)),
    (403, "can't initiate conversation", Refused("never_written", "They have not written to the bot yet.")),
    (403, "", Refused("forbidden", "Telegram does not let the bot write there.")),
    (400, "chat not found", Refused("no_chat", "Telegram knows no such chat.", dead_address=True)),
    (400, "user not found", Refused("no_chat", "Telegram knows no such chat.", dead_address=True)),
    (400, "peer_id_invalid", Refused("no_chat", "Telegram knows no such chat.", dead_address=True)),
    (400, "message is too long", Refused("too_long", "The message is longer than Telegram takes.")),
    (400, "text is empty", Refused("empty", "There is nothing in the message that could be sent.")),
    (400, "", _UNSENDABLE),
    (413, "", _UNSENDABLE),
)


def outcome_of(error: TelegramError) -> SendOutcome:
    """What an error of sending means."""
    if isinstance(error, Unreachable):
        return RetryLater("Telegram could not be reached.")
    if not isinstance(error, TurnedDown):
        return InDoubt("Telegram gave no answer.")
    if error.status >= 500:
        return InDoubt(f"Telegram broke off ({error.status}).")
    return _not_now(error) or _never(error)


def _not_now(error: TurnedDown) -> RetryLater | None:
    """It is the whole bot that is to be silent, not this chat."""
    if error.status == 429:
        return RetryLater("Telegram asked for a pause (429).", error.retry_after or _PAUSE, holds_account=True)
    if error.status in (401, 404):
        words = "Telegram does not know the bot's token: `parley channels check telegram`."
        return RetryLater(words, _CANNOT_SEND, holds_account=True)
    return None


def _never(error: TurnedDown) -> Refused:
    for status, words, refused in _REFUSALS:
        if error.status == status and words in error.description:
            return refused
    return Refused("refused", f"Telegram refused the message ({error.status}).")


def concerns_media(error: TelegramError) -> bool:
    """Whether it is what was to be shown that Telegram would not take, so that words may still go."""
    return isinstance(error, TurnedDown) and outcome_of(error) == _UNSENDABLE
