"""A flow or journey as plain data, for editors: settings, steps, wording and tests apart. Judges no content.

Comments that an author wrote into a file are lost when something in that file is changed here; a file of which nothing
is changed stays as it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from base.errors import Conflict, InvalidInput
from flows.content_tree import PATTERNS, Files, check_files
from flows.marked_yaml import UnreadableYAML, read_marked

Kind = Literal["flow", "journey", "patterns"]

_TESTS = "tests.yml"
_WORDING = re.compile(r"^wording\.(.+)\.yml$")
_WIDTH = 110


class NotEditable(Conflict):
    """A file of this cannot be read as data; mend it where it was written."""

    code = "not_editable"


class NotWritable(InvalidInput):
    """This cannot be written as content."""

    code = "not_writable"


@dataclass(frozen=True)
class ContentData:
    """What the files of an item hold.

    Attributes:
        settings: all of flow.yml or journey.yml but its steps.
        wording: by language, then by step.
        tests: None where there are none.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = ()
    wording: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tests: Sequence[Any] | None = None


def kind_of(item: str) -> Kind:
    """What an item is."""
    if item == PATTERNS:
        return "patterns"
    return "flow" if item.startswith("library/") else "journey"


def graph_file(item: str) -> str | None:
    """The file that holds the steps; patterns have none."""
    return {"flow": "flow.yml", "journey": "journey.yml", "patterns": None}[kind_of(item)]


def read_data(item: str, files: Files) -> ContentData:
    """Read the files of an item.

    Raises:
        NotEditable: one of them is no YAML, or not of the form that content has.
    """
    graph = graph_file(item)
    whole = _mapping(item, graph, files[graph]) if graph and graph in files else {}
    steps = whole.pop("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise NotEditable(f"{item}/{graph}: its steps are no list of steps. Mend the file and import it again.")
    words = {match[1]: _mapping(item, name, text) for name, text in files.items() if (match := _WORDING.match(name))}
    tests = _read(item, _TESTS, files[_TESTS]) if _TESTS in files else None
    if tests is not None and not isinstance(tests, list):
        raise NotEditable(f"{item}/{_TESTS} is no list of tests. Mend the file and import it again.")
    return ContentData(whole, steps, words, tests)


def write_data(item: str, data: ContentData, before: Files | None = None) -> dict[str, str]:
    """Write the files of an item.

    Args:
        before: its files until now; those whose data stays the same are kept to the letter.

    Raises:
        NotWritable: a value cannot be written as YAML and read again, or two steps have one id.
        NotContent: an item cannot hold this: too large, or a language is none.
    """
    _check_steps(data.steps)
    files: dict[str, str] = {}
    graph = graph_file(item)
    if graph:
        if "steps" in data.settings:
            raise NotWritable("Steps do not stand among the settings.")
        files[graph] = _text(item, graph, {**data.settings, "steps": list(data.steps)}, before)
    for language, words in data.wording.items():
        name = f"wording.{language}.yml"
        files[name] = _text(item, name, dict(words), before)
    if data.tests is not None:
        files[_TESTS] = _text(item, _TESTS, list(data.tests), before)
    check_files(item, files)
    return files


def same(one: object, other: object) -> bool:
    """Tell whether two pieces of data are the same: 1 is neither 1.0 nor true, and the order of keys is nothing."""
    return one == other and canonical(one) == canonical(other)


def canonical(data: object) -> str:
    """Write data so that the same gives the same text."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _check_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for number, step in enumerate(steps, start=1):
        name = step.get("id")
        if not isinstance(name, str) or not name:
            raise NotWritable(f"Step {number} has no id: give it one.")
        if name in seen:
            raise NotWritable(f"Two steps have the id {name[:60]}: give one of them another.")
        seen.add(name)


def _text(item: str, name: str, data: object, before: Files | None) -> str:
    if before is not None and name in before:
        try:
            if same(read_marked(before[name], name).data, data):
                return before[name]
        except UnreadableYAML:
            pass  # it is written anew
    try:
        text = yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=_WIDTH)
        written = read_marked(text, name).data
    except (UnreadableYAML, yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise NotWritable(f"{item}/{name} cannot be written: {_reason(error)}.") from error
    if not same(written if written is not None else type(data)(), data):
        raise NotWritable(f"{item}/{name} holds a value that content cannot: a text of control signs, or a number.")
    return text


def _reason(error: Exception) -> str:
    if isinstance(error, UnreadableYAML):
        return error.problem
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it holds signs that YAML does not allow"


def _mapping(item: str, name: str | None, text: str) -> dict[str, Any]:
    data = _read(item, str(name), text)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise NotEditable(f"{item}/{name} is no map of names. Mend the file and import it again.")
    return dict(data)


def _read(item: str, name: str, text: str) -> object:
    try:
        return read_marked(text, name).data
    except UnreadableYAML as error:
        raise NotEditable(f"{item}/{name} cannot be read: {error}. Mend the file and import it again.") from error


class _Plain(yaml.CSafeDumper):
    """Writes each value where it stands, texts of several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name and form are PyYAML's
        return True


def _as_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _as_text)
