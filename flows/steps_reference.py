"""`python -m flows.steps_reference`: writes what authors look up, pages of all steps and schemas for editors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from flows.editor_schemas import editor_schemas
from flows.journey_reference_text import journey_reference_text
from flows.reference_text import reference_text

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def reference_files() -> dict[str, str]:
    """Give the text of each generated file by its name."""
    schemas = {name: json.dumps(schema, indent=2, ensure_ascii=False) for name, schema in editor_schemas().items()}
    pages = {"flow-steps.md": reference_text(), "journey-steps.md": journey_reference_text()}
    return pages | {name: f"{text}\n" for name, text in schemas.items()}


def stale_files(folder: Path = REFERENCE) -> list[str]:
    """Name the files that are missing or differ from what the models say."""
    return [name for name, text in reference_files().items() if not _holds(folder / name, text)]


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a file is stale.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=REFERENCE, help="Folder to write to.")
def main(*, check: bool, out: Path) -> None:
    """Write the reference of steps and the schemas for editors."""
    stale = stale_files(out)
    if check and stale:
        click.echo(f"stale: {', '.join(stale)}; run python -m flows.steps_reference", err=True)
        sys.exit(1)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in reference_files().items():
        if name in stale:
            (out / name).write_text(text, encoding="utf-8")
            click.echo(f"wrote {name}")


if __name__ == "__main__":
    main()
