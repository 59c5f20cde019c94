"""The compiled flows that this replica can answer with, by version. Checks them, never changes them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

from parley_rasa.dialogue.flows import Flows, FlowsError

MOST_FLOWS = 16
_VERSION_DIGITS = 12


class HeldFlows:
    """Keeps the most lately used ones. A turn that has its flows keeps them, whatever is dropped here meanwhile."""

    def __init__(self, most: int = MOST_FLOWS) -> None:
        self._most = most
        self._flows: OrderedDict[str, Flows] = OrderedDict()

    def add(self, version: str, document: Any) -> None:
        """Keep a compiled document under its version; the same again only counts as used.

        Raises:
            FlowsError: it cannot be used, or its version is not the hash of its content.
        """
        flows = _checked(version, document)
        self._flows.setdefault(version, flows)
        self._flows.move_to_end(version)
        while len(self._flows) > self._most:
            self._flows.popitem(last=False)

    def find(self, version: str) -> Flows | None:
        """Return the flows of a version, which counts as using them."""
        flows = self._flows.get(version)
        if flows is not None:
            self._flows.move_to_end(version)
        return flows

    def versions(self) -> list[str]:
        """List what is held, the most lately used first."""
        return list(reversed(self._flows))


def version_of(document: dict[str, Any]) -> str:
    """Return the version that a compiled document must have: the flow compiler works it out alike."""
    rest = {key: value for key, value in document.items() if key != "version"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_VERSION_DIGITS]


def _checked(version: str, document: Any) -> Flows:
    if not isinstance(document, dict):
        raise FlowsError("compiled flows are a JSON object")
    try:
        if document.get("version") != version or version_of(document) != version:
            raise FlowsError(f"the content of these flows is not that of version {version}")
        return Flows(document)
    except FlowsError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FlowsError(f"the compiled flows cannot be used: {type(error).__name__} {error}") from error
