"""Checks that there is a way to a person: teams exist, their hours can be kept, and some person can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.models import Team
from flows.steps import Handoff

_END_OF_DAY = "24:00"


def check_teams(content: Content) -> Iterator[FlowError]:
    """Refuse hours in a zone that does not exist, or spans of hours that end before they begin or overlap."""
    for name, team in (content.library.teams if content.library else {}).items():
        if not _zone_exists(team.zone):
            problem = f"there is no time zone {team.zone}"
            remedy = "Write it like Europe/Berlin"
            yield content.library_fault("team.zone", problem, remedy, "teams", name, "zone")
        yield from _check_hours(content, name, team)


def check_way_to_person(content: Content) -> Iterator[FlowError]:
    """Refuse content without any team: whoever asks for a person would reach nobody."""
    handoffs = (isinstance(step, Handoff) for folder in content.flows.values() for step in folder.model.steps)
    if content.library and not content.library.teams and not any(handoffs):
        problem = "who asks for a person reaches nobody"
        yield content.library_fault("person.no_way", problem, "Name a team under `teams`", "teams")


def check_handoffs(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """Refuse a handoff to a team nobody named."""
    if content.library is None:
        return
    for index, step in enumerate(folder.model.steps):
        if isinstance(step, Handoff) and step.team not in content.library.teams:
            problem = f"there is no team {step.team}"
            yield folder.step_fault(index, "team.unknown", problem, "Name it under `teams` in library.yml", "team")


def _check_hours(content: Content, name: str, team: Team) -> Iterator[FlowError]:
    for day, spans in team.hours.items():
        before = ""
        for number, span in enumerate(spans):
            begins, ends = span.split("-")
            if ends <= begins or ends > _END_OF_DAY or begins < before:
                problem = f"the hours {span} end before they begin, run past midnight or overlap those before"
                remedy = "Write spans of one day in order, like 09:00-12:30 and 13:30-17:00"
                yield content.library_fault("team.hours", problem, remedy, "teams", name, "hours", day, number)
            before = ends


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
