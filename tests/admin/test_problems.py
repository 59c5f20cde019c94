"""Errors of any route as problem details, and silence about what nobody expected."""

from __future__ import annotations

import ast
import json
import re
from contextlib import asynccontextmanager
from typing import Literal
from uuid import UUID

import psycopg
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from admin.api.languages import field_in_words
from admin.api.problems import problem_middleware, refuse_input
from base.encryption import KeyProblem
from base.errors import Conflict, InvalidInput, NotFound, TooMany
from base.wording import SPOKEN, read_sentences
from server.settings import ROOT

_ROOMS = ("admin", "base", "bot", "crm", "flows", "outreach")
_HOLE = re.compile(r"\{\w*\}")


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


@pytest.mark.parametrize(
    ("error", "accepted", "title", "detail"),
    [
        (Conflict(), "de-CH, en;q=0.5", "Nicht mehr aktuell", "Jemand anders hat das gleichzeitig geändert"),
        (NotFound("There is no journey {x} of 5."), "fr", "Introuvable", "Il n’y a pas de parcours {x} of 5."),
        (web.HTTPNotFound(), "es", "No encontrado", "No hay nada en esta dirección."),
        (RuntimeError("secret"), "de", "Bei uns ging etwas schief", "Der Fehler wurde vermerkt"),
        (NotFound("Nobody has put this into words."), "de", "Nicht gefunden", "Nobody has put this into words."),
        (Conflict(), "pl", "Out of date", "Somebody else changed this at the same time"),
    ],
)
async def test_a_problem_is_told_in_the_language_that_is_accepted_where_there_are_words(error, accepted, title, detail):
    async with app_that_raises(error) as client:
        problem = await (await client.get("/x/1", headers={"Accept-Language": accepted})).json()
    assert problem["title"] == title
    assert problem["detail"].startswith(detail)


async def test_what_is_wrong_with_a_field_is_told_in_the_language_too():
    error = InvalidInput("No.", errors=[{"field": "owner", "message": "There is no such user."}])
    async with app_that_raises(error) as client:
        problem = await (await client.get("/x/1", headers={"Accept-Language": "fr"})).json()
    assert problem["errors"] == [{"field": "owner", "message": "Cet utilisateur n’existe pas."}]


@pytest.mark.parametrize("file", ["api/problems.yml", "flows/faults.yml"])
def test_every_sentence_that_is_in_other_languages_is_one_that_is_said_and_fills_in_the_same(file):
    known = read_sentences(ROOT / "admin" / file)
    english = known["es"]["sentences"].keys()
    assert {language: known[language]["sentences"].keys() for language in SPOKEN if language != "en"} == dict.fromkeys(
        (language for language in SPOKEN if language != "en"), english
    )
    said = {_HOLE.sub("{}", sentence) for sentence in sentences_of(*_ROOMS)}
    assert {one for one in english if _HOLE.sub("{}", one) not in said} == set()
    for language, told in known.items():
        for one, other in told["sentences"].items():
            assert sorted(_HOLE.findall(one)) == sorted(_HOLE.findall(other)), (language, one)


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=2, max_length=3, pattern="^[ab]*$")
    some: str = Field(min_length=1)
    whole: int = Field(ge=2, le=3)
    number: float
    yes: bool
    many: list[int]
    one: Strict
    choice: Literal["a", "b"]
    id: UUID

    @field_validator("choice")
    @classmethod
    def refuse_b(cls, choice: str) -> str:
        if choice == "b":
            raise ValueError("Write something.")
        return choice


def test_what_pydantic_says_of_fields_of_the_usual_kinds_is_in_every_language_and_no_translation_is_of_nothing():
    wrong = {"text": 1, "whole": "x", "number": "x", "yes": "x", "many": 1, "one": 1, "choice": "c", "other": 1,
             "id": "x"}  # fmt: skip
    bodies = (
        wrong, {"text": "a", "some": "", "whole": 1}, {"text": "aaaa", "whole": 4}, {"text": "cc", "choice": "b"},
        {"whole": [], "number": [], "yes": []},
    )  # fmt: skip
    english = set()
    for body in bodies:
        with pytest.raises(ValidationError) as refused:
            Wish.model_validate_json(json.dumps(body))
        english |= {one["message"] for one in refuse_input(refused.value).errors}
    for language in set(SPOKEN) - {"en"}:
        told = {one: field_in_words(one, language) for one in english}
        assert {one for one in english if told[one] == one} == set(), language
    known = read_sentences(ROOT / "admin" / "api" / "shapes.yml")
    patterns = [".+".join(map(re.escape, _HOLE.split(one))) for one in known["de"]["sentences"]]
    assert [one for one in patterns if not any(re.fullmatch(one, said) for said in english)] == []
    assert field_in_words("Input should be less than or equal to 3", "de") == "Das darf höchstens 3 sein"
    assert len({frozenset(known[language]["sentences"]) for language in known}) == 1


def sentences_of(*rooms: str) -> set[str]:
    """The texts in the code of some rooms, and the first lines of what stands before their classes."""
    found: set[str] = set()
    for path in (path for room in rooms for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.add((ast.get_docstring(node) or "").partition("\n")[0])
            elif isinstance(node, ast.Constant):
                found.add(str(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                found.add("".join(str(part) for part in parts))
    return found


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
