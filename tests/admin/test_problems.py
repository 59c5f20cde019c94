"""Errors of any route as problem details, and silence about what nobody expected."""

from __future__ import annotations

from contextlib import asynccontextmanager

import psycopg
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from admin.api.problems import problem_middleware
from base.encryption import KeyProblem
from base.errors import Conflict, InvalidInput, TooMany


class Strict(BaseModel):
    number: int


@asynccontextmanager
async def app_that_raises(error: BaseException):
    async def fail(_request: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[problem_middleware])
    app.add_routes([web.get("/x/{token}", fail)])
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Conflict(), 409, "conflict"),
        (InvalidInput("No.", errors=[{"field": "name", "message": "Too long."}]), 422, "invalid_input"),
        (web.HTTPNotFound(), 404, "not_found"),
        (web.HTTPForbidden(), 403, "forbidden"),
        (web.HTTPServiceUnavailable(), 503, "service_unavailable"),
    ],
)
async def test_an_expected_error_becomes_its_problem(error, status, code):
    async with app_that_raises(error) as client:
        answer = await client.get("/x/1")
        problem = await answer.json()
    assert answer.status == problem["status"] == status
    assert answer.content_type == "application/problem+json"
    assert problem["code"] == code
    assert problem["type"] == f"urn:parley:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem.get("errors", []) == getattr(error, "errors", [])


async def test_a_database_that_is_away_is_a_passing_problem_and_one_line_in_the_log():
    with capture_logs() as logs:
        async with app_that_raises(OperationalError("SELECT secret", {}, psycopg.OperationalError("gone"))) as client:
            answer = await client.get("/x/token")
            problem = await answer.json()
    assert (answer.status, problem["code"]) == (503, "database_unavailable")
    assert [(entry["event"], entry["route"], entry["log_level"]) for entry in logs] == [
        ("database_failed", "/x/{token}", "warning")
    ]


async def test_too_many_says_when_to_come_back():
    async with app_that_raises(TooMany(retry_after=17)) as client:
        answer = await client.get("/x/1")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "17")


async def test_a_redirect_is_no_error():
    async with app_that_raises(web.HTTPFound("/elsewhere")) as client:
        answer = await client.get("/x/1", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


def unexpected() -> list[Exception]:
    errors: list[Exception] = [RuntimeError("secret sauce"), KeyProblem("secret sauce in /etc/keys")]
    try:
        Strict.model_validate({"number": "secret sauce"})
    except ValueError as error:
        errors.append(error)
    return errors


@pytest.mark.parametrize("error", unexpected(), ids=lambda error: type(error).__name__)
async def test_an_unexpected_error_is_logged_with_its_stack_and_not_told(error):
    with capture_logs() as logs:
        async with app_that_raises(error) as client:
            answer = await client.get("/x/tell-nobody")
            body = await answer.text()
    assert answer.status == 500
    assert "secret" not in body
    assert [log["event"] for log in logs] == ["request_failed"]
    assert logs[0]["exc_info"].__traceback__ is not None
    assert logs[0]["route"] == "/x/{token}"
    assert "tell-nobody" not in str(logs)


async def test_an_error_in_an_open_socket_writes_no_problem_into_it():
    async def fail(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello")
        raise RuntimeError("later")

    app = web.Application(middlewares=[problem_middleware])
    app.add_routes([web.get("/socket", fail)])
    async with TestClient(TestServer(app)) as client, client.ws_connect("/socket") as socket:
        assert (await socket.receive()).data == "hello"
        assert (await socket.receive()).type in (WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.CLOSING)
