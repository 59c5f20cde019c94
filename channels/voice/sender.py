"""Hands calls over to Twilio, one request a call. Knows nothing of consent or time; `outbound` says what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from base.errors import InvalidInput
from channels.voice.addresses import answered_url, detected_url, status_url
from channels.voice.client import Throttled, TwilioAPI
from channels.voice.results import outcome_of
from channels.voice.settings import E164, VoiceAccount, read_account
from crm.places.numbers import find_destination
from outreach.accounts.book import AccountBook
from outreach.ports import Accepted, Envelope, InDoubt, Refused, RetryLater, SendOutcome

SEND_WITHIN = timedelta(seconds=25)
"""Below outreach.delivery.SEND_TIMEOUT, so that what ended before Twilio was reached is known not to have begun."""
RINGS_FOR = 25
"""Seconds: about five rings."""
LONGEST_CALL = 3600  # seconds
_CANNOT_CALL = timedelta(minutes=15)
_EVENTS = ["initiated", "ringing", "answered", "completed"]


class VoiceSender:
    """Fulfils outreach's port `Sender` for calls."""

    channel = "voice"

    def __init__(self, accounts: AccountBook, public_url: str) -> None:
        self._accounts = accounts
        self._public_url = public_url
        self._api = TwilioAPI(timeout=SEND_WITHIN)

    def configured(self) -> str | None:
        """What is missing before anybody may be called."""
        if self._accounts.of_channel("voice"):
            return None
        return "there is no number to call from: `parley channels add voice`."

    async def close(self) -> None:
        """Gives up its connections."""
        await self._api.close()

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Begins one call. What it says is asked for when somebody takes it."""
        found = self._accounts.find("voice", envelope.account_id)
        if found is None or envelope.address is None:
            return Refused("no_account", "The number it would come from is no longer in use.")
        if not E164.fullmatch(envelope.address) or find_destination(envelope.address).refused:
            return Refused("dear_number", "Calls to this number may cost more than an ordinary call.")
        try:
            account = read_account(found)
        except InvalidInput as error:
            return RetryLater(f"The account cannot be used: {error.message}", _CANNOT_CALL, holds_account=True)
        try:
            async with self._api.client(account) as client:
                call = await client.calls.create_async(**self._fields(account, found.id, envelope))
        except (Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
            return _outcome_of(error)
        return Accepted(call.sid) if call.sid else InDoubt("Twilio gave the call no id.")

    def _fields(self, account: VoiceAccount, account_id: UUID, envelope: Envelope) -> dict[str, Any]:
        leaves_message = account.voicemail == "leave message"
        return {
            "to": envelope.address,
            "from_": account.number,
            "url": answered_url(self._public_url, account_id, envelope.outbox_id),
            "method": "POST",
            "status_callback": status_url(self._public_url, account_id, envelope.outbox_id),
            "status_callback_method": "POST",
            "status_callback_event": _EVENTS,
            "timeout": RINGS_FOR,
            "time_limit": LONGEST_CALL,
            "record": False,
            # Found out while we already speak: whoever takes the call hears at once who it is, never a silence.
            "machine_detection": "DetectMessageEnd" if leaves_message else "Enable",
            "async_amd": "true",
            "async_amd_status_callback": detected_url(self._public_url, account_id, envelope.outbox_id),
            "async_amd_status_callback_method": "POST",
        }


def _outcome_of(error: Exception) -> SendOutcome:
    match error:
        case Throttled():
            return outcome_of(429, None, retry_after=error.after)
        case TwilioRestException():
            # Without a code of its own the SDK repeats the status.
            return outcome_of(error.status, error.code if error.code != error.status else None)
        case TwilioServiceException():
            return outcome_of(error.status, error.code)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return RetryLater("Twilio could not be reached.")
    # Broken off, too late, or an answer that is none: the phone may be ringing all the same.
    return InDoubt("Twilio did not answer clearly.")
