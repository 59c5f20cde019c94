"""THREAT_MODEL.md names for each known fault of others, each fault of our own and each area tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "THREAT_MODEL.md"
TABLES = {
    "## Faults that others had": [str(number) for number in range(1, 21)],
    "## Faults of machines": [f"F{number}" for number in range(1, 17)],
    "## Areas": [
        "Malformed payloads", "Raw HTTP", "CSRF", "XSS, CSP", "SSRF", "IDOR, roles", "Auth", "Widget identity",
        "Prompt injection", "Model upload", "Bot flooding, toll fraud", "Rate limiting", "Secrets at rest",
        "Supply chain", "E-mail", "Voice",
    ],
}  # fmt: skip
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests that a file has, read and not run."""
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def rows_of(heading: str) -> dict[str, list[str]]:
    """The cells of the table under a heading, by the first."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"\n{heading}\n")
    part = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines[1:]}


@pytest.mark.parametrize("heading", TABLES)
def test_every_row_is_there_once_and_names_a_test_and_what_is_left(heading: str) -> None:
    rows = rows_of(heading)
    assert list(rows) == TABLES[heading]
    for row, cells in rows.items():
        assert len(cells) == 3, row
        assert TEST.search(cells[1]), f"{row} names no test"
        assert cells[2], f"{row} says nothing of what is not covered"


@pytest.mark.parametrize("heading", TABLES)
def test_every_test_that_is_named_exists(heading: str) -> None:
    named = [found for cells in rows_of(heading).values() for found in TEST.findall(cells[1])]
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_nothing_but_tests_stands_where_tests_are_named() -> None:
    """A name that is written otherwise would be looked for by nobody."""
    for heading in TABLES:
        for row, cells in rows_of(heading).items():
            assert TEST.sub("", cells[1]).replace(",", "").strip() == "", row


def test_a_test_that_is_not_there_would_be_found() -> None:
    assert names_in("tests/security/test_threat_model.py") >= {"test_every_test_that_is_named_exists"}
    assert names_in("tests/security/no_such_file.py") == frozenset()
