"""Every error as problem details (RFC 9457). The middleware serves the whole web app and never tells internals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError

from admin.api.languages import field_in_words, read_language, sentence_in_words, title_in_words
from base.errors import InvalidInput, Malformed, ParleyError, TooMany
from base.postgres import DatabaseUnavailable
from base.wording import FALLBACK

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

_TITLES: Mapping[int, str] = {
    400: "That could not be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Out of date",
    412: "Out of date",
    413: "Too large",
    415: "Wrong content type",
    422: "Please check what you entered",
    428: "Which version is meant",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not available at the moment",
}
_DETAILS: Mapping[int, str] = {
    404: "There is nothing at this address.",
    405: "This address does not take this kind of request.",
    413: "Send less at once.",
    415: "Send the request with Content-Type application/json, a file as what it is.",
    500: "The error was noted. Try again; if it stays, ask the operator to look at the log.",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class PartConflict(BaseModel):
    """A part of a draft that two people changed; null where it is not there."""

    part: str
    name: str
    language: str | None
    base: Any
    theirs: Any
    mine: Any
    by: str
    at: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []
    version: int | None = None
    """Of `draft_conflict`: the ETag to save with."""
    conflicts: list[PartConflict] = []


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers errors of any handler with a problem; what nobody expected is logged with its stack."""
    try:
        return await handler(request)
    except ParleyError as error:
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return _unexpected(request, error)
        return _expected(request, error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _of_http_exception(request, error)
    except OperationalError as error:
        # Away, restarting, or it ended this transaction (a deadlock, a timeout): what was asked may be asked again.
        log.warning("database_failed", route=_route(request), error=type(error.orig).__name__)
        _check_not_under_way(request, error)
        return _expected(request, DatabaseUnavailable())
    except Exception as error:
        if request.transport is None or request.transport.is_closing():
            raise  # the client has left: aiohttp closes the connection
        return _unexpected(request, error)


def problem_response(
    status: int,
    *,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
    language: str = FALLBACK,
) -> web.Response:
    """A response that carries one problem; `details` are the fields that only some problems have.

    Args:
        detail: in English, as is what the errors say; they are told in the language where there are words for them.
    """
    told = [{**error, "message": field_in_words(error["message"], language)} for error in errors]
    problem = Problem(
        type=f"urn:parley:problem:{code}",
        title=title_in_words(status, _TITLES.get(status) or HTTPStatus(status).phrase, language),
        status=status,
        detail=sentence_in_words(detail, language),
        code=code,
        errors=[FieldError.model_validate(error) for error in told],
        **(details or {}),
    )
    return web.Response(
        body=problem.model_dump_json(exclude_defaults=True).encode(),
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
    )


_RAISED = "Value error, "
"""What pydantic puts before what a shape of ours says itself."""


def refuse_input(error: ValidationError) -> ParleyError:
    """What a request's failed validation is to be raised as: unreadable JSON is malformed, all else is invalid."""
    found = error.errors(include_url=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Malformed("The request is not valid JSON.")
    return InvalidInput(errors=errors_of(error))


def errors_of(error: ValidationError, *within: str) -> list[dict[str, str]]:
    """What is wrong with each field; `within` is where what was looked at stands in the request."""
    return [
        {"field": _path_of((*within, *each["loc"])), "message": each["msg"].removeprefix(_RAISED)}
        for each in error.errors(include_url=False, include_input=False)
    ]


def _path_of(parts: Iterable[int | str]) -> str:
    """Where a field stands, without what only pydantic knows a way by: the kind of a union's branch, `[key]`."""
    return ".".join(str(part) for part in parts if "[" not in str(part)) or "body"


def _expected(request: web.Request, error: ParleyError) -> web.Response:
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    return problem_response(
        error.status, code=error.code, detail=error.message, errors=error.errors, headers=headers,
        details=error.details, language=read_language(request),
    )  # fmt: skip


def _of_http_exception(request: web.Request, error: web.HTTPException) -> web.Response:
    kept = {name: value for name, value in error.headers.items() if name.lower() in ("allow", "retry-after")}
    phrase = HTTPStatus(error.status).phrase
    return problem_response(
        error.status,
        code=phrase.lower().replace(" ", "_").replace("-", "_"),
        detail=_DETAILS.get(error.status, f"{phrase}."),
        headers=kept,
        language=read_language(request),
    )


def _unexpected(request: web.Request, error: Exception) -> web.Response:
    log.error("request_failed", method=request.method, route=_route(request), exc_info=error)
    _check_not_under_way(request, error)
    return problem_response(500, code="internal_error", detail=_DETAILS[500], language=read_language(request))


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"  # the path itself can hold a token


def _check_not_under_way(request: web.Request, error: Exception) -> None:
    if request.writer.output_size > 0:
        raise ConnectionError("a response was under way: the connection is closed") from error
