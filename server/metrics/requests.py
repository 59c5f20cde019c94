"""Counts and times requests, and traces webhooks of others. A request is known by its route, never by its path."""

from __future__ import annotations

import time
from contextlib import nullcontext
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from base.metrics import REQUEST_SECONDS, WEBHOOKS_IN, Few
from base.tracing import span, tell_span

_HOOKS: Final = {
    "/hooks/sms": "sms",
    "/hooks/telegram": "telegram",
    "/hooks/email": "email",
    "/hooks/voice": "voice",
    "/events/webhooks": "events",
    "/callbacks": "callbacks",
}
"""By what the addresses begin with that other systems call."""

_AREAS: Final = {"/api": "api", "/admin": "admin", "/chat": "chat", "/healthz": "health", "/readyz": "health"}
_WAITING: Final = frozenset(
    {
        ("GET", "/chat/socket"),
        ("GET", "/chat/messages"),
        ("GET", "/api/v1/stream"),
        ("GET", "/hooks/voice/{account}/relay/{call}/{number}"),
    }
)
"""What lasts as long as somebody is there."""

_ANSWERS: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "not_signed",
    HTTPStatus.FORBIDDEN: "not_signed",
    HTTPStatus.NOT_FOUND: "unknown",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "malformed",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many",
}

_hooks = Few(16)


@web.middleware
async def watch_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware but for the proxies' and the headers'. What is answered is left as it is."""
    route = _route_of(request)
    hook = _hook_of(route)
    if (request.method, route) in _WAITING:
        return await handler(request)
    began, status = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
    # A trace that others began is not gone on with: what is sampled is decided here.
    with span("webhook", alone=True, hook=hook) if hook else nullcontext():
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as redirect:
            status = redirect.status
            raise
        finally:
            tell_span(status=status)
            if hook:
                WEBHOOKS_IN.labels(hook, _answer_of(status)).inc()
            area = "webhook" if hook else _area_of(route)
            REQUEST_SECONDS.labels(area, f"{status // 100}xx").observe(time.perf_counter() - began)
    return response


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _hook_of(route: str) -> str | None:
    found = next((name for prefix, name in _HOOKS.items() if route.startswith(f"{prefix}/")), None)
    return None if found is None else _hooks.of(found)


def _area_of(route: str) -> str:
    return next((area for prefix, area in _AREAS.items() if route.startswith(prefix)), "page" if route else "nowhere")


def _answer_of(status: int) -> str:
    if status < HTTPStatus.BAD_REQUEST:
        return "accepted"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return _ANSWERS.get(status, "refused")
