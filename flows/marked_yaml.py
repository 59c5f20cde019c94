"""YAML with the line of every value kept, so that faults can name it. Builds plain data only, never objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

_TAG = "tag:yaml.org,2002:"
Path = tuple[str | int, ...]

_DEEPEST = 40


class UnreadableYAML(Exception):
    """The text is not YAML that we accept."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line}: {problem}")


@dataclass(frozen=True)
class MarkedYAML:
    """A YAML document as plain data, with the line each part of it stands on."""

    file: str
    data: object
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """Give the line of the nearest part on the way to `path`.

        Parts that are not in the document (a union tag of pydantic, a missing key) are passed over.
        """
        known: Path = ()
        for part in path:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines.get(known, 1)


class _PlainLoader(yaml.CSafeLoader):
    """YAML 1.2 scalars: `yes` and `no` are words, a date is text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way to replace the YAML 1.1 set


_PlainLoader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_PlainLoader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_PlainLoader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^-?(?:0|[1-9]\d{0,17})$"), list("-0123456789"))
_PlainLoader.add_implicit_resolver(f"{_TAG}float", re.compile(r"^-?\d{1,18}\.\d{1,18}$"), list("-0123456789"))


def read_marked(text: str, file: str, *, first_line: int = 1) -> MarkedYAML:
    """Parse one YAML document.

    Args:
        text: the document.
        file: the name that faults will carry.
        first_line: the line of `file` on which the text begins.

    Raises:
        UnreadableYAML: on bad syntax, a repeated key, an alias, or a type YAML 1.2 does not have.
    """
    lines: dict[Path, int] = {}
    try:
        _check_plain(text)
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        data = _build(loader, node, (), lines) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What is left open is noticed behind the last line.
        line = min(mark.line, len(text.splitlines()) - 1) + first_line if mark else first_line
        raise UnreadableYAML(line, f"this is not valid YAML ({error.problem or error.context})") from error
    except yaml.YAMLError as error:
        raise UnreadableYAML(first_line, "the file holds characters that YAML does not allow") from error
    except UnreadableYAML as error:
        raise UnreadableYAML(error.line + first_line - 1, error.problem) from error
    return MarkedYAML(file, data, {path: line + first_line - 1 for path, line in lines.items()})


def _check_plain(text: str) -> None:
    """Refuse what grows without bound (aliases, deep nesting) and tags, which ask for types content never needs."""
    depth = 0
    for event in yaml.parse(text, Loader=_PlainLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise UnreadableYAML(line, f"the nesting is more than {_DEEPEST} deep")
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableYAML(line, f"the alias *{event.anchor} is used")
        if isinstance(event, yaml.ScalarEvent) and "\0" in event.value:
            # Written as an escape it is YAML, but no database keeps it.
            raise UnreadableYAML(line, "a text holds a zero byte")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise UnreadableYAML(line, f"the tag {event.tag} is used")


def _build(loader: _PlainLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> object:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(loader, node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, index), lines) for index, item in enumerate(node.value)]
    value: object = loader.construct_object(node)
    return value


def _build_mapping(
    loader: _PlainLoader, node: yaml.MappingNode, path: Path, lines: dict[Path, int]
) -> dict[str, object]:
    built: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UnreadableYAML(line, "a key is not a word")
        if key.value in built:
            raise UnreadableYAML(line, f"the key {key.value} is given twice")
        built[key.value] = _build(loader, value, (*path, key.value), lines)
        lines[(*path, key.value)] = line
    return built
