"""Adds examples to files of them: every line that is there stays as it is, comments too. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

from base.errors import Conflict
from flows.content_tree import Files
from flows.intent_examples import examples_by_intent
from flows.marked_yaml import UnreadableYAML

DEFAULT_LANGUAGE = "en"

_LANGUAGE = re.compile(r"[._]([a-z]{2}(?:-[A-Z]{2})?)\.ya?ml$")
_HEAD = """version: "3.1"
# What visitors wrote and a colleague took in as examples (docs/howto/gaps.md).
nlu:
"""


class NotAdded(Conflict):
    """The files of examples cannot be added to as they are."""

    code = "examples_not_added"


def add_examples(files: Files, intent: str, language: str, texts: Sequence[str]) -> dict[str, str]:
    """The files with these examples of an intent in a language.

    They go below those that the language has of the intent already, else to `collected.<language>.yml`.

    Raises:
        NotAdded: no file can take them; the message says which must be mended.
    """
    before = _read(files)
    wanted = {**before, intent: (*before.get(intent, ()), *texts)}
    for name, text in _candidates(files, intent, language, texts):
        after = {**files, name: text}
        # What was meant is compared with what a reader finds, so that no file is ever spoilt.
        if _is_read_as(after, wanted):
            return after
    raise NotAdded(f"The examples cannot be added to {_collected(language)}: mend that file first.")


def language_of(file: str) -> str:
    """The language of a file of examples: `core.es.yml` is Spanish; without one it is English."""
    found = _LANGUAGE.search(file)
    return found[1] if found else DEFAULT_LANGUAGE


def _candidates(files: Files, intent: str, language: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    own = [name for name in sorted(files) if language_of(name) == language]
    for name in own:
        if (extended := _extend(files[name], intent, texts)) is not None:
            yield name, extended
    collected = _collected(language)
    yield collected, _append(files.get(collected, _HEAD), intent, texts)


def _collected(language: str) -> str:
    return f"collected.{language}.yml"


def _extend(text: str, intent: str, texts: Sequence[str]) -> str | None:
    """The text with more lines in the intent's block of examples; None when it has no such block."""
    at = _block_of(text, intent)
    if at is None:
        return None
    lines = text.split("\n")
    content = [number for number in range(at, _end_of_block(lines, at)) if lines[number].strip()]
    if not content:
        return None
    indent = re.match(r"[ ]*", lines[content[0]])
    ending = "\r" if lines[content[-1]].endswith("\r") else ""
    added = [f"{indent[0] if indent else ''}- {example}{ending}" for example in texts]
    return "\n".join([*lines[: content[-1] + 1], *added, *lines[content[-1] + 1 :]])


def _block_of(text: str, intent: str) -> int | None:
    """The first line, from 0, of what stands in the literal block of an intent's examples."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    sections = _parts(root).get("nlu")
    for section in sections.value if isinstance(sections, yaml.SequenceNode) else ():
        parts = _parts(section)
        name, examples = parts.get("intent"), parts.get("examples")
        if isinstance(name, yaml.ScalarNode) and name.value == intent and isinstance(examples, yaml.ScalarNode):
            return examples.start_mark.line + 1 if examples.style == "|" else None
    return None


def _parts(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _end_of_block(lines: Sequence[str], at: int) -> int:
    """Where the lines of a block end: at the first that is indented less than its own first."""
    indent = None
    for number in range(at, len(lines)):
        if not lines[number].strip():
            continue
        found = len(lines[number]) - len(lines[number].lstrip(" "))
        indent = found if indent is None else indent
        if found < indent:
            return number
    return len(lines)


def _append(text: str, intent: str, texts: Sequence[str]) -> str:
    """The text with one section more, indented as those before it."""
    sections = _parts(yaml.compose(text, Loader=yaml.SafeLoader)).get("nlu")
    indent = " " * (sections.start_mark.column if isinstance(sections, yaml.SequenceNode) else 0)
    lines = [
        f"{indent}- intent: {intent}",
        f"{indent}  examples: |",
        *(f"{indent}    - {example}" for example in texts),
    ]
    return "\n".join([text.removesuffix("\n"), *lines, ""])


def _read(files: Files) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, text in files.items():
        try:
            own = examples_by_intent({name: text})
        except UnreadableYAML as error:
            raise NotAdded(f"{name} cannot be read ({error}): mend that file first.") from error
        for intent, texts in own.items():
            found[intent] = (*found.get(intent, ()), *texts)
    return found


def _is_read_as(files: Files, wanted: Mapping[str, Sequence[str]]) -> bool:
    try:
        found = examples_by_intent(files)
    except UnreadableYAML:
        return False
    return {name: sorted(texts) for name, texts in found.items()} == {
        name: sorted(texts) for name, texts in wanted.items()
    }
