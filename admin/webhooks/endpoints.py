"""The endpoints of outward webhooks. The audit log is told their hosts only: the rest of an address can be secret."""

from __future__ import annotations

from typing import Any

from yarl import URL

from admin.api.cursors import Cursor
from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.roles.service import check_within
from admin.snapshot import snapshot
from admin.webhooks.shapes import (
    DeliveryPage,
    DeliveryQuery,
    DeliveryShown,
    Replayed,
    ReplayWish,
    WebhookKind,
    WebhookKinds,
    WebhookList,
    WebhookMade,
    WebhookRow,
    WebhookSecret,
    WebhookTried,
    WebhookWish,
    show_delivery,
    show_line,
    show_webhook,
)
from base.database import transaction
from base.ids import new_id
from crm.events.kinds import list_kinds
from crm.webhooks import service
from crm.webhooks.asking import ask
from crm.webhooks.bodies import write_bodies
from crm.webhooks.content import message_id, write_test
from crm.webhooks.models import WebhookEndpoint
from crm.webhooks.service import Wish

_NAME_TAKEN = "There is a webhook of this name"
_OFF = "It is switched off"
SHOWN_OF_ANSWER = 1_000
"""Characters of what a test was answered that are shown."""


@endpoint(
    "GET",
    "/api/v1/webhooks",
    permission="settings.read",
    summary="The systems that are sent events, by name, each with how it does",
)
async def list_webhooks(call: Call) -> WebhookList:
    async with snapshot(call.context.sessions) as session:
        rows = await service.list_endpoints(session)
        health = await service.read_health(session, [row.id for row in rows])
    return WebhookList(items=[show_line(row, health[row.id]) for row in rows])


@endpoint(
    "POST",
    "/api/v1/webhooks",
    permission="settings.write",
    summary="Have events of some kinds sent to another system, signed by Standard Webhooks",
    status=201,
    problems={409: _NAME_TAKEN},
)
async def make_webhook(call: Call, body: WebhookWish) -> WebhookMade:
    _check_addresses(call, body)
    context = call.context
    async with transaction(context.sessions) as session:
        row, secret = await service.make_endpoint(
            session, context.keys, _wish(body), allow_private=context.webhooks_private, made_by=call.user.id,
            now=context.clock.now(),
        )  # fmt: skip
        await record(session, call, "make_webhook", "webhook", row.id, None, _told(row))
    return WebhookMade(webhook=show_webhook(row), secret=secret)


@endpoint(
    "GET",
    "/api/v1/webhooks/kinds",
    permission="settings.read",
    summary="The kinds of events that webhooks can be sent",
)
async def list_webhook_kinds(call: Call) -> WebhookKinds:
    async with call.context.sessions() as session:
        kinds = await list_kinds(session)
    return WebhookKinds(items=[WebhookKind(name=name, title=kind.title) for name, kind in kinds.items()])


@endpoint("GET", "/api/v1/webhooks/{id}", permission="settings.read", summary="One webhook")
async def get_webhook(call: Call) -> WebhookRow:
    async with call.context.sessions() as session:
        return show_webhook(await service.get_endpoint(session, call.ids["id"]))


@endpoint(
    "PUT",
    "/api/v1/webhooks/{id}",
    permission="settings.write",
    summary="Change a webhook, switch it off or on; what waits for one that is off is sent when it is on again",
    problems={409: _NAME_TAKEN},
    edits=True,
)
async def edit_webhook(call: Call, body: WebhookWish) -> WebhookRow:
    context = call.context
    async with transaction(context.sessions) as session:
        held = await service.get_endpoint(session, call.ids["id"], lock=True)
        # What another may have sent along can be left as it is, but led nowhere else.
        if not held.with_addresses or held.url != body.url or set(body.kinds) - set(held.kinds):
            _check_addresses(call, body)
        before = _told(held)
        row = await service.change_endpoint(
            session, held.id, _wish(body), version=call.version, allow_private=context.webhooks_private,
            now=context.clock.now(),
        )  # fmt: skip
        await record(session, call, "edit_webhook", "webhook", row.id, before, _told(row))
    return show_webhook(row)


@endpoint(
    "DELETE",
    "/api/v1/webhooks/{id}",
    permission="settings.write",
    summary="Remove a webhook with all that is still to be sent to it",
    status=204,
    edits=True,
)
async def remove_webhook(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        before = _told(await service.get_endpoint(session, call.ids["id"], lock=True))
        await service.remove_endpoint(session, call.ids["id"], version=call.version)
        await record(session, call, "remove_webhook", "webhook", call.ids["id"], before)


@endpoint(
    "POST",
    "/api/v1/webhooks/{id}/secret",
    permission="settings.write",
    summary="Give a webhook a new secret; the old one signs, too, for a day",
)
async def rotate_webhook_secret(call: Call) -> WebhookSecret:
    context = call.context
    async with transaction(context.sessions) as session:
        secret = await service.rotate_secret(session, context.keys, call.ids["id"], context.clock.now())
        await record(session, call, "rotate_webhook_secret", "webhook", call.ids["id"])
    return WebhookSecret(secret=secret)


@endpoint(
    "GET",
    "/api/v1/webhooks/{id}/deliveries",
    permission="settings.read",
    summary="What was or is to be sent to a webhook, the latest first; kept for 30 days",
    problems={400: "The cursor is not one of ours"},
)
async def list_webhook_deliveries(call: Call, query: DeliveryQuery) -> DeliveryPage:
    after = Cursor.decode(query.cursor) if query.cursor else None
    async with snapshot(call.context.sessions) as session:
        webhook = await service.get_endpoint(session, call.ids["id"])
        rows = await service.list_deliveries(
            session,
            webhook.id,
            state=query.state,
            before=None if after is None else (after.at, after.id),
            limit=query.limit + 1,
        )
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return DeliveryPage(
        items=[show_delivery(row, message_id(row.event_id)) for row in shown],
        next_cursor=Cursor(last.created_at, last.event_id).encode() if last else None,
    )


@endpoint(
    "GET",
    "/api/v1/webhooks/{id}/deliveries/{event_id}",
    permission="contacts.read",
    summary="What is sent to a webhook about one event, and what came of it",
)
async def get_webhook_delivery(call: Call) -> DeliveryShown:
    context, event_id = call.context, call.ids["event_id"]
    async with snapshot(context.sessions) as session:
        webhook = await service.get_endpoint(session, call.ids["id"])
        row = await service.get_delivery(session, webhook.id, event_id)
        with_addresses = webhook.with_addresses and "contacts.export" in call.user.permissions
        bodies = await write_bodies(session, context.keys, [event_id], with_addresses=with_addresses)
    shown = show_delivery(row, message_id(event_id))
    return DeliveryShown.model_validate(shown.model_dump() | {"body": bodies.get(event_id)})


@endpoint(
    "POST",
    "/api/v1/webhooks/{id}/test",
    permission="settings.write",
    summary="Send a signed message of the type `test` now, also to a webhook that is off, and tell what was answered",
)
async def try_webhook(call: Call) -> WebhookTried:
    context, now = call.context, call.context.clock.now()
    async with transaction(context.sessions) as session:
        webhook = await service.get_endpoint(session, call.ids["id"])
        held = service.secrets_of(context.keys, webhook)
        await record(session, call, "try_webhook", "webhook", webhook.id, None, {"host": URL(webhook.url).host})
    name, body = f"test_{new_id().hex}", write_test(webhook.id, now)
    answered = await ask(webhook.url, held, name, body, clock=context.clock, allow_private=context.webhooks_private)
    attempt = answered.attempt
    # Whoever may have messages sent inside must not read by them what answers there.
    is_told = attempt.status is not None and not context.webhooks_private
    return WebhookTried(
        message_id=name,
        body=body,
        status=attempt.status,
        problem=attempt.problem,
        seconds=round(answered.seconds, 3),
        answer=answered.body.decode(errors="replace")[:SHOWN_OF_ANSWER] if is_told else None,
    )


@endpoint(
    "POST",
    "/api/v1/webhooks/{id}/deliveries/{event_id}/replay",
    permission="settings.write",
    summary="Send one event again, under the id it had; one that waits for its next try is tried now",
    status=204,
    problems={409: _OFF},
)
async def replay_webhook_delivery(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        event_id = call.ids["event_id"]
        await service.replay_delivery(session, call.ids["id"], event_id, call.context.clock.now())
        after = {"event_id": event_id}
        await record(session, call, "replay_webhook_delivery", "webhook", call.ids["id"], None, after)


@endpoint(
    "POST",
    "/api/v1/webhooks/{id}/replay",
    permission="settings.write",
    summary="Send all events of a webhook's kinds that happened in a period, under the ids they had",
    problems={409: _OFF, 422: "Fields not valid, or those are too many events at once"},
)
async def replay_webhook(call: Call, body: ReplayWish) -> Replayed:
    async with transaction(call.context.sessions) as session:
        now = call.context.clock.now()
        events = await service.replay_period(session, call.ids["id"], since=body.since, until=body.until, now=now)
        await record(session, call, "replay_webhook", "webhook", call.ids["id"], None, body)
    return Replayed(events=events)


def _check_addresses(call: Call, body: WebhookWish) -> None:
    """Whoever has addresses sent out must be allowed to take them out themselves."""
    if body.with_addresses:
        check_within(call.user.permissions, ["contacts.export"])


def _wish(body: WebhookWish) -> Wish:
    return Wish(body.name, body.url, body.kinds, body.with_addresses, body.enabled)


def _told(row: WebhookEndpoint) -> dict[str, Any]:
    return {
        "name": row.name,
        "host": URL(row.url).host,
        "kinds": row.kinds,
        "with_addresses": row.with_addresses,
        "enabled": row.disabled_at is None,
    }


ENDPOINTS = (
    list_webhooks,
    make_webhook,
    list_webhook_kinds,
    get_webhook,
    edit_webhook,
    remove_webhook,
    rotate_webhook_secret,
    list_webhook_deliveries,
    get_webhook_delivery,
    replay_webhook_delivery,
    replay_webhook,
    try_webhook,
)
