"""Prints docs/reference/channels.md from the table of capabilities: `python -m bot.rendering.reference`."""

from __future__ import annotations

from pathlib import Path

from bot.rendering.capabilities import CAPABILITIES, Capabilities

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "channels.md"

_CHOICES = {
    "buttons": "buttons",
    "numbers": "numbered list, answered by number; consent by YES or NO",
    "keys": "spoken, each with its key",
}
_MEDIA = {"shown": "shown", "address": "caption and address", "spoken": "caption and description, spoken"}
_CARDS = {"shown": "side by side", "numbered": "numbered text with addresses", "spoken": "spoken list"}
_UNITS = {"character": "characters", "utf16": "UTF-16 units", "sms": "GSM septets"}
_HEAD = """\
# What each channel shows

Written by `python -m bot.rendering.reference` from `bot/rendering/capabilities.py`; do not edit.
A flow is written once. What a channel cannot show is put into words, nothing is left out.

"""


def render_reference() -> str:
    """The page as it must stand in the documents."""
    rows = {name: _describe(capabilities) for name, capabilities in CAPABILITIES.items()}
    parts = list(next(iter(rows.values())))
    lines = [f"| | {' | '.join(rows)} |", f"|{'---|' * (len(rows) + 1)}"]
    lines += [f"| {part} | {' | '.join(row[part] for row in rows.values())} |" for part in parts]
    return _HEAD + "\n".join(lines) + "\n"


def _describe(capabilities: Capabilities) -> dict[str, str]:
    unit = _UNITS[capabilities.unit]
    return {
        "choices": _CHOICES[capabilities.choices],
        "pictures, video, sound, files": _MEDIA[capabilities.media],
        "cards": _CARDS[capabilities.cards],
        "number, day, rating": "fields of their own" if capabilities.fields else "said how to answer",
        "files from people": "yes" if capabilities.files else "no; the flow says so",
        "own phone number with a tap": "yes" if capabilities.shares_phone else "no",
        "addresses": "shown" if capabilities.links == "shown" else "named, never read out",
        "text goes on in the next message after": f"{capabilities.comfortable:,} {unit}",
        "no message is longer than": f"{capabilities.limit:,} {unit}",
        "a text under something shown is at most": f"{capabilities.caption or capabilities.limit:,} {unit}"
        if capabilities.media == "shown"
        else "–",
        "several messages in one turn": "go out as one" if capabilities.joins else "go out one after the other",
        "writes first": "to whoever agreed to it" if capabilities.starts == "with consent" else "never: they open it",
        "may be written to after their last message": _describe_window(capabilities),
        "provider charges": f"by the {capabilities.cost}" if capabilities.cost else "nothing that Parley knows of",
    }


def _describe_window(capabilities: Capabilities) -> str:
    if capabilities.reply_window is None:
        return "as long as they do not stop it"
    return f"for {capabilities.reply_window.total_seconds() / 3600:.0f} hours"


if __name__ == "__main__":
    PAGE.write_text(render_reference(), "utf-8")
