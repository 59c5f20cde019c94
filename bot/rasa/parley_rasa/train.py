"""Train a model: ``python -m parley_rasa.train --nlu DIR --encoder DIR --out DIR``.

Always trains and never decides whether it is needed: the platform does. Prints progress and, last, the model's path.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from parley_rasa.serve import PROJECT, quieten, quieten_structlog

ENTITIES = ("email", "phone", "number")


def main(arguments: list[str] | None = None) -> int:
    """Train from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Train Parley's Rasa model.")
    parser.add_argument("--nlu", type=Path, required=True, help="folder or file with examples in Rasa's NLU format")
    parser.add_argument("--encoder", type=Path, required=True, help="folder written by bot.encoder_export")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model file")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors of texts from one run to the next")
    parser.add_argument("--name", default=None, help="name of the model file without .tar.gz")
    options = parser.parse_args(arguments)
    quieten()
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import RasaException

    try:
        model = train(options.nlu, options.encoder, options.out, options.name, options.vectors)
    except (GraphComponentException, RasaException, ValueError, RuntimeError, OSError) as error:
        print(f"train: {error}{f' ({error.__cause__})' if error.__cause__ else ''}", file=sys.stderr)
        return 1
    print(model, flush=True)
    return 0


def train(nlu: Path, encoder: Path, out: Path, name: str | None = None, vectors: Path | None = None) -> Path:
    """Train and return the model file.

    Raises:
        ValueError: the examples or the encoder cannot be used.
    """
    from parley_rasa.understanding.encoder import ENCODER_DIR_VARIABLE
    from parley_rasa.understanding.kept_vectors import VECTORS_VARIABLE

    started = time.monotonic()
    os.environ[ENCODER_DIR_VARIABLE] = str(encoder.resolve())
    if vectors is not None:
        os.environ[VECTORS_VARIABLE] = str(vectors.resolve())
    import rasa.model_training
    import rasa.shared.utils.io
    from rasa.shared.importers.importer import TrainingDataImporter

    quieten_structlog()
    data = TrainingDataImporter.load_nlu_importer_from_config(str(PROJECT / "config.yml"), None, [str(nlu)])
    intents = sorted(data.get_nlu_data().intents)
    if not intents:
        raise ValueError(f"no examples in {nlu}")
    _say(f"{len(data.get_nlu_data().intent_examples)} examples of {len(intents)} intents; training")
    with tempfile.TemporaryDirectory(prefix="parley-train-") as work:
        # Rasa caches training results in the working folder unless told where.
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(work) / "cache")
        domain = Path(work) / "domain.yml"
        rasa.shared.utils.io.write_yaml(make_domain(intents), domain)
        result = rasa.model_training.train(
            domain=str(domain),
            config=str(PROJECT / "config.yml"),
            training_files=[str(nlu), str(PROJECT / "stories.yml")],
            output=str(out),
            force_training=True,
            fixed_model_name=name,
        )
    if result.code != 0 or not result.model:
        raise ValueError(f"Rasa's training ended with code {result.code}")
    _say(f"done in {time.monotonic() - started:.0f} s")
    return Path(result.model)


def make_domain(intents: list[str]) -> dict[str, Any]:
    """Return the domain: what the examples name, one action and the two slots through which a turn passes."""
    from parley_rasa.flow_policy import ACTION, ANSWER_SLOT, STATE_SLOT
    from parley_rasa.semantic_intents import OUT_OF_SCOPE

    slot = {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
    return {
        "version": "3.1",
        "intents": sorted({*intents, OUT_OF_SCOPE}),
        "entities": list(ENTITIES),
        "slots": {STATE_SLOT: dict(slot), ANSWER_SLOT: dict(slot)},
        "actions": [ACTION],
        "session_config": {"session_expiration_time": 0, "carry_over_slots_to_new_session": True},
    }


def _say(text: str) -> None:
    print(f"train: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
