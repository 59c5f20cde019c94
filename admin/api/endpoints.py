"""Endpoints, declared once: requests are served and OpenAPI is written from the same declaration. Holds no endpoint."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_type_hints
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from admin.api.fields import ShownOnce
from admin.api.files import Download, Upload, receive, send
from admin.api.languages import read_language
from admin.api.permissions import Permission
from admin.api.requests import (
    MAX_BODY,
    check_type,
    read_body,
    read_browser,
    read_ids,
    read_query,
    read_token,
    subject_of,
)
from admin.api.streams import EventStream, stream
from admin.api.versions import Versioned, read_if_match
from admin.api_tokens.finding import find_by_api_token
from admin.audit.chain import Author, Change
from admin.audit.trail import Trail, trailed
from admin.context import AdminContext
from admin.idempotency import service as idempotency
from admin.sessions.cookie import SessionCookie, read_session_cookie
from admin.sessions.own_pages import check_own_page
from admin.sessions.service import SignedIn, find_signed_in
from base.database import Sessions, transaction
from base.errors import NotAllowed, NotSignedIn
from base.wording import FALLBACK
from crm.events.models import EventSource
from crm.events.sources import find_by_token

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handle = Callable[..., Awaitable[BaseModel | Download | EventStream | None]]
_JSON = ("application/json",)
_KEY = "Idempotency-Key"
_ID = r"[0-9A-Fa-f-]{32,36}"


class SecondStepOwed(NotAllowed):
    """Everybody here signs in by two steps: set up your second step first (`/api/v1/account/code-app`)."""

    code = "second_step_owed"


class NotPermitted(NotAllowed):
    """Your role does not hold what this needs: ask an owner of this site."""

    code = "not_permitted"


@dataclass(frozen=True)
class Call:
    """One request, checked: who asks, for which ids, and the cookie the answer may change.

    Where the permission is `token` it is a program that asks, as the `source` of events whose token it has.
    """

    context: AdminContext
    address: str
    caller: SignedIn | None
    ids: Mapping[str, UUID]
    cookie: SessionCookie
    source: EventSource | None = None
    version: int = 0
    """What was edited, of an endpoint that `edits`."""
    browser: str = ""
    """What the caller's program calls itself, shortened."""
    language: str = FALLBACK
    """In which the words are that the server has for codes, such as reasons and events."""

    @property
    def user(self) -> SignedIn:
        """Who asks, where the permission is not `public`."""
        if self.caller is None:
            raise NotSignedIn
        return self.caller

    @property
    def author(self) -> Author:
        """Who the audit log says it was."""
        return author_of(self.caller)


def author_of(caller: SignedIn | None) -> Author:
    """Somebody who asks, as the audit log names them."""
    if caller is None:
        return Author("nobody")
    return Author("token" if caller.token_id else "user", caller.id, caller.token_id)


@dataclass(frozen=True)
class Endpoint:
    """One operation. Its handler takes a `Call` and, if it needs them, `query` and `body`; their types are the models.

    `problems` says what can go wrong beyond what every endpoint can answer. One that `takes` files is handed an
    `upload` instead of a body, one that `gives` files returns a `Download`: each names their content types.
    """

    method: Method
    path: str
    permission: Permission
    summary: str
    handle: Handle
    status: int
    problems: Mapping[int, str]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: type[BaseModel] | None
    max_body: int = MAX_BODY
    """Largest request body taken, in bytes."""
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    edits: bool = False
    """Whether it changes one version of something, which `If-Match` names."""
    leaves_trail: bool = True
    """Whether the audit log says that it was done; not of what only concerns the caller's own screen."""
    owing: bool = False
    """Whether it is open to somebody who must set up a second step first."""

    @property
    def operation_id(self) -> str:
        return self.handle.__name__

    @property
    def is_unsafe(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    def route(self, context: AdminContext) -> web.RouteDef:
        """The route that serves it. Only an id stands where an id does: a word there is another address, or none."""
        path = re.sub(r"\{(\w+)\}", rf"{{\1:{_ID}}}", self.path)
        return web.route(self.method, path, functools.partial(_serve, self, context))


def endpoint(
    method: Method,
    path: str,
    *,
    permission: Permission,
    summary: str,
    status: int = 200,
    problems: Mapping[int, str] | None = None,
    max_body: int = MAX_BODY,
    takes: tuple[str, ...] = (),
    gives: tuple[str, ...] = (),
    edits: bool = False,
    leaves_trail: bool = True,
    owing: bool = False,
) -> Callable[[Handle], Endpoint]:
    """Declares the decorated handler as an endpoint."""

    def declare(handle: Handle) -> Endpoint:
        hints = get_type_hints(handle)
        answer = hints["return"]
        return Endpoint(
            method=method,
            path=path,
            permission=permission,
            summary=summary,
            handle=handle,
            status=status,
            problems=problems or {},
            query=hints.get("query"),
            body=hints.get("body"),
            answer=None if answer in (type(None), Download, EventStream) else answer,
            takes=takes,
            gives=gives,
            edits=edits,
            leaves_trail=leaves_trail,
            owing=owing,
            max_body=max_body,
        )

    return declare


def find_endpoint(handler: object) -> Endpoint | None:
    """The endpoint behind a handler of the router, if it is one of these."""
    if isinstance(handler, functools.partial) and handler.args and isinstance(handler.args[0], Endpoint):
        return handler.args[0]
    return None


async def _serve(endpoint: Endpoint, context: AdminContext, request: web.Request) -> web.StreamResponse:
    by_token = endpoint.permission == "token" or (endpoint.permission != "own" and bool(read_token(request)))
    by_anybody = endpoint.permission == "public"
    if endpoint.is_unsafe and not by_token and (by_anybody or read_session_cookie(request.cookies)):
        # No page can have a browser add a token that it does not know itself; who shows neither is asked who they are.
        check_own_page(request.headers, context.public_url)
    caller = await _authorise(endpoint.permission, context, request)
    if caller is not None and caller.owes_second_step and not endpoint.owing:
        raise SecondStepOwed
    source = await _find_source(context, request) if endpoint.permission == "token" else None
    if endpoint.is_unsafe and (endpoint.body is not None or endpoint.takes or request.body_exists):
        # Where nothing is to be sent along, and nothing is, there is no type to say.
        check_type(request, endpoint.takes or _JSON)
    cookie = SessionCookie(secure=context.public_url.startswith("https:"))
    ids = read_ids(request)
    trail = _trail_of(endpoint, context, caller, ids)
    call = Call(
        replace(context, sessions=trailed(context.sessions, trail)),
        request.remote or "",
        caller,
        ids,
        cookie,
        source,
        version=read_if_match(request) if endpoint.edits else 0,
        browser=read_browser(request),
        language=read_language(request),
    )
    given: dict[str, Any] = {}
    if endpoint.query is not None:
        given["query"] = read_query(endpoint.query, request)
    if endpoint.body is not None:
        given["body"] = await read_body(endpoint.body, request, endpoint.max_body)
    if endpoint.takes:
        given["upload"] = Upload(request.content_type, receive(request))
    if _KEY in request.headers and endpoint.is_unsafe and caller is not None:
        named = _name_command(endpoint, request, context.sessions, caller, given.get("body"))
        return await _answer_once(endpoint, call, trail, given, named)
    answer = await endpoint.handle(call, **given)
    if isinstance(answer, Download):
        return await send(request, answer)
    if isinstance(answer, EventStream):
        return await stream(request, answer)
    return _respond(endpoint, _body_of(answer), _etag_of(answer), cookie)


@dataclass(frozen=True)
class _KeyedCommand:
    """What somebody calls a command by, and what it is. `sessions` leave no trail: that is the command's own."""

    sessions: Sessions
    caller_id: UUID
    key: str
    mark: bytes


def _name_command(
    endpoint: Endpoint, request: web.Request, sessions: Sessions, caller: SignedIn, body: BaseModel | None
) -> _KeyedCommand:
    if endpoint.takes or endpoint.gives:
        raise idempotency.KeyNotValid
    key = request.headers[_KEY]
    idempotency.check_key(key)
    content = "" if body is None else body.model_dump_json(exclude_unset=True)
    mark = idempotency.fingerprint(endpoint.method, request.path_qs, request.headers.get("If-Match", ""), content)
    return _KeyedCommand(sessions, caller.token_id or caller.id, key, mark)


async def _answer_once(
    endpoint: Endpoint, call: Call, trail: Trail, given: Mapping[str, Any], named: _KeyedCommand
) -> web.Response:
    """Carries the command out, unless that was done: then it is answered as it was."""
    context = call.context
    async with transaction(named.sessions) as session:
        command = await idempotency.hold(
            session, context.keys, caller_id=named.caller_id, key=named.key, mark=named.mark, now=context.clock.now()
        )
    if command.is_answered:
        response = _respond(endpoint, command.answer, command.etag, call.cookie)
        response.headers["Idempotency-Replayed"] = "true"
        return response
    trail.on_change = idempotency.note_change(command)
    try:
        answer = await endpoint.handle(call, **given)
    except Exception:
        trail.on_change = None
        async with transaction(named.sessions) as session:
            await idempotency.let_go(session, command)
        raise
    if isinstance(answer, Download | EventStream):
        raise TypeError("a command that gives a file takes no key")
    body, etag = _body_of(answer), _etag_of(answer)
    if not isinstance(answer, ShownOnce):
        async with transaction(named.sessions) as session:
            await idempotency.keep_answer(session, context.keys, command, body=body, etag=etag)
    return _respond(endpoint, body, etag, call.cookie)


async def _authorise(permission: Permission, context: AdminContext, request: web.Request) -> SignedIn | None:
    if permission in ("public", "token"):
        return None
    token, now = read_token(request), context.clock.now()
    if permission != "own" and token:
        caller = await find_by_api_token(context.sessions, token, now)
    else:
        caller = await find_signed_in(context.sessions, read_session_cookie(request.cookies), now)
    if caller is None:
        raise NotSignedIn
    if permission != "own" and permission not in caller.permissions:
        raise NotPermitted(f"What you are allowed does not hold {permission}: ask an owner of this site.")
    return caller


def _trail_of(endpoint: Endpoint, context: AdminContext, caller: SignedIn | None, ids: Mapping[str, UUID]) -> Trail:
    """What the audit log says of a command whose handler tells it nothing."""
    author = author_of(caller)
    if caller is None or not endpoint.is_unsafe or not endpoint.leaves_trail:
        return Trail(author, context.clock)
    kind, subject_id = subject_of(endpoint.path), next(iter(ids.values()), None)
    plain = Change(author, endpoint.operation_id, kind, None if subject_id is None else str(subject_id))
    return Trail(author, context.clock, plain)


async def _find_source(context: AdminContext, request: web.Request) -> EventSource:
    async with context.sessions() as session:
        return await find_by_token(session, read_token(request))


def _body_of(answer: BaseModel | None) -> bytes | None:
    return None if answer is None else answer.model_dump_json().encode()


def _etag_of(answer: BaseModel | None) -> str | None:
    return answer.etag if isinstance(answer, Versioned) else None


def _respond(endpoint: Endpoint, body: bytes | None, etag: str | None, cookie: SessionCookie) -> web.Response:
    response = web.Response(
        status=endpoint.status, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    )
    if body is not None:
        response.body = body
        response.content_type = "application/json"
    if etag is not None:
        response.headers["ETag"] = etag
    cookie.put_on(response)
    return response
