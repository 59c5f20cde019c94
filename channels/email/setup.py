"""How an operator brings a mailbox in: what to tell, and what of the domain's DNS and the mailbox must be in place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver

from base.channel_contract import AccountField, Finding
from base.errors import InvalidInput
from channels.email.collecting import MailboxAway, check_mailbox
from channels.email.inbox import read_inbox
from crm.contacts.addresses import normalise_email
from outreach.accounts.service import Account

_PATIENCE = 5.0
"""Seconds for one record of the DNS."""

FIELDS = (
    AccountField("address", "Mailbox", "The address that answers go to, such as hello@company.com."),
    AccountField(
        "imap_host",
        "IMAP server",
        "Where answers are fetched from, such as imap.company.com. Leave empty when your mail server posts them to us.",
        required=False,
    ),
    AccountField("imap_port", "IMAP port", "993 for encrypted IMAP, which is what servers have.", default="993"),
    AccountField("imap_user", "IMAP user", "Leave empty when it is the mailbox's address.", required=False),
    AccountField("imap_password", "IMAP password", "Best one made for this use only.", secret=True, required=False),
    AccountField("imap_folder", "Folder", "Read from here; nothing is moved or deleted.", default="INBOX"),
    AccountField(
        "authserv_id",
        "Name of your mail server",
        "As it stands first in the header Authentication-Results of mails you receive, such as mx.google.com. With it, "
        "what your server found out about a mail's origin is believed; without it, only DKIM signatures are.",
        required=False,
    ),
    AccountField(
        "sends_from",
        "Sender's domain",
        "Whose SPF, DKIM and DMARC are checked, such as company.com. Leave empty when it is that of the mailbox.",
        required=False,
    ),
    AccountField(
        "dkim_selector",
        "DKIM selector",
        "The word before ._domainkey in the name of your DKIM record, to have that checked. Leave empty to skip.",
        required=False,
    ),
    AccountField(
        "hook_token",
        "Token for your mail server",
        "Only if it posts mails to us: a long random word, which it must show (openssl rand -base64 32).",
        secret=True,
        required=False,
    ),
)


class EmailSetup:
    """Fulfils the composition root's port `ChannelSetup` for mailboxes."""

    channel = "email"
    fields: Sequence[AccountField] = FIELDS

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._resolver = resolver

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG002
        """The address and nothing more.

        Raises:
            InvalidInput: it is no address, or the port is no number.
        """
        address = normalise_email(told.get("address", ""))
        port = told.get("imap_port", "993")
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise InvalidInput("The IMAP port must be a number, such as 993.")
        return address, {}

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tries the mailbox, and reads what the domain says of its mail."""
        found = [await _check_inbox(account)]
        if account.secrets.get("hook_token"):
            hook = f"{public_url}/hooks/email/{account.id}/mail"
            found.append(Finding("ok", f"Your mail server may post mails to {hook} with this mailbox's token."))
        domain = account.settings.get("sends_from") or account.address.rpartition("@")[2]
        checks = (
            self._check_spf(domain),
            self._check_dkim(domain, account.settings.get("dkim_selector")),
            self._check_dmarc(domain),
        )
        return [*found, *await asyncio.gather(*checks)]

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """There is no provider to tell; says how a mail server hands mail over."""
        hook = f"{public_url}/hooks/email/{account.id}/mail"
        if account.settings.get("imap_host"):
            return [Finding("ok", "Answers are fetched over IMAP: nothing needs to be told to anybody.")]
        return [
            Finding(
                "warning",
                f"Have your mail server post each mail to {hook}.",
                "Send the raw mail as the body, with the header Authorization: Bearer and the token that you set as "
                "hook_token (--set-from hook_token=FILE).",
            )
        ]

    async def _check_spf(self, domain: str) -> Finding:
        told = await self._txt(domain)
        if told is None:
            return _not_answered(domain, "SPF")
        records = [one.lower().split() for one in told if one.lower().split()[:1] == ["v=spf1"]]
        if len(records) > 1:
            return Finding("missing", f"{domain} has {len(records)} SPF records.", "Keep one: several count as none.")
        if not records:
            return Finding(
                "missing", f"{domain} has no SPF record.", "Add a TXT record: v=spf1 include:<your mail provider> -all"
            )
        if {"+all", "all"} & set(records[0]):
            return Finding("missing", f"The SPF record of {domain} lets anybody send.", "End it with -all or ~all.")
        return Finding("ok", f"{domain} says who may send its mail (SPF).")

    async def _check_dkim(self, domain: str, selector: str | None) -> Finding:
        if not selector:
            return Finding(
                "warning", "DKIM was not checked: no selector is set.", "Set dkim_selector to have it checked."
            )
        name = f"{selector}._domainkey.{domain}"
        told = await self._txt(name)
        if told is None:
            return _not_answered(name, "DKIM")
        keys = [tags["p"] for one in told if "p" in (tags := _tags(one))]
        if not keys:
            return Finding(
                "missing", f"There is no DKIM key at {name}.", "Publish the public key there as a TXT record."
            )
        if not all(keys):
            return Finding("missing", f"The DKIM key at {name} was revoked.", "Publish the key that signs now.")
        return Finding("ok", f"Mails can be checked by the DKIM key at {name}.")

    async def _check_dmarc(self, domain: str) -> Finding:
        labels = domain.split(".")
        # Where a name has none, that of the domain above holds (RFC 7489, 6.6.3).
        for above in range(max(len(labels) - 1, 1)):
            name = f"_dmarc.{'.'.join(labels[above:])}"
            told = await self._txt(name)
            if told is None:
                return _not_answered(name, "DMARC")
            records = [tags for one in told if (tags := _tags(one)).get("v") == "dmarc1"]
            if len(records) > 1:
                return Finding(
                    "missing", f"{name} has {len(records)} DMARC records.", "Keep one: several count as none."
                )
            if records:
                return _rate_dmarc(domain, records[0], above=bool(above))
        return Finding(
            "missing",
            f"{domain} has no DMARC record: Gmail, Yahoo and Outlook want one of who sends many mails.",
            f"Add a TXT record at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:<a mailbox of yours>",
        )

    async def _txt(self, name: str) -> list[str] | None:
        """The TXT records of a name; None when nobody could say."""
        try:
            resolver = self._resolver or dns.asyncresolver.get_default_resolver()
            answer = await resolver.resolve(name, "TXT", lifetime=_PATIENCE)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _tags(record: str) -> dict[str, str]:
    """The tags of a DKIM or DMARC record, such as `p=none`, in small letters."""
    pairs = (part.partition("=") for part in record.lower().split(";"))
    return {name.strip(): "".join(value.split()) for name, sign, value in pairs if sign}


def _rate_dmarc(domain: str, tags: Mapping[str, str], *, above: bool) -> Finding:
    policy = tags.get("p", "none")
    if above:
        policy = tags.get("sp", policy)
    if policy == "none":
        return Finding("warning", f"{domain} has DMARC, but only to watch (p=none).", "Later set p=quarantine.")
    return Finding("ok", f"{domain} protects its name (DMARC).")


def _not_answered(name: str, what: str) -> Finding:
    return Finding("warning", f"{what} was not checked: the DNS gave no answer about {name}.", "Check again later.")


async def _check_inbox(account: Account) -> Finding:
    if not account.settings.get("imap_host"):
        return Finding("warning", "No IMAP server is set: answers come only if your mail server posts them.")
    try:
        count = await asyncio.to_thread(check_mailbox, read_inbox(account))
    except (MailboxAway, InvalidInput) as error:
        return Finding("missing", error.message, "Correct it with: parley channels add email")
    return Finding("ok", f"The mailbox can be read; it holds {count} mails.")
