"""Set-up: does what is not done, once, and says what is missing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from server.setup import progress
from server.setup.install import list_steps
from server.setup.machine import find_browser, find_node, find_rasa_python
from server.setup.progress import Log, SetupStopped, Step, run_steps


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with one input file."""
    root = tmp_path / "checkout"
    (root / "source" / "deep").mkdir(parents=True)
    (root / "source" / "deep" / "file").write_text("one")
    monkeypatch.setattr(progress, "ROOT", root)
    monkeypatch.setattr(progress, "STATE", root / "var" / "setup")
    return root


class Counted:
    """A step's work that counts how often it is done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.times = 0

    def __call__(self, log: Log) -> None:
        self.times += 1
        (self.root / "result").write_text("made")
        log.run([sys.executable, "-c", "print('working')"], cwd=self.root)

    def step(self, extra: str = "") -> Step:
        return Step("made", "The thing", (self.root / "source",), (self.root / "result",), self, extra)


def test_a_step_is_done_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = Counted(checkout)
    for _ in range(3):
        run_steps([work.step()])
    assert work.times == 1
    said = capsys.readouterr().out
    assert "[1/1] The thing: done in" in said
    assert said.count("[1/1] The thing: already done") == 2


def change_content(root: Path) -> None:
    (root / "source" / "deep" / "file").write_text("two")


def add_file(root: Path) -> None:
    (root / "source" / "new").write_text("")


def rename_file(root: Path) -> None:
    (root / "source" / "deep" / "file").rename(root / "source" / "deep" / "other")


def remove_result(root: Path) -> None:
    (root / "result").unlink()


@pytest.mark.parametrize("change", [change_content, add_file, rename_file, remove_result])
def test_a_step_is_done_again_when_an_input_or_its_result_changed(
    checkout: Path, change: Callable[[Path], None]
) -> None:
    work = Counted(checkout)
    run_steps([work.step()])
    change(checkout)
    run_steps([work.step()])
    run_steps([work.step()])
    assert work.times == 2


def test_a_step_is_done_again_when_what_else_it_depends_on_changed(checkout: Path) -> None:
    work = Counted(checkout)
    run_steps([work.step("3.11")])
    run_steps([work.step("3.12")])
    assert work.times == 2


def test_what_builds_leave_behind_is_no_change(checkout: Path) -> None:
    work = Counted(checkout)
    run_steps([work.step()])
    for folder in ("node_modules", "dist", "__pycache__"):
        (checkout / "source" / folder).mkdir()
        (checkout / "source" / folder / "left").write_text("x")
    run_steps([work.step()])
    assert work.times == 1


def test_a_step_that_fails_shows_the_end_of_its_log_and_is_done_again(checkout: Path) -> None:
    def fail(log: Log) -> None:
        log.run([sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"], cwd=checkout)

    later = Counted(checkout)
    failing = Step("fails", "Failing", (checkout / "source",), (), fail)
    with pytest.raises(SetupStopped, match="the disk is full") as stopped:
        run_steps([failing, later.step()])
    assert "fails.log" in str(stopped.value)
    assert later.times == 0, "nothing is built on what failed"
    with pytest.raises(SetupStopped):
        run_steps([failing])


def step(name: str, work: Callable[[Log], None], after: tuple[str, ...] | None = None) -> Step:
    return Step(name, f"Step {name}", (), (), work, after=after)


def test_steps_that_need_nothing_of_each_other_are_done_at_once(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = threading.Barrier(2, timeout=60)  # neither goes on before the other has begun
    run_steps([step("a", lambda _: both.wait(), ()), step("b", lambda _: both.wait(), ())])
    said = capsys.readouterr().out.splitlines()
    assert {line.split(":")[0] for line in said if "done in" in line} == {"[1/2] Step a", "[2/2] Step b"}


def test_no_more_than_two_are_done_at_once(checkout: Path) -> None:
    here, most = set[str](), [0]
    both = threading.Barrier(2, timeout=60)

    def note(name: str) -> Callable[[Log], None]:
        def work(_: Log) -> None:
            here.add(name)
            both.wait()
            most[0] = max(most[0], len(here))
            both.wait()
            here.remove(name)

        return work

    run_steps([step(name, note(name), ()) for name in "abcdef"])
    assert most == [2]


def test_a_step_waits_for_those_it_needs_and_without_a_word_for_all_before_it(checkout: Path) -> None:
    done: list[str] = []
    alone = [("a", ()), ("b", ("a",)), ("c", ("b",)), ("d", None), ("e", ("not in the list", "d"))]
    run_steps([step(name, lambda _, name=name: done.append(name), after) for name, after in alone])
    assert done == ["a", "b", "c", "d", "e"]


def test_what_is_done_beside_a_step_that_fails_is_done_to_its_end_and_nothing_else_begins(checkout: Path) -> None:
    begun, failed, done = threading.Event(), threading.Event(), list[str]()

    def beside(_: Log) -> None:
        begun.set()
        assert failed.wait(60)
        done.append("beside")

    def fail(_: Log) -> None:
        assert begun.wait(60)
        failed.set()
        raise SetupStopped("the disk is full")

    with pytest.raises(SetupStopped, match="the disk is full"):
        run_steps([
            step("fails", fail, ()),
            step("beside", beside, ()),
            step("needs it", lambda _: done.append("needs it"), ("fails",)),
        ])  # fmt: skip
    assert done == ["beside"]


def test_what_each_step_is_to_leave_behind_is_there_once_set_up_ran():
    # This checkout was set up, or these tests would not run: a result that no step makes has it done again each time.
    missing = [str(path) for one in list_steps(dev=True) for path in one.results if not path.exists()]
    assert not missing


@pytest.mark.parametrize("names", [
    ["platform", "encoder", "node", "model", "dev"],  # .venv
    ["rasa", "model", "rasa-dev"],  # .venv-rasa
    ["node", "widget"],
    ["node", "ui"],
    ["browser", "broker"],  # apt-get
])  # fmt: skip
@pytest.mark.parametrize("has_node", [True, False])
def test_what_two_steps_both_use_is_used_by_one_at_a_time(bare_machine: Path, names: list[str], has_node: bool) -> None:
    program(bare_machine / "python3.10", "Python 3.10.14")
    if has_node:
        program(bare_machine / "node", "v22.0.0")
        program(bare_machine / "npm", "10.0.0")
    before: dict[str, set[str]] = {}
    for one in list_steps(dev=True):
        named = set(before) if one.after is None else set(one.after) & set(before)
        before[one.name] = named.union(*(before[name] for name in named))
    ordered = [name for name in names if name in before]
    assert "node" not in names or has_node or "node" in ordered
    for earlier, later in pairwise(ordered):
        assert earlier in before[later]


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH but what a test puts into the folder returned."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("PARLEY_RASA_PYTHON", raising=False)
    monkeypatch.delenv("PARLEY_TEST_BROWSER", raising=False)
    return programs


def program(path: Path, says: str, code: int = 0) -> Path:
    """A program that prints one line and ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_the_python_for_rasa_is_taken_from_the_path(bare_machine: Path) -> None:
    wanted = program(bare_machine / "python3.10", "Python 3.10.14")
    assert find_rasa_python() == wanted


def test_a_pyenv_shim_that_does_not_run_is_passed_over(bare_machine: Path, tmp_path: Path) -> None:
    program(bare_machine / "python3.10", "pyenv: python3.10: command not found", 127)
    real = program(tmp_path / "pyenv" / "versions" / "3.10.20" / "bin" / "python3.10", "Python 3.10.20")
    assert find_rasa_python() == real


def test_uv_is_asked_where_its_python_is(bare_machine: Path, tmp_path: Path) -> None:
    real = program(tmp_path / "uv" / "python3.10", "Python 3.10.16")
    program(bare_machine / "uv", str(real))
    assert find_rasa_python() == real


def test_a_program_of_that_name_but_another_version_is_passed_over(bare_machine: Path) -> None:
    program(bare_machine / "python3.10", "Python 3.11.2")
    with pytest.raises(SetupStopped, match=r"uv python install 3\.10"):
        find_rasa_python()


def test_without_any_python_for_rasa_it_is_said_how_to_get_one(bare_machine: Path) -> None:
    with pytest.raises(SetupStopped, match=r"PARLEY_RASA_PYTHON=/path/to/python3\.10 make run"):
        find_rasa_python()


@pytest.mark.parametrize("says", [None, "Python 3.11.2"])
def test_a_wrong_python_named_for_rasa_is_said_clearly_even_if_another_would_do(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, says: str | None
) -> None:
    program(bare_machine / "python3.10", "Python 3.10.14")
    named = bare_machine / "mine"
    if says is not None:
        program(named, says)
    monkeypatch.setenv("PARLEY_RASA_PYTHON", str(named))
    with pytest.raises(SetupStopped, match=f"PARLEY_RASA_PYTHON is {named}, which is not a Python 3.10 that runs"):
        find_rasa_python()


def test_the_python_named_for_rasa_is_taken_first(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine / "python3.10", "Python 3.10.14")
    named = program(bare_machine / "mine", "Python 3.10.1")
    monkeypatch.setenv("PARLEY_RASA_PYTHON", str(named))
    assert find_rasa_python() == named


@pytest.mark.parametrize(
    ("version", "has_npm", "found"),
    [("v20.0.0", True, True), ("v24.1.0", True, True), ("v18.20.1", True, False), ("v20.0.0", False, False)],
)
def test_a_node_counts_from_version_20_and_with_its_npm(
    bare_machine: Path, version: str, has_npm: bool, found: bool
) -> None:
    node = program(bare_machine / "node", version)
    if has_npm:
        program(bare_machine / "npm", "10.0.0")
    assert find_node() == (node if found else None)


def test_a_browser_is_found_by_any_of_its_names(bare_machine: Path) -> None:
    assert find_browser() is None
    chrome = program(bare_machine / "google-chrome-stable", "Google Chrome 130")
    assert find_browser() == chrome
    quickest = program(bare_machine / "chromium-headless-shell", "Chromium 130")
    assert find_browser() == quickest


@pytest.mark.parametrize("known", ["chromium-headless-shell", "chromium"])
def test_the_browser_that_is_installed_is_one_that_apt_knows(
    bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    program(bare_machine / "python3.10", "Python 3.10.14")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    program(bare_machine / "apt-cache", "").write_text(f'#!/bin/sh\n[ "$2" = {known} ] && echo "Package: $2"\n')
    installing = f'#!/bin/sh\nfor last; do :; done\n[ "$1" = update ] || /bin/cp "$0" "{bare_machine}/$last"\n'
    program(bare_machine / "apt-get", "").write_text(installing)
    step = next(one for one in list_steps(dev=True) if one.name == "browser")
    step.work(Log(tmp_path / "log"))
    assert find_browser() == bare_machine / known


def test_every_step_has_its_own_name_and_its_inputs_are_there(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bare_machine / "python3.10", "Python 3.10.14")
    steps = list_steps(dev=True)
    assert len({step.name for step in steps}) == len(steps)
    made_by_a_step = {path for step in steps for path in step.results}
    for step in steps:
        for path in step.inputs:
            assert path.exists() or path in made_by_a_step, f"{step.name} needs {path}"
