"""`parley doctor`: one line for each thing a site needs, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from server.settings import Settings, read_settings

if TYPE_CHECKING:
    from server.doctor.findings import Finding

_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "red"), "skipped": ("·", None)}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
@click.option("--offline", is_flag=True, help="Ask no mail server and no provider.")
def doctor(*, as_json: bool, offline: bool) -> None:
    """Look at everything a site needs. Exit code 1 when something is wrong; changes nothing."""
    findings = asyncio.run(_examine(read_settings(), offline=offline))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=1))
    else:
        for one in findings:
            sign, colour = _SIGNS[one.level]
            click.echo(f"{click.style(sign, fg=colour)} {one.check}: {one.says}")
            if one.remedy:
                click.echo(f"    {one.remedy}")
    if any(one.level == "wrong" for one in findings):
        sys.exit(1)


async def _examine(settings: Settings, *, offline: bool) -> list[Finding]:
    from base.clock import SystemClock
    from base.database import create_engine, create_sessions
    from base.encryption import read_key_file
    from base.errors import ParleyError
    from server.channels import channel_setups
    from server.doctor.database import check_database
    from server.doctor.findings import wrong
    from server.doctor.machine import check_disk, check_key_file, check_open_files, check_zone_data
    from server.doctor.services import check_channels, check_dialogue, check_mail_server
    from server.running import with_running

    settings, clock = with_running(settings), SystemClock()
    findings = [
        check_disk(settings),
        check_key_file(settings),
        check_open_files(),
        check_zone_data(clock.now().date()),
    ]
    if settings.database_url is None:
        remedy = "Start `parley up`, or set DATABASE_URL."
        findings.append(wrong("database", "None is set, and no `parley up` runs on this data folder.", remedy))
        return findings
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=2)
    try:
        sessions = create_sessions(engine)
        findings += await check_database(engine, clock)
        findings += await check_dialogue(settings, sessions)
        if not offline:
            findings.append(await check_mail_server(settings))
            try:
                keys = read_key_file(settings.key_file)
            except (ParleyError, OSError):
                return findings
            findings += await check_channels(sessions, keys, channel_setups(), settings.site_url)
    finally:
        await engine.dispose()
    return findings
