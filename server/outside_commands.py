"""`parley connectors …` and `parley calendars …`: which systems flows may call, and when people can be met."""

from __future__ import annotations

import asyncio
import os

import click

from server.settings import read_settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@click.group()
def connectors() -> None:
    """Other systems that flows may call: add, list, revoke, calls."""


@connectors.command(name="add")
@click.argument("name")
@click.argument("base_url")
@click.option(
    "--header-from",
    "headers",
    multiple=True,
    metavar="HEADER=VARIABLE",
    help="A header whose value stands in an environment variable, such as Authorization=CRM_TOKEN.",
)
@click.option("--method", "methods", multiple=True, default=("GET", "POST"), show_default=True)
@click.option("--path", "paths", multiple=True, default=("/",), show_default=True, help="Calls go there or below.")
@click.option("--allow-private", is_flag=True, help="It stands in your own network.")
@click.option("--calls-a-day", default=1000, show_default=True)
def add_connector_command(
    name: str,
    base_url: str,
    *,
    headers: tuple[str, ...],
    methods: tuple[str, ...],
    paths: tuple[str, ...],
    allow_private: bool,
    calls_a_day: int,
) -> None:
    """Allow flows to call the system NAME at BASE_URL."""
    from base.database import transaction
    from bot.connectors.service import add_connector
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            await add_connector(
                session,
                platform.keys,
                name=name,
                base_url=base_url,
                headers=dict(_from_variable(header) for header in headers),
                methods=methods,
                paths=paths,
                allow_private=allow_private,
                calls_a_day=calls_a_day,
                now=platform.clock.now(),
            )

    asyncio.run(run())
    click.echo(f"Flows may call {name} now.")


@connectors.command(name="list")
def list_connectors_command() -> None:
    """Show all of them; never their secrets."""
    from bot.connectors.service import list_connectors
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            for one in await list_connectors(session):
                state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else "allowed"
                click.echo(f"{one.name:20} {one.base_url}  {'/'.join(one.methods)} {' '.join(one.paths)}  {state}")

    asyncio.run(run())


@connectors.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Stop all calls to NAME at once."""
    from base.database import transaction
    from bot.connectors.service import revoke_connector
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            await revoke_connector(session, name, platform.clock.now())

    asyncio.run(run())
    click.echo(f"{name} is called no more.")


@connectors.command()
@click.argument("name")
def calls(name: str) -> None:
    """Show the last calls to NAME: when, what, and what came of it."""
    from bot.connectors.service import list_calls
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            for call in await list_calls(session, name):
                came = call.problem or call.status or call.state
                click.echo(f"{call.started_at:%Y-%m-%d %H:%M:%S}  {call.method:5} {call.path}  {came}")

    asyncio.run(run())


@click.group()
def calendars() -> None:
    """Calendars in which flows book meetings: add, list."""


@calendars.command(name="add")
@click.argument("name")
@click.option("--title", required=True, help="What the invitation is called.")
@click.option("--zone", required=True, help="Time zone of the hours, such as Europe/Berlin.")
@click.option("--hours", multiple=True, required=True, metavar="DAYS=SPAN", help="Such as mon-fri=09:00-17:00.")
@click.option("--minutes", default=30, show_default=True, help="Length of a meeting.")
@click.option("--pause", default=0, show_default=True, help="Minutes free after each meeting.")
@click.option("--notice", default=120, show_default=True, help="Minutes from now to the first time offered.")
@click.option("--days-ahead", default=14, show_default=True)
@click.option("--place", default="", help="Where it is, or the link to the call.")
@click.option("--busy-url-from", metavar="VARIABLE", help="Environment variable with the address of an iCalendar feed.")
@click.option("--replace", is_flag=True, help="Give the calendar of this name these settings.")
def add_calendar_command(
    name: str,
    *,
    title: str,
    zone: str,
    hours: tuple[str, ...],
    minutes: int,
    pause: int,
    notice: int,
    days_ahead: int,
    place: str,
    busy_url_from: str | None,
    replace: bool,
) -> None:
    """Let flows book meetings in the calendar NAME."""
    from base.database import transaction
    from crm.meetings.calendars import NewCalendar, add_calendar
    from server.database_access import open_database

    new = NewCalendar(
        name,
        title,
        zone,
        _by_day(hours),
        minutes,
        pause,
        notice,
        days_ahead,
        place,
        _variable(busy_url_from) if busy_url_from else None,
    )

    async def run() -> None:
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            await add_calendar(session, platform.keys, new, now=platform.clock.now(), replace=replace)

    asyncio.run(run())
    click.echo(f"Flows book meetings in {name} now.")


@calendars.command(name="list")
def list_calendars_command() -> None:
    """Show all of them; never the address of a feed."""
    from crm.meetings.calendars import list_calendars
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            for one in await list_calendars(session):
                hours = ", ".join(f"{day} {' '.join(one.hours[day])}" for day in _DAYS if day in one.hours)
                feed = "  with busy times" if one.has_feed else ""
                click.echo(f"{one.name:20} {one.minutes} min  {one.zone}: {hours}{feed}")

    asyncio.run(run())


def _from_variable(header: str) -> tuple[str, str]:
    name, separator, variable = header.partition("=")
    if not separator:
        raise click.UsageError("A header is written HEADER=VARIABLE, the variable holding its value.")
    return name, _variable(variable)


def _variable(name: str) -> str:
    """A secret comes by the environment: on the command line everybody on the machine could read it."""
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"The environment variable {name} is not set.")
    return value


def _by_day(hours: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in hours:
        days, _, span = one.partition("=")
        first, _, last = days.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS or not span:
            raise click.UsageError("Hours are written like mon-fri=09:00-17:00 or sat=10:00-14:00.")
        for day in _DAYS[_DAYS.index(first) : _DAYS.index(last or first) + 1]:
            found.setdefault(day, []).append(span)
    return found
