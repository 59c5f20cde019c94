"""Hands texts over to Twilio, one request a message. Knows nothing of consent or time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import structlog
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.values import unset

from base.errors import InvalidInput
from channels.sms.client import Throttled, TwilioAPI
from channels.sms.refusals import outcome_of
from channels.sms.settings import SMSAccount, read_account
from channels.sms.webhook import status_url
from crm.places.numbers import find_destination
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.decisions import SERVICE_PURPOSES
from outreach.ports import Accepted, Envelope, InDoubt, ProviderAway, Refused, RetryLater, SendOutcome, Sought

_log = structlog.get_logger(__name__)

SEND_WITHIN = timedelta(seconds=25)
"""Below outreach.delivery.SEND_TIMEOUT, so that what ended before Twilio was reached is known not to have left."""
PROMOTION_IS_GOOD_FOR = timedelta(minutes=10)
"""How long promotion may wait at Twilio: after that it might come at an hour at which it may not."""
ANSWER_IS_GOOD_FOR = timedelta(hours=1)
_CLOCKS_APART = timedelta(minutes=1)
_LISTED = 200  # messages to one number in two days
_CANNOT_SEND = timedelta(minutes=15)


class SMSSender:
    """Fulfils outreach's port `Sender` for texts."""

    channel = "sms"

    def __init__(self, accounts: AccountBook, public_url: str) -> None:
        self._accounts = accounts
        self._public_url = public_url
        self._api = TwilioAPI(timeout=SEND_WITHIN)
        self._accounts_read: dict[UUID, tuple[Account, SMSAccount]] = {}

    def configured(self) -> str | None:
        """What is missing before anything may be sent."""
        if self._accounts.of_channel("sms"):
            return None
        return "there is no number to send from: `parley channels add sms`."

    async def close(self) -> None:
        """Gives up its connections."""
        await self._api.close()

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Hands over one message."""
        found = self._accounts.find("sms", envelope.account_id)
        if found is None or envelope.address is None:
            return Refused("no_account", "The number it would come from is no longer in use.")
        if find_destination(envelope.address).refused:
            return Refused("dear_number", "Texts to this number may cost more than an ordinary text.")
        try:
            account = self._read(found)
        except InvalidInput as error:
            return RetryLater(f"The account cannot be used: {error.message}", _CANNOT_SEND, holds_account=True)
        if account.is_barred(envelope.address):
            return Refused(
                "us_not_registered",
                "Our number is not registered with the American carriers, who would drop it (Twilio's error 30034): "
                "register it and tell the campaign with `parley channels add sms`.",
            )
        return await self._hand_over(account, found.id, envelope)

    def _read(self, found: Account) -> SMSAccount:
        """What the account's settings say, read once each time that the book was."""
        known = self._accounts_read.get(found.id)
        if known is None or known[0] is not found:
            known = self._accounts_read[found.id] = (found, read_account(found))
        return known[1]

    async def _hand_over(self, account: SMSAccount, account_id: UUID, envelope: Envelope) -> SendOutcome:
        try:
            async with self._api.client(account) as client:
                message = await client.messages.create_async(**self._fields(account, account_id, envelope))
        except (Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
            return _outcome_of(error)
        return Accepted(message.sid) if message.sid else InDoubt("Twilio gave the message no id.")

    async def find_sent(self, sought: Sought) -> list[str]:
        """What Twilio lists of messages with this text to this number since then, the oldest first.

        Raises:
            ProviderAway: it could not be asked.
        """
        found = self._accounts.find("sms", sought.account_id)
        if found is None:
            raise ProviderAway
        try:
            async with self._api.client(self._read(found)) as client:
                # By day, as far as Twilio's documentation promises; the moments are compared here.
                listed = await client.messages.list_async(
                    to=sought.address, date_sent_after=sought.since - _CLOCKS_APART - timedelta(days=1), limit=_LISTED
                )
        except (InvalidInput, Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
            raise ProviderAway from error
        meant = [
            one
            for one in listed
            if (one.body or "").strip() == sought.text.strip()
            and str(one.direction).startswith("outbound")
            and one.date_created is not None
            and one.date_created >= sought.since - _CLOCKS_APART
        ]
        return [one.sid for one in sorted(meant, key=lambda one: one.date_created)]

    def _fields(self, account: SMSAccount, account_id: UUID, envelope: Envelope) -> dict[str, Any]:
        promotional = envelope.purpose not in SERVICE_PURPOSES
        good_for = PROMOTION_IS_GOOD_FOR if promotional else ANSWER_IS_GOOD_FOR
        return {
            "to": envelope.address,
            "from_": unset if account.service_sid else account.sender,
            "messaging_service_sid": account.service_sid or unset,
            "body": envelope.text,
            "status_callback": status_url(self._public_url, account_id, envelope.outbox_id),
            "validity_period": int(good_for.total_seconds()),
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
    # Broken off, too late, or an answer that is none: it may have been taken all the same.
    return InDoubt("Twilio did not answer clearly.")
