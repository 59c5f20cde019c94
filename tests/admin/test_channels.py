"""Channels are set up over the API: what they need, accounts with their secrets sealed, checks in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from base.channel_contract import AccountField, Finding
from base.errors import InvalidInput
from outreach.accounts.models import ChannelAccount
from outreach.accounts.service import Account

API = "/api/v1/channel-accounts"
TOLD = {"address": "+14155550100", "token": "s3cret-token", "region": "eu"}


@dataclass
class Texts:
    """A channel of texts whose provider knows one token."""

    channel: str = "sms"
    seen: list[Account] = field(default_factory=list)
    fields: tuple[AccountField, ...] = (
        AccountField("address", "number", "Where texts come from."),
        AccountField("token", "token", "In the provider's console.", secret=True),
        AccountField("region", "region", "Where it runs.", required=False, default="us"),
    )

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, str]]:
        if not told["address"].startswith("+"):
            raise InvalidInput("A number begins with +.")
        return told["address"], {"hook": f"{public_url}/hook"}

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        self.seen.append(account)
        if account.secrets["token"] != TOLD["token"]:
            return [Finding("missing", "The token is not known.", "Copy it again.")]
        return [Finding("ok", f"Texts reach {public_url}.")]

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        return [Finding("ok", f"{account.address} was told of {public_url}.")]


@pytest.fixture
def texts(context) -> Texts:
    texts = Texts()
    # The room is given its channels once, at start.
    context.channels["sms"] = texts
    return texts


async def save(admin, status=201, **changes):
    body = {"channel": "sms", "name": "main", "told": TOLD, **changes}
    answer = await admin.send("POST", API, body)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_a_channel_says_what_it_needs_and_which_accounts_it_has_never_their_secrets(signed_in, texts, context):
    made = await save(signed_in)
    assert (made["address"], made["enabled"], made["checked_at"]) == ("+14155550100", True, None)
    listed = await (await signed_in.get("/api/v1/channels")).text()
    assert TOLD["token"] not in listed
    (channel,) = (await signed_in.read("/api/v1/channels"))["items"]
    assert [(one["name"], one["secret"], one["required"], one["default"]) for one in channel["fields"]] == [
        ("address", False, True, None), ("token", True, True, None), ("region", False, False, "us"),
    ]  # fmt: skip
    assert channel["accounts"] == [made]
    assert made["told"] == {"address": "+14155550100", "region": "eu"}
    async with context.sessions() as session:
        sealed = await session.scalar(select(ChannelAccount.secrets_sealed))
    assert TOLD["token"].encode() not in sealed


async def test_a_change_keeps_the_secrets_that_are_not_told_again(signed_in, texts):
    made = await save(signed_in)
    changed = await save(signed_in, told={"address": "+14155550199", "token": ""})
    assert (changed["id"], changed["address"]) == (made["id"], "+14155550199")
    checked = await (await signed_in.send("POST", f"{API}/{made['id']}/check")).json()
    assert [one["level"] for one in checked["findings"]] == ["ok"]
    assert dict(texts.seen[-1].secrets) == {"token": TOLD["token"]}


async def test_a_check_says_what_is_missing_and_is_remembered(signed_in, texts, now):
    made = await save(signed_in, told={**TOLD, "token": "wrong"})
    checked = await (await signed_in.send("POST", f"{API}/{made['id']}/check")).json()
    assert checked["findings"] == [{"level": "missing", "text": "The token is not known.", "remedy": "Copy it again."}]
    (channel,) = (await signed_in.read("/api/v1/channels"))["items"]
    (account,) = channel["accounts"]
    assert account["problem"] == "The token is not known."
    assert account["checked_at"].startswith(now.isoformat()[:19])


async def test_the_provider_is_told_where_to_reach_us(signed_in, texts, context):
    made = await save(signed_in)
    told = await (await signed_in.send("POST", f"{API}/{made['id']}/webhook")).json()
    assert told["findings"][0]["text"] == f"+14155550100 was told of {context.public_url}."


async def test_what_is_missing_unknown_or_wrong_is_told_by_its_field(signed_in, texts):
    problem = await save(signed_in, 422, told={"address": "+14155550100", "pin": "1"})
    assert {one["field"] for one in problem["errors"]} == {"pin", "token"}
    problem = await save(signed_in, 422, told={**TOLD, "address": "4155550100"})
    assert problem["detail"] == "A number begins with +."
    assert (await signed_in.read("/api/v1/channels"))["items"][0]["accounts"] == []


async def test_an_account_that_is_used_no_more_stays_on_record(signed_in, texts):
    made = await save(signed_in)
    answer = await signed_in.send("DELETE", f"{API}/{made['id']}")
    assert answer.status == 204
    (channel,) = (await signed_in.read("/api/v1/channels"))["items"]
    assert [one["enabled"] for one in channel["accounts"]] == [False]
    assert (await save(signed_in))["enabled"] is True
