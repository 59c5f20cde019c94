"""Files of people, and importing them as the command does."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crm.imports import service
from crm.imports.files import read_headings, sha256_of
from crm.imports.mapping import map_columns
from crm.imports.rows import Defaults, Problem
from crm.imports.service import Plan, Progress


def write_csv(path: Path, *rows: list[str]) -> Path:
    """A CSV file with these rows, the headings first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


async def import_file(database, keys, now, path: Path, **plan: Any) -> tuple[Progress, list[Problem]]:
    """Imports it; what became of it, and all problems."""
    headings = read_headings(path)
    problems: list[Problem] = []
    done = await service.import_file(
        database.sessions,
        keys,
        Plan(
            path=path,
            headings=headings,
            mapping=map_columns(headings.names, {}),
            file_sha256=sha256_of(path),
            made_by="operator",
            controller="Northwind",
            defaults=plan.pop("defaults", Defaults()),
            **plan,
        ),
        clock=SimpleNamespace(now=lambda: now),
        told=lambda progress: problems.extend(progress.problems),
    )
    return done, problems
