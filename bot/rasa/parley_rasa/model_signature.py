"""Who may have made a model: whoever holds one of the keys whose public halves this process was started with."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEYS_VARIABLE = "PARLEY_RASA_MODEL_KEYS"
MARK = b"parley model 1\n"
HEAD = len(MARK) + 64  # the line and the signature that stand before the archive


def read_model_keys(text: str) -> list[Ed25519PublicKey]:
    """Return the keys that stand there in base64, parted by commas.

    Raises:
        ValueError: one of them is none.
    """
    try:
        keys = [base64.b64decode(part, validate=True) for part in text.split(",") if part.strip()]
        return [Ed25519PublicKey.from_public_bytes(key) for key in keys]
    except ValueError as error:
        raise ValueError(f"{KEYS_VARIABLE} is wrong: set it to what `parley keys models` prints") from error


def find_fault(head: bytes, digest: bytes, keys: Sequence[Ed25519PublicKey]) -> str | None:
    """Return what is wrong with the signature of an archive; None when one of the keys made it."""
    if not keys:
        return f"this process knows nobody's models: set {KEYS_VARIABLE} to what `parley keys models` prints"
    if len(head) != HEAD or not head.startswith(MARK):
        return "the model is not signed: publish again"
    for key in keys:
        try:
            key.verify(head[len(MARK) :], MARK + digest)
        except InvalidSignature:
            continue
        return None
    anew = f"give this process {KEYS_VARIABLE} as `parley keys models` prints it now and restart it, else publish again"
    return f"the model is signed by nobody known here: {anew}"
