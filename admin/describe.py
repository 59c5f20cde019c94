"""Writes the API's description, which the admin UI's types are made from: ``python -m admin.describe`` (`make api`)."""

from __future__ import annotations

import json
from pathlib import Path

from admin.api.openapi import create_document
from admin.app import ENDPOINTS

FILE = Path(__file__).with_name("ui") / "src" / "api" / "openapi.json"


def describe() -> str:
    """The description as it stands in the file."""
    return json.dumps(create_document(ENDPOINTS), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(describe(), encoding="utf-8")
