"""The gate's rules about time and number, one function each, pure. `gate` weighs what they object.

The law of every place the contact may be in counts (`jurisdictions`), and the house's own limits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.decisions import Defer, Deny, PastSend, Snapshot, WaitingSend
from outreach.gate_rules import name_of
from outreach.jurisdictions.pack import CapRule
from outreach.jurisdictions.rules import caps_of, places_of, week_of
from outreach.quiet_hours import Week, find_zone, is_open, next_open
from outreach.rule_pack import RulePack

Objection = Defer | Deny | None
Rule = Callable[[Snapshot, datetime, RulePack], Objection]

MOST_SKEW = timedelta(seconds=5)
"""How far our clock and the database's may be apart: what they call today must be the same day."""
_LOOK_AGAIN = timedelta(minutes=1)
_HELD_FOR = timedelta(hours=1)
"""How long the quarantine puts off. When it is lifted messages do not wait for that, talks that are to begin do."""
_LETS_PASS = timedelta(hours=1)
"""How long after it was due a message still has the place that is kept for it."""
_CHANGES_OF_LAW = 4
"""Times the hours are looked up anew for the moment found; a rule that begins in between may have moved it."""


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


def quarantine(snapshot: Snapshot, now: datetime) -> Defer | None:
    """After a back-up was restored nothing leaves, whatever it is, until somebody has looked at what would."""
    if not snapshot.quarantined:
        return None
    reason = "A back-up was restored: nothing is sent until somebody lifts the quarantine (parley quarantine)."
    return Defer(now + _HELD_FOR, "quarantine", reason)


def clocks_agree(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:  # noqa: ARG001
    """Promotion waits while our clock and the database's disagree: then neither hours nor caps can be told."""
    if not snapshot.promotional or snapshot.clock_skew <= MOST_SKEW:
        return None
    apart = snapshot.clock_skew.total_seconds()
    reason = f"This machine's clock and the database's are {apart:.0f} seconds apart: set them right (NTP)."
    return Defer(now + _LOOK_AGAIN, "clock_skew", reason)


def quiet_hours(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """Promotion keeps to the hours of every place, in every zone the contact may be in; so does a word into silence."""
    if not (snapshot.promotional or snapshot.purpose == "nudge") or snapshot.channel in pack.always:
        return None
    places = places_of(pack.law, snapshot.countries, snapshot.states)
    week = _week(places, snapshot.channel, now, pack)
    if week is None:
        return Deny("quiet_hours", f"No hours are laid down for {name_of(snapshot.channel)}.")
    named = snapshot.zones or (snapshot.default_zones if _may_assume_zone(places, snapshot.channel, now, pack) else ())
    zones = [zone for zone in map(find_zone, named) if zone is not None]
    if not zones or len(zones) < len(named):
        return Deny("quiet_hours", "We do not know this contact's time zone, so we cannot tell day from night there.")
    until = _next_open(places, zones, snapshot.channel, now, pack)
    if until is None:
        return Deny("quiet_hours", f"There is no moment at which it is day in all of {', '.join(named)}.")
    if until == now:
        return None
    return Defer(until, "quiet_hours", f"It waits for the hours of {_in_words(places)} in {', '.join(named)}.")


def cap(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """At most so many promotional messages to a person, on a channel, about a topic, in any so many hours."""
    if not snapshot.promotional:
        return None
    law = caps_of(pack.law, places_of(pack.law, snapshot.countries, snapshot.states), snapshot.channel, now)
    waits: list[Defer] = []
    for limit in (*pack.caps, *law):
        length = timedelta(hours=limit.hours)
        sends = sorted(
            send.at for send in snapshot.past_sends if now - send.at < length and _counts(limit, send, snapshot)
        )
        if len(sends) >= limit.most:
            # Room is made when the oldest of the newest `most` is as old as the cap looks back.
            got = f"This contact already got {len(sends)} messages in {_hours(length)}"
            about = {"topic": " about this", "channel": f" by {name_of(snapshot.channel)}"}.get(limit.per, "")
            waits.append(Defer(sends[-limit.most] + length, "cap", f"{got}{about}."))
    return max(waits, key=lambda wait: wait.until, default=None)


def gives_way(snapshot: Snapshot, now: datetime, pack: RulePack) -> Objection:
    """What an occasional journey sends leaves the last place under a cap to another promotion that waits for it."""
    if not (snapshot.promotional and snapshot.frequency_class == "occasional"):
        return None
    waiting = sorted((one for one in snapshot.waiting if one.due_at + _LETS_PASS > now), key=lambda one: one.due_at)
    expected = [PastSend(one.channel, max(one.due_at, now), one.topic) for one in waiting]
    for place in reversed(range(len(waiting))):
        limit = _last_place(snapshot, waiting[place], [*snapshot.past_sends, *expected[:place]], now, pack)
        if limit is not None:
            kept = f"the last of {limit.most} messages in {_hours(timedelta(hours=limit.hours))} is kept for"
            reason = f"Its journey is an occasional one: {kept} another that waits ({waiting[place].topic})."
            return Defer(max(waiting[place].due_at, now) + _LETS_PASS, "frequency_class", reason)
    return None


RULES: tuple[Rule, ...] = (too_late, clocks_agree, quiet_hours, cap, gives_way)


def _week(places: tuple[str, ...], channel: str, at: datetime, pack: RulePack) -> Week | None:
    """The law's hours; the house's where it names none."""
    window = pack.windows.get(channel)
    return week_of(pack.law, places, channel, at) or (None if window is None else window.week)


def _may_assume_zone(places: tuple[str, ...], channel: str, at: datetime, pack: RulePack) -> bool:
    """Only where no law names hours, and the house says so: then the operator's own zone is judged by."""
    window = pack.windows.get(channel)
    by_law = week_of(pack.law, places, channel, at) is not None
    return not by_law and window is not None and window.unknown_zone == "default_zones"


def _next_open(
    places: tuple[str, ...], zones: list[ZoneInfo], channel: str, now: datetime, pack: RulePack
) -> datetime | None:
    at = now
    for _ in range(_CHANGES_OF_LAW):
        week = _week(places, channel, at, pack)
        found = None if week is None else next_open(week, zones, at)
        if found is None:
            return None
        then = _week(places, channel, found, pack)
        if then is not None and is_open(then, zones, found):
            return found
        at = found
    return None


def _last_place(
    snapshot: Snapshot, waiting: WaitingSend, before: list[PastSend], now: datetime, pack: RulePack
) -> CapRule | None:
    """The cap that leaves one place to who waits, when it is due, and would leave none if this were sent now."""
    own, at = PastSend(snapshot.channel, now, snapshot.topic), max(waiting.due_at, now)
    law = caps_of(pack.law, places_of(pack.law, snapshot.countries, snapshot.states), waiting.channel, at)
    last: CapRule | None = None
    for limit in (*pack.caps, *law):
        length = timedelta(hours=limit.hours)
        got = sum(at - send.at < length and _counts(limit, send, waiting) for send in before)
        if got >= limit.most:
            return None  # It is held back anyway.
        if at - now < length and _counts(limit, own, waiting) and got == limit.most - 1:
            last = limit
    return last


def _counts(limit: CapRule, send: PastSend, snapshot: Snapshot | WaitingSend) -> bool:
    if limit.channels is not None and send.channel not in limit.channels:
        return False
    if limit.per == "topic":
        return send.topic == snapshot.topic
    return limit.per == "contact" or send.channel == snapshot.channel


def _in_words(places: tuple[str, ...]) -> str:
    names = {"ZZ": "a country we do not know", "US-ZZ": "a state we do not know"}
    return ", ".join(names.get(place, place) for place in places)


def _hours(length: timedelta) -> str:
    hours = round(length / timedelta(hours=1))
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
