"""Where in what an editor shows a fault of the checker belongs. Judges nothing."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from flows.errors import FlowError

_ITEM = re.compile(r"^((?:library|journeys)/[a-z][a-z0-9_]*)/[^/]+$")
_WORDING = re.compile(r"wording\.([^/]+)\.yml$")


@dataclass(frozen=True)
class PlacedFault:
    """A fault by item, step and field.

    Attributes:
        item: None for what belongs to no flow or journey.
        field: in the step, else in the settings, as `no_reply_after.to`; None for the whole.
        language: of the wording it is in.
    """

    item: str | None
    step: str | None
    field: str | None
    language: str | None
    rule: str
    problem: str
    remedy: str
    file: str
    line: int

    def as_json(self) -> dict[str, Any]:
        """For keeping and sending."""
        return asdict(self)


def place(fault: FlowError) -> PlacedFault:
    """Find where it belongs."""
    item, worded = _ITEM.match(fault.file), _WORDING.search(fault.file)
    path = [str(part) for part in fault.path]
    step = fault.step
    if worded and path:
        step, path = step or path[0], path[1:]
    elif path[:1] == ["steps"]:
        path = path[2:]
    return PlacedFault(
        item=item[1] if item else None,
        step=step,
        field=".".join(path) or None,
        language=worded[1] if worded else None,
        rule=fault.rule,
        problem=fault.problem,
        remedy=fault.remedy,
        file=fault.file,
        line=fault.line,
    )
