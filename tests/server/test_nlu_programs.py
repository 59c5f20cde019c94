"""Programs of Rasa's side as the platform runs them: results, refusals, progress, and an end when broken off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from struct import pack

import psutil
import pytest

from base.errors import InvalidInput
from server import rasa_programs
from server.nlu_programs import (
    MOST_GROUPED,
    MOST_KEPT,
    ExamplesRefused,
    GroupingFailed,
    run_group,
    run_report,
)
from server.rasa_programs import ProgramFailed, run_program
from server.settings import ROOT, Settings

ENCODER = ROOT / "var" / "encoder"
INTENTS = {
    "talk.en.yml": """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
    - good morning
    - hey you
- intent: ask_pricing
  examples: |
    - what does it cost
    - how much is it
    - the price please
    - your prices
"""
}
HELD_OUT = {"held_out.yml": 'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - good evening\n'}

needs_rasa = pytest.mark.skipif(
    not (ENCODER / "meta.json").exists() or not (ROOT / ".venv-rasa").exists(),
    reason="Rasa's environment and the encoder are not set up",
)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A data folder of the test's own, with the real encoder, and content of its own."""
    if ENCODER.exists():
        (tmp_path / "encoder").symlink_to(ENCODER)
    (tmp_path / "nlu" / "intents").mkdir(parents=True)
    (tmp_path / "nlu" / "intents" / "talk.en.yml").write_text(INTENTS["talk.en.yml"])
    return Settings(data_dir=tmp_path, nlu_dir=tmp_path / "nlu")


def children(module: str) -> list[int]:
    """Programs that this process has started and that still run."""
    return [
        child.pid
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and module in child.cmdline()
    ]


@needs_rasa
async def test_the_same_examples_are_reported_on_once(here: Settings) -> None:
    told: list[str] = []
    first = await run_report(here, INTENTS, HELD_OUT, told.append)
    assert (first["examples"], first["languages"], first["held_out"]["of"]) == (8, {"en": 8}, 1)
    assert told[0] == "8 examples of 2 intents"
    assert "training the model of all examples" in told

    told.clear()
    assert await run_report(here, INTENTS, HELD_OUT, told.append) == first
    assert told == []
    other = await run_report(here, INTENTS, {}, told.append)
    assert other["held_out"] is None
    assert told[0] == "8 examples of 2 intents"
    assert not [line for line in told if "encoded" in line]
    assert [path.name for path in here.data_dir.glob(".nlu-*")] == []


@needs_rasa
async def test_two_that_ask_at_once_get_one_report(here: Settings) -> None:
    told: list[str] = []
    reports = await asyncio.gather(*(run_report(here, INTENTS, {}, told.append) for _ in range(2)))
    assert reports[0] == reports[1]
    assert told.count("8 examples of 2 intents") == 1
    assert told.count("waiting for another process that is at work") == 1


@needs_rasa
async def test_a_report_that_is_broken_off_ends_its_program_and_leaves_nothing(here: Settings) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(run_report(here, INTENTS, {}, lambda _line: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    assert children("parley_rasa.report")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert running.cancelled()
    assert children("parley_rasa.report") == []
    assert list((here.data_dir / "reports").glob("*.json")) == []
    assert list(here.data_dir.glob(".nlu-*")) == []


@needs_rasa
async def test_old_reports_make_room_for_new_ones(here: Settings) -> None:
    (here.data_dir / "reports").mkdir()
    for number in range(MOST_KEPT + 2):
        (here.data_dir / "reports" / f"{number:064}.json").write_text("{}")
    found = await run_report(here, INTENTS, {}, print)
    kept = list((here.data_dir / "reports").glob("*.json"))
    assert len(kept) == MOST_KEPT
    assert found in [json.loads(path.read_bytes()) for path in kept]


@needs_rasa
@pytest.mark.parametrize(
    ("text", "reason"),
    [('version: "3.1"\nnlu: []\n', "reported on: there are no examples."), ("nlu: [", "x.yml cannot be read"),
     ("version: 1\nnlu:\n- intent: a\n  examples: |\n    - x\n    - y\n", "at least two intents")],
)  # fmt: skip
async def test_what_cannot_be_reported_on_is_said_as_rasas_side_says_it(here: Settings, text: str, reason: str) -> None:
    with pytest.raises(ExamplesRefused, match=reason) as refused:
        await run_report(here, {"x.yml": text}, {}, print)
    assert refused.value.status == 422
    assert "\n" not in refused.value.message
    assert list((here.data_dir / "reports").glob("*.json")) == []


@pytest.mark.parametrize("name", ["../evil.yml", "a/b.yml", "", "x.py", ".hidden.yml", "a\n.yml"])
async def test_only_files_of_examples_are_written(here: Settings, name: str) -> None:
    for intents, held_out in (({name: "x"}, {}), (INTENTS, {name: "x"})):
        with pytest.raises(ExamplesRefused, match="Not a file of examples"):
            await run_report(here, intents, held_out, print)


async def test_nothing_to_report_on_is_said(here: Settings) -> None:
    with pytest.raises(ExamplesRefused, match="no examples"):
        await run_report(here, {}, HELD_OUT, print)


async def test_without_an_encoder_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="make setup"):
        await run_report(Settings(data_dir=tmp_path), INTENTS, {}, print)


# Groups


def item(key: str, *numbers: float, language: str = "en") -> dict[str, str]:
    vector = [*numbers, *[0.0] * (384 - len(numbers))]
    return {
        "id": key,
        "text": f"text of {key}",
        "language": language,
        "vector": b64encode(pack("<384f", *vector)).decode(),
    }


@needs_rasa
async def test_messages_are_grouped_by_the_real_program(here: Settings) -> None:
    told: list[str] = []
    items = [item("a", 1.0), item("b", 1.0, 0.1), item("c", 0.0, 0.0, 1.0), item("d", 1.0, language="de")]
    found = await run_group(here, items, told.append)
    assert [set(one["ids"]) for one in found["groups"]] == [{"a", "b"}]
    assert found["groups"][0]["example"] in {"a", "b"}
    assert sorted(found["alone"]) == ["c", "d"]
    assert "grouping 3 messages of language en" in told
    assert list(here.data_dir.glob(".nlu-*")) == []


@needs_rasa
async def test_what_are_no_items_is_refused_with_the_reason(here: Settings) -> None:
    with pytest.raises(GroupingFailed, match=r"grouped: item 0 lacks one of id, text, language, vector"):
        await run_group(here, [{"id": "a"}], print)


async def test_nothing_is_no_group_and_starts_no_program(here: Settings) -> None:
    assert await run_group(here, [], print) == {"groups": [], "alone": []}


async def test_too_many_of_one_language_are_refused_before_they_are_sent(here: Settings) -> None:
    with pytest.raises(InvalidInput, match="5001 messages of language en are more than 5000"):
        await run_group(here, [{"language": "en"}] * (MOST_GROUPED + 1), print)


# Any program


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a script in place of a program of Rasa's side, under this interpreter."""
    monkeypatch.setattr(rasa_programs, "_PYTHON", Path(sys.executable))
    monkeypatch.setattr(rasa_programs, "RASA", tmp_path)

    async def run(script: str, told: list[str], within: float = 30) -> None:
        (tmp_path / "script.py").write_text(script)
        await run_program(Settings(data_dir=tmp_path), "script", [], told.append, within=timedelta(seconds=within))

    return run


async def test_only_lines_of_progress_are_told(program) -> None:
    told: list[str] = []
    await program("print('train: one')\nprint('noise')\nprint('progress: two')", told)
    assert told == ["one", "two"]


async def test_a_program_that_takes_too_long_is_ended(program) -> None:
    told: list[str] = []
    with pytest.raises(ProgramFailed, match=r"longer than 0:00:02"):
        await program("import time\nprint('progress: begun', flush=True)\ntime.sleep(60)", told, within=2)
    assert told == ["begun"]
    assert children("script") == []


async def test_a_line_without_an_end_neither_fills_memory_nor_breaks_off_the_rest(program) -> None:
    told: list[str] = []
    await program("print('x' * 5_000_000)\nprint('progress: after')", told)
    assert told[-1] == "after"


async def test_a_failure_brings_the_end_of_the_output_and_no_more(program) -> None:
    with pytest.raises(ProgramFailed, match="ended with code 3") as failed:
        await program("import sys\nfor n in range(100): print(n)\nsys.exit(3)", [])
    assert failed.value.output == [str(number) for number in range(80, 100)]


async def test_a_program_gets_no_secret_of_the_platform(program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a-secret")
    monkeypatch.setenv("PARLEY_RASA_SECRET", "another secret of 32 characters or more")
    told: list[str] = []
    await program("import os\nprint('progress:', sorted(os.environ))", told)
    assert "PATH" in told[0]
    assert "DATABASE_URL" not in told[0]
    assert "SECRET" not in told[0]


async def test_without_rasas_side_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa_programs, "_PYTHON", tmp_path / "missing")
    with pytest.raises(ProgramFailed, match="make setup"):
        await run_program(Settings(data_dir=tmp_path), "x", [], print, within=timedelta(seconds=5))
