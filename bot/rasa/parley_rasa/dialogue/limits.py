"""Tell what an answer to a question must keep within, for the reply and for reading it. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from parley_rasa.dialogue.choices import labels_of
from parley_rasa.dialogue.turn import Turn

Step = dict[str, Any]
_ENDINGS = {
    "image": ("png", "jpg", "jpeg", "gif", "webp", "heic", "heif", "avif"),
    "pdf": ("pdf",),
    "text": ("txt", "md", "csv", "log"),
    "spreadsheet": ("csv", "xls", "xlsx", "ods"),
    "document": ("doc", "docx", "odt", "rtf", "pptx", "odp"),
}
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})$")


def limits_of(turn: Turn, step: Step) -> dict[str, Any] | None:
    """Return the ``limits`` of a reply that asks this; None for a question without any."""
    kind = step["step"]
    if kind == "ask_number":
        return {"minimum": step.get("minimum"), "maximum": step.get("maximum")}
    if kind == "ask_date":
        earliest, latest = day_bounds(step, turn.now.date())
        days = {"earliest": earliest and earliest.isoformat(), "latest": latest and latest.isoformat()}
        return {**days, "time": True} if step.get("time") else days
    if kind == "rating":
        ends = [str(step["lowest"]), str(step["highest"])]
        labels = labels_of(turn, turn.frame or {}, ends)
        return {
            "lowest": step["lowest"], "highest": step["highest"],
            "low_label": labels[ends[0]] or None, "high_label": labels[ends[1]] or None,
        }  # fmt: skip
    if kind == "ask_file":
        return {"accept": step["accept"], "max_megabytes": step["max_megabytes"]}
    return None


def day_bounds(step: Step, today: date) -> tuple[date | None, date | None]:
    """Return the first and the last day that an ``ask_date`` takes, as of today."""
    return _day(step.get("earliest"), today), _day(step.get("latest"), today)


def is_between(day: date, earliest: date | None, latest: date | None) -> bool:
    """Tell whether a day keeps within the bounds of an ``ask_date``."""
    return (earliest is None or day >= earliest) and (latest is None or day <= latest)


def is_within(number: float, step: Step) -> bool:
    """Tell whether a number keeps within the bounds of an ``ask_number``."""
    if step.get("whole", True) and number != int(number):
        return False
    lowest, highest = step.get("minimum"), step.get("maximum")
    return (lowest is None or number >= lowest) and (highest is None or number <= highest)


def is_accepted(name: str, step: Step) -> bool:
    """Tell by its name whether an ``ask_file`` takes a file; the platform has looked at the bytes and named it so."""
    ending = _ENDING.search(name)
    if ending is None:
        return True
    return any(ending.group(1).lower() in _ENDINGS.get(kind, ()) for kind in step["accept"])


def _day(bound: str | None, today: date) -> date | None:
    if bound is None:
        return None
    if bound == "today":
        return today
    return today + timedelta(days=int(bound)) if bound[0] in "+-" else date.fromisoformat(bound)
