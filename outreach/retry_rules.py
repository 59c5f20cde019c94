"""What becomes of a message after a send: tried again, given up, or left in doubt. Pure.

Promotion leaves at most once: when in doubt it is never sent again. A requested message may be sent a second time.
A chat message may be sent again as often as needed, because the chat shows each message once by its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from outreach.ports import Accepted, InDoubt, Refused, RetryLater, SendOutcome
from outreach.reasons import reason_in_words
from outreach.rule_pack import MessageClass

MOST_ATTEMPTS = 5
_MOST_WHEN_IN_DOUBT: Mapping[MessageClass, int] = {"promotional": 1, "requested": 2, "web": MOST_ATTEMPTS}
_MOST_CRASHES = 3
"""A message whose third or later attempt ends in a crash is suspected to be the cause of it."""
_MOST_UNSENT = 10
"""The same where it was claimed with others and its turn had not come: it is hardly ever the cause."""
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Settled:
    """The message's next state; with a `wait` it is planned again, that much later."""

    state: str
    rule: str | None = None
    reason: str | None = None
    wait: timedelta | None = None


def settle(outcome: SendOutcome, message_class: MessageClass, attempts: int) -> Settled:
    """What a sender's outcome means for a message that has been tried `attempts` times."""
    match outcome:
        case Accepted():
            return Settled("accepted")
        case Refused(rule=rule, reason=reason):
            return Settled("failed", rule, reason)
        case RetryLater(reason=reason, after=after):
            if attempts >= MOST_ATTEMPTS:
                return Settled("failed", "retries_exhausted", f"{reason_in_words('retries_exhausted')} {reason}")
            wait = min(max(after or timedelta(0), wait_before(attempts + 1)), _LONGEST_WAIT)
            return Settled("planned", "retry", reason, wait)
        case InDoubt(reason=reason):
            if message_class != "promotional" and attempts < _MOST_WHEN_IN_DOUBT[message_class]:
                return Settled("planned", "retry", reason, wait_before(attempts + 1))
            return Settled("unknown", "in_doubt", f"{reason_in_words('in_doubt')} {reason}")


def settle_interrupted(message_class: MessageClass, attempts: int) -> Settled:
    """What becomes of a message whose sender died while sending."""
    if message_class == "promotional":
        return Settled("unknown", "send_interrupted", reason_in_words("send_interrupted"))
    if attempts >= _MOST_CRASHES:
        return Settled("failed", "quarantined", reason_in_words("quarantined"))
    if attempts < _MOST_WHEN_IN_DOUBT[message_class]:
        return Settled("planned", "retry", reason_in_words("send_interrupted"), wait_before(attempts + 1))
    return Settled("unknown", "send_interrupted", reason_in_words("send_interrupted"))


def settle_unsent(crashes: int) -> Settled:
    """What becomes of a message whose sender died before it was its turn: it surely did not leave.

    Args:
        crashes: of senders that had claimed it, this one included.
    """
    if crashes >= _MOST_UNSENT:
        return Settled("failed", "quarantined", reason_in_words("quarantined"))
    return Settled("planned", "retry", reason_in_words("send_interrupted"), timedelta(0))


def wait_before(attempt: int) -> timedelta:
    """The pause before the second, third … attempt: four times longer each time."""
    factor: int = 4 ** min(max(attempt - 2, 0), 6)
    return min(_FIRST_WAIT * factor, _LONGEST_WAIT)
