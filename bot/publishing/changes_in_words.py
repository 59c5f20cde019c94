"""What changed between two states of an item, in words a marketer reads. Judges nothing; unreadable files are told."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows.content_tree import INTENTS, KNOWLEDGE, LIBRARY, Files
from flows.intent_examples import examples_by_intent
from flows.marked_yaml import UnreadableYAML, read_marked

_GRAPHS = ("flow.yml", "journey.yml")


def describe_changes(item: str, before: Files | None, after: Files | None) -> list[str]:
    """Says what changed, a line each; nothing for what is the same."""
    if before == after:
        return []
    if before is None or after is None:
        return [f"{item} {'added' if before is None else 'removed'}"]
    if item == INTENTS:
        return list(_intents(before, after))
    return [line for name in sorted({*before, *after}) for line in _file(item, name, before, after)]


def _file(item: str, name: str, before: Files, after: Files) -> Iterator[str]:
    if before.get(name) == after.get(name):
        return
    what = f"article {name.removesuffix('.md')}" if item == KNOWLEDGE else name
    if name not in before or name not in after:
        yield f"{what} {'removed' if name in before else 'added'}"
        return
    if item == KNOWLEDGE:
        yield f"{what} changed"
        return
    try:
        old, new = (_mapping(files[name], name) for files in (before, after))
    except UnreadableYAML as error:
        yield f"{name} changed; one of the two cannot be read ({error})"
        return
    lines = list(_parts(item, name, old, new))
    yield from lines or [f"{name}: only comments or layout changed"]


def _parts(item: str, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if name in _GRAPHS:
        yield from _graph(old, new)
    elif name.startswith("wording."):
        language = name.split(".")[1]
        yield from _entries(f"wording {language}: ", old, new)
    elif item == LIBRARY:
        yield from _entries("team ", _dict(old.get("teams")), _dict(new.get("teams")))
        yield from _entries("", _without(old, "teams"), _without(new, "teams"))
    else:
        yield f"{name} changed"


def _graph(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    yield from _entries("", _without(old, "steps", "slots"), _without(new, "steps", "slots"))
    yield from _entries("slot ", _dict(old.get("slots")), _dict(new.get("slots")))
    before, after = _steps(old), _steps(new)
    places = {name: place for place, name in enumerate(after)}
    order = list(after)
    for name in before:
        if name not in after:
            yield f"step {name} removed"
    for name in after:
        where = f"after {order[places[name] - 1]}" if places[name] else "at the beginning"
        if name not in before:
            yield f"step {name} ({after[name].get('step')}) added {where}"
        elif before[name] != after[name]:
            yield f"step {name} changed ({_keys(before[name], after[name])})"
    for name in moved_steps(list(before), order):
        where = f"after {order[places[name] - 1]}" if places[name] else "to the beginning"
        yield f"step {name} moved {where}"


def moved_steps(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Steps outside the longest stretches that kept their order."""
    old = [name for name in before if name in set(after)]
    new = [name for name in after if name in set(before)]
    stayed: set[str] = set()
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        stayed.update(new[block.b : block.b + block.size])
    return [name for name in new if name not in stayed]


def _entries(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"{what}{name} removed"
        elif name not in old:
            yield f"{what}{name} added"
        elif old[name] != new[name]:
            both = isinstance(old[name], dict) and isinstance(new[name], dict)
            yield f"{what}{name} changed" + (f" ({_keys(old[name], new[name])})" if both else "")


def _intents(before: Files, after: Files) -> Iterator[str]:
    try:
        old, new = examples_by_intent(before), examples_by_intent(after)
    except UnreadableYAML as error:
        yield f"examples changed; one of the two cannot be read ({error})"
        return
    lines = [line for intent in sorted({*old, *new}) for line in _examples(intent, old, new)]
    yield from lines or ["examples: only comments, order or layout changed"]


def _examples(intent: str, old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if intent not in old or intent not in new:
        yield f"intent {intent} {'added' if intent in new else 'removed'}"
        return
    added, gone = set(new[intent]) - set(old[intent]), set(old[intent]) - set(new[intent])
    if added or gone:
        yield f"intent {intent}: {len(added)} examples added, {len(gone)} removed"


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return ", ".join(sorted(str(key) for key in {*old, *new} if old.get(key) != new.get(key)))


def _steps(graph: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    steps = graph.get("steps")
    listed = steps if isinstance(steps, list) else []
    return {str(step["id"]): step for step in listed if isinstance(step, dict) and "id" in step}


def _mapping(text: str, name: str) -> dict[str, Any]:
    return _dict(read_marked(text, name).data)


def _dict(data: object) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _without(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}
