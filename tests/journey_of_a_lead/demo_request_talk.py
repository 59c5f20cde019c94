"""The demo request as people make it on each channel: turn by turn, what they do there and what the bot then asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.journey_of_a_lead.people_on_channels import CHANNELS, Act, Begins, Presses, Says, Taps

COMPANY, PROBLEM = "Analytical Engines Ltd", "We chase late payers by hand."


@dataclass(frozen=True)
class Turn:
    """One turn.

    Attributes:
        title: what it is about.
        until: one of these stands in the last message of the bot's answer.
        acts: by channel; who has no such act has said it before.
    """

    title: str
    until: tuple[str, ...]
    acts: Mapping[str, Act]


def address_of(channel: str) -> str:
    """The e-mail address of the person on this channel."""
    return f"ada@{channel}.example.com"


def _spoken_address(channel: str) -> Says:
    return Says(f"ada at {channel} dot example dot com")


def _everywhere(text: str, **others: Act) -> dict[str, Act]:
    """The same words, but for the channels that are named."""
    return {**{channel: Says(text) for channel in CHANNELS}, **others}


def _choice(label: str, *, key: str, said: str, written: str | None = None) -> dict[str, Act]:
    """A choice as it is made where there are buttons, by number, by key, in spoken words and in written ones."""
    return {
        "web": Taps(label),
        "telegram": Taps(label),
        "sms": Says(key),
        "gather": Presses(key),
        "relay": Says(said),
        "email": Says(written or key),
    }


TURNS = (
    Turn(
        "Getting in touch",
        ("What brings you here", "What may I call you"),
        {
            "web": Begins("opens the chat"),
            "telegram": Begins("presses Start"),
            "gather": Begins("calls"),
            "relay": Begins("calls"),
            "sms": Says("Hi, I'd like to see a demo"),
            "email": Says("Hello,\n\nI'd like to see a demo of your software.\n\nAda"),
        },
    ),
    Turn(
        "What they came for",
        ("What may I call you",),
        {
            "web": Taps("I'd like to see a demo"),
            "telegram": Taps("I'd like to see a demo"),
            "gather": Presses("1"),
            "relay": Says("I'd like to see a demo."),
        },
    ),
    Turn("A name", ("How many people",), _everywhere("Ada", relay=Says("My name is Ada."))),
    Turn("The size", ("like to change",), _choice("10 to 49 people", key="2", said="About twenty.")),
    Turn("A question in between", ("like to change",), _everywhere("How much does it cost?")),
    Turn("What they want to change", ("which company",), _everywhere(PROBLEM)),
    Turn("The company", ("When would you like",), _everywhere(COMPANY)),
    Turn(
        "The time",
        ("How should they get in touch",),
        _choice("This month", key="1", said="As soon as possible.", written="This month, if we can."),
    ),
    Turn(
        "The way back to them",
        ("e-mail we", "e-mail address", "e-mail you"),
        _choice("By e-mail", key="1", said="By e-mail, please.", written="by e-mail"),
    ),
    Turn(
        "The address",
        ("May Northwind Ledger",),
        {channel: Says(address_of(channel)) for channel in CHANNELS}
        | {channel: _spoken_address(channel) for channel in ("gather", "relay")},
    ),
    Turn(
        "Consent",
        ("anything else",),
        {
            "web": Taps("Yes, send me e-mails"),
            "telegram": Taps("Yes, send me e-mails"),
            "sms": Says("YES"),
            "gather": Presses("1"),
            "relay": Says("Yes, send me e-mails."),
            "email": Says("Yes"),
        },
    ),
)
