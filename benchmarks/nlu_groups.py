"""Groups of messages by meaning, measured on examples taken as if nobody had labelled them.

Starts the program that measures; measures nothing itself.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-rasa" / "bin" / "python"


def measure(_data: Path | None) -> dict[str, Any]:
    """Return the figures by language. Needs no data set."""
    done = subprocess.run(
        [PYTHON, "-m", "parley_rasa.grouping.quality", "--nlu", ROOT / "nlu_data" / "intents",
         "--encoder", ROOT / "var" / "encoder"],
        cwd=ROOT / "bot" / "rasa", env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def show(result: dict[str, Any]) -> str:
    """Return the table."""
    lines = [f"{'':4}{'messages':>9}{'groups':>8}{'alone':>8}{'adjusted Rand':>15}{'purity':>8}{'pairs right':>13}"]
    for language, row in result["languages"].items():
        lines.append(
            f"{language:4}{row['messages']:>9.0f}{row['groups']:>8.0f}{row['alone']:>8.0%}{row['rand']:>15.3f}"
            f"{row['purity']:>8.3f}{row['pair_precision']:>13.3f}"
        )
    lines.append(f"distance {result['in_use']}; the other half of the intents would pick {result['picked']}")
    return "\n".join(lines)
