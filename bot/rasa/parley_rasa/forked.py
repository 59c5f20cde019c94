"""Keeps a process that serves: forked from this one, which has everything imported. Serves nobody itself.

Imports take seconds, a fork takes none: whoever talks hardly notices that a process was killed. The platform's own
programs are kept by the same file (`base.forked` is a link to it), so it is for the older of the two Pythons.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds
LIVED_LONG = 10.0  # seconds
_PR_SET_PDEATHSIG = 1
_STOPS = {signal.SIGTERM, signal.SIGINT}
_HEARD = {*_STOPS, signal.SIGCHLD, signal.SIGALRM}


def keep_serving(serve: Callable[[], int], *, folder: Path | None = None) -> int:
    """Fork a process that serves, and another whenever one was killed; return the status of one that ends by itself.

    One that does not live long is followed after a pause, each time a longer one. One that ends by itself was asked to,
    or could not begin: what is next is for whoever started this process. Asked to stop, it asks the other to stop.

    Args:
        serve: what the process does; returns its exit status.
        folder: where it keeps temporary files, if it does; emptied of what a killed one has left.

    Raises:
        RuntimeError: there are threads; what they hold, a forked process would wait for in vain.
    """
    if _threads() > 1:
        raise RuntimeError(f"{_threads()} threads: nothing may be forked from this process")
    # Heard by waiting for them only: there is no moment at which one of them is lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    # The collector would write into every page, and each process would have its own copy of it.
    gc.collect()
    gc.freeze()
    pause = 0.0
    while True:
        began = time.monotonic()
        code, is_stopping = _wait_for(_fork(serve, folder))
        if code >= 0 or (is_stopping and -code in _STOPS):
            return max(code, 0)
        lived = time.monotonic() - began
        if is_stopping:
            logger.error("process_ended code=%s lived_seconds=%.1f", code, lived)
            return 128 - code  # as shells tell it
        pause = 0.0 if lived > LIVED_LONG else min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        logger.error("process_ended code=%s lived_seconds=%.1f again_in=%s", code, lived, pause)
        for path in folder.iterdir() if folder else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if pause and not _rests(pause):
            return 0


def _fork(serve: Callable[[], int], folder: Path | None) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        tempfile.tempdir = str(folder) if folder else None
        # What a terminal tells all processes of a group, this one hears once, from the other.
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        _die_with(parent)
        status = serve()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001  # nothing of this process goes on in the one it was forked from
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _wait_for(child: int) -> tuple[int, bool]:
    """Return its exit code, minus the signal's number where one killed it, and whether this process shall stop."""
    is_stopping = False
    while True:
        if signal.sigwait(_HEARD) in _STOPS:
            is_stopping = True
            os.kill(child, signal.SIGTERM)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), is_stopping


def _rests(pause: float) -> bool:
    """Wait so many seconds; return False when asked to stop meanwhile."""
    signal.setitimer(signal.ITIMER_REAL, pause)
    return signal.sigwait({*_STOPS, signal.SIGALRM}) == signal.SIGALRM


def _die_with(parent: int) -> None:
    """End this process when the other was killed, so that no orphan holds the port: by the kernel where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # prctl(2)
        if os.getppid() != parent:
            raise ProcessLookupError(parent)
    else:
        threading.Thread(target=_end_without, args=(parent,), daemon=True).start()


def _end_without(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _threads() -> int:
    """How many this process has; where the kernel does not tell, those that Python knows of."""
    known = Path("/proc/self/task")
    return len(list(known.iterdir())) if known.exists() else threading.active_count()
