"""A dialogue process of a command's own, for when none runs: for tests of flows and for the simulator."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from base.encryption import create_key_file, read_key_file
from bot.signed_models import model_keys
from server.settings import ROOT, Settings
from server.supervisor import Program, Supervisor

READY_WITHIN = 120.0
"""Seconds; on a slow machine Rasa's imports alone take a minute."""


def rasa_program(settings: Settings, *, name: str, port: int, secret: str, model: Path | None) -> Program:
    """A dialogue process: its own interpreter, its own environment, no database address."""
    create_key_file(settings.key_file)
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(settings.data_dir),
        "LANG": "C.UTF-8",
        "PARLEY_RASA_SECRET": secret,
        "PARLEY_RASA_MODEL_KEYS": model_keys(read_key_file(settings.key_file)),
        "PARLEY_ENCODER_DIR": str(settings.encoder_dir),
        "PARLEY_ENCODER_PRECISION": settings.encoder_precision,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }
    python = ROOT / ".venv-rasa" / "bin" / "python"
    command = [str(python), "-m", "parley_rasa.serve", "--port", str(port)]
    if model is not None:
        command += ["--model", str(model)]
    url = f"http://127.0.0.1:{port}/webhooks/turn/health"
    return Program(name, command, ROOT / "bot" / "rasa", env, url, READY_WITHIN)


@asynccontextmanager
async def local_replica(settings: Settings, model: Path | None) -> AsyncIterator[tuple[str, str]]:
    """Starts one on a free port of loopback; gives its address and secret.

    Raises:
        ProcessFailed: it did not come up.
    """
    secret, port = secrets.token_urlsafe(32), free_port()
    supervisor = Supervisor(settings.data_dir / "log")
    try:
        await supervisor.start(rasa_program(settings, name="rasa-of-command", port=port, secret=secret, model=model))
        yield f"http://127.0.0.1:{port}", secret
    finally:
        await supervisor.stop()


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
