"""Adds teams to library.yml without touching anything else its author wrote: comments, order, quotes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import yaml

from base.errors import InvalidInput
from flows.marked_yaml import UnreadableYAML, read_marked
from flows.models import Library, Team
from flows.parsing import parse_model


class UnreadableLibrary(InvalidInput):
    """library.yml cannot be read; mend it first."""

    code = "unreadable_library"


def add_teams(text: str, teams: Mapping[str, Team]) -> tuple[str, list[str]]:
    """Gives the text with the teams it lacks.

    Returns:
        The text, and the names of teams that it has otherwise and keeps.

    Raises:
        UnreadableLibrary: it is no valid library.yml.
    """
    if not teams:
        return text, []
    here = _read(text).teams
    kept = [name for name, team in teams.items() if here.get(name, team) != team]
    fresh = {name: team for name, team in teams.items() if name not in here}
    if not fresh:
        return text, kept
    added = _insert(text, {name: _as_json(team) for name, team in fresh.items()})
    if not set(fresh) <= set(_read(added).teams):
        raise UnreadableLibrary("The teams cannot be written into library.yml; write them in by hand.")
    return added, kept


def _insert(text: str, entries: Mapping[str, str]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # as _read found
    node = next((value for key, value in root.value if key.value == "teams"), None)
    inline = ", ".join(f"{name}: {entry}" for name, entry in entries.items())
    if node is None and root.flow_style:
        return _put(text, root.start_mark.index + 1, f"teams: {{{inline}}}, ")
    if node is None:
        lines = "".join(f"  {name}: {entry}\n" for name, entry in entries.items())
        return f"{text.rstrip()}\nteams:\n{lines}"
    start = node.start_mark.index
    if node.flow_style:
        return _put(text, start + 1, f"{inline}, " if node.value else inline)
    # JSON is YAML: an entry in one line fits under any indentation.
    margin = " " * node.start_mark.column
    return _put(text, start, "".join(f"{name}: {entry}\n{margin}" for name, entry in entries.items()))


def _put(text: str, at: int, part: str) -> str:
    return text[:at] + part + text[at:]


def _as_json(team: Team) -> str:
    return json.dumps(team.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)


def _read(text: str) -> Library:
    try:
        marks = read_marked(text, "library/library.yml")
    except UnreadableYAML as error:
        raise UnreadableLibrary from error
    library = parse_model(Library, marks, [])
    if library is None:
        raise UnreadableLibrary
    return library
