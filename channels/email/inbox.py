"""What the e-mail channel needs of an account it takes mail in for: read from the account, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field

from base.errors import InvalidInput
from outreach.accounts.service import Account


@dataclass(frozen=True, slots=True)
class Inbox:
    """A mailbox.

    Attributes:
        host: the IMAP server; None where mail comes by the webhook only.
        authserv_id: how the operator's own mail server names itself in Authentication-Results.
        hook_token: what the mail server shows when it hands mail to the webhook.
    """

    address: str
    host: str | None
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    authserv_id: str | None
    hook_token: str | None = field(repr=False)
    tls: bool = True


def read_inbox(account: Account) -> Inbox:
    """The account as this channel uses it.

    Raises:
        InvalidInput: something in it cannot be.
    """
    settings, secrets = account.settings, account.secrets
    try:
        port = int(settings.get("imap_port") or 993)
    except (TypeError, ValueError) as error:
        raise InvalidInput("imap_port must be a number, such as 993.") from error
    return Inbox(
        address=account.address,
        host=settings.get("imap_host") or None,
        port=port,
        user=settings.get("imap_user") or account.address,
        password=secrets.get("imap_password", ""),
        folder=settings.get("imap_folder") or "INBOX",
        authserv_id=settings.get("authserv_id") or None,
        hook_token=secrets.get("hook_token") or None,
        tls=settings.get("imap_tls", "yes") != "no",
    )
