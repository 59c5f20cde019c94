"""Prints docs/reference/settings.md from the settings themselves: `python -m server.settings_reference`."""

from __future__ import annotations

from pydantic_core import PydanticUndefined

from server.settings import ROOT, Settings


def render() -> str:
    """The page."""
    lines = [
        "# Settings",
        "",
        "Made from `server/settings.py` by `python -m server.settings_reference`; do not edit.",
        "Read from the environment and `.env`. Each can stand in a file: `NAME_FILE=/path` gives `NAME`.",
        "",
        "| variable | what it is | default |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        variable = "DATABASE_URL" if name == "database_url" else f"PARLEY_{name.upper()}"
        default = field.default
        shown = "" if default in (None, "", PydanticUndefined) else f"`{str(default).replace(str(ROOT), '.')}`"
        lines.append(f"| `{variable}` | {field.description} | {shown} |")
    lines += [
        "",
        "Set-up alone reads `PARLEY_RASA_PYTHON`: a Python 3.10 for Rasa.",
        "The tests read `PARLEY_TEST_BROWSER` (a Chromium) and `TEST_DATABASE_URL` (a PostgreSQL to use).",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "settings.md").write_text(render())
