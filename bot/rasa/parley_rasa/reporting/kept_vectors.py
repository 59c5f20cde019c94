"""Vectors kept from one run to the next: most examples are the same as last time. Computes none."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def read_kept(file: Path, encoder: str) -> dict[str, np.ndarray]:
    """Return the vectors by text; none where the file is missing, broken or another encoder's."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            meta = json.loads(str(arrays["meta"]))
            return dict(zip(meta["texts"], arrays["vectors"], strict=True)) if meta["encoder"] == encoder else {}
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return {}


def write_kept(file: Path, encoder: str, vectors: Mapping[str, np.ndarray]) -> None:
    """Replace the file."""
    meta = json.dumps({"encoder": encoder, "texts": list(vectors)})
    new = file.with_suffix(".new")
    with new.open("wb") as out:
        np.savez(out, meta=np.array(meta), vectors=np.array(list(vectors.values())))
    new.replace(file)
