"""Prints docs/reference/jurisdictions.md from the data itself: `python -m outreach.jurisdictions.reference`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from crm.places.area_codes import read_area_codes
from crm.profiling.rules import read_modes
from outreach.jurisdictions.pack import CapRule, ConsentRule, HoursRule, LawRule, read_jurisdictions
from outreach.rule_pack import Window, read_rule_pack

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "jurisdictions.md"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STATUS = "P primary text, S secondary, K background knowledge, check unconfirmed"


def render() -> str:
    """The page."""
    return "\n".join([*_head(), *_places(), *_house(), *_profiling(), *_area_codes(), ""])


def _head() -> Iterator[str]:
    yield "# Jurisdictions"
    yield ""
    yield "Made from `outreach/jurisdictions/*.yml`, `crm/profiling/modes.yml` and `crm/places/area_codes.yml` by"
    yield "`python -m outreach.jurisdictions.reference`; do not edit. An engineering reading, not legal advice."
    yield ""
    yield f"Version stored with each decision: {read_rule_pack().version}."
    yield ""
    yield "A contact has the rules of every place it may be in, by its address, its numbers and its browser's zone; the"
    yield "strictest counts. A country that is not here, or not known, counts as all of them; an unknown state as all"
    yield "states. Hours are by the clock in every zone the contact may be in."
    yield ""
    yield f"Status of a source: {_STATUS}."
    yield ""


def _places() -> Iterator[str]:
    yield "## Rules"
    yield ""
    yield "| place | rule | source | status | in force |"
    yield "|---|---|---|---|---|"
    for code, parts in sorted(read_jurisdictions().places.items()):
        for part in parts:
            also = f", {', '.join(sorted(part.members))}" if part.members else ""
            for rule in part.rules:
                said = "; ".join(_words_of(rule))
                dates = f"from {rule.effective_from}" + (f" to {rule.effective_until}" if rule.effective_until else "")
                yield f"| {code} {part.name}{also} | {said} | {rule.source} | {rule.status} | {dates} |"
    yield ""


def _words_of(rule: LawRule) -> Iterator[str]:
    if rule.hours is not None:
        yield f"hours by {_names(rule.hours.channels)}: {_hours(rule.hours)}"
    if rule.cap is not None:
        yield _cap(rule.cap)
    if rule.consent is not None:
        yield f"promotion by {_names(rule.consent.channels)} wants {_consent(rule.consent)}"
    if rule.opt_out_within_days is not None:
        yield f"an opt-out acts within {rule.opt_out_within_days} days"
    if rule.opt_outs_kept_days is not None:
        yield f"opt-outs are kept {rule.opt_outs_kept_days:,} days"
    if rule.duties:
        yield f"duties: {_names(rule.duties)}"
    if rule.note:
        yield rule.note


def _hours(hours: HoursRule) -> str:
    spans = [f"{_days(opening.days)} {opening.opens:%H:%M}–{opening.closes:%H:%M}" for opening in hours.open]
    return ", ".join(spans) + (", not on holidays" if hours.closed_on else "")


def _days(days: Iterable[int]) -> str:
    named = sorted(days)
    if len(named) > 2 and named == list(range(named[0], named[-1] + 1)):
        return f"{_DAYS[named[0]]}–{_DAYS[named[-1]]}"
    return " and ".join(_DAYS[day] for day in named)


def _cap(cap: CapRule) -> str:
    about = {"topic": " about the same", "channel": " by one channel"}.get(cap.per, "")
    by = f" by {_names(cap.channels)}" if cap.channels else ""
    return f"at most {cap.most} in {cap.hours} hours{about}{by}"


def _consent(consent: ConsentRule) -> str:
    return " or ".join(
        one.kind.replace("_", " ") + (f" (for {one.months} months)" if one.months else "") for one in consent.accepts
    )


def _house() -> Iterator[str]:
    pack = read_rule_pack()
    yield "## The house's own limits"
    yield ""
    yield "On top of the law; the hours only where the law of a place names none."
    yield ""
    for channel, window in pack.windows.items():
        yield f"- {channel}: {_window(window)}"
    yield from (f"- {_cap(cap)}" for cap in pack.caps)
    yield ""


def _window(window: Window) -> str:
    zone = {"deny": "nothing is sent", "default_zones": "the operator's own is taken"}[window.unknown_zone]
    return f"{_days(window.days)} {window.opens:%H:%M}–{window.closes:%H:%M}; zone unknown: {zone}"


def _profiling() -> Iterator[str]:
    yield "## Profiling"
    yield ""
    yield "`objection`: until they say no. `consent`: only after they said yes. A no always counts."
    yield ""
    yield "| countries | scoring | segmenting | enriching | training | source | status |"
    yield "|---|---|---|---|---|---|---|"
    for rule in read_modes().rules:
        uses = " | ".join(rule.uses.get(use, "consent") for use in ("scoring", "segmenting", "enriching", "training"))
        yield f"| {', '.join(sorted(rule.countries))} | {uses} | {rule.source} | {rule.status} |"
    yield ""


def _area_codes() -> Iterator[str]:
    codes = read_area_codes()
    split = [
        (area_code, name)
        for name, state in codes.states.items()
        for area_code in state.area_codes
        if len(state.zones_of(area_code)) > 1
    ]
    yield "## Area codes that reach over a border of zones"
    yield ""
    yield f"As of {codes.version}. Promotion waits until it is day in all zones of the state."
    yield ""
    yield ", ".join(f"{area_code} ({state})" for area_code, state in sorted(split)) + "."


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)).replace("_", " ")


if __name__ == "__main__":
    _PAGE.write_text(render())
