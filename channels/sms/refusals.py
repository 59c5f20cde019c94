"""The error table: what Twilio's codes mean for a message, whether they come as an answer or in a report. Pure.

Reasons hold no number and no text. Facts from Twilio's error dictionary, 2026-11; it adds codes now and then, and one
that is not here ends the message without drawing any other conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from outreach.ports import InDoubt, Refused, RetryLater, SendOutcome

Means = Literal["dead address", "opted out", "wrong hour", "refused", "later", "account"]
"""What follows: nothing more goes to the number; the person's stop becomes ours; it goes again when it is day there;
this message ends; it goes again soon; the account can send nothing until the operator has looked at it."""

BUSY_WAIT = timedelta(seconds=30)
_WAITS: dict[Means, timedelta] = {
    "wrong hour": timedelta(hours=6),
    "later": BUSY_WAIT,
    "account": timedelta(minutes=15),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a code means, in words a marketer reads."""

    means: Means
    reason: str


_REFUSALS: dict[int, Refusal] = {
    # What the person did
    21610: Refusal("opted out", "This person has stopped our messages at the carrier."),
    # The number
    21211: Refusal("dead address", "This is no number that can be written to."),
    21214: Refusal("dead address", "This number cannot be reached."),
    21217: Refusal("dead address", "This is no number that can be written to."),
    21614: Refusal("dead address", "This number cannot receive texts."),
    21635: Refusal("dead address", "This number is a landline."),
    30005: Refusal("dead address", "This number is not in service."),
    30006: Refusal("dead address", "This number is a landline, or its carrier cannot be reached."),
    # The moment
    30610: Refusal("wrong hour", "It is too early or too late at this person's place."),
    30615: Refusal("wrong hour", "It is too early or too late at this person's place."),
    # This message
    30003: Refusal("refused", "The phone could not be reached: it is off or has no signal."),
    30004: Refusal("refused", "The phone or its carrier blocks our messages."),
    30007: Refusal("refused", "The carrier filtered it as unwanted. Look at the wording and the links."),
    30008: Refusal("refused", "The carrier could not deliver it and does not say why."),
    30036: Refusal("refused", "It waited at Twilio for longer than it was still of use."),
    21408: Refusal(
        "refused", "Your Twilio account does not send to this country: Messaging, Settings, Geo permissions."
    ),
    21612: Refusal("refused", "Twilio has no way from our number to this one."),
    21617: Refusal("refused", "The text is longer than Twilio takes."),
    # The sender
    30034: Refusal("refused", "Our number is not registered with the American carriers (A2P 10DLC)."),
    30032: Refusal("refused", "Our toll-free number is not verified."),
    30001: Refusal("later", "Twilio's queue for our number is full."),
    30022: Refusal("later", "The carriers take no more from us this fast."),
    30023: Refusal("later", "The carriers take no more from us today."),
    63038: Refusal("later", "Twilio takes no more from this account today."),
    20429: Refusal("later", "Twilio wants us to send more slowly."),
    20003: Refusal("account", "Twilio does not accept our credentials."),
    20005: Refusal("account", "Twilio has suspended the account."),
    20404: Refusal("account", "Twilio knows no such account."),
    30002: Refusal("account", "Twilio has suspended the account."),
    21606: Refusal("account", "Our number cannot send texts, or is not ours."),
    21659: Refusal("account", "Our number is none of Twilio's."),
    21660: Refusal("account", "Our number belongs to another Twilio account."),
    21703: Refusal("account", "The messaging service has no number to send from."),
    21705: Refusal("account", "Twilio knows no such messaging service."),
}
_UNKNOWN = Refusal("refused", "Twilio could not deliver it.")


def find_refusal(code: int | None) -> Refusal:
    """What a code means."""
    return _UNKNOWN if code is None else _REFUSALS.get(code, _UNKNOWN)


def outcome_of(status: int, code: int | None, *, retry_after: timedelta | None = None) -> SendOutcome:
    """What an answer of Twilio's API that is no success means for the message.

    Args:
        status: of HTTP.
        code: Twilio's own, where it gave one.
        retry_after: as the answer asks for it.
    """
    if status >= 500:
        return InDoubt(f"Twilio broke off ({status}).")
    if status == 429:
        return RetryLater("Twilio wants us to send more slowly.", retry_after or BUSY_WAIT, holds_account=True)
    refusal = find_refusal(code)
    known = code is not None and code in _REFUSALS
    if not known and status in (401, 403):
        refusal = _REFUSALS[20003]
    wait = _WAITS.get(refusal.means)
    if wait is not None:
        holds_account = refusal.means != "wrong hour"
        return RetryLater(f"{refusal.reason} ({code or status})", retry_after or wait, holds_account=holds_account)
    return Refused(
        str(code or status),
        refusal.reason,
        dead_address=refusal.means == "dead address",
        opted_out=refusal.means == "opted out",
    )


def known_codes() -> tuple[int, ...]:
    """The codes the table has, for the documents and for tests."""
    return tuple(_REFUSALS)
