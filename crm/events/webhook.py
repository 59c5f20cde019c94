"""Events by webhook: signed by Standard Webhooks (standardwebhooks.com), the id of the message is the event's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

import structlog
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import Malformed, NotAllowed, NotFound
from base.request_bodies import read_limited
from crm.events.mapping import PayloadMapping, map_payload
from crm.events.models import EventSource
from crm.events.reading import LONGEST_ID, read_given
from crm.events.service import Giver, take_in
from crm.events.sources import find_source, secret_of

log = structlog.get_logger(__name__)

_PATH = "/events/webhooks/{id}"
MAX_BODY = 64 * 1024
"""Bytes of a payload."""


class NotSigned(NotAllowed):
    """This was not signed with the source's secret, or too long ago: see standardwebhooks.com."""

    code = "not_signed"


@dataclass(frozen=True)
class WebhookEvents:
    """The handler and what it needs."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock

    async def handle_webhook(self, request: web.Request) -> web.Response:
        """Takes one payload. What its source does not map is let pass: it is answered like what was taken."""
        try:
            source_id = UUID(request.match_info["id"])
        except ValueError as error:
            raise NotFound from error
        async with self.sessions() as session:
            source = await find_source(session, "webhook", id_=source_id)
        body = await read_limited(request, MAX_BODY)
        _check_signed(secret_of(self.keys, source), body, request)
        taken = await self._take(source, request.headers["webhook-id"], _parse(body))
        if not taken:
            log.info("webhook_passed", source_id=str(source.id))
        return web.Response(status=204)

    async def _take(self, source: EventSource, message_id: str, payload: object) -> bool:
        mapped = map_payload(payload, PayloadMapping.model_validate(source.mapping))
        if mapped is None:
            return False
        (event,) = read_given([{"id": message_id[:LONGEST_ID], **mapped}], "payload")
        by = Giver("webhook", source.name, creates=source.unknown_people == "create")
        async with transaction(self.sessions) as session:
            await take_in(session, self.keys, [event], by, self.clock.now(), at="payload")
        return True


def routes(events: WebhookEvents) -> list[web.RouteDef]:
    """Where sources send."""
    return [web.post(_PATH, events.handle_webhook)]


def path_of(source_id: UUID) -> str:
    """Where one source sends."""
    return _PATH.format(id=source_id)


def _check_signed(secret: str, body: bytes, request: web.Request) -> None:
    """Raises NotSigned, whatever is wrong: the library lets errors of decoding through."""
    try:
        Webhook(secret).verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise NotSigned from error


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("The payload is not JSON.") from error
