"""The endpoints of channels and their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.channels import shapes
from admin.channels.ports import ChannelSetup
from base.channel_contract import Finding
from base.database import transaction
from base.errors import InvalidInput, NotFound
from outreach.accounts.service import Account, disable_account, get_account, list_accounts, note_check, save_account


@endpoint(
    "GET", "/api/v1/channels", permission="channels.read", summary="Channels with what they need and their accounts"
)
async def list_channels(call: Call) -> shapes.ChannelList:
    async with call.context.sessions() as session:
        accounts = await list_accounts(session, call.context.keys, enabled_only=False)
    return shapes.ChannelList(
        items=[
            shapes.Channel(
                channel=name,
                fields=[shapes.ChannelField.model_validate(one, from_attributes=True) for one in setup.fields],
                accounts=[_show(one, setup) for one in accounts if one.channel == name],
            )
            for name, setup in call.context.channels.items()
        ]
    )


@endpoint(
    "POST",
    "/api/v1/channel-accounts",
    permission="channels.write",
    summary="Bring in an account, or change the one of this name; nothing is tried yet",
    status=201,
    problems={404: "There is no such channel"},
)
async def save_channel_account(call: Call, body: shapes.AccountWish) -> shapes.ChannelAccount:
    context, setup = call.context, _setup(call, body.channel)
    known = await _find(call, body.channel, body.name)
    secret = {field.name for field in setup.fields if field.secret}
    kept = {} if known is None else {name: value for name, value in known.secrets.items() if name in secret}
    usual = {field.name: field.default for field in setup.fields if field.default}
    told = usual | kept | {name: value for name, value in body.told.items() if value.strip()}
    _check_told(setup, told)
    address, more = await setup.prepare(told, public_url=context.public_url)
    plain = {name: value for name, value in told.items() if name not in secret and name != "address"}
    async with transaction(context.sessions) as session:
        account_id = await save_account(
            session,
            context.keys,
            channel=body.channel,
            name=body.name,
            address=address,
            settings={**plain, **more},
            secrets={name: value for name, value in told.items() if name in secret},
            now=context.clock.now(),
        )
        before = None if known is None else {"address": known.address}
        after = {"channel": body.channel, "name": body.name, "address": address}
        await record(session, call, "save_channel_account", "channel_account", account_id, before, after)
        saved = await get_account(session, context.keys, channel=body.channel, name=body.name)
    return _show(saved, setup)


@endpoint(
    "POST",
    "/api/v1/channel-accounts/{id}/check",
    permission="channels.write",
    summary="Try everything that must be in place, and say what is missing; changes nothing outside",
)
async def check_channel_account(call: Call) -> shapes.AccountChecked:
    context, account = call.context, await _get(call)
    setup = _setup(call, account.channel)
    findings = await setup.check(account, public_url=context.public_url)
    problem = next((one.text for one in findings if one.level == "missing"), None)
    async with transaction(context.sessions) as session:
        await note_check(session, account.id, problem, context.clock.now())
        after = {"problem": problem}
        await record(session, call, "check_channel_account", "channel_account", account.id, None, after)
    return _tell(await _get(call), setup, findings)


@endpoint(
    "POST",
    "/api/v1/channel-accounts/{id}/webhook",
    permission="channels.write",
    summary="Tell the provider where to reach us; again changes nothing more",
)
async def set_channel_webhook(call: Call) -> shapes.AccountChecked:
    account = await _get(call)
    setup = _setup(call, account.channel)
    findings = await setup.set_webhook(account, public_url=call.context.public_url)
    async with transaction(call.context.sessions) as session:
        await record(session, call, "set_channel_webhook", "channel_account", account.id)
    return _tell(account, setup, findings)


@endpoint(
    "DELETE",
    "/api/v1/channel-accounts/{id}",
    permission="channels.write",
    summary="Send nothing from an account and take nothing in for it any more; what it did stays on record",
    status=204,
)
async def disable_channel_account(call: Call) -> None:
    account = await _get(call)
    async with transaction(call.context.sessions) as session:
        await disable_account(session, channel=account.channel, name=account.name, now=call.context.clock.now())
        await record(session, call, "disable_channel_account", "channel_account", account.id, {"name": account.name})


def _setup(call: Call, channel: str) -> ChannelSetup:
    try:
        return call.context.channels[channel]
    except KeyError:
        raise NotFound(f"There is no channel {channel} to set up.") from None


def _check_told(setup: ChannelSetup, told: dict[str, str]) -> None:
    known = {field.name for field in setup.fields}
    errors = [{"field": name, "message": f"{setup.channel} has no such field."} for name in sorted(set(told) - known)]
    errors += [
        {"field": field.name, "message": f"Tell the {field.label}."}
        for field in setup.fields
        if field.required and field.name not in told
    ]
    if errors:
        raise InvalidInput(errors=errors)


async def _find(call: Call, channel: str, name: str) -> Account | None:
    async with call.context.sessions() as session:
        accounts = await _all(session, call)
    return next((one for one in accounts if (one.channel, one.name) == (channel, name)), None)


async def _get(call: Call) -> Account:
    wanted: UUID = call.ids["id"]
    async with call.context.sessions() as session:
        found = next((one for one in await _all(session, call) if one.id == wanted), None)
    if found is None:
        raise NotFound("There is no such account.")
    return found


async def _all(session: AsyncSession, call: Call) -> Sequence[Account]:
    return await list_accounts(session, call.context.keys, enabled_only=False)


def _tell(account: Account, setup: ChannelSetup, findings: Sequence[Finding]) -> shapes.AccountChecked:
    told = [shapes.CheckFinding.model_validate(one, from_attributes=True) for one in findings]
    return shapes.AccountChecked(account=_show(account, setup), findings=told)


def _show(account: Account, setup: ChannelSetup) -> shapes.ChannelAccount:
    """Only what was told and is no secret: what a channel noted itself is its own."""
    shown = {field.name for field in setup.fields if not field.secret}
    told = {name: str(value) for name, value in account.settings.items() if name in shown}
    if "address" in shown:
        told["address"] = account.address
    return shapes.ChannelAccount(
        id=account.id,
        channel=account.channel,
        name=account.name,
        address=account.address,
        told=told,
        enabled=account.enabled,
        checked_at=account.checked_at,
        problem=account.problem,
    )


ENDPOINTS = (
    list_channels,
    save_channel_account,
    check_channel_account,
    set_channel_webhook,
    disable_channel_account,
)
