"""Milliseconds a message for understanding alone, on one core: Parley's pipeline beside stock Rasa's.

Both are trained in the run on the same English examples and read the same held-out English messages through Rasa's own
graph. Stock is the pipeline that Rasa picks by itself where a configuration names none, as `rasa init` leaves it.
Parley's model of all four languages, the one that is shipped, stands beside them; training stock on so many takes it
longer than a run should.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
EXAMPLES = ROOT / "nlu_data" / "intents"
MESSAGES = ROOT / "nlu_data" / "evaluation" / "held_out.yml"
ENCODER = ROOT / "var" / "encoder"
GOAL_MS = 6.0
OURS, STOCK = "parley, english", "stock rasa, english"


def measure(data: Path | None) -> dict[str, Any]:
    """Return the figures of each pipeline. Needs no data set."""
    with tempfile.TemporaryDirectory(prefix="parley-nlu-") as folder:
        work = Path(folder)
        english = work / "english"
        english.mkdir()
        for file in EXAMPLES.glob("*.en.yml"):
            shutil.copy(file, english)
        return {
            OURS: _measured(_train_ours(english, work / "ours")),
            "parley, 4 languages": _measured(_train_ours(EXAMPLES, work / "shipped")),
            STOCK: _measured(_train_stock(english, work)),
        }


def show(result: dict[str, Any]) -> str:
    """Return the table."""
    lines = [f"{'':20}{'mean ms':>9}{'of CPU':>8}{'p50':>7}{'p95':>7}{'right':>10}{'training s':>12}"]
    for name, row in result.items():
        right = f"{row['right']}/{row['of']}"
        lines.append(
            f"{name:20}{row['mean_ms']:>9.2f}{row['mean_cpu_ms']:>8.2f}{row['p50_ms']:>7.2f}{row['p95_ms']:>7.2f}"
            f"{right:>10}{row['training_seconds']:>12.0f}"
        )
    ours, stock = result[OURS], result[STOCK]
    lines.append(
        f"{stock['mean_cpu_ms'] / ours['mean_cpu_ms']:.1f} x as fast as stock by CPU time; "
        f"{ours['mean_cpu_ms'] / GOAL_MS:.2f} of the limit of {GOAL_MS:.0f} ms of one core a message"
    )
    return "\n".join(lines)


def _measured(trained: tuple[Path, float]) -> dict[str, Any]:
    model, seconds = trained
    return {**_time(model), "training_seconds": seconds}


def _train_ours(examples: Path, out: Path) -> tuple[Path, float]:
    return _timed(["-m", "parley_rasa.train", "--nlu", examples, "--encoder", ENCODER, "--out", out], out)


def _train_stock(examples: Path, folder: Path) -> tuple[Path, float]:
    config, out = folder / "config.yml", folder / "stock"
    config.write_text("recipe: default.v1\nassistant_id: stock\nlanguage: en\n", "utf-8")
    return _timed(["-m", "rasa", "train", "nlu", "--config", config, "--nlu", examples, "--out", out], out)


def _timed(arguments: list[str | Path], out: Path) -> tuple[Path, float]:
    began = time.perf_counter()
    subprocess.run(
        [PYTHON, *arguments], cwd=ROOT / "bot" / "rasa",
        env=_environment(RASA_CACHE_DIRECTORY=str(out.parent / "cache")),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    (model,) = out.glob("*.tar.gz")
    return model, time.perf_counter() - began


def _time(model: Path) -> dict[str, Any]:
    done = subprocess.run(
        [PYTHON, "-m", "parley_rasa.understanding.pipeline_speed", "--model", model, "--examples", MESSAGES,
         "--encoder", ENCODER],
        cwd=ROOT / "bot" / "rasa", env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _environment(**more: str) -> dict[str, str]:
    # Telemetry would go beyond this machine; the rest keeps both pipelines to one core.
    return {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1",
            "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", **more}  # fmt: skip
