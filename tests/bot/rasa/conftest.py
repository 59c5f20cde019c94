"""Fixtures for Rasa's side. Runs under Rasa's interpreter only; any other one collects nothing here."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings

# No test fails for being slow: the first text of a kind loads the library that reads it.
settings.register_profile("parley", deadline=None)
settings.load_profile("parley")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROJECT = ROOT / "bot" / "rasa"
SECRET = "a secret for tests only"
MODEL_KEY = Ed25519PrivateKey.from_private_bytes(b"the key of the tests of models !")
START_TIMEOUT = 90  # seconds

if sys.version_info[:2] != (3, 10):
    collect_ignore_glob = ["test_*.py", "dialogue/test_*.py"]
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
    return train_model(HERE / "fixture_nlu.yml", encoder_dir, tmp_path_factory.mktemp("models"))


def train_model(examples: Path, encoder: Path, out: Path) -> Path:
    """Train by the real program; return the model file."""
    done = run_module("parley_rasa.train", "--nlu", examples, "--encoder", encoder, "--out", out)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def pushed_flows(flows_document: dict[str, Any]) -> dict[str, Any]:
    """The fixture flows as a compiler would write them: under the version that is the hash of the rest."""
    return with_version(flows_document)


def with_version(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the version it must have; worked out as the flow compiler does."""
    rest = {key: value for key, value in document.items() if key != "version"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return {**rest, "version": hashlib.sha256(text.encode()).hexdigest()[:12]}


@pytest.fixture(scope="session")
def server(
    trained_model: Path, pushed_flows: dict[str, Any], encoder_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real Rasa process that holds that model and these flows from the start."""
    folder = tmp_path_factory.mktemp("server")
    flows = folder / "flows.json"
    flows.write_text(json.dumps(pushed_flows), "utf-8")
    with serving(folder / "log", "--encoder", encoder_dir, "--model", trained_model, "--flows", flows) as running:
        running.flows = pushed_flows["version"]
        running.model = id_of(trained_model)
        yield running


def public_half() -> str:
    return base64.b64encode(MODEL_KEY.public_key().public_bytes_raw()).decode()


def signed(archive: bytes, key: Ed25519PrivateKey = MODEL_KEY) -> bytes:
    """A model as the platform pushes it."""
    mark = b"parley model 1\n"
    return mark + key.sign(mark + hashlib.sha256(archive).digest()) + archive


def id_of(model: Path) -> str:
    return hashlib.sha256(model.read_bytes()).hexdigest()


@contextmanager
def serving(log: Path, *arguments: Any) -> Iterator[Server]:
    """A real Rasa process for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "parley_rasa.serve", "--port", str(port), *map(str, arguments)],
            cwd=PROJECT, env={**os.environ, "PARLEY_RASA_SECRET": SECRET, "PARLEY_RASA_MODEL_KEYS": public_half()},
            stdout=output, stderr=output,
        )  # fmt: skip
        running = Server(process, port, log)
        try:
            running.wait_until_ready()
            yield running
        finally:
            process.terminate()
            process.wait(30)


class Server:
    """A client of a running process.

    Attributes:
        process: the one that was started, which keeps the one that serves.
        flows, model: what the turns name unless told otherwise.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}/webhooks/turn/"
        self.port, self.log = port, log
        self.flows, self.model = "", ""

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                assert self.health()["status"] == "ok"
                return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"Rasa did not start:\n{self.log.read_text()}")

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url + "health", timeout=10) as answer:
            assert answer.status == 200
            found: dict[str, Any] = json.load(answer)
            return found

    def send(self, method: str, route: str, body: Any, secret: str = SECRET, raw: bool = False) -> tuple[int, Any]:
        """Send a body; return the status and the decoded answer."""
        data = body if raw else json.dumps(body).encode()
        headers = {"X-Parley-Secret": secret, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + route, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
                return answer.status, json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def post(self, body: Any, secret: str = SECRET, raw: bool = False) -> tuple[int, Any]:
        """Post the body of a turn."""
        return self.send("POST", "", body, secret, raw)

    def push_flows(self, document: dict[str, Any]) -> tuple[int, Any]:
        return self.send("PUT", f"flows/{document['version']}", document)

    def push_model(self, model: Path) -> tuple[int, Any]:
        return self.send("PUT", f"models/{id_of(model)}", signed(model.read_bytes()), raw=True)

    def body(self, state: Any, kind: str = "text", **message: Any) -> dict[str, Any]:
        """The body of a turn that names this server's flows and model."""
        return {**turn_body(state, kind, **message), "flows": self.flows, "model": self.model}

    def turn(self, state: Any, kind: str = "text", **message: Any) -> dict[str, Any]:
        """Take a turn that must succeed; when it asks what the articles say, nothing is found."""
        answer = self.call(state, kind, **message)
        need = answer["need"] or {}
        if need.get("need") != "knowledge":
            return answer
        found = {"value": {"passages": [], "sure": False}, "step": need["step"], "need": "knowledge"}
        return self.call(answer["state"], "result", **{**message, **found})

    def call(self, state: Any, kind: str = "text", **message: Any) -> dict[str, Any]:
        """Make one call of a turn, which must succeed."""
        status, answer = self.post(self.body(state, kind, **message))
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer


def turn_body(state: Any, kind: str = "text", facts: Any = None, **message: Any) -> dict[str, Any]:
    return {
        "flows": "0" * 12, "model": "0" * 64, "conversation_id": "0192", "subject": "0192", "channel": "web",
        "language": "en", "now": "2026-11-23T16:00:00+01:00", "idle_seconds": 0,
        "message": {"id": "0193", "kind": kind, **message}, "state": state, "facts": facts or {},
    }  # fmt: skip


def texts(answer: dict[str, Any]) -> list[str]:
    return [reply["text"] for reply in answer["replies"]]


@pytest.fixture
def talk(flows_document: dict[str, Any]) -> Any:
    from conversation import Conversation

    return Conversation(flows_document)
