"""What holds for somebody who may be in several places: the strictest of all of them. Pure.

A country that no file knows, or none at all, is judged as if it were every place; a state of the US that is not known
as every state. An operator's `ZZ` and `US-ZZ` stand in for that.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    if not countries:
        return _anywhere(law)
    codes: set[str] = set()
    for country in countries:
        codes.update((() if country == UNKNOWN else law.codes_of(country)) or _anywhere(law))
    if UNITED_STATES in countries:
        codes.update(_any_state(law) if not states or UNKNOWN in states else (f"{_STATES}{one}" for one in states))
    return tuple(sorted(codes & law.places.keys()))


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
    rules = _rules_of(law, places, "consent", channel, _hour(at))
    said = tuple((code, rule.consent.accepts) for code, rule in rules if rule.consent is not None)
    silent = [code for code in places if code not in {code for code, _ in said} and not code.startswith(_STATES)]
    return (*said, *((code, _UNSAID) for code in silent))


@lru_cache(maxsize=_CACHED)
def _week_of(law: Jurisdictions, places: tuple[str, ...], channel: str, at: datetime) -> Week | None:
    weeks = [_as_week(law, rule.hours, at) for _, rule in _rules_of(law, places, "hours", channel, at) if rule.hours]
    return weeks[0].within(*weeks[1:]) if weeks else None


@lru_cache(maxsize=_CACHED)
def _rules_of(
    law: Jurisdictions, places: tuple[str, ...], subject: Subject, channel: str, at: datetime
) -> tuple[tuple[str, LawRule], ...]:
    return tuple((code, rule) for code in places for rule in law.rules_of(code, subject, channel, at))


def _as_week(law: Jurisdictions, hours: HoursRule, at: datetime) -> Week:
    spans = {day: (opening.opens, opening.closes) for opening in hours.open for day in opening.days}
    years = range(at.year - 1, at.year + 2)
    closed = frozenset() if hours.closed_on is None else law.days_of(hours.closed_on, years)
    return Week(tuple(spans.get(day) for day in range(7)), closed)


def _anywhere(law: Jurisdictions) -> tuple[str, ...]:
    return (UNKNOWN,) if UNKNOWN in law.places else tuple(sorted(set(law.places) - {_ANY_STATE}))


def _any_state(law: Jurisdictions) -> Iterable[str]:
    if _ANY_STATE in law.places:
        return (_ANY_STATE,)
    return (code for code in law.places if code.startswith(_STATES))


def _hour(at: datetime) -> datetime:
    """Rules begin and end at whole hours; so much is remembered between calls."""
    return at.replace(minute=0, second=0, microsecond=0)
