"""The gate's rules about where a text or call would go and what it would cost, one function each, pure."""

from __future__ import annotations

from datetime import datetime

from crm.contacts.number_challenges import AFTERMATH, PATIENCE
from outreach.decisions import RIGHTS, Defer, Deny, Snapshot
from outreach.gate_rules import Rule, name_of
from outreach.rule_pack import RulePack
from outreach.timing_rules import Objection
from outreach.timing_rules import Rule as TimedRule

COST_CEILING = "cost_ceiling"
_KINDS = {
    "premium_rate": "a premium-rate number",
    "shared_cost": "a shared-cost number",
    "personal": "a personal number that leads anywhere",
    "pager": "a pager",
    "company_wide": "a company-wide number that may cost more",
    "voicemail": "a mailbox",
    "satellite": "a number of a satellite or international network",
    "unknown": "no number of any kind we know",
}
_MUST_BE_SAID = frozenset({"notice", RIGHTS})


def number_kind(snapshot: Snapshot) -> Deny | None:
    """Nothing goes to numbers that may cost more than others: somebody may have left one to earn by it."""
    if snapshot.destination is None or not snapshot.destination.refused:
        return None
    what = _KINDS[snapshot.destination.kind]
    return Deny("number_kind", f"Nothing is sent there by {name_of(snapshot.channel)}: it is {what}.")


def number_country(snapshot: Snapshot) -> Deny | None:
    """Where countries are named, nothing goes elsewhere."""
    if snapshot.destination is None or snapshot.allowed_countries is None:
        return None
    country = snapshot.destination.country
    if country in snapshot.allowed_countries:
        return None
    where = "a country that we cannot tell" if country is None else country
    return Deny("number_country", f"The number is of {where}, where we send nothing by {name_of(snapshot.channel)}.")


def cost_ceiling(snapshot: Snapshot) -> Deny | None:
    """Texts and calls stop where the most is spent, but for what is kept back for the answers to STOP and HELP."""
    if snapshot.spent is None or snapshot.cost <= 0:
        return None
    broken = snapshot.spent.find_broken(snapshot.cost, reserved=snapshot.purpose in _MUST_BE_SAID)
    if broken is None:
        return None
    ceiling, spent = snapshot.spent.ceiling, snapshot.spent
    most, gone = (ceiling.a_day, spent.today) if broken == "day" else (ceiling.a_month, spent.this_month)
    return Deny(
        COST_CEILING,
        f"It would cost more than may be spent in a {broken} on text messages and calls: {gone:.2f} of {most:.2f} "
        f"{spent.currency} are spent.",
    )


def number_challenge(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:  # noqa: ARG001
    """A number that an unknown visitor left waits until their browser did the work that it is asked for.

    If it never does, nothing goes there that may be of that visitor: what was planned then, and what any chat on the
    site brought about. Whatever else is planned later goes, or whoever types a number once would shut it for good.
    """
    if snapshot.destination is None or snapshot.challenged_at is None:
        return None
    until = snapshot.challenged_at + PATIENCE
    if now < until:
        return Defer(until, "number_challenge", "It waits for the browser that left the number to do its work.")
    if not snapshot.from_web and snapshot.created_at >= until + AFTERMATH:
        return None
    return Deny(
        "number_challenge", "The browser that left this number never did the work which shows that it is no machine's."
    )


RULES: tuple[Rule, ...] = (number_kind, number_country, cost_ceiling)
TIMED: tuple[TimedRule, ...] = (number_challenge,)
