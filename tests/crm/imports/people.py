"""Files of people, and importing them as the command does."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crm.imports import service
from crm.imports.options import Options, check_options
from crm.imports.rows import Problem
from crm.imports.service import Progress


def write_csv(path: Path, *rows: list[str]) -> Path:
    """A CSV file with these rows, the headings first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


async def import_file(database, keys, now, path: Path, **more: Any) -> tuple[Progress, list[Problem]]:
    """Imports it; what became of it, and all problems."""
    problems: list[Problem] = []
    options = check_options(Options(**more))
    done = await service.import_file(
        database.sessions,
        keys,
        service.plan_file(path, options.map, options, made_by="operator", controller="Northwind"),
        clock=SimpleNamespace(now=lambda: now),
        told=lambda progress: problems.extend(progress.problems),
    )
    return done, problems
