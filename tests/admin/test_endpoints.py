"""What holds for every endpoint: a permission, a session, no foreign pages, and no junk that gets through."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp import web

from admin.api.endpoints import find_endpoint
from admin.api.openapi import create_document
from admin.api.permissions import PERMISSIONS
from admin.app import ENDPOINTS, create_admin_routes
from admin.describe import FILE, describe
from admin.reference.page import STYLE
from admin.reference.routes import PAGE
from admin.static_ui import PREFIX
from base.ids import new_id
from tests.admin.conftest import COMMAND, EMAIL, PASSWORD

PUBLIC = {
    "get_setup", "set_up", "log_in", "get_api_description", "look_at_invitation", "accept_invitation", "ask_for_reset",
    "use_reset", "begin_passkey_sign_in", "sign_in_with_passkey", "get_sign_in_ways",
    "begin_single_sign_on", "finish_single_sign_on", "turn_digest_off",
}  # fmt: skip
PROTECTED = [endpoint for endpoint in ENDPOINTS if endpoint.permission != "public"]
COMMANDS = [endpoint for endpoint in ENDPOINTS if endpoint.is_unsafe and endpoint.permission != "token"]
"""What a browser may be made to send; no page can have it add a token that it does not know."""


def name_of(endpoint) -> str:
    return endpoint.operation_id


def path_of(endpoint) -> str:
    return re.sub(r"\{\w+\}", lambda _: str(new_id()), endpoint.path)


def test_every_route_of_the_api_declares_its_permission(context):
    app = web.Application()
    app.add_routes(create_admin_routes(context))
    for route in app.router.routes():
        path = route.resource.canonical
        if path.startswith(PREFIX) or path == PREFIX.rstrip("/"):
            continue  # files of the UI: the same for everybody, without any data
        if path in {PAGE, STYLE}:
            continue  # what the API can do, as a page: likewise
        endpoint = find_endpoint(route.handler)
        assert endpoint is not None, f"{route.method} {path} is not declared as an endpoint"
        assert endpoint.permission in {"public", "token", "own", *PERMISSIONS}
        assert path == endpoint.path


def test_only_the_way_in_is_public():
    assert {endpoint.operation_id for endpoint in ENDPOINTS if endpoint.permission == "public"} == PUBLIC


async def test_without_a_session_nothing_but_the_way_in_answers(admin, user):
    assert PROTECTED
    for endpoint in PROTECTED:
        answer = await admin.send(endpoint.method, path_of(endpoint))
        assert (answer.status, answer.content_type) == (401, "application/problem+json"), name_of(endpoint)
        code = "source_not_known" if endpoint.permission == "token" else "not_signed_in"
        assert (await answer.json())["code"] == code, name_of(endpoint)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Requested-With": None}, 403),
        ({"X-Requested-With": "XMLHttpRequest"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8081"}, 403),
        ({"Origin": "https://127.0.0.1:8080"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": None}, 415),
    ],
)
async def test_a_command_from_a_foreign_page_is_refused(signed_in, headers, status):
    assert COMMANDS
    sent = {name: value for name, value in {**COMMAND, **headers}.items() if value is not None}
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    for endpoint in COMMANDS:
        answer = await signed_in.client.request(
            endpoint.method, path_of(endpoint), data=body, headers=sent, skip_auto_headers=["Content-Type"]
        )
        assert answer.status == status, name_of(endpoint)
        assert (await signed_in.get("/api/v1/session")).status == 200, name_of(endpoint)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://[::1]:8080"},
        {"Content-Type": "application/json; charset=utf-8"},
    ],
)
async def test_a_command_from_our_own_pages_is_taken(signed_in, headers):
    assert (await signed_in.send("DELETE", "/api/v1/session", **headers)).status == 204


async def test_a_command_with_nothing_to_send_along_needs_no_content_type(signed_in):
    answer = await signed_in.client.request(
        "DELETE", "/api/v1/session", headers={"X-Requested-With": "parley"}, skip_auto_headers=["Content-Type"]
    )
    assert answer.status == 204
    answer = await signed_in.client.post("/api/v1/session", headers={"X-Requested-With": "parley"})
    assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"email": "\\ud800", "password": "x"}', 400),
        (b"[" * 60_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"email": 1, "password": []}', 422),
        (b'{"email": null, "password": {"$ne": 1}}', 422),
        (b'{"email": "a\\u0000b@example.com", "password": "x"}', 422),
        (b'{"email": "a@example.com", "password": "x\\u0000"}', 422),
        (b'{"email": "a@example.com", "password": "' + b"x" * 300 + b'"}', 422),
        (b'{"email": "a@example.com", "password": "x", "role": "owner"}', 422),
        (b" " * (64 * 1024 + 1), 413),
        (b'{"email": "' + b"x" * 200_000 + b'"}', 413),
    ],
)
async def test_a_junk_body_is_the_senders_fault(admin, user, body, status):
    answer = await admin.client.post("/api/v1/session", data=body, headers=COMMAND)
    problem = await answer.json()
    assert (answer.status, problem["status"]) == (status, status)
    assert answer.content_type == "application/problem+json"


async def test_a_body_without_a_length_is_limited_too(admin, user):
    async def chunks():
        for _ in range(70):
            yield b" " * 1024

    answer = await admin.client.post("/api/v1/session", data=chunks(), headers=COMMAND)
    assert answer.status == 413


async def test_a_body_in_a_broken_encoding_is_malformed(admin, user):
    headers = {**COMMAND, "Content-Encoding": "gzip"}
    answer = await admin.client.post("/api/v1/session", data=b"no gzip at all", headers=headers)
    assert answer.status == 400


@pytest.mark.parametrize("path", ["/api/v1/leads", "/api/v1/follow-ups"])
@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("cursor=junk", {400}),
        ("cursor=%00", {422}),
        ("cursor=" + "A" * 31, {400}),
        ("cursor=" + "f" + "_" * 31, {400}),
        ("cursor=" + "A" * 101, {422}),
        ("limit=0", {422}),
        ("limit=201", {422}),
        ("limit=-1", {422}),
        ("limit=" + "9" * 400, {422}),
        ("limit=x", {422}),
        ("limit=10&limit=20", {422}),
        ("unknown=1", {422}),
        ("band=tepid&state=lost", {422}),
        ("q=%00&contact=junk", {422}),
        ("q=%ED%A0%80&contact=%ED%A0%80", {422}),
        ("cursor=" + "x" * 20_000, {400}),
    ],
)
async def test_a_junk_query_is_the_senders_fault(signed_in, path, query, statuses):
    from yarl import URL

    answer = await signed_in.client.get(URL(f"{path}?{query}", encoded=True))
    assert answer.status in statuses


@pytest.mark.parametrize(
    "lead", ["junk", "0", "%00", "..%2f..%2fetc", "x" * 2_000, "01a220eb-1c28-7266-ba0c-7d5db4b6e365"]
)
async def test_a_lead_that_is_not_there_is_not_found(signed_in, lead):
    from yarl import URL

    assert (await signed_in.client.get(URL(f"/api/v1/leads/{lead}", encoded=True))).status == 404


async def test_an_unknown_method_says_which_ones_there_are(signed_in):
    answer = await signed_in.send("PUT", "/api/v1/session")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(",")) >= {"GET", "POST", "DELETE"}
    assert (await answer.json())["code"] == "method_not_allowed"


async def test_answers_are_not_kept_by_browsers_or_proxies(signed_in):
    for path in ("/api/v1/session", "/api/v1/leads", "/api/v1/nothing"):
        headers = (await signed_in.get(path)).headers
        assert headers.get("Cache-Control") == "no-store" or path == "/api/v1/nothing"
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_description_served_is_the_one_of_the_declarations(admin):
    served = await admin.read("/api/v1/openapi.json")
    assert served == json.loads(json.dumps(create_document(ENDPOINTS)))


def test_the_description_that_the_ui_is_typed_by_is_the_present_one():
    assert FILE.read_text("utf-8") == describe(), "run `make api`"


def test_the_description_names_every_operation_once_and_points_only_to_schemas_it_has():
    document = create_document(ENDPOINTS)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert sorted(operation["operationId"] for operation in operations) == sorted(map(name_of, ENDPOINTS))
    names = set(document["components"]["schemas"])
    assert names >= {"LeadRow", "LeadDetail", "LeadPage", "FollowUp", "FollowUpPage", "Session", "Problem"}
    for line in json.dumps(document, indent=0).splitlines():
        if "$ref" in line:
            assert line.split("/")[-1].strip('",') in names
    for operation in operations:
        if operation["x-permission"] != "public":
            by = "token" if operation["x-permission"] == "token" else "session"
            assert operation["security"][0].keys() >= {by}
            assert "401" in operation["responses"]
