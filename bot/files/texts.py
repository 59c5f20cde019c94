"""Tells plain text and tables of text from pages, scripts and binaries. Pure."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import PurePosixPath

_SIGNS = re.compile(
    r"^\s*<|^\s*#!|^\s*@echo\s+off|<script|<iframe|<svg|<html|<!doctype|<\?php|<\?xml|<!entity", re.IGNORECASE
)
"""A page or a script, wherever in the text it hides."""
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_TEXT_ENDINGS = {"", ".txt", ".text", ".csv", ".tsv", ".md", ".log"}
_DELIMITERS = ",;\t|"
_SAMPLE = 16_384
_WITH_MARK = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def find_text_type(data: bytes, name: str) -> str | None:
    """Gives `csv`, `txt` or None."""
    ending = PurePosixPath(name).suffix.lower()
    if ending not in _TEXT_ENDINGS:
        return None
    text = _decode(data)
    if text is None or not text.strip() or _NO_TEXT.search(text) or _SIGNS.search(text):
        return None
    delimiters = _DELIMITERS if ending in {".csv", ".tsv"} or ", " not in text else _DELIMITERS.replace(",", "")
    return "csv" if _is_table(text[:_SAMPLE], delimiters) else "txt"


def _decode(data: bytes) -> str | None:
    marked = next((codec for mark, codec in _WITH_MARK.items() if data.startswith(mark)), None)
    # cp1252 last: it reads nearly anything, and is what spreadsheets of older offices write.
    for codec in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _is_table(sample: str, delimiters: str) -> bool:
    """Whether there are two lines or more, all with the same number of cells, two or more."""
    lines = [line for line in sample.splitlines() if line.strip()]
    if len(sample) == _SAMPLE:
        lines = lines[:-1]  # cut off in the middle
    if len(lines) < 2:
        return False
    return any(_is_even(lines, delimiter) for delimiter in delimiters)


def _is_even(lines: list[str], delimiter: str) -> bool:
    try:
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter, strict=True)}
    except csv.Error:
        return False
    return len(widths) == 1 and widths.pop() >= 2
