"""The API keeps to its own description: schemathesis asks every operation, also in sequences. Needs the network."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from admin.api.permissions import PERMISSIONS
from admin.app import describe_api
from admin.sessions.cookie import NAME

ROOT = Path(__file__).resolve().parents[2]
STATUSES = {
    "not_a_server_error": {
        502: "RFC 9110 15.6.3: another server, which an operation asks, gave no answer",
        503: "RFC 9110 15.6.4: what is needed is away, or not set up yet",
    },
    "positive_data_acceptance": {
        400: "RFC 9110 15.5.1: a cursor is a text of the form that is described, and still none that we gave",
        412: "RFC 9110 13.1.1: a described ETag need not be the present one",
        422: "RFC 9110 15.5.21: content can be well-formed and still not be carried out",
    },
    "negative_data_rejection": {413: "RFC 9110 15.5.14: what is too long is refused as too large before it is read"},
    "missing_required_header": {428: "RFC 6585 3: the answer to a missing If-Match"},
}
"""What HTTP has beside the statuses that each check takes by itself. Of 400 and 422 `described_limits` looks closer."""
UNASKED_PATHS = "stream$|understanding/proposals$|webhooks/[^/]+/test$"
"""Never ends; says 503 as long as nothing is published; sends to addresses that are made up."""
ENDS_THE_SESSION = {"log_out", "end_own_session"}


def only_by(scheme: str, *beside: str) -> tuple[dict[str, Any], set[str]]:
    """The description as whoever comes by this scheme needs it, and which of its operations they cannot call."""
    document = json.loads(json.dumps(describe_api()))
    kept: dict[str, Any] = {}
    others: set[str] = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            ways = [way for way in operation["security"] if scheme in way]
            is_left = scheme == "session" and len(operation["security"]) > 1
            if not ways or is_left or operation["operationId"] in ENDS_THE_SESSION:
                others.add(operation["operationId"])
            kept.setdefault(path, {})[method] = {**operation, "security": ways}
    schemes = {
        name: one for name, one in document["components"]["securitySchemes"].items() if name in {scheme, *beside}
    }
    document["components"]["securitySchemes"] = schemes
    return {**document, "paths": kept}, others


def write_settings(folder: Path, auth: str) -> None:
    statuses: dict[str, list[int | str]] = {
        "not_a_server_error": ["2xx", "3xx", "4xx"],
        "positive_data_acceptance": ["2xx", "3xx", 401, 403, 404, 409, 429, "5xx"],
        "negative_data_rejection": [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, "5xx"],
        "missing_required_header": [400, 401, 403, 406, 415, 422],
    }
    lines = [
        f"[checks.{check}]\nexpected-statuses = {json.dumps([*usual, *STATUSES[check]])}"
        for check, usual in statuses.items()
    ]
    hooks = Path(__file__).with_name("described_limits.py")
    (folder / "schemathesis.toml").write_text("\n".join([f'hooks = "{hooks}"', auth, *lines]))


async def run(signed_in, folder: Path, described: tuple[dict[str, Any], set[str]], auth: str, seconds: int) -> str:
    """What schemathesis says, which must be that all is well."""
    document, others = described
    write_settings(folder, auth)
    (folder / "openapi.json").write_text(json.dumps(document))
    command = [
        ROOT / ".venv" / "bin" / "uv", "tool", "run", "schemathesis@4.32.5", "--config-file", "schemathesis.toml",
        "run", "openapi.json", "--url", str(signed_in.client.make_url("/")),
        "--exclude-path-regex", UNASKED_PATHS, *(f"--exclude-operation-id={name}" for name in sorted(others)),
        "--phases", "coverage,fuzzing,stateful",
        "--max-time", str(seconds), "--continue-on-failure", "--no-shrink", "--request-timeout", "20", "-n", "2",
        "--suppress-health-check", "all", "--no-color",
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Selected: " in done.stdout
    return done.stdout


@pytest.mark.long
async def test_what_a_program_asks_is_answered_as_described(signed_in, tmp_path):
    wish = {"name": "schemathesis", "permissions": sorted(PERMISSIONS)}
    token = (await (await signed_in.send("POST", "/api/v1/api-tokens", wish)).json())["token"]
    await run(signed_in, tmp_path, only_by("api_token"), f'[auth.openapi.api_token]\nbearer = "{token}"', 300)


@pytest.mark.long
async def test_what_a_page_asks_of_ones_own_is_answered_as_described(signed_in, tmp_path):
    cookies = signed_in.client.session.cookie_jar.filter_cookies(signed_in.client.make_url("/"))
    auth = f'[auth.openapi.session]\napi_key = "{cookies[NAME].value}"\n[auth.openapi.own_page]\napi_key = "parley"'
    await run(signed_in, tmp_path, only_by("session", "own_page"), auth, 60)
