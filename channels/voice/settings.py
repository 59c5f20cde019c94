"""An account of this channel as typed settings, and what is wrong with what an operator tells of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import phonenumbers
from phonenumbers import PhoneNumberType
from yarl import URL

from base.errors import InvalidInput
from outreach.accounts.service import Account

E164 = re.compile(r"\+[1-9]\d{6,14}")
CALLS_PER_SECOND = 1.0
"""Calls that Twilio begins in a second before anything else was agreed (2026)."""
_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_KEY_SID = re.compile(r"SK[0-9a-f]{32}")

Mode = Literal["gather", "relay"]
Voicemail = Literal["hang up", "leave message"]
Recording = Literal["off", "announced"]


@dataclass(frozen=True, slots=True)
class VoiceAccount:
    """An account ready for use.

    Attributes:
        number: ours, that people call and that our calls come from.
        tokens: what webhooks may be signed with.
        login: name and password for Twilio's API: an API key's where there is one.
        mode: whether what people say is gathered turn by turn, or relayed over a socket and interruptible.
        transfer_to: the team's number; None: somebody calls back.
        voicemail: what happens when a machine answers a call of ours.
        opt_out_number: toll-free, named in every message left on a machine (47 CFR 64.1200(b)(3)).
        recording: off, or on after an announcement that nobody objected to.
        api_url: where a simulator stands in for Twilio; None is Twilio itself.
    """

    account_sid: str
    number: str
    tokens: tuple[str, ...] = field(repr=False)
    login: tuple[str, str] = field(repr=False)
    mode: Mode = "gather"
    transfer_to: str | None = None
    voicemail: Voicemail = "hang up"
    opt_out_number: str | None = None
    recording: Recording = "off"
    api_url: str | None = None

    @property
    def region(self) -> str:
        """The country of our number, as two letters."""
        return phonenumbers.region_code_for_number(phonenumbers.parse(self.number)) or "US"


def read_account(account: Account) -> VoiceAccount:
    """The account's settings and secrets.

    Raises:
        InvalidInput: something is missing or cannot be right; add the account again.
    """
    told = {**{key: str(value) for key, value in account.settings.items()}, **account.secrets}
    return read_told({**told, "address": account.address})


def read_told(told: Mapping[str, str]) -> VoiceAccount:
    """What an operator told, checked.

    Raises:
        InvalidInput: it says what is expected.
    """
    account_sid, token = told.get("account_sid", ""), told.get("auth_token", "")
    if not _ACCOUNT_SID.fullmatch(account_sid):
        raise InvalidInput("account_sid begins with AC and 32 digits and letters a to f follow.")
    if not token:
        raise InvalidInput("auth_token is missing: Twilio signs its webhooks with it.")
    voicemail = _choose(told, "voicemail", ("hang up", "leave message"))
    opt_out_number = _read_number(told, "opt_out_number")
    if voicemail == "leave message" and (opt_out_number is None or not is_toll_free(opt_out_number)):
        raise InvalidInput(
            "opt_out_number is a toll-free number at which people can opt out: each message left on a machine names it."
        )
    number = _read_number(told, "address")
    if number is None:
        raise InvalidInput("address is your number with its country code: +14155550100.")
    return VoiceAccount(
        account_sid=account_sid,
        number=number,
        tokens=tuple(one for one in (token, told.get("secondary_token", "")) if one),
        login=_read_login(told, account_sid, token),
        mode="relay" if _choose(told, "mode", ("gather", "relay")) == "relay" else "gather",
        transfer_to=_read_number(told, "transfer_to"),
        voicemail="leave message" if voicemail == "leave message" else "hang up",
        opt_out_number=opt_out_number,
        recording="announced" if _choose(told, "recording", ("off", "announced")) == "announced" else "off",
        api_url=_read_api_url(told.get("api_url")),
    )


def settings_that_follow(told: Mapping[str, str], account: VoiceAccount) -> dict[str, Any]:
    """Settings that are kept with what was told: the pace, as a number.

    Raises:
        InvalidInput: the pace is none.
    """
    try:
        rate = float(told["per_second"]) if told.get("per_second") else CALLS_PER_SECOND
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 100:
        raise InvalidInput("per_second is how many calls may begin in a second: a number above 0.")
    return {
        "per_second": rate,
        "mode": account.mode,
        "voicemail": account.voicemail,
        "recording": account.recording,
    }


def is_toll_free(number: str) -> bool:
    """Whether calling it costs nothing."""
    return phonenumbers.number_type(phonenumbers.parse(number)) == PhoneNumberType.TOLL_FREE


def _choose(told: Mapping[str, str], name: str, allowed: tuple[str, str]) -> str:
    chosen = " ".join((told.get(name) or allowed[0]).lower().split())
    if chosen not in allowed:
        raise InvalidInput(f"{name} is {allowed[0]!r} or {allowed[1]!r}.")
    return chosen


def _read_number(told: Mapping[str, str], name: str) -> str | None:
    text = re.sub(r"[\s().-]", "", told.get(name) or "")
    if not text:
        return None
    if not E164.fullmatch(text) or not phonenumbers.is_possible_number(phonenumbers.parse(text)):
        raise InvalidInput(f"{name} is a number with its country code: +14155550100.")
    return text


def _read_login(told: Mapping[str, str], account_sid: str, token: str) -> tuple[str, str]:
    key, secret = told.get("api_key_sid", ""), told.get("api_key_secret", "")
    if bool(key) != bool(secret):
        raise InvalidInput("An API key is told with both its parts: api_key_sid and api_key_secret.")
    if not key:
        return account_sid, token
    if not _KEY_SID.fullmatch(key):
        raise InvalidInput("api_key_sid begins with SK and 32 digits and letters a to f follow.")
    return key, secret


def _read_api_url(told: str | None) -> str | None:
    """Only a simulator on this machine may take Twilio's place: calls and passwords go there."""
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
