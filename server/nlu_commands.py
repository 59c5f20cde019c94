"""`parley nlu …`: how well the content folder's examples are understood, and what to mend. Publishes nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from base.errors import InvalidInput
from server.nlu.progress import Progress
from server.settings import Settings, read_settings

if TYPE_CHECKING:
    from server.nlu.places import Places

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)

_HELP = """See how well messages are understood, and what to mend.

\b
Measure:   evaluate
Mend:      confusions, duplicates, coverage

All four read the content folder as it is, published or not; what was measured once is not measured again.
How to go about it: docs/howto/understanding.md
"""


def examples_options(command: click.decorators.FC) -> click.decorators.FC:
    """Adds `--language` and `--nlu`."""
    command = click.option("--nlu", type=_FOLDER, help="Folder with intents/ and evaluation/.")(command)
    return click.option("--language", help="Shows this language only, such as es.")(command)


@click.group(context_settings={"max_content_width": 100}, help=_HELP)
def nlu() -> None:
    """The commands on understanding."""
    from base.logging import configure_logging

    configure_logging(level="WARNING", as_json=False)


@nlu.command(short_help="Measure how well the examples are understood.")
@examples_options
@click.option(
    "--folds", type=click.IntRange(2, 20), default=5, show_default=True, help="Parts of the cross-validation."
)
@click.option("--html", type=_FILE, help="Writes the whole report as a page, for people.")
@click.option("--json", "json_", type=_FILE, help="Writes the whole report as JSON, for programs.")
@click.option("--fail-under", type=click.FloatRange(0, 1), help="Exit code 1 when accuracy is lower, such as 0.7.")
def evaluate(
    *,
    nlu: Path | None,
    language: str | None,
    folds: int,
    html: Path | None,
    json_: Path | None,
    fail_under: float | None,
) -> None:
    """Measure how well the examples are understood.

    Each example is put to a model that has not seen it, each text of evaluation/held_out*.yml to the model of all
    examples. Takes a minute or more when examples have changed.
    """
    from server.nlu.page import page
    from server.nlu.shown import percent, summary

    settings = _settings(nlu)
    report = _report(settings, language, folds)
    _show(summary(report, language))
    if json_ is not None:
        json_.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if html is not None:
        html.write_text(page(report, _places(settings), datetime.now().astimezone()), "utf-8")
    accuracy = next(
        (row["accuracy"] for row in report["per_language"] if row["language"] == language), report["accuracy"]
    )
    if fail_under is not None and accuracy < fail_under:
        click.echo(f"parley: accuracy is {percent(accuracy)}, less than the {percent(fail_under)} asked for.", err=True)
        sys.exit(1)


@nlu.command(short_help="List intents that are taken for one another.")
@examples_options
@click.option("--limit", type=click.IntRange(1), default=15, show_default=True, help="Pairs to show.")
def confusions(*, nlu: Path | None, language: str | None, limit: int) -> None:
    """List intents that are taken for one another, with texts and what to do."""
    from server.nlu.advice import list_confusable
    from server.nlu.shown import confusions as shown

    pairs = list_confusable(_report(_settings(nlu), language), language)
    _show(shown(pairs[:limit]))
    click.echo(
        f"{min(limit, len(pairs))} of {len(pairs)} pairs." if pairs else "No two intents are taken for one another."
    )


@nlu.command(short_help="List examples that stand twice or under the wrong intent.")
@examples_options
def duplicates(*, nlu: Path | None, language: str | None) -> None:
    """List examples that stand twice or, as it seems, under the wrong intent; with file and line."""
    from server.nlu.shown import duplicates as shown

    settings = _settings(nlu)
    _show(shown(_report(settings, language), _places(settings), language))


@nlu.command(short_help="List intents with too few examples.")
@examples_options
def coverage(*, nlu: Path | None, language: str | None) -> None:
    """List intents with too few examples in a language, and examples that are never read."""
    from server.nlu.shown import coverage as shown

    _show(shown(_report(_settings(nlu), language), language))


def _settings(nlu: Path | None) -> Settings:
    return read_settings(**({} if nlu is None else {"nlu_dir": nlu.resolve()}))


def _report(settings: Settings, language: str | None, folds: int | None = None) -> dict[str, Any]:
    from bot.understanding.material import read_material
    from server.nlu_programs import FOLDS, run_report
    from server.training import read_intents

    held_out = read_material(settings.nlu_dir / "evaluation").held_out
    with Progress() as progress:
        report = asyncio.run(run_report(settings, read_intents(settings), held_out, progress.say, folds=folds or FOLDS))
    if language is not None and language not in report["languages"]:
        raise InvalidInput(f"There are no examples in {language}; there are some in {', '.join(report['languages'])}.")
    return report


def _places(settings: Settings) -> Places:
    from server.nlu.places import Places
    from server.training import read_intents

    folder = settings.nlu_dir / "intents"
    here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return Places(read_intents(settings), here.as_posix())


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
