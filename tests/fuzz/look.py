"""Looks for bytes that break a parser, with atheris: `python -m tests.fuzz.look NAME -max_total_time=60`.

What it finds is written to `var/fuzz/`; put it into `found/NAME/` with the mend, and every run tries it from then on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["channels", "crm.consent", "flows", "email", "twilio"]):
    from tests.fuzz.parsers import BEGINNINGS, run

KEPT = Path("var") / "fuzz"


def look(name: str, arguments: list[str]) -> None:
    """Goes on until its time is up or something broke, and ends the process."""
    reached = KEPT / name
    reached.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(BEGINNINGS[name]):
        (reached / f"beginning-{number}").write_bytes(data)

    def one_input(data: bytes) -> None:
        run(name, data)

    atheris.Setup([name, *arguments, f"-artifact_prefix={KEPT}/{name}-", str(reached)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    look(sys.argv[1], sys.argv[2:])
