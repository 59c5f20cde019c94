"""What each channel can show, and how it may be used, as one table. Says nothing of how it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show.

    Attributes:
        choices: buttons to tap, a numbered list to answer in text, or keys to press.
        media: shown; said as caption and address; or its description spoken.
        cards: shown side by side, a numbered text, or a spoken list.
        fields: whether it has fields of its own for numbers, days and ratings.
        files: whether people can send files (by SMS as MMS).
        links: shown, or named without their address.
        comfortable: units after which a text goes on in the next message; a consent text is not cut here.
        limit: units no message may be longer than.
        unit: `character`; `utf16`, as Telegram counts; or `sms`: septets of the GSM alphabet, of which other
            characters than its own take more than two.
        caption: units of text that may stand under something shown; None: as many as in any message.
        shares_phone: whether a person can hand over their own phone number with a tap, vouched for by the provider.
        starts: whether we may write first: to whoever agreed to it; or only once the person has opened the talk.
        reply_window: how long after their last message they may be written to; None: as long as they may at all.
        joins: whether what is said in one turn goes out as one message; else each by itself.
        cost: what the provider charges by; None: nothing a message.
    """

    choices: Literal["buttons", "numbers", "keys"]
    media: Literal["shown", "address", "spoken"]
    cards: Literal["shown", "numbered", "spoken"]
    fields: bool
    files: bool
    links: Literal["shown", "named"]
    comfortable: int
    limit: int
    unit: Literal["character", "utf16", "sms"]
    caption: int | None = None
    shares_phone: bool = False
    starts: Literal["with consent", "once they have"] = "with consent"
    reply_window: timedelta | None = None
    joins: bool = False
    cost: Literal["segment", "minute"] | None = None

    @property
    def speaks(self) -> bool:
        """Whether all is said aloud."""
        return self.media == "spoken"


CAPABILITIES: dict[str, Capabilities] = {
    "web": Capabilities(
        "buttons", "shown", "shown", True, True, "shown", 8000, 8000, "character", starts="once they have"
    ),
    "telegram": Capabilities(
        "buttons",
        "shown",
        "numbered",
        False,
        True,
        "shown",
        4096,
        4096,
        "utf16",
        caption=1024,
        shares_phone=True,
        starts="once they have",
    ),
    # Three parts read well; carriers join at most ten.
    "sms": Capabilities(
        "numbers", "address", "numbered", False, True, "shown", 3 * 153, 10 * 153, "sms", cost="segment"
    ),
    "email": Capabilities(
        "numbers", "address", "numbered", False, True, "shown", 100_000, 100_000, "character", joins=True
    ),
    # What a provider of telephony takes in one go; a sentence as such has no bound.
    "voice": Capabilities("keys", "spoken", "spoken", False, False, "named", 3000, 3000, "character", cost="minute"),
}


def get_capabilities(channel: str) -> Capabilities:
    """What the channel can show; raises KeyError for one that is none."""
    return CAPABILITIES[channel]
