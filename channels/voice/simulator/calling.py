"""How the local Twilio calls back: signed forms, repeated as the address asks for, then the fallback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

_CONNECT, _READ = 5.0, 15.0  # seconds


@dataclass(frozen=True)
class Called:
    """What a webhook came to: the status of each attempt (0 where there was no answer) and the last answer's body."""

    statuses: tuple[int, ...]
    body: str = ""

    @property
    def was_taken(self) -> bool:
        """Whether the last attempt was acknowledged."""
        return 200 <= self.statuses[-1] < 300


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """The value of `X-Twilio-Signature`: HMAC-SHA1 over the address and the fields in order of their names."""
    content = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), content.encode(), hashlib.sha1).digest()).decode()


async def call(
    session: aiohttp.ClientSession, token: str, url: str, form: Mapping[str, str], *, fallback: str = ""
) -> Called:
    """Posts a form to a webhook, again where its address says so (`#rc=3&rp=ct,rt,5xx`), then to the fallback."""
    statuses: list[int] = []
    body = ""
    idempotency_token = secrets.token_hex(16)
    for number, target in enumerate(one for one in (url, fallback) if one):
        address, _, overrides = target.partition("#")
        told = dict(form) if number == 0 else {**form, "ErrorCode": "11200", "ErrorUrl": url.partition("#")[0]}
        again, policy = _read(overrides)
        for _ in range(1 + again):
            status, body = await _post(session, token, address, told, idempotency_token)
            statuses.append(status)
            if not _is_tried_again(status, policy):
                break
        if 200 <= statuses[-1] < 300:
            break
    return Called(tuple(statuses), body)


async def _post(
    session: aiohttp.ClientSession, token: str, url: str, form: Mapping[str, str], idempotency_token: str
) -> tuple[int, str]:
    headers = {
        "X-Twilio-Signature": sign(token, url, form),
        "I-Twilio-Idempotency-Token": idempotency_token,
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
    }
    timeout = aiohttp.ClientTimeout(total=_READ, connect=_CONNECT)
    try:
        async with session.post(URL(url, encoded=True), data=dict(form), headers=headers, timeout=timeout) as answer:
            return answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0, ""


def _read(overrides: str) -> tuple[int, frozenset[str]]:
    told = dict(pair.partition("=")[::2] for pair in overrides.split("&") if pair)
    return min(int(told.get("rc", "1")), 5), frozenset(told.get("rp", "ct").split(","))


def _is_tried_again(status: int, policy: frozenset[str]) -> bool:
    if status == 0:
        return bool(policy & {"ct", "rt", "all"})
    return status >= 500 and bool(policy & {"5xx", "all"})
