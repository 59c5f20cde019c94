"""How an operator brings a telephone number in: what to tell, what must be in place, where Twilio is to reach us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from yarl import URL

from base.channel_contract import AccountField, Finding
from base.public_addresses import is_number_in_disguise, may_connect
from channels.voice.addresses import OVERRIDES, call_url, status_url
from channels.voice.client import Throttled, TwilioAPI
from channels.voice.results import find_refusal
from channels.voice.settings import VoiceAccount, read_account, read_told, settings_that_follow
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
        "Better than calling with the auth token: Console, Account, API keys. It begins with SK. Leave empty for none.",
        required=False,
    ),
    AccountField("api_key_secret", "API key secret", "Shown once, when the key is made.", secret=True, required=False),
    AccountField("address", "Number", "The number that people call, with its country code: +14155550100."),
    AccountField(
        "mode",
        "How people are heard",
        "`gather`: turn by turn, on any account. `relay`: ConversationRelay, quicker and interruptible; first "
        "switch it on in the Console (Voice, Settings, General: predictive and generative AI features).",
        default="gather",
    ),
    AccountField(
        "transfer_to",
        "Your team's number",
        "Where callers who want a person are put through: +14155550177. Leave empty: they hear that somebody calls "
        "back.",
        required=False,
    ),
    AccountField(
        "voicemail",
        "When a machine takes our call",
        "`hang up`, or `leave message` if your consent texts cover that; then tell opt_out_number, too.",
        default="hang up",
    ),
    AccountField(
        "opt_out_number",
        "Toll-free number for opting out",
        "Named in every message left on a machine, as American law wants it. Point it to this site, too.",
        required=False,
    ),
    AccountField(
        "recording",
        "Recording of calls to us",
        "`off`, or `announced`: only after an announcement that the caller did not object to.",
        default="off",
    ),
    AccountField("per_second", "Calls a second", "Leave empty for what Twilio gives an account: 1.", required=False),
)


class _NotThere(Exception):
    """The account does not have the number. `remedy` says what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Place:
    """Our number as Twilio has it."""

    sid: str
    webhook: str
    status_callback: str


class VoiceSetup:
    """Fulfils the composition root's port `ChannelSetup` for calls."""

    channel = "voice"
    fields: Sequence[AccountField] = FIELDS

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG002
        """The address and the settings that follow.

        Raises:
            InvalidInput: something told cannot be right.
        """
        account = read_told(told)
        return account.number, settings_that_follow(told, account)

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tries everything that must be in place. Changes nothing and calls nobody."""
        told, api = read_account(account), TwilioAPI(timeout=_PATIENCE)
        findings = [_check_public_url(public_url, told)]
        try:
            async with api.client(told) as client:
                findings += await _check_credentials(client, told)
                place = await _find_place(client, told)
                findings.append(Finding("ok", f"{told.number} is yours and can take calls."))
                findings += _check_webhooks(place, account, public_url)
        except _NotThere as error:
            findings.append(Finding("missing", error.text, error.remedy))
        except _WRONG as error:
            findings.append(_describe(error))
        finally:
            await api.close()
        return [*findings, *_check_manners(told)]

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """Tells Twilio where to bring calls. Doing it again changes nothing more."""
        told, api = read_account(account), TwilioAPI(timeout=_PATIENCE)
        address = call_url(public_url, account.id)
        try:
            async with api.client(told) as client:
                place = await _find_place(client, told)
                await client.incoming_phone_numbers(place.sid).update_async(
                    voice_url=address + OVERRIDES,
                    voice_method="POST",
                    voice_fallback_url=address,
                    voice_fallback_method="POST",
                    status_callback=status_url(public_url, account.id),
                    status_callback_method="POST",
                )
        except _NotThere as error:
            return [Finding("missing", error.text, error.remedy)]
        except _WRONG as error:
            return [_describe(error)]
        finally:
            await api.close()
        return [Finding("ok", f"Twilio brings calls to {told.number} to {address}.")]


async def _find_place(client: Client, told: VoiceAccount) -> _Place:
    found = await client.incoming_phone_numbers.list_async(phone_number=told.number, limit=1)
    if not found:
        remedy = "Buy it in the Console (Phone numbers), or tell another one with `parley channels add voice`."
        raise _NotThere(f"This Twilio account has no number {told.number}.", remedy)
    number = found[0]
    if not (number.capabilities or {}).get("voice"):
        raise _NotThere(f"{told.number} cannot take calls.", "Choose a number with the capability Voice.")
    return _Place(str(number.sid), number.voice_url or "", number.status_callback or "")


async def _check_credentials(client: Client, told: VoiceAccount) -> list[Finding]:
    found = await client.api.v2010.accounts(told.account_sid).fetch_async()
    if found.status != "active":
        return [Finding("missing", f"Twilio says that the account is {found.status}.", "Ask Twilio's support why.")]
    findings = [Finding("ok", "Twilio accepts the credentials.")]
    if told.login[0] == told.account_sid:
        remedy = "Make an API key in the Console and add the account again with it: it can be withdrawn by itself."
        findings.append(Finding("warning", "Calls are made with the auth token itself.", remedy))
    return findings


def _check_webhooks(place: _Place, account: Account, public_url: str) -> list[Finding]:
    set_it = f"parley channels webhook voice --name {account.name}"
    if place.webhook.partition("#")[0] != call_url(public_url, account.id):
        return [Finding("missing", "Twilio does not bring calls to this site.", set_it)]
    if place.status_callback != status_url(public_url, account.id):
        return [Finding("warning", "Twilio does not tell this site when a call is over.", set_it)]
    return [Finding("ok", "Twilio brings calls to this site and tells when they are over.")]


def _check_manners(told: VoiceAccount) -> list[Finding]:
    """What an operator should know of how callers are treated."""
    findings = []
    if told.transfer_to is None:
        remedy = "Tell transfer_to with `parley channels add voice` to put callers through."
        findings.append(Finding("warning", "Who wants a person hears that somebody will call back.", remedy))
    if told.recording == "announced":
        findings.append(Finding("ok", "Calls to you are recorded after an announcement, unless the caller objects."))
    return findings


def _check_public_url(public_url: str, told: VoiceAccount) -> Finding:
    if told.api_url is not None:
        return Finding("warning", "This is no account of Twilio's but the simulator: nobody is called.")
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
