"""`parley journeys …`: journeys as an operator sees and steers them. Asks the rooms; decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from server.settings import read_settings

if TYPE_CHECKING:
    from flows.content import Content
    from outreach.landing import Impact
    from server.wiring import Platform


@click.group()
def journeys() -> None:
    """Look at journeys and steer them."""


@journeys.command(name="list")
def list_() -> None:
    """List the journeys, their state, and how many people are in each."""
    from admin.journeys.queries import read_journeys
    from outreach.library import Library

    async def run(platform: Platform) -> Any:
        async with platform.sessions() as session:
            return await read_journeys(session, Library())

    for row in _run(run).items:
        landing = ", people are being brought to the live version" if row.landing else ""
        click.echo(f"{row.journey}  {row.state}  {row.people} people  version {row.live_version}{landing}")


@journeys.command()
@click.argument("journey")
def show(journey: str) -> None:
    """Show the versions of JOURNEY, who stands where, and what was decided how often."""
    from admin.journeys.queries import read_journey
    from outreach.library import Library

    async def run(platform: Platform) -> Any:
        async with platform.sessions() as session:
            return await read_journey(session, Library(), journey)

    found = _run(run)
    click.echo(f"{found.journey.journey}: {found.journey.name}, {found.journey.state}")
    for version in found.versions:
        click.echo(
            f"version {version.version}  {version.published_at:%Y-%m-%d %H:%M}{'  live' if version.live else ''}"
        )
    for line in found.standing:
        click.echo(f"{line.people} on {line.step} (version {line.version})")
    for total in found.totals:
        if total.what != "stands":
            click.echo(f"{total.people} {total.what.replace('_', ' ')}, {total.rule}: {total.text}")


@journeys.command()
@click.argument("journey")
@click.argument("contact_id", type=click.UUID, required=False)
def why(journey: str, contact_id: UUID | None) -> None:
    """Say what was decided about CONTACT_ID in JOURNEY; without a contact, the totals by reason."""
    from outreach.why import explain, total_up

    async def run(platform: Platform) -> Any:
        async with platform.sessions() as session:
            if contact_id is None:
                return await total_up(session, journey)
            return await explain(session, journey, contact_id)

    found = _run(run)
    if not found:
        click.echo("Nothing was decided.")
    for one in found:
        if contact_id is None:
            click.echo(f"{one.people} {one.what.replace('_', ' ')}, {one.rule}: {one.words}")
        else:
            where = " ".join(part for part in (one.step, one.channel) if part)
            click.echo(f"{one.at:%Y-%m-%d %H:%M}  {one.what.replace('_', ' ')}  {where}  {one.words}")


@journeys.command()
@click.argument("journey")
@click.argument("contact_id", type=click.UUID)
def enrol(journey: str, contact_id: UUID) -> None:
    """Put CONTACT_ID into JOURNEY, if its rules let it in."""
    from base.database import transaction
    from outreach.entering import Entrant, enter
    from outreach.library import Library
    from outreach.reasons import entry_rule_in_words

    async def run(platform: Platform) -> str:
        library = Library()
        async with transaction(platform.sessions) as session:
            live = (await library.live(session, [journey])).get(journey)
            if live is None:
                raise click.ClickException(f"There is no journey {journey}.")
            if live.definition.first is None:
                raise click.ClickException("Nobody can be put into this journey: give it a step `manual_or_api`.")
            done = await enter(session, library, live, [Entrant(contact_id)], platform.clock.now())
        if contact_id in done.contact_ids:
            return "entered"
        rule = next(iter(done.refused), None)
        return "not entered: " + ("there is no such contact" if rule is None else entry_rule_in_words(rule))

    click.echo(_run(run))


def _state_command(name: str, state: str, help_: str) -> None:
    @journeys.command(name=name, help=help_)
    @click.argument("journey")
    def change(journey: str) -> None:
        from base.database import transaction
        from outreach.journey_states import set_state, unpark

        async def run(platform: Platform) -> int:
            async with transaction(platform.sessions) as session:
                await set_state(session, journey, state, platform.clock.now())  # type: ignore[arg-type]
            return 0 if state == "paused" else await unpark(platform.sessions, journey)

        freed = _run(run)
        click.echo(f"{journey} is {state}" + (f"; {freed} people go on" if freed else ""))


_state_command("pause", "paused", "Let nobody into JOURNEY, and nobody in it go on.")
_state_command("resume", "running", "Let people into JOURNEY again, and those in it go on.")
_state_command("drain", "draining", "Let nobody into JOURNEY; those in it go on to its end.")


@journeys.command()
@click.argument("journey")
@click.argument("segment_id", type=click.UUID, required=False)
def backfill(journey: str, segment_id: UUID | None) -> None:
    """Have a worker put the members of SEGMENT_ID into JOURNEY; without a segment, show how far that is."""
    from base.database import transaction
    from outreach.backfilling import list_backfills, start_backfill
    from outreach.library import Library

    async def run(platform: Platform) -> Any:
        async with transaction(platform.sessions) as session:
            if segment_id is not None:
                await start_backfill(
                    session, Library(), journey=journey, segment_id=segment_id, by="operator", now=platform.clock.now()
                )
            return await list_backfills(session, journey)

    for one in _run(run):
        click.echo(f"{one.id}  {one.state}  {one.looked_at} of {one.total} looked at, {one.entered} entered")


@journeys.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def impact(folder: Path | None) -> None:
    """Show where people would be if the journeys in FOLDER (as the shipped content) were published."""
    from flows.compiler import compile_journeys, load_content
    from outreach.definitions import JourneyDefinition
    from outreach.landing import preview
    from outreach.library import Library

    compiled = compile_journeys(load_content(folder) if folder is not None else load_content())

    async def run(platform: Platform) -> list[Impact]:
        library = Library()
        async with platform.sessions() as session:
            return [
                line
                for _, content in sorted(compiled.items())
                for line in await preview(session, library, JourneyDefinition.model_validate(content))
            ]

    _show(_run(run))


@journeys.command()
@click.argument("journey")
@click.argument("version")
@click.option("--place", "places", multiple=True, metavar="VERSION:STEP=STEP", help="Where people on a step land.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(journey: str, version: str, places: tuple[str, ...], *, yes: bool) -> None:
    """Make VERSION of JOURNEY, which was published before, the live one until the next publishing."""
    from base.database import transaction
    from outreach.landing import preview, roll_back
    from outreach.library import Library

    told = _places(places)

    async def look(platform: Platform) -> list[Impact]:
        library = Library()
        async with platform.sessions() as session:
            found = (await library.read(session, [(journey, version)])).get((journey, version))
            if found is None:
                raise click.ClickException(f"The journey {journey} has no version {version}.")
            return await preview(session, library, found, told)

    async def run(platform: Platform) -> None:
        async with transaction(platform.sessions) as session:
            await roll_back(session, Library(), journey, version, platform.clock.now(), places=told)

    _show(_run(look))
    if not yes:
        click.confirm(f"Make version {version} of {journey} the live one?", abort=True)
    _run(run)
    click.echo(f"version {version} of {journey} is live")


@journeys.command()
@click.argument("journey", required=False)
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other content.")
def test(journey: str | None, folder: Path | None) -> None:
    """Run the tests of JOURNEY, or of all journeys, in virtual time. Nothing of the site is touched."""
    from server.journeys_simulating import run_tests

    content = _content(folder)
    if journey is not None and journey not in content.journey_tests:
        raise click.ClickException(f"The journey {journey} has no tests: write them into tests.yml in its folder.")
    failed = 0
    for name, one, faults in run_tests(content, journey):
        click.echo(f"{name}: {one.name}: {'not as expected' if faults else 'as expected'}")
        for fault in faults:
            click.echo(f"  {fault}")
        failed += bool(faults)
    if failed:
        raise click.ClickException(f"{failed} tests did not come out as expected.")


@journeys.command()
@click.argument("journey")
@click.option("--people", type=click.IntRange(1, 1_000), default=200, show_default=True, help="How many go through.")
@click.option("--days", type=click.IntRange(1, 730), default=60, show_default=True, help="How long they are watched.")
@click.option("--seed", type=int, default=1, show_default=True, help="Who they are; the same seed draws the same.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other content.")
def simulate(journey: str, people: int, days: int, seed: int, folder: Path | None) -> None:
    """Let people who are drawn by chance go through JOURNEY in virtual time, and draw which ways they went.

    Most agreed to be written to, some do what the journey waits for, half answer. Nothing of the site is touched.
    """
    from outreach.simulation_flow import draw_flow
    from server.journeys_simulating import run_population

    content = _content(folder)
    if journey not in content.journeys:
        raise click.ClickException(f"There is no journey {journey}; there are {', '.join(sorted(content.journeys))}.")
    for line in draw_flow(run_population(content, journey, people, timedelta(days=days), seed=seed)):
        click.echo(line)


def _content(folder: Path | None) -> Content:
    """What is simulated. What happens in virtual time is no news for the log."""
    from base.logging import configure_logging
    from flows.compiler import load_content

    configure_logging(level="ERROR", as_json=False)
    return load_content(intents=None) if folder is None else load_content(folder, intents=None)


def _show(lines: list[Impact]) -> None:
    for line in lines:
        lands = "leave" if line.lands_on is None else f"on {line.lands_on}"
        click.echo(f"{line.journey} {line.version}: {line.people} on {line.step}: {lands} ({line.how})")
    if not lines:
        click.echo("Nobody is in these journeys.")


def _places(options: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for option in options:
        where, sign, to = option.partition("=")
        version, colon, step = where.partition(":")
        if not sign or not colon:
            raise click.UsageError("--place is written VERSION:STEP=STEP.")
        found.setdefault(version, {})[step] = to
    return found


def _run(work: Callable[[Platform], Coroutine[Any, Any, Any]]) -> Any:
    from server.database_access import open_database

    async def run() -> Any:
        async with open_database(read_settings()) as platform:
            return await work(platform)

    return asyncio.run(run())
