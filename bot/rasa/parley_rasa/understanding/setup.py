"""How understanding is set up in Rasa's configuration, for programs that start without Rasa."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "config.yml"
COMPONENT = "parley_rasa.semantic_intents.SemanticIntents"
DEFAULTS: dict[str, Any] = {
    "encoder_dir": None,  # PARLEY_ENCODER_DIR goes before it
    "precision": "int8",  # PARLEY_ENCODER_PRECISION goes before it
    "max_tokens": 64,
    "c": None,  # picked at training
    "threshold": None,  # picked by cross-validation where none is given
    "ranking_length": 5,
}


def read_setup(config: Path = CONFIG) -> dict[str, Any]:
    """Return what the configuration says of ``SemanticIntents``, and the defaults for what it leaves out."""
    pipeline = yaml.safe_load(config.read_text("utf-8"))["pipeline"]
    (own,) = (entry for entry in pipeline if entry["name"] == COMPONENT)
    return {**DEFAULTS, **{name: own[name] for name in DEFAULTS if name in own}}
