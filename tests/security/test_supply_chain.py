"""Known faults of what the platform runs on: each is mended or weighed here. Needs the network, and says so without."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from server.settings import ROOT

UV = ROOT / ".venv" / "bin" / "uv"
WEIGHED: dict[str, str] = {}
"""Packages whose known faults stay, and why."""


def audited(lock: Path) -> list[dict[str, object]]:
    """What pip-audit says of every package of a lock."""
    command = [
        str(UV), "tool", "run", "pip-audit==2.10.1", "--requirement", str(lock), "--no-deps", "--disable-pip",
        "--format", "json", "--progress-spinner", "off",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.strip(), f"pip-audit said nothing; is the network there?\n{done.stderr[-2_000:]}"
    return list(json.loads(done.stdout)["dependencies"])


@pytest.mark.long
@pytest.mark.enable_socket
def test_no_locked_package_has_a_known_fault_that_is_not_weighed_here() -> None:
    lock = ROOT / "requirements" / "platform.lock"
    packages = audited(lock)
    # It passes over what it could not ask about, and says then that nothing is known.
    assert [one["name"] for one in packages if "skip_reason" in one] == []
    assert len(packages) > 50
    faults = {str(one["name"]): [fault["id"] for fault in one["vulns"]] for one in packages if one.get("vulns")}  # type: ignore[attr-defined]
    assert {name: ids for name, ids in faults.items() if name not in WEIGHED} == {}
