"""`parley flows …` on the content folder: check, test, simulate. Publishes nothing; what does is added to the group."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

import click

from server.flows_carrying import export_, import_
from server.flows_options import content_options, flow_name, settings_of
from server.flows_publishing import publish, rollback
from server.flows_versions import diff, history

_CHANNELS = ("web", "sms", "telegram", "voice", "email")


_HELP = """Write flows and bring them live.

\b
Write:     check, test, simulate
Publish:   diff, publish, history, rollback
Carry:     export, import

How to go about it: docs/howto/flows.md
"""


@click.group(context_settings={"max_content_width": 100}, help=_HELP)
def flows() -> None:
    """The commands on flows."""
    from base.logging import configure_logging

    # What goes wrong is the command's own last line.
    configure_logging(level="ERROR", as_json=False)


@flows.command(short_help="Look for faults: file, line, step and remedy of each.")
@content_options
def check(content: Path | None, nlu: Path | None) -> None:
    """Check the content folder; every fault comes with its file, line, step and remedy.

    Exit code 1 when there is one. Needs neither a database nor a dialogue process.
    """
    from flows.compiler import load_content
    from flows.errors import FlowsRefused

    settings = settings_of(content, nlu)
    try:
        loaded = load_content(settings.content_dir, settings.nlu_dir / "knowledge", settings.nlu_dir / "intents")
    except FlowsRefused as refused:
        click.echo(str(refused))
        click.echo("1 fault." if len(refused.faults) == 1 else f"{len(refused.faults)} faults.", err=True)
        sys.exit(1)
    tests = sum(len(file.conversations.root) for file in loaded.tests.values())
    click.echo(f"{len(loaded.flows)} flows, {len(loaded.journeys)} journeys, {tests} test conversations: no fault.")


@flows.command(short_help="Run the test conversations of all flows, or of some.")
@click.argument("names", nargs=-1, metavar="[FLOW]...")
@content_options
def test(names: tuple[str, ...], content: Path | None, nlu: Path | None) -> None:
    """Run the test conversations of all flows, or of those named.

    They are played on the dialogue processes that run, or on one started for it. Exit code 1 when one fails.
    """
    from server.flows_tests import run_folder_tests

    chosen = [flow_name(name) for name in names]
    report = asyncio.run(run_folder_tests(settings_of(content, nlu), chosen, _say))
    if not report.passed:
        click.echo(report.as_text())
        click.echo(f"{len(report.failures)} of {report.conversations} test conversations failed.", err=True)
        sys.exit(1)
    click.echo(f"{report.conversations} test conversations passed.")


@flows.command(short_help="Chat with the flows in the terminal.")
@click.argument("flow", required=False)
@content_options
@click.option("--channel", type=click.Choice(_CHANNELS), default="web", show_default=True, help="Where it is said.")
@click.option("--language", default=None, help="Language of the person; the content's own, when not given.")
def simulate(flow: str | None, content: Path | None, nlu: Path | None, channel: str, language: str | None) -> None:
    """Chat with the content folder's flows in the terminal; shows step, slots and effects.

    Begins with the entry flow, or with FLOW. Nothing is stored, sent or called.
    """
    from server.flows_tests import open_rehearsal
    from server.simulator import simulate as run_simulator

    async def run() -> None:
        settings = settings_of(content, nlu)
        started = None if flow is None else flow_name(flow)
        now = datetime.now().astimezone()
        async with open_rehearsal(settings, started, channel, language, now=now, say=_say) as rehearsal:
            await run_simulator(rehearsal, started)

    asyncio.run(run())


def _say(line: str) -> None:
    """Tells of long work beside what the command is asked for."""
    click.echo(line, err=True)


for _command in (diff, publish, history, rollback, export_, import_):
    flows.add_command(_command)
