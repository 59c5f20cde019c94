"""Files that people send (MMS), fetched from where Twilio keeps them and from nowhere else.

The address comes in a webhook. It is signed, and still every hop is checked: the credentials go to Twilio's own hosts
only, and no hop leads anywhere but to Twilio's.
"""

from __future__ import annotations

import base64
from uuid import UUID

from yarl import URL

from base.channel_contract import Attachment
from base.errors import NotFound, ParleyError
from base.outbound_http import OutboundRequest, fetch
from channels.sms.settings import SMSAccount, read_account
from outreach.accounts.book import AccountBook

MOST_HOPS = 4
_TIMEOUT = 10.0  # seconds for each hop
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OLD_STORE = ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/")
"""Where Twilio's older files still lie, beside `*.twiliocdn.com`."""


class MediaRefused(ParleyError):
    """This file does not lie with Twilio, so it is not fetched."""

    code = "media_refused"
    status = 422


class SMSAttachments:
    """Fulfils the intake's port `Attachments` for texts."""

    def __init__(self, accounts: AccountBook) -> None:
        self._accounts = accounts

    async def fetch(self, account_id: UUID, attachment: Attachment, *, max_bytes: int) -> bytes:
        """The file's bytes.

        Raises:
            MediaRefused: it is, or leads, elsewhere than to Twilio.
            NotFound: it is gone.
            OutboundFailed: it cannot be had, or has more bytes.
        """
        found = await self._accounts.get(account_id)
        if found is None:
            raise NotFound("The number this file came to is no longer in use.")
        account = read_account(found)
        address: str | None = attachment.ref
        if not _may_log_in(address, account):
            raise MediaRefused
        for _ in range(MOST_HOPS):
            if address is None or not (_may_log_in(address, account) or _is_store(address)):
                raise MediaRefused
            answer = await fetch(
                OutboundRequest(
                    "GET",
                    address,
                    _login(account) if _may_log_in(address, account) else {},
                    allow_private=account.api_url is not None,
                    max_bytes=max_bytes,
                    timeout=_TIMEOUT,
                )
            )
            if answer.status not in _REDIRECTS:
                break
            address = answer.location
        if answer.status != 200:
            raise NotFound("Twilio has this file no more.")
        return answer.body


def _may_log_in(address: str | None, account: SMSAccount) -> bool:
    """Whether an address is Twilio's API, which alone gets the credentials; or the simulator's in its place."""
    url = _read(address)
    if url is None:
        return False
    if account.api_url is not None:
        return url.origin() == URL(account.api_url).origin()
    host = url.host or ""
    return (
        url.scheme == "https" and url.explicit_port is None and (host == "twilio.com" or host.endswith(".twilio.com"))
    )


def _is_store(address: str) -> bool:
    url = _read(address)
    if url is None or url.scheme != "https" or url.explicit_port is not None:
        return False
    host, (old_host, old_path) = url.host or "", _OLD_STORE
    in_old_store = host == old_host and url.raw_path.startswith(old_path) and ".." not in url.path
    return host.endswith(".twiliocdn.com") or in_old_store


def _read(address: str | None) -> URL | None:
    """The address as it will be asked for; None for one that is none, or that carries a log-in of its own."""
    try:
        url = URL(address or "", encoded=True)
    except ValueError:
        return None
    return url if url.host and url.user is None and url.password is None else None


def _login(account: SMSAccount) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(":".join(account.login).encode()).decode()}
