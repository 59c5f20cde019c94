"""The units: systemd reads them, and each process may do no more than it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.cli import parley
from server.prepare import PATIENCE
from server.settings import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
LONG_RUNNING = [path for path in UNITS if "@" in path.name]
RASA = ROOT / "deploy" / "systemd" / "parley-rasa@.service"
PREPARE = ROOT / "deploy" / "systemd" / "parley-prepare.service"
MOST_EXPOSED = 20
"""Tenths of systemd's own measure, in which 100 is a process that may do everything."""

systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def settings_of(path: Path) -> dict[str, list[str]]:
    """What a unit sets, by name; some names stand several times."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@systemd
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    opt = tmp_path / "opt"
    for name in ("parley", ".venv-rasa/bin/python"):
        program = opt / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    units = tmp_path / "units"
    units.mkdir()
    for path in (ROOT / "deploy" / "systemd").iterdir():
        (units / path.name).write_text(path.read_text().replace("/opt/parley", str(opt)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *sorted(units.iterdir())],
        check=False, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:"},
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if str(units) in line or "parley" in line]
    assert told == []
    assert done.returncode == 0, done.stderr


@systemd
@pytest.mark.parametrize("path", LONG_RUNNING, ids=lambda path: path.stem)
def test_systemd_measures_little_exposure(path: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(path)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-3:]) + done.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_runs_as_a_user_of_its_own_with_no_way_to_more(path: Path) -> None:
    told = settings_of(path)
    assert told["NoNewPrivileges"] == ["yes"]
    assert told["ProtectSystem"] == ["strict"]
    assert told["CapabilityBoundingSet"] == [""]
    assert told["User"] == ["parley-rasa" if path == RASA else "parley"]


@pytest.mark.parametrize("path", LONG_RUNNING, ids=lambda path: path.stem)
def test_each_that_runs_long_has_bounds_and_comes_back(path: Path) -> None:
    told = settings_of(path)
    assert told["Restart"] == ["always"]
    assert told["LimitNOFILE"] == ["65536"]
    assert re.fullmatch(r"\d+[MG]", told["MemoryMax"][0])


def test_prepare_is_given_the_time_to_wait_for_a_database_that_starts_later() -> None:
    """What needs it fails for good with it: a reboot must not depend on who is first."""
    (given,) = settings_of(PREPARE)["TimeoutStartSec"]
    assert given == "infinity" or int(given) > PATIENCE


def test_the_file_of_settings_has_one_mode_wherever_it_is_spoken_of() -> None:
    told = (ROOT / "deploy" / "parley.env.example").read_text() + (ROOT / "docs" / "howto" / "running.md").read_text()
    modes = re.findall(r"mode (0\d{3})\)|-m (0\d{3}) .*parley\.env\.example", told)
    assert {one or other for one, other in modes} == {"0640"}
    assert len(modes) == 2


def test_rasa_reaches_nothing_but_this_machine_and_is_told_nothing_but_its_secret() -> None:
    told = settings_of(RASA)
    assert told["IPAddressDeny"] == ["any"]
    assert told["IPAddressAllow"] == ["localhost"]
    assert told["EnvironmentFile"] == ["/etc/parley/rasa.env"]
    assert "StateDirectory" not in told
    assert "ReadWritePaths" not in told
    assert all("DATABASE" not in value for value in told["Environment"])
    assert "/var/lib/parley" in told["InaccessiblePaths"][0]


@pytest.mark.parametrize("path", [one for one in UNITS if one != RASA], ids=lambda path: path.stem)
def test_the_commands_they_run_exist(path: Path) -> None:
    (command,) = re.findall(r"/opt/parley/parley (\w+)", " ".join(settings_of(path)["ExecStart"]))
    assert command in parley.commands
