"""`parley up` gives each of its programs an address for figures of its own."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from server.settings import read_settings
from server.supervisor import Program
from server.up import _with_figures
from tests.journey_of_a_lead.running_site import running_site
from tests.observability.exposition import names_shown, value_of

NAMES = ["mailbox", "rasa", "web-1", "web-2", "worker", "mqtt"]


def ports(metrics_port: int | None) -> dict[str, str | None]:
    programs = [Program(name, ["true"], Path(), {"A": "1"}) for name in NAMES]
    told = _with_figures(programs, read_settings(metrics_port=metrics_port))
    assert [program.name for program in told] == NAMES
    assert all(program.env["A"] == "1" for program in told)
    return {program.name: program.env.get("PARLEY_METRICS_PORT") for program in told}


def test_each_program_of_ours_has_a_port_of_its_own_and_others_have_none() -> None:
    assert ports(9464) == {
        "mailbox": None, "rasa": None, "web-1": "9464", "web-2": "9465", "worker": "9466", "mqtt": "9467",
    }  # fmt: skip


def test_without_a_port_no_program_has_one() -> None:
    assert set(ports(None).values()) == {None}


@pytest.mark.long
async def test_a_running_site_shows_what_web_process_and_worker_do(tmp_path: Path) -> None:
    first = _two_free_ports()
    async with running_site(tmp_path, PARLEY_METRICS_PORT=str(first)):
        web, worker = await _figures(first), await _figures(first + 1)
        assert value_of(web, "parley_process", process="web") == 1
        assert value_of(web, "parley_dialogue_asked", replica="1") == 1
        assert value_of(worker, "parley_process", process="worker") == 1
        async with asyncio.timeout(60):
            # The first look is taken before Procrastinate has noted its worker.
            while value_of(worker, "parley_workers_alive") != 1:
                await asyncio.sleep(1)
                worker = await _figures(first + 1)
        assert value_of(worker, "parley_outbox_oldest_due_seconds") == 0
        assert (value_of(worker, "parley_job_seconds_count", result="done") or 0) > 0
        assert "parley_workers_alive" not in {name for name in names_shown(web) if value_of(web, name) is not None}


async def _figures(port: int) -> str:
    async with asyncio.timeout(30), ClientSession() as http:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    return await answer.text()
            except ClientError:
                await asyncio.sleep(0.2)


def _two_free_ports() -> int:
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return int(port)
