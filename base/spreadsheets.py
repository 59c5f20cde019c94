"""Cells of CSV files as spreadsheets open them. Pure."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would take for the beginning of a formula (OWASP, CSV Injection)."""


def guard_formula(cell: str) -> str:
    """The cell as a text: an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
