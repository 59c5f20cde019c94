"""Intents on public data sets beside published figures. Starts the program that measures; measures nothing itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
PUBLISHED = {
    "banking77": "BERT-tuned .937",
    "banking77_10": "ConveRT .833, CPFT .872",
    "hwu64": "Rasa DIET about .90 (from memory)",
    "clinc150": "Rasa .909/.312, BERT .962/.523",
}


def measure(data: Path | None, precision: str = "int8") -> dict[str, Any]:
    """Return the figures by data set."""
    if data is None:
        raise ValueError("the data sets' folder is needed: --data DIR")
    done = subprocess.run(
        [PYTHON, "-m", "parley_rasa.understanding.public_sets", "--data", data.resolve(),
         "--encoder", ROOT / "var" / "encoder", "--precision", precision],
        cwd=ROOT / "bot" / "rasa", env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def show(result: dict[str, Any]) -> str:
    """Return the table."""
    lines = [f"{'':16}{'ours':>12}  {'overlap':>7}  published"]
    for name, figures in result.items():
        ours = f"{figures['accuracy']:.3f}"
        if "oos_recall" in figures:
            ours = f"{figures['accuracy_with_threshold']:.3f}/{figures['oos_recall']:.3f}"
        lines.append(f"{name:16}{ours:>12}  {figures['overlap']:>7}  {PUBLISHED[name]}")
    return "\n".join(lines)
