"""Compiles the flows and has Rasa's side train a model; swaps it in only when it is whole."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from base.errors import ParleyError
from flows.compiler import compile_flows, load_content
from server.settings import ROOT, Settings


class TrainingFailed(ParleyError):
    """The dialogue model could not be trained."""

    code = "training_failed"
    status = 500


def current_model(settings: Settings) -> Path:
    """The model that dialogue processes load."""
    return settings.model_dir / "current.tar.gz"


def train(settings: Settings) -> Path:
    """Compiles, trains and returns the new current model; the old one stays when anything fails.

    Raises:
        FlowError: the flows have faults; it names each with its place and remedy.
        TrainingFailed: Rasa's side refused; with the end of its output.
    """
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    compiled = settings.model_dir / "compiled.json"
    content = load_content(settings.content_dir, settings.nlu_dir / "knowledge")
    compiled.write_text(json.dumps(compile_flows(content), ensure_ascii=False, indent=1))
    fresh = settings.model_dir / "fresh"
    fresh.mkdir(exist_ok=True)
    for old in fresh.glob("*.tar.gz"):
        old.unlink()
    command = [
        str(ROOT / ".venv-rasa" / "bin" / "python"), "-m", "parley_rasa.train",
        "--nlu", str(settings.nlu_dir / "intents"), "--flows", str(compiled),
        "--encoder", str(settings.encoder_dir), "--out", str(fresh),
    ]  # fmt: skip
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(settings.data_dir),
        "LANG": "C.UTF-8",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(  # noqa: S603  # a fixed program with paths of ours
        command, cwd=ROOT / "bot" / "rasa", env=env, capture_output=True, text=True, check=False
    )
    models = list(fresh.glob("*.tar.gz"))
    if done.returncode != 0 or len(models) != 1:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise TrainingFailed(f"Training failed:\n{tail}")
    models[0].replace(current_model(settings))
    return current_model(settings)
