"""Reads what a request carries into the models an endpoint declares, within limits. Decides nothing else."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError

from admin.api.problems import refuse_input
from base.errors import InvalidInput, Malformed, NotFound
from base.request_bodies import read_limited

MAX_BODY = 64 * 1024
"""Largest request body taken where an endpoint does not say otherwise, in bytes."""

_BROWSER = 300  # characters

Shape = TypeVar("Shape", bound=BaseModel)


def read_query(model: type[Shape], request: web.Request) -> Shape:
    """The query as `model`.

    Raises:
        InvalidInput: a parameter is wrong, unknown or given twice.
    """
    names = [name for name, _ in request.query.items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(errors=[{"field": name, "message": "Give this only once."} for name in twice])
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise refuse_input(error) from error


async def read_body(model: type[Shape], request: web.Request, most: int = MAX_BODY) -> Shape:
    """The JSON body as `model`.

    Raises:
        Malformed: it is not JSON.
        InvalidInput: a field is wrong or unknown.
        HTTPRequestEntityTooLarge: it is larger than `most` bytes.
    """
    try:
        body = await read_limited(request, most)
    except web.RequestPayloadError as error:
        raise Malformed("The request ended early or is wrongly encoded.") from error
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise refuse_input(error) from error


def read_ids(request: web.Request) -> Mapping[str, UUID]:
    """The ids in the path.

    Raises:
        NotFound: something else stands there.
    """
    try:
        return {name: UUID(value) for name, value in request.match_info.items()}
    except ValueError as error:
        raise NotFound from error


def read_token(request: web.Request) -> str:
    """The bearer token a program shows who it is by; empty when it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_browser(request: web.Request) -> str:
    """What the caller's program says it is, as far as it is text, and not all of it."""
    return "".join(each for each in request.headers.get("User-Agent", "") if each.isprintable())[:_BROWSER]


def subject_of(path: str) -> str:
    """What an endpoint's path is about, in the singular: of `/api/v1/companies/{id}` a `company`."""
    name = path.split("/")[3].replace("-", "_")
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def check_type(request: web.Request, taken: Container[str]) -> None:
    """Refuses a request that does not say that it is what is taken.

    Raises:
        HTTPUnsupportedMediaType: it says something else, or nothing.
    """
    if request.content_type not in taken:
        raise web.HTTPUnsupportedMediaType
