"""The one gate: whether a message may go out now. Pure; asked when planning, when claiming and before the wire.

Deny beats Defer beats Allow. What is not known counts as a no for promotion.
"""

from __future__ import annotations

from datetime import datetime

from outreach import basis_rules, gate_rules, number_rules, timing_rules
from outreach.decisions import Allow, Decision, Defer, Deny, Snapshot
from outreach.rule_pack import RulePack


def may_send(snapshot: Snapshot, now: datetime, pack: RulePack) -> Decision:
    """Decides about one message.

    Of several denials the first in the order of the rules is given, of several deferrals the one that ends last.
    A deferral is no promise: the gate is asked again when it ends. In quarantine nothing is allowed.
    """
    known = [rule(snapshot) for rule in (*gate_rules.RULES, *number_rules.RULES)]
    timed = (basis_rules.basis, *timing_rules.RULES, *number_rules.TIMED)
    asked = [*known, *(rule(snapshot, now, pack) for rule in timed)]
    objections = [objection for objection in asked if objection is not None]
    for objection in objections:
        if isinstance(objection, Deny):
            return objection
    if (held := timing_rules.quarantine(snapshot, now)) is not None:
        return held
    deferrals = [objection for objection in objections if isinstance(objection, Defer)]
    return max(deferrals, key=lambda deferral: deferral.until) if deferrals else Allow()
