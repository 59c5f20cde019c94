"""The process that serves is forked from one that has everything imported, and is followed by another when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import PROJECT, id_of, serving

KEEPING = """
import os, signal, sys, tempfile, threading, time
from pathlib import Path
from parley_rasa import forked
folder = Path(sys.argv[1])
forked.FIRST_PAUSE = 0.05
def serve():
    with (folder.parent / "pids").open("a") as file: print(os.getpid(), len(list(folder.iterdir())), file=file)
    (folder / "half a model").write_text("…")
    (Path(tempfile.mkdtemp()) / "unpacked").touch()
    %s
sys.exit(forked.keep_serving(serve, folder=folder))
"""
SERVES = "signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); time.sleep(60); return 0"


def until(condition, within=20.0):
    """Wait for something that is soon so."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def keep(tmp_path):
    """Starts a process that keeps one which does this; asked for the pids of those it has had."""
    started = []
    (tmp_path / "models").mkdir()

    def start(does):
        process = subprocess.Popen([sys.executable, "-c", KEEPING % does, str(tmp_path / "models")], cwd=PROJECT)
        started.append(process)
        return process, lambda: [line.split() for line in (tmp_path / "pids").read_text().splitlines()]

    (tmp_path / "pids").touch()
    yield start
    for process in started:
        process.kill()
        process.wait()


def test_one_that_is_killed_is_followed_by_another_that_holds_the_same(
    trained_model, pushed_flows, encoder_dir, tmp_path
):
    with serving(tmp_path / "log", "--encoder", encoder_dir, "--model", trained_model) as server:
        server.push_flows(pushed_flows)
        server.flows, server.model = pushed_flows["version"], id_of(trained_model)
        keeper = server.process.pid
        # A fork of a process with threads might wait for ever for what another thread held.
        assert len(os.listdir(f"/proc/{keeper}/task")) == 1
        first = server.turn(None, "start")
        child = int(Path(f"/proc/{keeper}/task/{keeper}/children").read_text())
        os.kill(child, signal.SIGKILL)
        until(lambda: not is_running(child))
        server.wait_until_ready()
        assert server.health()["flows"] == []
        server.push_flows(pushed_flows)
        assert server.turn(None, "start") == first


def test_what_a_killed_one_left_is_gone_before_the_next_begins(keep):
    process, pids = keep("os.kill(os.getpid(), signal.SIGKILL)")
    until(lambda: len(pids()) >= 3)
    assert process.poll() is None
    assert {files for _, files in pids()} == {"0"}, "also of what was unpacked among temporary files"


def test_one_that_dies_again_and_again_is_given_longer_and_longer_pauses(keep):
    process, pids = keep("os.kill(os.getpid(), signal.SIGSEGV)")
    time.sleep(2)
    # Pauses of 50, 100, 200, 400, 800 ms fit into two seconds; without them there would be hundreds.
    assert 1 < len(pids()) <= 6
    process.terminate()
    assert process.wait(10) == 0, "it is asked to stop while it rests"


@pytest.mark.parametrize(("does", "status"), [("return 0", 0), ("return 3", 3), ("raise ValueError('no')", 1)])
def test_the_status_of_one_that_ends_by_itself_is_handed_on(keep, does, status):
    process, pids = keep(does)
    assert process.wait(20) == status
    assert len(pids()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_has_the_other_stop_first(keep, number):
    process, pids = keep(SERVES)
    (child, _) = until(pids)[0]
    time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not is_running(child)


def test_one_that_dies_of_something_else_while_it_stops_is_no_success(keep):
    process, pids = keep("signal.signal(signal.SIGTERM, lambda *_: os.abort()); time.sleep(60)")
    until(pids)
    time.sleep(0.1)
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGABRT
    assert len(pids()) == 1


def test_nothing_is_forked_where_there_are_threads(keep):
    process, pids = keep("return 0\nthreading.Thread(target=time.sleep, args=(5,), daemon=True).start()")
    assert process.wait(20) == 1
    assert pids() == []


def test_nobody_is_left_behind_when_it_is_killed_itself(keep):
    process, pids = keep(SERVES)
    (child, _) = until(pids)[0]
    process.kill()
    process.wait()
    until(lambda: not is_running(child))
