"""The disk of the database is full: what cannot be kept is not acknowledged, and is taken when there is room again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from base.migrate import migrate
from base.postgres import start_embedded
from bot.intake.models import InboundEvent
from bot.models import Message
from channels.sms.simulator import LocalTwilio, Number
from channels.sms.webhook import inbound_url
from tests.channels.sms.known_accounts import SID, TOKEN
from tests.faults.sms_house import sms_house
from tests.faults.test_web_killed import bring, finish

_MOST = 600
"""Texts within which a full disk must have shown."""


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory. Only root can make one."""
    with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
        Path(folder).chmod(0o755)
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", folder]
        try:
            made = subprocess.run(["mount", *options], capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("no file system can be made here: there is no mount")
        if made.returncode:
            pytest.skip(f"no file system can be made here: {made.stderr.decode().strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no room."""
    file = disk / "filler"
    with file.open("wb") as filler:
        while free := shutil.disk_usage(disk).free:
            os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), free)
    return file


async def test_with_a_full_disk_nothing_is_acknowledged_and_everything_goes_on_when_there_is_room() -> None:
    with small_disk(400) as disk:
        postgres = start_embedded(disk / "pg")
        try:
            await asyncio.to_thread(migrate, postgres.url)
            await _fill_and_free(disk, postgres)
        finally:
            postgres.stop()


async def _fill_and_free(disk: Path, postgres) -> None:
    ours = Number("+16462000000")
    twilio = LocalTwilio(account_sid=SID, tokens=(TOKEN,), numbers=[ours])
    api_url = await twilio.start()
    try:
        async with sms_house(postgres.url) as house:
            settings = {"account_sid": SID, "us_registration": "CTESTED", "api_url": api_url, "per_second": 1000.0}
            account = await house.add_account("sms", ours.number, settings, {"auth_token": TOKEN})
            ours.sms_url = inbound_url(house.public_url, account)
            taken, refused = [], []
            filler = await asyncio.to_thread(fill, disk)
            while len(refused) < 3:
                number = len(taken) + len(refused)
                assert number < _MOST, "the disk never showed that it is full"
                form = twilio.inbound_form(f"+1212555{number:04}", ours, f"text {number} " + "x" * 1_400)
                (taken if await bring(twilio, ours, form) else refused).append(form)
            print(f"{len(taken)} were taken before the disk showed that it is full")
            filler.unlink()
            await asyncio.to_thread(postgres.start)
            for form in refused:
                async with asyncio.timeout(60):
                    while not await bring(twilio, ours, form):
                        await asyncio.sleep(0.2)
            await finish(house)
            async with house.sessions() as session:
                events = list(await session.scalars(select(InboundEvent.provider_id)))
                said = list(await session.scalars(select(Message.text).where(Message.author == "visitor")))
            assert sorted(events) == sorted(form["MessageSid"] for form in [*taken, *refused])
            assert sorted(text for text in said if text) == sorted(form["Body"] for form in [*taken, *refused])
    finally:
        await twilio.stop()
