"""What people on a step that speaks to them are woken by: the step then looks what came of it. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.definitions import StepKind

_LEFT = frozenset({"message_sent", "message_refused", "message_undelivered"})
AWAITED: Mapping[StepKind, frozenset[str]] = {
    "reach_out": _LEFT,
    "converse": _LEFT | {"flow_ended", "handed_off", "opted_out"},
    "call": _LEFT | {"flow_ended", "handed_off", "opted_out", "message_delivered"},
}
