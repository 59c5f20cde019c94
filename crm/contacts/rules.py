"""Where a contact may move next. Pure."""

from __future__ import annotations

from typing import Literal, get_args

Stage = Literal["visitor", "lead", "mql", "sql", "customer", "disqualified"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Qualification = Literal["hot", "warm", "cold"]

_ASCENT: tuple[Stage, ...] = ("visitor", "lead", "mql", "sql", "customer")


def stages_before(stage: Stage) -> frozenset[Stage]:
    """The stages one may come from. `disqualified` is a person's decision: nothing leads out of it by itself."""
    if stage == "disqualified":
        return frozenset(_ASCENT[:-1])
    return frozenset(_ASCENT[: _ASCENT.index(stage)])
