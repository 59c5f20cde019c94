"""The table of what becomes of our calls: Twilio's states and error codes, and what each means. Pure.

Reasons hold no number and no text. Facts from Twilio's documents and error dictionary, 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from base.channel_contract import Reported
from base.delivery_states import DeliveryState
from channels.voice.payloads import Status, is_machine
from outreach.ports import InDoubt, Refused, RetryLater, SendOutcome
from outreach.reports import VOICEMAIL

Means = Literal["dead address", "refused", "later", "account"]
"""What follows: nothing more goes to the number; this call ends; it is tried again soon; the account can call nobody
until the operator has looked at it."""

BUSY_WAIT = timedelta(seconds=30)
_WAITS: dict[Means, timedelta] = {"later": BUSY_WAIT, "account": timedelta(minutes=15)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a code means, in words a marketer reads."""

    means: Means
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a state of a call means for the message it carries. `again`: it is planned once more, some times at most."""

    state: DeliveryState
    rule: str | None = None
    reason: str | None = None
    dead_address: bool = False
    again: bool = False


MACHINE = Result("undelivered", "machine", "An answering machine took the call, and we hung up.")
_LEFT_MESSAGE = Result("delivered", VOICEMAIL)
_RESULTS: dict[str, Result] = {
    "queued": Result("accepted"),
    "initiated": Result("accepted"),
    "ringing": Result("accepted"),
    "in-progress": Result("accepted"),
    "completed": Result("delivered"),
    "busy": Result("undelivered", "busy", "The line was busy.", again=True),
    "no-answer": Result("undelivered", "no_answer", "Nobody took the call.", again=True),
    "canceled": Result("undelivered", "canceled", "The call was cancelled before anybody took it."),
    "failed": Result("undelivered", "failed", "The call could not be put through."),
}
_NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})
"""SIP: not found, gone, address incomplete, does not exist anywhere."""
_DEAD = Result("undelivered", "no_such_number", "There is nobody at this number.", dead_address=True)

_REFUSALS: dict[int, Refusal] = {
    # The number
    21211: Refusal("dead address", "This is no number that can be called."),
    21214: Refusal("dead address", "This number cannot be reached."),
    21217: Refusal("dead address", "This is no number that can be called."),
    13223: Refusal("dead address", "This is no number that can be called."),
    13224: Refusal("dead address", "This is no number that can be called."),
    # This call
    13225: Refusal("refused", "Twilio forbids calls to this number."),
    13227: Refusal("refused", "Your Twilio account does not call this country: Voice, Settings, Geo permissions."),
    21215: Refusal("refused", "Your Twilio account does not call this country: Voice, Settings, Geo permissions."),
    21216: Refusal("refused", "Your Twilio account may not call this number."),
    21219: Refusal("refused", "A trial account only calls numbers that were verified with it."),
    32205: Refusal("refused", "Your Twilio account does not call this country: Voice, Settings, Geo permissions."),
    # The moment
    10004: Refusal("later", "The account has as many calls at once as it may."),
    20429: Refusal("later", "Twilio wants us to call more slowly."),
    # The account
    10001: Refusal("account", "Twilio has suspended the account."),
    20003: Refusal("account", "Twilio does not accept our credentials."),
    20005: Refusal("account", "Twilio has suspended the account."),
    20404: Refusal("account", "Twilio knows no such account."),
    21203: Refusal("account", "The account may not call: look at its billing."),
    21210: Refusal("account", "Our number is not verified for calls."),
    21212: Refusal("account", "Our number is none that can call."),
    21213: Refusal("account", "There is no number to call from."),
}
_UNKNOWN = Refusal("refused", "Twilio could not begin the call.")


def report_of(status: Status, answered_by: str | None, outbox_id: UUID, *, leaves_message: bool) -> Reported:
    """What Twilio's state of a call says of the message it carries.

    Args:
        leaves_message: whether a message is left where a machine answers.
    """
    result = _RESULTS[status.status]
    if status.status == "failed" and status.sip_code in _NO_SUCH_NUMBER:
        result = _DEAD
    if status.status == "completed" and is_machine(answered_by):
        result = _LEFT_MESSAGE if leaves_message and answered_by != "fax" else MACHINE
    return Reported(
        result.state,
        outbox_id,
        status.call_sid,
        rule=result.rule,
        reason=result.reason,
        dead_address=result.dead_address,
        put_off=result.again,
    )


def find_refusal(code: int | None) -> Refusal:
    """What a code means."""
    return _UNKNOWN if code is None else _REFUSALS.get(code, _UNKNOWN)


def outcome_of(status: int, code: int | None, *, retry_after: timedelta | None = None) -> SendOutcome:
    """What an answer of Twilio's API that is no success means for the call.

    Args:
        status: of HTTP.
        code: Twilio's own, where it gave one.
        retry_after: as the answer asks for it.
    """
    if status >= 500:
        return InDoubt(f"Twilio broke off ({status}).")
    if status == 429:
        return RetryLater("Twilio wants us to call more slowly.", retry_after or BUSY_WAIT, holds_account=True)
    refusal = find_refusal(code)
    if refusal is _UNKNOWN and status in (401, 403):
        refusal = _REFUSALS[20003]
    wait = _WAITS.get(refusal.means)
    if wait is not None:
        return RetryLater(f"{refusal.reason} ({code or status})", retry_after or wait, holds_account=True)
    return Refused(str(code or status), refusal.reason, dead_address=refusal.means == "dead address")


def known_codes() -> tuple[int, ...]:
    """The codes the table has, for the documents and for tests."""
    return tuple(_REFUSALS)
