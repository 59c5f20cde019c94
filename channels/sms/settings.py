"""An account of this channel as typed settings, and what is wrong with what an operator tells of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from yarl import URL

from base.errors import InvalidInput
from channels.sms.numbers import ANSWERS_STOP, PER_SECOND, NumberKind, find_kind, wants_registration
from outreach.accounts.service import Account

NON_US = "non-US"
TOLL_FREE_VERIFIED = "toll-free verified"
_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_KEY_SID = re.compile(r"SK[0-9a-f]{32}")
_CAMPAIGN = re.compile(r"C[A-Z0-9]{5,12}|(?:QE|CM)[0-9a-f]{32}")

StopReplies = Literal["twilio", "parley"]


@dataclass(frozen=True, slots=True)
class SMSAccount:
    """An account ready for use.

    Attributes:
        sender: our number, short code or messaging service.
        tokens: what webhooks may be signed with.
        login: name and password for Twilio's API: an API key's where there is one.
        us_registration: a 10DLC campaign's id, `toll-free verified`, or `non-US`: nothing goes to American numbers.
        stop_replies: who answers STOP and START.
        api_url: where a simulator stands in for Twilio; None is Twilio itself.
    """

    account_sid: str
    sender: str
    kind: NumberKind
    tokens: tuple[str, ...] = field(repr=False)
    login: tuple[str, str] = field(repr=False)
    us_registration: str = NON_US
    stop_replies: StopReplies = "twilio"
    api_url: str | None = None

    @property
    def service_sid(self) -> str | None:
        """The messaging service, where the account is one."""
        return self.sender if self.kind == "messaging service" else None

    def is_barred(self, recipient: str) -> bool:
        """Whether carriers would drop a message to this number, because the sender is not registered for it."""
        return self.us_registration == NON_US and wants_registration(self.kind, self.sender, recipient)


def read_account(account: Account) -> SMSAccount:
    """The account's settings and secrets.

    Raises:
        InvalidInput: something is missing or cannot be right; add the account again.
    """
    told = {**{key: str(value) for key, value in account.settings.items()}, **account.secrets}
    return read_told({**told, "address": account.address})


def read_told(told: Mapping[str, str]) -> SMSAccount:
    """What an operator told, checked.

    Raises:
        InvalidInput: it says what is expected.
    """
    account_sid, token = told.get("account_sid", ""), told.get("auth_token", "")
    if not _ACCOUNT_SID.fullmatch(account_sid):
        raise InvalidInput("account_sid begins with AC and 32 digits and letters a to f follow.")
    if not token:
        raise InvalidInput("auth_token is missing: Twilio signs its webhooks with it.")
    kind = find_kind(told.get("address", ""))
    if kind is None:
        raise InvalidInput(
            "address is a number with its country code (+14155550100), a short code, or a messaging service (MG…)."
        )
    return SMSAccount(
        account_sid=account_sid,
        sender=told["address"],
        kind=kind,
        tokens=tuple(one for one in (token, told.get("secondary_token", "")) if one),
        login=_read_login(told, account_sid, token),
        us_registration=_read_registration(told.get("us_registration") or NON_US, kind),
        stop_replies=_read_stop_replies(told.get("stop_replies"), kind),
        api_url=_read_api_url(told.get("api_url")),
    )


def settings_that_follow(told: Mapping[str, str], account: SMSAccount) -> dict[str, Any]:
    """Settings that are kept with what was told: the pace, as a number, and who answers STOP.

    Raises:
        InvalidInput: the pace is none.
    """
    try:
        rate = float(told["per_second"]) if told.get("per_second") else PER_SECOND[account.kind]
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1000:
        raise InvalidInput("per_second is how many messages may leave in a second: a number above 0.")
    return {"per_second": rate, "stop_replies": account.stop_replies, "us_registration": account.us_registration}


def _read_login(told: Mapping[str, str], account_sid: str, token: str) -> tuple[str, str]:
    key, secret = told.get("api_key_sid", ""), told.get("api_key_secret", "")
    if bool(key) != bool(secret):
        raise InvalidInput("An API key is told with both its parts: api_key_sid and api_key_secret.")
    if not key:
        return account_sid, token
    if not _KEY_SID.fullmatch(key):
        raise InvalidInput("api_key_sid begins with SK and 32 digits and letters a to f follow.")
    return key, secret


def _read_stop_replies(told: str | None, kind: NumberKind) -> StopReplies:
    match told or ("twilio" if kind in ANSWERS_STOP else "parley"):
        case "twilio":
            return "twilio"
        case "parley":
            return "parley"
    raise InvalidInput("stop_replies says who answers STOP: twilio or parley.")


def _read_registration(told: str, kind: NumberKind) -> str:
    plain = " ".join(told.split())
    for known in (NON_US, TOLL_FREE_VERIFIED):
        if plain.lower() == known.lower():
            plain = known
    if plain == TOLL_FREE_VERIFIED and kind == "long code":
        raise InvalidInput("This is no toll-free number: American long codes need a 10DLC campaign.")
    if plain not in (NON_US, TOLL_FREE_VERIFIED) and kind == "toll-free":
        raise InvalidInput("Toll-free numbers have no campaign: once verified, tell 'toll-free verified'.")
    if plain not in (NON_US, TOLL_FREE_VERIFIED) and not _CAMPAIGN.fullmatch(plain):
        raise InvalidInput(
            f"us_registration is a 10DLC campaign's id (CXXXXXX, CM… or QE…), {TOLL_FREE_VERIFIED!r} or {NON_US!r}."
        )
    return plain


def _read_api_url(told: str | None) -> str | None:
    """Only a simulator on this machine may take Twilio's place: messages and passwords go there."""
    if not told:
        return None
    try:
        url = URL(told)
        allowed = url.scheme == "http" and url.host == "127.0.0.1" and url.path in ("", "/")
    except ValueError:
        allowed = False
    if not allowed:
        raise InvalidInput("api_url may only be a simulator on this machine: http://127.0.0.1:PORT.")
    return told.rstrip("/")
