"""Who may call what: the file of roles and routes, every route of the web process, and what is really answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from admin.api.endpoints import find_endpoint
from admin.api.permissions import PERMISSIONS, ROLES
from admin.api.streams import CONTENT_TYPE
from admin.app import ENDPOINTS
from base.encryption import create_key_file
from base.ids import new_id
from server.settings import read_settings
from server.web import create_web_app
from server.wiring import open_platform
from tests.admin.role_routes import FILE, describe_roles

OPEN: dict[str, str] = {
    "/": "the demonstration site",
    "/admin": "files of the admin pages, the same for everybody",
    "/admin/{path}": "files of the admin pages, the same for everybody",
    "/api/v1/docs": "what the API can do, the same for everybody",
    "/api/v1/docs.css": "looks of that page",
    "/callbacks/{token}": "the token in it is what it is about",
    "/chat/events": "visitors' pages, by their own token",
    "/chat/files": "visitors' chats, by their own token",
    "/chat/messages": "visitors' chats, by their own token",
    "/chat/number-work": "visitors' chats, by their own token",
    "/chat/number-work.js": "the script that does that work",
    "/chat/session": "visitors begin a chat by it",
    "/chat/socket": "visitors' chats, by their own token",
    "/consent/confirm/{token}": "the token in it was mailed to whom it is about",
    "/consent/receipts/{token}.jsonld": "the token in it was given to whom it is about",
    "/events/webhooks/{id}": "signed by the source of events",
    "/favicon.svg": "the demonstration site",
    "/healthz": "tells only that the process lives",
    "/hooks/email/{account}/mail": "signed by the provider",
    "/hooks/sms/{account}/inbound": "signed by the provider",
    "/hooks/sms/{account}/status/{outbox}": "signed by the provider",
    "/hooks/telegram/{account}/updates": "signed by the provider",
    "/hooks/voice/{account}/answered/{outbox}": "signed by the provider",
    "/hooks/voice/{account}/call": "signed by the provider",
    "/hooks/voice/{account}/detected/{outbox}": "signed by the provider",
    "/hooks/voice/{account}/dialled": "signed by the provider",
    "/hooks/voice/{account}/relay/{call}/{number}": "signed by the provider",
    "/hooks/voice/{account}/relayed": "signed by the provider",
    "/hooks/voice/{account}/status": "signed by the provider",
    "/hooks/voice/{account}/status/{outbox}": "signed by the provider",
    "/hooks/voice/{account}/turn": "signed by the provider",
    "/l/{token}": "a link in a mail",
    "/meetings/{token}": "the token in it was given to whom it is about",
    "/meetings/{token}.ics": "the token in it was given to whom it is about",
    "/o/{token}.gif": "a picture in a mail",
    "/preferences/{token}": "the token in it was given to whom it is about",
    "/privacy.css": "looks of public pages",
    "/privacy/request/{token}": "the token in it was given to whom it is about",
    "/privacy/{token}": "the token in it was given to whom it is about",
    "/readyz": "tells only that the process can work",
    "/site.css": "the demonstration site",
    "/site.js": "the demonstration site",
    "/tag.js": "a script for pages",
    "/unsubscribe.css": "looks of public pages",
    "/unsubscribe/{token}": "the token in it was mailed to whom it is about",
    "/widget.js": "a script for pages",
    "/.well-known/jwks.json": "public keys",
}
"""Routes without a permission, and why."""


def test_the_file_of_roles_and_routes_is_the_present_one():
    assert FILE.read_text("utf-8") == describe_roles(), "run `python -m tests.admin.role_routes` and look at the change"


async def test_every_route_of_the_web_process_has_a_permission_or_a_reason_to_have_none(tmp_path: Path):
    settings = read_settings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1/nothing"),
        rasa_urls="http://127.0.0.1:1",
        rasa_secret=SecretStr("s" * 40),
        data_dir=tmp_path,
    )
    create_key_file(settings.key_file)
    app = create_web_app(open_platform(settings))
    routes = [(route.resource.canonical, find_endpoint(route.handler)) for route in app.router.routes()]
    without = {path for path, endpoint in routes if endpoint is None}
    assert without == OPEN.keys()
    known = {"public", "token", "own", *PERMISSIONS}
    assert {endpoint.permission for _, endpoint in routes if endpoint is not None} <= known
    served = {endpoint.operation_id for _, endpoint in routes if endpoint is not None}
    assert served == {endpoint.operation_id for endpoint in ENDPOINTS}


def test_only_owners_may_do_everything():
    assert [role for role, held in ROLES.items() if held == PERMISSIONS] == ["owner"]


STREAM = "text/event-stream"
"""Has no end."""


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_is_let_through_exactly_where_it_is_permitted(join, role):
    browser, wrong = await join(role), []
    for endpoint in ENDPOINTS:
        # A stream that is let through has no end; it has tests of its own.
        if endpoint.permission in ("public", "token", "own") or endpoint.takes or CONTENT_TYPE in endpoint.gives:
            continue
        path = re.sub(r"\{\w+\}", lambda _: str(new_id()), endpoint.path)
        headers = {"If-Match": '"1"'} if endpoint.edits else {}
        answer = await browser.send(endpoint.method, path, {}, **headers)
        told = await answer.text()
        is_refused = answer.status == 403 and "not_permitted" in told
        if is_refused != (endpoint.permission not in ROLES[role]) or answer.status >= 500:
            wrong.append(f"{endpoint.operation_id}: {told}")
    assert wrong == []


async def test_a_user_whose_role_is_gone_may_do_nothing_but_see_their_account(join):
    browser = await join("a role that was never made")
    assert (await browser.get("/api/v1/account")).status == 200
    assert (await browser.get("/api/v1/segments")).status == 403
