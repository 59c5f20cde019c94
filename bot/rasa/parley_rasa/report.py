"""Report on examples: ``python -m parley_rasa.report --nlu DIR --encoder DIR --out FILE`` (protocols.md §5).

Cross-validated, and the same for the same examples. Starts without Rasa.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from parley_rasa.reporting import figures, likeness
from parley_rasa.reporting.cross_validation import Vectors, classify, cross_validate, train
from parley_rasa.reporting.examples import Example, ReportError, read_examples
from parley_rasa.understanding.encoder import PRECISIONS, Encoder, EncoderError
from parley_rasa.understanding.intent_training import TrainingError

MAX_TOKENS = 64
FOLDS = 5


def main(arguments: list[str] | None = None) -> int:
    """Report from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Report on what the examples of intents teach.")
    parser.add_argument("--nlu", type=Path, required=True, help="folder or file with examples in Rasa's NLU format")
    parser.add_argument("--encoder", type=Path, required=True, help="folder written by bot.encoder_export")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--held-out", type=Path, action="append", default=[], help="never trained on; may be repeated")
    parser.add_argument("--precision", choices=PRECISIONS, default="int8")
    options = parser.parse_args(arguments)
    try:
        vectors = Vectors(Encoder(options.encoder, options.precision, MAX_TOKENS))
        written = report(read_examples([options.nlu]), read_examples(options.held_out), vectors, options.folds)
        options.out.write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    except (ReportError, TrainingError, EncoderError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    return 0


def report(examples: list[Example], held_out: list[Example], vectors: Vectors, folds: int = FOLDS) -> dict[str, Any]:
    """Return the report.

    Raises:
        ReportError: there are too few examples.
        TrainingError: there are fewer than two intents.
    """
    began = time.monotonic()
    if not examples:
        raise ReportError("there are no examples")
    texts = [example.text for example in examples]
    _say(f"{len(texts)} examples of {len({example.intent for example in examples})} intents")
    rows = vectors.of(texts, _say)
    found = cross_validate(examples, vectors, folds, _say)
    model = train(examples, vectors)
    known = {example.plain for example in examples}
    written: dict[str, Any] = {
        "examples": len(examples),
        "intents": len({example.intent for example in examples}),
        "languages": dict(sorted(Counter(example.language for example in examples).items())),
        "encoder": vectors.encoder.fingerprint,
        "folds": folds,
        **figures.summary(examples, found),
        "threshold": round(model.threshold, 4),
        "out_of_scope": figures.scope(examples, found),
        "confusions": figures.confusions(examples, found),
        "misplaced": figures.misplaced(examples, found),
        "duplicates": likeness.duplicates(examples, rows),
        "coverage": likeness.coverage(examples),
        "calibration": figures.calibration(examples, found),
        "held_out": None,
        "overlap": sum(example.plain in known for example in held_out),
    }
    if held_out:
        asked = [example.text for example in held_out]
        written["held_out"] = figures.held_out(held_out, classify(model, asked, vectors))
    written["seconds"] = round(time.monotonic() - began, 1)
    return written


def _say(text: str) -> None:
    print(f"progress: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
