"""Report on examples: ``python -m parley_rasa.report --nlu DIR --encoder DIR --out FILE`` (protocols.md §5).

Cross-validated, and the same for the same examples. Starts without Rasa.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parley_rasa.reporting import figures, likeness
from parley_rasa.reporting.cross_validation import Understanding, cross_validate
from parley_rasa.reporting.examples import Example, ReportError, read_examples
from parley_rasa.understanding.encoder import PRECISIONS, Encoder, EncoderError, encoder_precision
from parley_rasa.understanding.intent_training import TrainingError
from parley_rasa.understanding.kept_vectors import Say
from parley_rasa.understanding.readable import is_language
from parley_rasa.understanding.setup import read_setup

FOLDS = 5


def main(arguments: list[str] | None = None) -> int:
    """Report from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Report on what the examples of intents teach.")
    parser.add_argument("--nlu", type=Path, required=True, help="folder or file with examples in Rasa's NLU format")
    parser.add_argument("--encoder", type=Path, required=True, help="folder written by bot.encoder_export")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument(
        "--held-out", type=Path, action="append", default=[], help="folder or file, never trained on; may be repeated"
    )
    parser.add_argument("--precision", choices=PRECISIONS, help="as config.yml has it, when not given")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from one run to the next")
    options = parser.parse_args(arguments)
    try:
        setup = read_setup()
        encoder = Encoder(
            options.encoder, options.precision or encoder_precision(setup["precision"]), int(setup["max_tokens"])
        )
        examples, held_out = read_examples([options.nlu]), read_examples(options.held_out)
        understanding = Understanding(encoder, setup, options.vectors)
        written = report(examples, held_out, understanding, options.folds, _say)
        understanding.keep()
        options.out.write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    except (ReportError, TrainingError, EncoderError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    return 0


def report(
    examples: Sequence[Example], held_out: Sequence[Example], understanding: Understanding, folds: int, say: Say
) -> dict[str, Any]:
    """Return the report.

    Raises:
        ReportError: there are too few examples.
        TrainingError: there are fewer than two intents.
    """
    began = time.monotonic()
    # Neither emoji nor commands are ever read as an intent, whatever the examples say of them.
    unread = [example for example in examples if not is_language(example.text)]
    examples = [example for example in examples if is_language(example.text)]
    if not examples:
        raise ReportError("there are no examples")
    texts = [example.text for example in examples]
    say(f"{len(texts)} examples of {len({example.intent for example in examples})} intents")
    vectors = understanding.vectors(texts, say)
    found, model = cross_validate(examples, understanding, folds, say)
    asked = understanding.classify(model, [example.text for example in held_out])
    results = list(zip(examples, found, strict=True))
    known = {example.plain for example in examples}
    overlapping = [example.text for example in held_out if example.plain in known]
    return {
        "examples": len(examples),
        "intents": len({example.intent for example in examples}),
        "languages": dict(sorted(Counter(example.language for example in examples).items())),
        "encoder": understanding.encoder.fingerprint,
        "folds": folds,
        **figures.summary(results),
        "threshold": round(model.threshold, 4),
        "out_of_scope": figures.scope(results),
        "confusions": figures.confusions(results),
        "misplaced": figures.misplaced(results),
        "duplicates": likeness.duplicates(examples, vectors),
        "coverage": likeness.coverage(examples),
        **figures.calibration(results),
        "unread": [{"text": one.text, "intent": one.intent, "language": one.language} for one in unread],
        "held_out": figures.held_out(list(zip(held_out, asked, strict=True))) if held_out else None,
        "overlap": len(overlapping),
        "overlapping": overlapping,
        "seconds": round(time.monotonic() - began, 1),
    }


def _say(text: str) -> None:
    print(f"progress: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
