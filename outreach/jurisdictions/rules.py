"""What holds for somebody who may be in several places: the strictest of all of them. Pure.

A country that no file knows, or none at all, is `ZZ` and is judged as if it were every place; a state of the US that is
not known is `US-ZZ`, which is every state. What an operator lays down for `ZZ` and `US-ZZ` stands in for that.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from crm.places.rules import UNITED_STATES, UNKNOWN
from outreach.jurisdictions.pack import Accepted, CapRule, HoursRule, Jurisdictions, LawRule, Subject
from outreach.quiet_hours import Week

_STATES = f"{UNITED_STATES}-"
_ANY_STATE = f"{_STATES}{UNKNOWN}"
_CACHED = 4_096
_UNSAID = (Accepted(kind="express"), Accepted(kind="double_opt_in"))
"""What is enough where the law of a place says nothing of a channel."""


@lru_cache(maxsize=_CACHED)
def places_of(law: Jurisdictions, countries: tuple[str, ...], states: tuple[str, ...]) -> tuple[str, ...]:
    """The codes of all places whose rules have to be kept."""
    codes: set[str] = set()
    for country in countries or (UNKNOWN,):
        codes.update(law.codes_of(country) or (UNKNOWN,))
    if UNITED_STATES in countries:
        named = {f"{_STATES}{state}" for state in states or (UNKNOWN,)}
        codes.update(code for code in named if code == _ANY_STATE or code in law.places)
    return tuple(sorted(codes))


def week_of(law: Jurisdictions, places: tuple[str, ...], channel: str, at: datetime) -> Week | None:
    """The hours that every place allows; None when none of them lays down any."""
    return _week_of(law, places, channel, _hour(at))


def caps_of(law: Jurisdictions, places: tuple[str, ...], channel: str, at: datetime) -> tuple[CapRule, ...]:
    """Every cap of every place."""
    rules = _rules_of(law, places, "cap", channel, _hour(at))
    return tuple(dict.fromkeys(rule.cap for _, rule in rules if rule.cap is not None))


def demands_of(
    law: Jurisdictions, places: tuple[str, ...], channel: str, at: datetime
) -> tuple[tuple[str, tuple[Accepted, ...]], ...]:
    """What kinds of consent are enough, by the place that says so; each of them has to be met."""
    demands: list[tuple[str, tuple[Accepted, ...]]] = []
    for place in places:
        rules = _rules_of(law, (place,), "consent", channel, _hour(at))
        demands += [(code, rule.consent.accepts) for code, rule in rules if rule.consent is not None]
        if not rules and not place.startswith(_STATES):
            demands.append((place, _UNSAID))
    return tuple(demands)


@lru_cache(maxsize=_CACHED)
def _week_of(law: Jurisdictions, places: tuple[str, ...], channel: str, at: datetime) -> Week | None:
    weeks = [_as_week(law, rule.hours, at) for _, rule in _rules_of(law, places, "hours", channel, at) if rule.hours]
    return weeks[0].within(*weeks[1:]) if weeks else None


@lru_cache(maxsize=_CACHED)
def _rules_of(
    law: Jurisdictions, places: tuple[str, ...], subject: Subject, channel: str, at: datetime
) -> tuple[tuple[str, LawRule], ...]:
    found: list[tuple[str, LawRule]] = []
    for place in places:
        rules = law.rules_of(place, subject, channel, at)
        if rules or place not in (UNKNOWN, _ANY_STATE):
            found += [(place, rule) for rule in rules]
        else:
            within = "" if place == UNKNOWN else _STATES
            found += [
                (code, rule)
                for code in sorted(law.places)
                if code.startswith(within) and code != UNKNOWN
                for rule in law.rules_of(code, subject, channel, at)
            ]
    return tuple(found)


def _as_week(law: Jurisdictions, hours: HoursRule, at: datetime) -> Week:
    spans = {day: (opening.opens, opening.closes) for opening in hours.open for day in opening.days}
    years = range(at.year - 1, at.year + 2)
    closed = frozenset() if hours.closed_on is None else law.days_of(hours.closed_on, years)
    return Week(tuple(spans.get(day) for day in range(7)), closed)


def _hour(at: datetime) -> datetime:
    """Rules begin and end at whole hours; so much is remembered between calls."""
    return at.replace(minute=0, second=0, microsecond=0)
