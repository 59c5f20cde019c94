"""How an operator brings a number in: what to tell, what must be in place at Twilio, where it is to reach us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from yarl import URL

from base.channel_contract import AccountField, Finding
from base.public_addresses import is_number_in_disguise, may_connect
from channels.sms.client import Throttled, TwilioAPI
from channels.sms.places import NotThere, Place, find_place
from channels.sms.refusals import find_refusal
from channels.sms.registration import check_registration
from channels.sms.settings import SMSAccount, read_account, read_told, settings_that_follow
from channels.sms.webhook import OVERRIDES, inbound_url
from outreach.accounts.service import Account

_PATIENCE = timedelta(seconds=15)
_WRONG = (Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError)
"""What asking Twilio raises when there is no usable answer."""

FIELDS = (
    AccountField("account_sid", "Account SID", "It stands on the first page of the Twilio Console and begins with AC."),
    AccountField("auth_token", "Auth token", "Beside the Account SID. Twilio signs its webhooks with it.", secret=True),
    AccountField(
        "secondary_token",
        "Secondary auth token",
        "Only while you change the auth token: the other one, so that webhooks signed by either are believed.",
        secret=True,
        required=False,
    ),
    AccountField(
        "api_key_sid",
        "API key SID",
        "Better than sending with the auth token: Console, Account, API keys. It begins with SK. Leave empty for none.",
        required=False,
    ),
    AccountField("api_key_secret", "API key secret", "Shown once, when the key is made.", secret=True, required=False),
    AccountField(
        "address",
        "Number or messaging service",
        "What you send from: a number with its country code (+14155550100), a short code, or a service (MG…).",
    ),
    AccountField(
        "us_registration",
        "Registration in the United States",
        "American carriers drop texts of senders they do not know. The id of your 10DLC campaign (CXXXXXX, CM… or "
        "QE…), `toll-free verified`, or `non-US`: then nothing is sent to American numbers.",
        default="non-US",
    ),
    AccountField(
        "per_second",
        "Messages a second",
        "Leave empty for what Twilio gives such a number: 1, toll-free 3, short code 100, messaging service 1.",
        required=False,
    ),
    AccountField(
        "stop_replies",
        "Who answers STOP",
        "`twilio`, which does so by itself for everything but short codes, or `parley` if Twilio switched that off.",
        required=False,
    ),
)


class SMSSetup:
    """Fulfils the composition root's port `ChannelSetup` for texts."""

    channel = "sms"
    fields: Sequence[AccountField] = FIELDS

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG002
        """The address and the settings that follow.

        Raises:
            InvalidInput: something told cannot be right.
        """
        account = read_told(told)
        return account.sender, settings_that_follow(told, account)

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tries everything that must be in place. Changes nothing."""
        told, api = read_account(account), TwilioAPI(timeout=_PATIENCE)
        findings = [_check_public_url(public_url, told)]
        try:
            async with api.client(told) as client:
                findings += await _check_credentials(client, told)
                place = await find_place(client, told)
                findings.append(Finding("ok", f"{place.name} is yours and can text."))
                findings.append(_check_webhook(place, account, public_url))
                findings += await check_registration(client, told, place)
        except NotThere as error:
            findings.append(Finding("missing", error.text, error.remedy))
        except _WRONG as error:
            findings.append(_describe(error))
        finally:
            await api.close()
        return findings

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tells Twilio where to bring what people write. Doing it again changes nothing more."""
        told, api = read_account(account), TwilioAPI(timeout=_PATIENCE)
        address = inbound_url(public_url, account.id)
        try:
            async with api.client(told) as client:
                place = await find_place(client, told)
                await place.point_to(client, address + OVERRIDES, fallback=address)
        except NotThere as error:
            return [Finding("missing", error.text, error.remedy)]
        except _WRONG as error:
            return [_describe(error)]
        finally:
            await api.close()
        return [Finding("ok", f"Twilio brings what {place.name} gets to {address}.")]


async def _check_credentials(client: Client, told: SMSAccount) -> list[Finding]:
    found = await client.api.v2010.accounts(told.account_sid).fetch_async()
    if found.status != "active":
        return [Finding("missing", f"Twilio says that the account is {found.status}.", "Ask Twilio's support why.")]
    findings = [Finding("ok", "Twilio accepts the credentials.")]
    if told.login[0] == told.account_sid:
        remedy = "Make an API key in the Console and add the account again with it: it can be withdrawn by itself."
        findings.append(Finding("warning", "Texts are sent with the auth token itself.", remedy))
    return findings


def _check_webhook(place: Place, account: Account, public_url: str) -> Finding:
    wanted = inbound_url(public_url, account.id)
    if place.webhook.partition("#")[0] == wanted:
        return Finding("ok", "Twilio brings what people write to this site.")
    set_it = f"parley channels webhook sms --name {account.name}"
    return Finding("missing", "Twilio does not bring what people write to this site.", set_it)


def _check_public_url(public_url: str, told: SMSAccount) -> Finding:
    if told.api_url is not None:
        return Finding("warning", "This is no account of Twilio's but the simulator: nobody gets a text.")
    url = URL(public_url)
    host = url.host or ""
    if url.scheme != "https":
        return Finding(
            "missing", f"Twilio must reach this site by https, and {public_url} is not.", "PARLEY_PUBLIC_URL"
        )
    if "_" in host or "." not in host or is_number_in_disguise(host) or _is_private(host):
        return Finding(
            "missing", f"Nobody outside can reach {host}.", "Set PARLEY_PUBLIC_URL to the site's public name."
        )
    return Finding("ok", f"Twilio can be told to come to {public_url}.")


def _is_private(host: str) -> bool:
    try:
        return not may_connect(host, allow_private=False)
    except ValueError:
        return host == "localhost" or host.endswith(
            (".localhost", ".local", ".internal", ".test", ".invalid", ".example")
        )


def _describe(error: Exception) -> Finding:
    """What went wrong with Twilio, in words that hold no address and no credential."""
    code, status = getattr(error, "code", None), getattr(error, "status", None)
    if status == 401:
        remedy = "Look at account_sid, auth_token or the API key, and add the account again."
        return Finding("missing", find_refusal(20003).reason, remedy)
    if status is not None:
        return Finding("missing", f"Twilio refused to say ({code or status}).", "Look at the Console's error log.")
    if isinstance(error, Throttled):
        return Finding("missing", "Twilio wants us to ask more slowly.", "Try again in a minute.")
    return Finding("missing", "Twilio could not be reached.", "Can this machine reach api.twilio.com by https?")
