"""Fixtures for Rasa's side. Runs under Rasa's interpreter only; any other one collects nothing here."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROJECT = ROOT / "bot" / "rasa"
SECRET = "a secret for tests only"
START_TIMEOUT = 90  # seconds

if sys.version_info[:2] != (3, 10):
    collect_ignore_glob = ["test_*.py"]
else:
    sys.path[:0] = [str(PROJECT), str(HERE)]


@pytest.fixture(scope="session")
def flows_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((HERE / "fixture_flow.json").read_text("utf-8"))
    return document


@pytest.fixture(scope="session")
def encoder_dir() -> Path:
    folder = Path(os.environ.get("PARLEY_ENCODER_DIR") or ROOT / "var" / "encoder")
    if not (folder / "meta.json").is_file():
        pytest.fail(
            f"no encoder in {folder}: run `.venv/bin/python -m bot.encoder_export --to {folder}`", pytrace=False
        )
    return folder


def run_module(name: str, *arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of our programs to its end, as the platform does."""
    return subprocess.run(
        [sys.executable, "-m", name, *map(str, arguments)],
        cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory, encoder_dir: Path) -> Path:
    """A model trained on the small fixtures by the real program."""
    out = tmp_path_factory.mktemp("models")
    done = run_module(
        "parley_rasa.train", "--nlu", HERE / "fixture_nlu.yml", "--flows", HERE / "fixture_flow.json",
        "--encoder", encoder_dir, "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def server(trained_model: Path, encoder_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Rasa process serving that model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "parley_rasa.serve", "--model", str(trained_model), "--port", str(port),
             "--encoder", str(encoder_dir)],
            cwd=PROJECT, env={**os.environ, "PARLEY_RASA_SECRET": SECRET}, stdout=output, stderr=output,
        )  # fmt: skip
        running = Server(port, log)
        try:
            running.wait_until_ready(process)
            yield running
        finally:
            process.terminate()
            process.wait(30)


class Server:
    """A client of the running process."""

    def __init__(self, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks/turn/"
        self.port, self.log = port, log

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(self.url + "health", timeout=2) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"Rasa did not start:\n{self.log.read_text()}")

    def post(self, body: Any, secret: str = SECRET, raw: bool = False) -> tuple[int, Any]:
        """Post a body; return the status and the decoded answer."""
        data = body if raw else json.dumps(body).encode()
        headers = {"X-Parley-Secret": secret, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def turn(self, state: Any, kind: str = "text", **message: Any) -> dict[str, Any]:
        """Take a turn that must succeed."""
        status, answer = self.post(turn_body(state, kind, **message))
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer


def turn_body(state: Any, kind: str = "text", facts: Any = None, **message: Any) -> dict[str, Any]:
    return {
        "conversation_id": "0192", "channel": "web", "language": "en",
        "message": {"id": "0193", "kind": kind, **message}, "state": state, "facts": facts or {},
    }  # fmt: skip


def texts(answer: dict[str, Any]) -> list[str]:
    return [reply["text"] for reply in answer["replies"]]


@pytest.fixture
def talk(flows_document: dict[str, Any]) -> Any:
    from conversation import Conversation

    return Conversation(flows_document)
