"""Examples of intents in Rasa's NLU format 3.1: read, written, gathered. What they teach is Rasa's to judge.

Most stand in files of their own; those of a flow's own intent stand in the flow (`start_examples`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from flows.content_tree import INTENTS, ContentTree, Files
from flows.marked_yaml import UnreadableYAML, read_marked

_WORDS = re.compile(r"\w+")
_BY_NUMBER = re.compile("[\x7f-\x84\x86-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_OF_FLOWS = "begun_by_flows"
_FLOW = re.compile(r"^library/([a-z][a-z0-9_]{0,59})$")
_KEY = "start_examples"


def intent_of_flow(flow: str) -> str:
    """The intent whose examples stand in the flow itself."""
    return f"start_{flow}"


def compared(text: str) -> str:
    """What is left of an example when it is compared: how it is written out makes no difference."""
    return " ".join(_WORDS.findall(text.casefold())) or text.casefold()


def examples_by_intent(files: Files) -> dict[str, tuple[str, ...]]:
    """The examples of each intent, over all files.

    Raises:
        UnreadableYAML: a file cannot be read.
    """
    found: dict[str, list[str]] = {}
    for name, text in files.items():
        for intent, examples in read_sections(read_marked(text, name).data).items():
            found.setdefault(intent, []).extend(examples)
    return {intent: tuple(examples) for intent, examples in found.items()}


def read_sections(data: object) -> dict[str, list[str]]:
    """The examples of each intent in what a file holds; nothing where it is no such file."""
    sections = data.get("nlu") if isinstance(data, dict) else None
    found: dict[str, list[str]] = {}
    for section in sections if isinstance(sections, list) else ():
        if isinstance(section, dict) and isinstance(section.get("intent"), str):
            found.setdefault(section["intent"], []).extend(_examples(section.get("examples")))
    return found


def write_examples(examples: Mapping[str, Sequence[str]]) -> str:
    """One file with these intents. `read_marked` reads it back to the same."""
    lines = ['version: "3.1"', "nlu:"]
    for intent, texts in sorted(examples.items()):
        block = "".join(f"- {text}\n" for text in texts)
        # JSON is YAML, and leaves no question how a text is quoted; but some characters YAML takes only by number.
        quoted = _BY_NUMBER.sub(lambda one: f"\\u{ord(one[0]):04x}", json.dumps(block, ensure_ascii=False))
        lines += [f"- intent: {intent}", f"  examples: {quoted}"]
    return "\n".join(lines) + "\n"


def training_files(tree: ContentTree) -> dict[str, str]:
    """All that a model is trained on, by file name: the files of examples, and one a language of what flows hold."""
    files = dict(tree.get(INTENTS, {}))
    of_flows: dict[str, dict[str, Sequence[str]]] = {}
    for item, own in sorted(tree.items()):
        if (flow := _FLOW.match(item)) and _KEY in own.get("flow.yml", ""):
            for language, texts in _start_examples(own["flow.yml"]).items():
                of_flows.setdefault(language, {})[intent_of_flow(flow[1])] = texts
    for language, examples in of_flows.items():
        name = _OF_FLOWS
        while f"{name}.{language}.yml" in files:
            name += "_"
        files[f"{name}.{language}.yml"] = write_examples(examples)
    return files


def _start_examples(text: str) -> dict[str, list[str]]:
    """What flow.yml gives, as far as it is what it should be: the checks say the rest."""
    try:
        data = read_marked(text, "flow.yml").data
    except UnreadableYAML:
        return {}
    given = data.get(_KEY) if isinstance(data, dict) else None
    listed = given.items() if isinstance(given, dict) else ()
    texts = {
        str(language): [" ".join(one.split()) for one in examples if isinstance(one, str) and one.strip()]
        for language, examples in listed
        if isinstance(examples, list)
    }
    return {language: examples for language, examples in texts.items() if examples}


def _examples(written: object) -> list[str]:
    if not isinstance(written, str):
        return []
    lines = (line.strip() for line in written.splitlines())
    return [line.removeprefix("- ").strip() for line in lines if line.startswith("- ")]
