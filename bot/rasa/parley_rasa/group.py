"""Group messages by meaning: ``python -m parley_rasa.group --in FILE --out FILE --nlu DIR --encoder DIR``.

The same messages give the same groups, in whatever order they come (protocols.md §5). Starts without Rasa.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parley_rasa.grouping.clustering import cluster
from parley_rasa.grouping.items import GroupError, Item, read_items
from parley_rasa.grouping.naming import Namer
from parley_rasa.grouping.ordinary import Ordinary
from parley_rasa.reporting.examples import ReportError, read_examples
from parley_rasa.understanding.encoder import Encoder, EncoderError, encoder_precision
from parley_rasa.understanding.setup import read_setup


def main(arguments: list[str] | None = None) -> int:
    """Group from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Group messages that mean the same.")
    parser.add_argument("--in", dest="given", type=Path, required=True, help="JSON file with the items")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--nlu", type=Path, required=True, help="examples in Rasa's NLU format: what is ordinary")
    parser.add_argument("--encoder", type=Path, required=True, help="the encoder that made the items' vectors")
    options = parser.parse_args(arguments)
    try:
        items = read_items(json.loads(options.given.read_text("utf-8")))
        setup = read_setup()
        encoder = Encoder(options.encoder, encoder_precision(setup["precision"]), int(setup["max_tokens"]))
        if items and len(items[0].vector) != encoder.dimensions:
            raise GroupError("the vectors are not of this encoder")
        written = group(items, Ordinary(read_examples([options.nlu]), encoder))
        options.out.write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    except (GroupError, ReportError, EncoderError, OSError, ValueError) as error:
        print(f"group: {error}", file=sys.stderr)
        return 1
    return 0


def group(items: Sequence[Item], ordinary: Ordinary) -> dict[str, Any]:
    """Return the groups, the largest first, and the items that stand alone."""
    found: list[dict[str, Any]] = []
    for language in sorted({item.language for item in items}):
        own = [item for item in items if item.language == language]
        _say(f"grouping {len(own)} messages of language {language}")
        rows = cluster(np.array([item.vector for item in own]), ordinary.middle(language))
        together = [[own[row] for row in group_] for group_ in rows]
        texts = [[item.text for item in group_] for group_ in together]
        namer = Namer(language, texts, ordinary.texts(language))
        for group_, said in zip(together, texts, strict=True):
            ids = [item.id for item in group_]
            found.append({"name": namer.name(said), "language": language, "ids": ids, "example": ids[0]})
    grouped = {key for one in found for key in one["ids"]}
    found.sort(key=lambda one: (-len(one["ids"]), one["language"], one["name"]))
    return {"groups": found, "alone": [item.id for item in items if item.id not in grouped]}


def _say(text: str) -> None:
    print(f"progress: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
