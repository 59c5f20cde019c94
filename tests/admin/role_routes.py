"""Which role may call what: `python -m tests.admin.role_routes` writes the file that a test compares."""

from __future__ import annotations

from pathlib import Path

from admin.api.endpoints import Endpoint
from admin.api.permissions import ROLES
from admin.app import ENDPOINTS

FILE = Path(__file__).with_suffix(".txt")

_EVERYBODY = {
    "public": "anybody",
    "token": "a source of events",
    "own": "whoever is signed in",
}


def describe_roles() -> str:
    """A line for each endpoint."""
    lines = sorted((each.path, each.method, each.permission, _who(each)) for each in ENDPOINTS)
    return "".join(f"{method} {path} | {permission} | {who}\n" for path, method, permission, who in lines)


def _who(endpoint: Endpoint) -> str:
    if endpoint.permission in _EVERYBODY:
        return _EVERYBODY[endpoint.permission]
    return " ".join(role for role, held in ROLES.items() if endpoint.permission in held)


if __name__ == "__main__":
    FILE.write_text(describe_roles(), encoding="utf-8")
