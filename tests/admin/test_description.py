"""The API keeps to its own description: schemathesis asks every operation, also in sequences. Needs the network."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from admin.api.permissions import PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]
UNASKED = {
    "positive_data_acceptance": "rules beyond a schema refuse, too: names that must exist, rules that must fit",
    "negative_data_rejection": "413 is a refusal; with a token X-Requested-With is not needed",
    "missing_required_header": "likewise; a missing If-Match is answered by 428",
    "ignored_auth": "the token is sent beside whatever is drawn for the cookie",
    "unsupported_method": "another operation's id can stand where a word does",
    "allow_header_conformance": "likewise",
}
"""Checks that say nothing here, and why."""
UNASKED_PATHS = "stream$|understanding/proposals$"
"""Never ends; says 503 as long as nothing is published."""


@pytest.mark.long
async def test_no_answer_is_broken_or_other_than_described(signed_in, tmp_path):
    wish = {"name": "schemathesis", "permissions": sorted(PERMISSIONS)}
    token = (await (await signed_in.send("POST", "/api/v1/api-tokens", wish)).json())["token"]
    command = [
        ROOT / ".venv" / "bin" / "uv", "tool", "run", "schemathesis@4.32.5", "run",
        signed_in.client.make_url("/api/v1/openapi.json"),
        "-H", f"Authorization: Bearer {token}",
        "--exclude-path-regex", UNASKED_PATHS,
        "--exclude-checks", ",".join(UNASKED),
        "--phases", "coverage,fuzzing,stateful",
        "--max-time", "300", "--continue-on-failure", "--no-shrink", "--request-timeout", "20", "-n", "2",
        "--suppress-health-check", "all", "--no-color",
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Selected: " in done.stdout
