"""Keeps a benchmark's figures in docs/benchmarks, with the machine they were measured on and how it was."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def add_saving(parser: argparse.ArgumentParser, result: Path) -> None:
    """The options `--save` and `--note`."""
    parser.add_argument("--save", action="store_true", help=f"write {result.relative_to(ROOT)}")
    parser.add_argument("--note", default="", help="how the machine was, kept with the figures")


def save(result: Path, options: argparse.Namespace, **content: Any) -> None:
    """Writes the figures, if that was asked for."""
    if options.save:
        told = {"machine": machine(), "note": options.note, **content}
        result.write_text(json.dumps(told, indent=1) + "\n")
