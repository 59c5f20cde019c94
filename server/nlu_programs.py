"""Has Rasa's side report on examples and group messages by meaning. Judges neither: that is the programs' work."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from base.errors import InvalidInput
from server.rasa_programs import (
    ProgramFailed,
    Say,
    alone,
    code_of,
    encoder_id,
    find_wrong_name,
    hash_parts,
    run_program,
    vectors_file,
    write_examples,
)
from server.settings import Settings
from server.training import read_intents

FOLDS = 5
MOST_GROUPED = 5_000
"""Messages of one language that can be grouped at once: the table of likenesses grows with their square."""
MOST_KEPT = 10
"""Reports kept in the data folder; the same examples are not reported on twice."""

_REPORT_WITHIN = timedelta(minutes=30)
_GROUP_WITHIN = timedelta(minutes=10)
_LARGEST_RESULT = 64 * 2**20
"""Bytes."""
_PROGRAMS = (
    "config.yml",
    "requirements.lock",
    *(f"parley_rasa/{name}" for name in ("understanding/*.py", "reporting/*.py", "report.py", "turn_request.py")),
)


@dataclass(frozen=True)
class _Asked:
    """What is reported on, and how."""

    intents: Mapping[str, str]
    held_out: Mapping[str, str]
    folds: int

    def mark(self, encoder: Path, precision: str) -> str:
        """Hash of everything that a report is made from."""
        return hash_parts(
            [
                *sorted(self.intents.items()),
                ("held out", str(len(self.held_out))),
                *sorted(self.held_out.items()),
                ("encoder", encoder_id(encoder, precision)),
                ("folds", str(self.folds)),
                *code_of(_PROGRAMS),
            ]
        )


class ExamplesRefused(ProgramFailed):
    """The examples cannot be reported on."""

    code = "examples_refused"
    status = 422


class GroupingFailed(ProgramFailed):
    """The messages could not be grouped."""

    code = "grouping_failed"


async def run_report(
    settings: Settings, intents: Mapping[str, str], held_out: Mapping[str, str], say: Say, *, folds: int = FOLDS
) -> dict[str, Any]:
    """What these examples teach, as protocols.md §5 has it; at once when it was asked before. Cancelled, it stops.

    Args:
        intents: text of each file of examples in Rasa's NLU format, by file name; `core.es.yml` is Spanish.
        held_out: the same for examples that are never trained on; may be empty.
        say: told what is being done, a line at a time.
        folds: parts of the cross-validation.

    Raises:
        ExamplesRefused: they cannot be reported on; the message says why.
        ProgramFailed: Rasa's side is not set up.
    """
    if not intents:
        raise ExamplesRefused("There are no examples to report on.")
    if (wrong := find_wrong_name([*intents, *held_out])) is not None:
        raise ExamplesRefused(f"Not a file of examples: {wrong}.")
    asked = _Asked(intents, held_out, folds)
    kept = settings.data_dir / "reports"
    path = kept / f"{asked.mark(settings.encoder_dir, settings.encoder_precision)}.json"
    kept.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        async with alone(kept / ".lock", say):  # one at a time: each takes a core for a minute or more
            if not path.exists():
                await _report(settings, asked, path, say)
    path.touch()
    _forget_old(kept)
    return _read(path)


async def run_group(settings: Settings, items: Sequence[Mapping[str, Any]], say: Say) -> dict[str, Any]:
    """Groups of messages that mean the same, and those that stand alone (protocols.md §5). Cancelled, it stops.

    What people ordinarily write, from which meanings are told apart, are the examples of the content folder.

    Args:
        items: `id`, `text`, `language` and `vector` (base64 of little-endian float32, all of one encoder) of each; at
            most `MOST_GROUPED` of a language.
        say: told what is being done, a line at a time.

    Raises:
        InvalidInput: there are too many of one language.
        GroupingFailed: they are not such items, or Rasa's side failed.
    """
    for language, count in Counter(str(item.get("language")) for item in items).items():
        if count > MOST_GROUPED:
            raise InvalidInput(
                f"{count} messages of language {language} are more than {MOST_GROUPED}: take the latest."
            )
    if not items:
        return {"groups": [], "alone": []}
    with _working(settings) as work:
        given, out = work / "items.json", work / "groups.json"
        given.write_text(json.dumps({"items": [dict(item) for item in items]}, ensure_ascii=False), "utf-8")
        write_examples(work / "intents", read_intents(settings))
        arguments = [
            "--in", str(given), "--out", str(out), "--nlu", str(work / "intents"),
            "--encoder", str(settings.encoder_dir.absolute()),
        ]  # fmt: skip
        try:
            await run_program(settings, "parley_rasa.group", arguments, say, within=_GROUP_WITHIN, one_core=True)
        except ProgramFailed as failed:
            raise GroupingFailed(
                _reason("The messages cannot be grouped", failed, "group: "), output=failed.output
            ) from failed
        return _read(out)


async def _report(settings: Settings, asked: _Asked, path: Path, say: Say) -> None:
    with _working(settings) as work:
        write_examples(work / "intents", asked.intents)
        write_examples(work / "held_out", asked.held_out)
        out = work / "report.json"
        arguments = [
            "--nlu", str(work / "intents"), "--held-out", str(work / "held_out"), "--folds", str(asked.folds),
            "--encoder", str(settings.encoder_dir.absolute()), "--out", str(out),
            "--vectors", str(vectors_file(settings)),
        ]  # fmt: skip
        try:
            await run_program(settings, "parley_rasa.report", arguments, say, within=_REPORT_WITHIN, one_core=True)
        except ProgramFailed as failed:
            raise ExamplesRefused(
                _reason("The examples cannot be reported on", failed, "report: "), output=failed.output
            ) from failed
        _read(out)
        out.replace(path)


def _reason(what: str, failed: ProgramFailed, mark: str) -> str:
    """What the program itself said, when it refused; else all that is known."""
    said = [line.removeprefix(mark) for line in failed.output if line.startswith(mark)]
    return f"{what}: {said[-1]}." if said else "\n".join([f"{what}: {failed.message}", *failed.output])


@contextmanager
def _working(settings: Settings) -> Iterator[Path]:
    """A folder that only this user can read, gone afterwards: messages of people lie in it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".nlu-") as name:
        yield Path(name)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_RESULT:
            raise ProgramFailed(f"The result is larger than {_LARGEST_RESULT} bytes.")
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ProgramFailed(f"The result cannot be read: {error}") from error
    return found


def _forget_old(folder: Path) -> None:
    reports = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in reports[MOST_KEPT:]:
        path.unlink(missing_ok=True)
