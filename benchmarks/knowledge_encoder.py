"""Texts to vectors by Rasa's side: ``.venv-rasa/bin/python -m benchmarks.knowledge_encoder FOLDER < texts.json``.

Run by the other interpreter, for the encoder lives there; reads a JSON list, writes what `/webhooks/turn/vectors` does.
"""

import base64
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bot" / "rasa"))

from parley_rasa.understanding.encoder import Encoder  # found by the line above

LONGEST = 256  # pieces of words; what the encoder was trained for


def main() -> None:
    """Encode what comes in."""
    encoder = Encoder(Path(sys.argv[1]), "int8", LONGEST)
    rows = (encoder.encode(text).astype("<f4").tobytes() for text in json.load(sys.stdin))
    vectors = [base64.b64encode(row).decode() for row in rows]
    json.dump({"encoder": encoder.fingerprint, "dimensions": encoder.dimensions, "vectors": vectors}, sys.stdout)


if __name__ == "__main__":
    main()
