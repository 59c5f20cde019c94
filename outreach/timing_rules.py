"""The gate's rules about time and number, one function each, pure. `gate` weighs what they object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from outreach.decisions import Defer, Deny, Snapshot
from outreach.gate_rules import name_of
from outreach.quiet_hours import find_zone, next_open
from outreach.rule_pack import RulePack

Objection = Defer | Deny | None
Rule = Callable[[Snapshot, datetime, RulePack], Objection]

_DAY = timedelta(hours=24)


def too_late(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """A message that would come much later than planned is not sent at all."""
    limit = pack.too_late.get(snapshot.message_class)
    if limit is None:
        return Deny("too_late", f"There is no time limit for messages of the class {snapshot.message_class}.")
    if now - snapshot.due_at > limit.after_due:
        return Deny("too_late", f"It was due more than {_hours(limit.after_due)} ago and would only confuse now.")
    if now - snapshot.created_at > limit.after_planned:
        return Deny("too_late", f"It was planned more than {_hours(limit.after_planned)} ago and was put off since.")
    return None


def quiet_hours(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """Promotion keeps to the channel's hours in every zone the contact may be in; so does a word into their silence."""
    if not (snapshot.promotional or snapshot.purpose == "nudge") or snapshot.channel in pack.always:
        return None
    window = pack.windows.get(snapshot.channel)
    if window is None:
        return Deny("quiet_hours", f"No hours are laid down for {name_of(snapshot.channel)}.")
    named = snapshot.zones or (snapshot.default_zones if window.unknown_zone == "default_zones" else ())
    zones = [zone for zone in map(find_zone, named) if zone is not None]
    if not zones or len(zones) < len(named):
        return Deny("quiet_hours", "We do not know this contact's time zone, so we cannot tell day from night there.")
    hours = f"{window.opens:%H:%M} to {window.closes:%H:%M}"
    until = next_open(window, zones, now)
    if until is None:
        return Deny("quiet_hours", f"There is no moment at which it is {hours} in all of {', '.join(named)}.")
    if until == now:
        return None
    return Defer(until, "quiet_hours", f"It waits for {hours} in the contact's time ({', '.join(named)}).")


def cap(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """At most so many promotional messages in any 24 hours, over all channels and on each."""
    if not snapshot.promotional:
        return None
    recent = [send for send in snapshot.past_sends if now - send.at < _DAY]
    here = [send for send in recent if send.channel == snapshot.channel]
    waits: list[Defer] = []
    for sends, limit in ((recent, pack.cap.all_channels), (here, pack.cap.by_channel.get(snapshot.channel))):
        if limit is not None and len(sends) >= limit:
            # Room is made when the oldest of the newest `limit` is a day old.
            until = sorted(send.at for send in sends)[-limit] + _DAY
            waits.append(Defer(until, "cap", f"This contact already got {len(sends)} messages in 24 hours."))
    return max(waits, key=lambda wait: wait.until, default=None)


RULES: tuple[Rule, ...] = (too_late, quiet_hours, cap)


def _hours(length: timedelta) -> str:
    hours = round(length / timedelta(hours=1))
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
