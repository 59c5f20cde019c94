"""The command line: what is wrong is one line and exit code 1, without a stack trace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import ROOT, read_settings
from server.up import PortTaken, _check_ports


def parley(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs the command with only these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "DATABASE_URL"))}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["web", "worker", "migrate", "setup-link"])
def test_a_command_that_needs_a_database_says_so_in_one_line(tmp_path: Path, command: str) -> None:
    done = parley(command, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("parley: DATABASE_URL is not set.")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_setting_is_one_line_without_its_value(tmp_path: Path) -> None:
    done = parley("migrate", folder=tmp_path, PARLEY_RASA_SECRET="hunter2")
    assert done.returncode == 1
    assert done.stderr.startswith("parley: Wrong settings. PARLEY_RASA_SECRET:")
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("command", ["migrate", "setup-link", "up"])
def test_a_database_that_cannot_be_reached_is_one_message_without_its_password(tmp_path: Path, command: str) -> None:
    address = "postgresql://parley:hunter2@127.0.0.1:1/parley"
    ports = {"PARLEY_PORT": str(free_port()), "PARLEY_RASA_PORT": str(free_port())}
    done = parley(command, folder=tmp_path, DATABASE_URL=address, PARLEY_DATA_DIR=str(tmp_path), **ports)
    assert done.returncode == 1
    assert done.stderr.startswith("parley: the database cannot be used:")
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_the_help_lists_every_command(tmp_path: Path) -> None:
    done = parley("--help", folder=tmp_path)
    assert done.returncode == 0
    for command in ("up", "web", "worker", "train", "migrate", "flows", "setup-link", "keys", "mailbox"):
        assert f"\n  {command} " in done.stdout


def test_up_says_which_port_is_taken_and_how_to_choose_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = parley("up", folder=tmp_path, PARLEY_PORT=str(port), PARLEY_DATA_DIR=str(tmp_path / "var"))
    assert done.returncode == 1
    assert done.stderr == f"parley: Port {port} is taken: choose another with PARLEY_PORT={port + 1} make run\n"
    assert not (tmp_path / "var").exists(), "nothing is begun before the ports are known to be free"


def test_the_ports_of_all_rasa_replicas_are_looked_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = read_settings(rasa_port=port - 1, rasa_replicas=2, port=free_port())
        with pytest.raises(PortTaken, match=f"Port {port} is taken: choose another with PARLEY_RASA_PORT={port + 1}"):
            _check_ports(settings)


def test_an_address_that_is_not_this_machines_is_not_called_a_taken_port() -> None:
    with pytest.raises(PortTaken, match=r"Cannot listen on 203\.0\.113\.7") as caught:
        _check_ports(read_settings(host="203.0.113.7", port=free_port(), rasa_port=free_port()))
    assert "PARLEY_HOST" in caught.value.message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
