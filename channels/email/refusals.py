"""The error table: what an SMTP server's answer, or its silence, means for a message. Pure.

Reasons name the code only: the server's own words may repeat the address.
"""

from __future__ import annotations

import re
from typing import Literal

from aiosmtplib import (
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from outreach.ports import InDoubt, Refused, RetryLater, SendOutcome

Phase = Literal["connect", "sender", "recipient", "data"]

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# RFC 3463: no such mailbox, no such domain, mailbox moved, recipient address has a null MX.
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10"})

_PERMANENT: dict[Phase, tuple[str, str]] = {
    "sender": ("sender_refused", "The mail server refused our sender address"),
    "recipient": ("recipient_refused", "The mail server refused the recipient"),
    "data": ("message_refused", "The mail server refused the message"),
}


def outcome_of(error: SMTPException | OSError, phase: Phase) -> SendOutcome:
    """What an error in one phase of handing over a message means."""
    if isinstance(error, SMTPNotSupported):
        return Refused("not_supported", "The mail server does not support what this address needs.")
    if isinstance(error, SMTPResponseException):
        return _answered(error, phase)
    if phase == "data":
        # The message may have been taken just before the line went dead.
        return InDoubt("The connection broke while the message was handed over.")
    if isinstance(error, TimeoutError):
        return RetryLater("The mail server did not answer in time.")
    return RetryLater("The mail server could not be reached.")


def _answered(error: SMTPResponseException, phase: Phase) -> SendOutcome:
    code = _code_of(error)
    if 400 <= error.code < 500:
        return RetryLater(f"The mail server asked to try again later ({code}).")
    if not 500 <= error.code < 600:
        nonsense = f"The mail server gave an answer that means nothing ({error.code})."
        return InDoubt(nonsense) if phase == "data" else RetryLater(nonsense)
    if phase == "connect":
        # Log-in, greeting or encryption: the operator can mend it, and then the message may go.
        return RetryLater(f"The mail server turned us away ({code}): check its address and log-in.")
    if isinstance(error, SMTPRecipientRefused) and _is_dead(error):
        return Refused("hard_bounce", f"There is no such mailbox ({code}).", dead_address=True)
    rule, words = _PERMANENT[phase]
    return Refused(rule, f"{words} ({code}).")


def _is_dead(error: SMTPResponseException) -> bool:
    found = _ENHANCED.search(error.message)
    return found is not None and found[1] in _DEAD


def _code_of(error: SMTPResponseException) -> str:
    found = _ENHANCED.search(error.message)
    return f"{error.code} {found[1]}" if found else str(error.code)
