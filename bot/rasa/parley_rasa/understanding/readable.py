"""Tells texts that an intent is read from and others. The same at training, at prediction time and in reports."""

from __future__ import annotations

from parley_rasa.turn_request import is_command


def is_language(text: str) -> bool:
    """Tell whether a text is neither a command nor without letters and digits."""
    return not is_command(text) and any(letter.isalnum() for letter in text)
