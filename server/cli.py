"""The `parley` command: `python -m server.cli COMMAND`. Reads the settings, hands over to the rooms."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from base.forked import keep_serving
from base.logging import configure_logging
from server.audit_commands import audit
from server.backup_commands import backup, quarantine, restore
from server.channels_commands import channels
from server.contacts_commands import contacts
from server.doctor_commands import doctor
from server.events_commands import events
from server.flows_commands import flows
from server.journeys_commands import journeys
from server.keys_commands import keys
from server.knowledge_commands import knowledge
from server.ledger_commands import ledger, verify_ledger
from server.nlu_commands import nlu
from server.outside_commands import calendars, connectors
from server.privacy_commands import privacy
from server.problems import describe_problem
from server.proof_commands import proof
from server.samples_commands import samples
from server.segments_commands import segments
from server.settings import read_settings
from server.users_commands import audit_log, users


@click.group()
def parley() -> None:
    """Parley: conversational marketing you host yourself."""


BACKLOG = 4_096
"""Connections that wait to be accepted, as many as Linux allows: with aiohttp's 128, of ten thousand browsers that come
back at once most would be left to the retries of TCP, which wait up to half a minute."""

_REPLICAS = click.IntRange(1, 16)


@parley.command()
@click.option("--web", type=_REPLICAS, help="Web processes (PARLEY_WEB_REPLICAS).")
@click.option("--worker", type=_REPLICAS, help="Worker processes (PARLEY_WORKER_REPLICAS).")
@click.option("--rasa", type=_REPLICAS, help="Dialogue processes (PARLEY_RASA_REPLICAS).")
def up(web: int | None, worker: int | None, rasa: int | None) -> None:
    """Start everything on this machine and print the site's address."""
    from server.up import up as run

    asked = {"web_replicas": web, "worker_replicas": worker, "rasa_replicas": rasa}
    settings = read_settings(**{name: count for name, count in asked.items() if count is not None})
    configure_logging(level="WARNING", as_json=False)
    asyncio.run(run(settings))


@parley.command()
@click.option("--socket", type=click.Path(path_type=Path), help="Also listen on this Unix socket.")
def web(socket: Path | None) -> None:
    """Run one web process (needs DATABASE_URL, PARLEY_RASA_URLS, PARLEY_RASA_SECRET)."""
    from aiohttp import web as aiohttp_web

    from bot.warming import load_for_good
    from server.doctor.machine import raise_open_files
    from server.web import create_web_app
    from server.wiring import open_platform

    settings = read_settings()
    configure_logging(level=settings.log_level, as_json=settings.log_json)
    raise_open_files()
    load_for_good()

    def serve() -> None:
        _use_uvloop()
        aiohttp_web.run_app(
            create_web_app(open_platform(settings), alone=True),
            host=settings.host,
            port=settings.port,
            path=socket,
            print=None,
            access_log=None,
            reuse_port=sys.platform == "linux",
            shutdown_timeout=10,
            backlog=BACKLOG,
        )

    _keep(serve)


@parley.command()
def worker() -> None:
    """Run one worker process: follow-ups are planned and delivered here (needs DATABASE_URL)."""
    from server.wiring import open_platform
    from server.worker import run_worker

    settings = read_settings()
    configure_logging(level=settings.log_level, as_json=settings.log_json)

    def serve() -> None:
        _use_uvloop()
        asyncio.run(run_worker(open_platform(settings)))

    _keep(serve)


@parley.command()
def mqtt() -> None:
    """Run the process that takes events of devices from a broker (needs DATABASE_URL, PARLEY_MQTT_URL)."""
    from server.mqtt import run_mqtt
    from server.wiring import open_platform

    settings = read_settings()
    configure_logging(level=settings.log_level, as_json=settings.log_json)
    _use_uvloop()
    asyncio.run(run_mqtt(open_platform(settings)))


@parley.command()
def train() -> None:
    """Train the dialogue model of the content folder's examples, unless it is there."""
    from server.training import train as run

    click.echo(f"trained {run(read_settings())}")


@parley.command()
def migrate() -> None:
    """Bring the database to the newest schema (needs DATABASE_URL)."""
    from base.migrate import migrate as run
    from server.wiring import database_url

    run(database_url(read_settings()))
    click.echo("the database has the newest schema")


@parley.command(name="prepare")
def prepare_command() -> None:
    """Bring keys, schema and shipped content in place, before web, worker and rasa are started (needs DATABASE_URL).

    Waits some minutes for a database that starts later.
    """
    from server.prepare import prepare, wait_for_database

    settings = read_settings()
    wait_for_database(settings, click.echo)
    asyncio.run(prepare(settings, click.echo))
    click.echo("ready to start")


@parley.command(name="setup-link")
def setup_link() -> None:
    """Print a one-time link that makes the first admin user (needs DATABASE_URL)."""
    from server.accounts import find_setup_link

    link = asyncio.run(find_setup_link(read_settings()))
    click.echo(link or "There is a user already: sign in at /admin/.")


@parley.command()
@click.option("--port", type=int, required=True)
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True)
def mailbox(port: int, folder: Path) -> None:
    """Run an SMTP server on loopback that writes every e-mail into a folder, for trying Parley out."""
    from channels.email.mailbox import Mailbox

    async def serve() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        box = Mailbox(folder, port=port)
        await box.start()
        await stopping.wait()
        await box.stop()

    asyncio.run(serve())


def _use_uvloop() -> None:
    if sys.platform != "win32":
        import uvloop

        uvloop.install()


for _group in (
    channels,
    flows,
    nlu,
    knowledge,
    keys,
    connectors,
    calendars,
    ledger,
    verify_ledger,
    audit,
    proof,
    privacy,
    contacts,
    events,
    segments,
    samples,
    journeys,
    users,
    audit_log,
    backup,
    restore,
    quarantine,
    doctor,
):
    parley.add_command(_group)


def _keep(serve: Callable[[], None]) -> NoReturn:
    """Has it done by a process forked from this one, which has been loaded with what takes long."""
    sys.exit(keep_serving(lambda: _told(serve)))


def _told(run: Callable[[], None]) -> int:
    """The exit code: 1 when it ended with an expected error, which is told in a line or a few with what to do."""
    try:
        run()
    except Exception as error:
        lines = describe_problem(error)
        if lines is None:
            raise
        for line in lines:
            click.echo(line, err=True)
        return 1
    return 0


def main() -> None:
    """Runs the command."""
    sys.exit(_told(lambda: parley(prog_name="parley")))


if __name__ == "__main__":
    main()
