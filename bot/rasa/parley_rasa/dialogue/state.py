"""The dialogue state that travels with every turn: read it, of this or an older version, and write a fresh one.

Knows nothing of what has become of the flows meanwhile: that is ``landing``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

VERSION = 2
_OLDEST = 1


class StateError(ValueError):
    """The state sent with a turn is not one that this program wrote."""


class StateTooNew(StateError):  # noqa: N818 - the name the turn protocol gives it
    """The state was written by a newer program, so that this one would spoil it."""


def check_state(raw: Mapping[str, Any] | None) -> None:
    """Raise StateError when a state is malformed, StateTooNew when a newer program wrote it."""
    if raw is not None:
        read_state(raw)


def is_fresh(state: Mapping[str, Any]) -> bool:
    """Tell whether no flow has run yet."""
    return not state["stack"] and state["ended"] is None and not state["handed_off"]


def fresh_state() -> dict[str, Any]:
    return {
        "v": VERSION, "slots": {}, "declined": [], "noticed": False, "stack": [], "ended": None, "handed_off": False,
        "recent": [], "awaits": None, "clarify": None, "facts": {},
    }  # fmt: skip


def read_state(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a private copy of a state, as one of the present version.

    Raises:
        StateTooNew: a newer program wrote it.
        StateError: it is malformed.
    """
    _check_version(raw)
    try:
        ended, awaits, clarify = raw.get("ended"), raw.get("awaits"), raw.get("clarify")
        return {
            "v": VERSION,
            "slots": {str(name): value for name, value in raw["slots"].items()},
            "declined": [str(name) for name in raw.get("declined", [])],
            "noticed": bool(raw.get("noticed", False)),
            "stack": [_read_frame(frame) for frame in raw["stack"]],
            "ended": None if ended is None else str(ended),
            "handed_off": bool(raw.get("handed_off", False)),
            "recent": [str(event) for event in raw.get("recent", [])],
            "awaits": None if awaits is None else {"step": str(awaits["step"]), "need": str(awaits["need"])},
            "clarify": None if clarify is None else [[str(kind), str(name)] for kind, name in clarify],
            "facts": copy.deepcopy(dict(raw.get("facts") or {})),
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StateError(f"malformed state: {error!r}") from error


def _check_version(raw: Mapping[str, Any]) -> None:
    version = raw.get("v") if isinstance(raw, Mapping) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < _OLDEST:
        raise StateError(f"state has version {version!r}, this program reads {_OLDEST} to {VERSION}")
    if version > VERSION:
        raise StateTooNew(f"state has version {version}, this program reads up to {VERSION}")


def _read_frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    misses = frame["misses"]
    if not isinstance(misses, int):
        raise StateError("malformed state: misses is not a number")
    names = {key: frame[key] for key in ("flow", "version", "step")}
    if not all(isinstance(name, str) for name in names.values()):
        raise StateError("malformed state: a frame names flow, version and step by strings")
    data = copy.deepcopy(dict(frame.get("data") or {}))
    return {**names, "misses": misses, "called": bool(frame.get("called", False)), "data": data}
