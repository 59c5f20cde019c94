"""`parley up`: everything on this machine, from the database to the site, in one command."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from pydantic import SecretStr

from base.errors import ParleyError
from base.postgres import DatabaseUnavailable, EmbeddedPostgres, start_embedded
from server.data_folder import hold_data_folder
from server.local_replica import free_port, rasa_program
from server.prepare import prepare
from server.running import announced
from server.settings import ROOT, Settings
from server.supervisor import Program, Supervisor
from server.training import current_model

log = structlog.get_logger(__name__)

_LOOK_EVERY = 1.0
"""Seconds between looks whether the embedded PostgreSQL lives."""
_DEMO_POSTAL_ADDRESS = "Northwind Ledger (demo), 1 Example Street, 00000 Example Town"


class PortTaken(ParleyError):
    """The port cannot be had."""

    code = "port_taken"
    status = 500


async def up(settings: Settings) -> None:
    """Starts everything, prints the address, and runs until SIGINT or SIGTERM."""
    _check_ports(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    with contextlib.ExitStack() as stack:
        stack.enter_context(hold_data_folder(settings.data_dir))
        settings, postgres = stack.enter_context(_database(settings))
        settings = _with_dialogue(settings)
        stack.enter_context(announced(settings))
        await prepare(settings, _say)
        supervisor = Supervisor(settings.data_dir / "log")
        keeping = asyncio.create_task(_keep_running(postgres))
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-")))
        try:
            await _start_all(supervisor, settings, stopping, sockets)
            if not stopping.is_set():
                await _print_address(settings)
            await stopping.wait()
        finally:
            _say("stopping …")
            await supervisor.stop()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


async def _start_all(supervisor: Supervisor, settings: Settings, stopping: asyncio.Event, sockets: Path) -> None:
    """Starts the programs one after the other; gives up in order when asked to stop meanwhile."""
    settings, mailbox = _with_mailbox(settings)
    programs = [*([mailbox] if mailbox else []), *_rasa(settings)]
    programs += [_web(name, settings, sockets / f"{name}.sock") for name in _names("web", settings.web_replicas)]
    programs += [_own("worker", settings, name) for name in _names("worker", settings.worker_replicas)]
    programs += [_own("mqtt", settings)] if settings.mqtt_url else []
    programs = _with_figures(programs, settings)
    for program in programs:
        starting = asyncio.create_task(supervisor.start(program))
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if stopping.is_set():
            starting.cancel()
            return
        starting.result()
        _say(f"{program.name} ready")


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, EmbeddedPostgres | None]]:
    """The given database, or the embedded one for as long as the block runs."""
    if settings.database_url is not None:
        yield settings, None
        return
    _say("starting the embedded PostgreSQL …")
    postgres = start_embedded(settings.data_dir / "postgres")
    try:
        yield settings.model_copy(update={"database_url": SecretStr(postgres.url)}), postgres
    finally:
        postgres.stop()


async def _keep_running(postgres: EmbeddedPostgres | None) -> None:
    """Starts the embedded PostgreSQL again whenever it died; every other process finds it again by itself."""
    pause = _LOOK_EVERY
    while postgres is not None:
        await asyncio.sleep(pause)
        if postgres.is_running():
            pause = _LOOK_EVERY
            continue
        log.error("database_ended")
        try:
            await asyncio.to_thread(postgres.start)
        except DatabaseUnavailable as error:
            pause = min(pause * 2, 30.0)
            log.error("database_did_not_start", error=error.message, again_in=pause)


def _with_dialogue(settings: Settings) -> Settings:
    """Where the dialogue processes will be, and the given secret or a fresh one for this run."""
    urls = ",".join(f"http://127.0.0.1:{settings.rasa_port + number}" for number in range(settings.rasa_replicas))
    secret = settings.rasa_secret or SecretStr(secrets.token_urlsafe(32))
    return settings.model_copy(update={"rasa_urls": urls, "rasa_secret": secret})


def _with_mailbox(settings: Settings) -> tuple[Settings, Program | None]:
    """Without an SMTP server, e-mails go to a mailbox in the data folder, so that a first try shows them."""
    if settings.smtp_url is not None:
        return settings, None
    port = free_port()
    folder = settings.mail_folder
    settings = settings.model_copy(
        update={
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}"),
            "email_from": settings.email_from or "hello@northwind-ledger.example",
            "postal_address": settings.postal_address or _DEMO_POSTAL_ADDRESS,
        }
    )
    command = [sys.executable, "-m", "server.cli", "mailbox", "--port", str(port), "--folder", str(folder)]
    return settings, Program("mailbox", command, ROOT, _environment(settings))


def _rasa(settings: Settings) -> list[Program]:
    """The dialogue processes. They begin with the model of the content folder, and are given any other they need."""
    assert settings.rasa_secret is not None
    model, secret = current_model(settings), settings.rasa_secret.get_secret_value()
    return [
        rasa_program(
            settings,
            name=name,
            port=settings.rasa_port + number,
            secret=secret,
            model=model if model.exists() else None,
        )
        for number, name in enumerate(_names("rasa", settings.rasa_replicas))
    ]


def _names(kind: str, count: int) -> list[str]:
    """A program each; one that is alone has no number."""
    return [kind] if count == 1 else [f"{kind}-{number + 1}" for number in range(count)]


def _web(name: str, settings: Settings, socket: Path) -> Program:
    """A web process. All share the port; each has a socket of its own, by which it is asked whether it is ready."""
    return replace(
        _own("web", settings, name, "--socket", str(socket)),
        socket=socket,
        ready_url="http://web/readyz",
        alive_url="http://web/healthz",
    )


def _own(command: str, settings: Settings, name: str = "", *options: str) -> Program:
    called = [sys.executable, "-m", "server.cli", command, *options]
    return Program(name or command, called, ROOT, _environment(settings))


def _with_figures(programs: Sequence[Program], settings: Settings) -> list[Program]:
    """Each of our own programs shows its figures at a port of its own, counted on from the first."""
    port, told = settings.metrics_port, list[Program]()
    for program in programs:
        if port and program.name.partition("-")[0] in ("web", "worker", "mqtt"):
            program = replace(program, env={**program.env, "PARLEY_METRICS_PORT": str(port)})  # noqa: PLW2901
            port += 1
        told.append(program)
    return told


def _environment(settings: Settings) -> dict[str, str]:
    """This process's environment plus what `up` found out, for our own programs."""
    found: dict[str, str] = {}
    for name in ("smtp_url", "email_from", "postal_address", "rasa_urls", "rasa_secret"):
        value = getattr(settings, name)
        if value:
            found[f"PARLEY_{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else value
    return {**os.environ, **found, "DATABASE_URL": _url(settings), "PYTHONUNBUFFERED": "1"}


async def _print_address(settings: Settings) -> None:
    from server.accounts import find_setup_link

    link = await find_setup_link(settings)
    lines = [f"Parley is running: {settings.site_url}/"]
    if link:
        lines.append(f"First log-in to the admin (once, 24 hours): {link}")
    if settings.smtp_url is None:
        lines.append(f"No SMTP server is set: e-mails are written to {settings.data_dir / 'mailbox'}")
    lines.append("Stop with Ctrl-C.")
    print("\n" + "\n".join(lines), flush=True)  # noqa: T201  # the command's own output


def _url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def _check_ports(settings: Settings) -> None:
    """Before anything is begun, so that what is wrong is the only thing said."""
    _check_port(settings.host, settings.port, "PARLEY_PORT")
    for number in range(settings.rasa_replicas):
        _check_port("127.0.0.1", settings.rasa_port + number, "PARLEY_RASA_PORT")


def _check_port(host: str, port: int, name: str) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise PortTaken(
                f"Cannot listen on {host}, port {port} ({error.strerror}): set PARLEY_HOST to an address of this "
                f"machine and {name} to a port you may use."
            ) from error
        raise PortTaken(f"Port {port} is taken: choose another with {name}={port + 1} make run") from error


def _say(text: str) -> None:
    print(f"parley: {text}", flush=True)  # noqa: T201  # the command's own output
