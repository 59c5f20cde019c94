"""Who gets to see the figures, and that they say nothing of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from base.encryption import create_key_file
from base.metrics import OTHER, Few
from server.metrics.listener import MetricsPortTaken, served
from server.metrics.observing import observed
from server.settings import Settings, SettingsProblem, read_settings
from server.wiring import open_platform
from tests.conftest import Database
from tests.observability.exposition import value_of

TOKEN = "a-token-of-the-tests-0123"


async def fetch(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer:
        return answer.status, await answer.text()


def settings_of(database: Database, folder: Path, **more: object) -> Settings:
    settings = read_settings(database_url=SecretStr(database.url), data_dir=folder, **more)
    create_key_file(settings.key_file)
    return settings


async def test_a_process_shows_its_figures_on_loopback(database: Database, tmp_path: Path) -> None:
    platform = open_platform(settings_of(database, tmp_path, metrics_port=0))
    async with observed(platform, "web") as port:
        assert port is not None
        status, text = await fetch(port)
        assert status == 200
        assert value_of(text, "parley_process", process="web") == 1
        assert value_of(text, "parley_database_connections_most") == 20
        assert (value_of(text, "parley_disk_free_bytes") or 0) > 0
        assert (value_of(text, "process_resident_memory_bytes") or 0) > 1e6
        assert (await fetch(port, "/"))[0] == 404
    await platform.engine.dispose()


async def test_connections_that_are_in_use_are_counted(database: Database, tmp_path: Path) -> None:
    platform = open_platform(settings_of(database, tmp_path, metrics_port=0))
    async with observed(platform, "web") as port, platform.engine.connect(), platform.engine.connect():
        assert port is not None
        assert value_of((await fetch(port))[1], "parley_database_connections_in_use") == 2
    await platform.engine.dispose()


async def test_without_a_port_nothing_is_shown(database: Database, tmp_path: Path) -> None:
    platform = open_platform(settings_of(database, tmp_path))
    async with observed(platform, "web") as port:
        assert port is None


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", f"bearer {TOKEN}", "Bearer ", "Bearer ü"])
async def test_with_a_token_only_who_has_it_sees_them(header: str | None) -> None:
    async with served(CollectorRegistry(), "127.0.0.1", 0, TOKEN) as port:
        refused, text = await fetch(port, **({} if header is None else {"Authorization": header}))
        assert refused == 401
        assert TOKEN not in text
        assert (await fetch(port, Authorization=f"Bearer {TOKEN}"))[0] == 200


async def test_two_processes_cannot_have_one_port_and_are_told_so() -> None:
    async with served(CollectorRegistry(), "127.0.0.1", 0, None) as port:
        with pytest.raises(MetricsPortTaken, match="PARLEY_METRICS_PORT"):
            async with served(CollectorRegistry(), "127.0.0.1", port, None):
                pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "metrics.example"])
def test_figures_for_other_machines_need_a_token(host: str) -> None:
    with pytest.raises(SettingsProblem, match="metrics_token"):
        read_settings(metrics_port=9464, metrics_host=host)
    assert read_settings(metrics_port=9464, metrics_host=host, metrics_token=SecretStr(TOKEN)).metrics_host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_figures_for_this_machine_need_none(host: str) -> None:
    assert read_settings(metrics_port=9464, metrics_host=host).metrics_token is None


def test_a_token_that_is_easily_guessed_is_refused() -> None:
    with pytest.raises(SettingsProblem, match="16 characters"):
        read_settings(metrics_token=SecretStr("short"))


@pytest.mark.parametrize(
    "value",
    ["ada@customer.example", "+14155552671", "14155552671", "/hooks/sms/019ac8", "Hello there", "", "a" * 60, "Über"],
)
def test_what_is_no_name_of_ours_never_becomes_a_label(value: str) -> None:
    assert Few().of(value) == OTHER


def test_a_label_has_so_many_values_and_no_more() -> None:
    few = Few(3)
    assert [few.of(f"rule_{number}") for number in range(6)] == ["rule_0", "rule_1", "rule_2", *[OTHER] * 3]
    assert few.of("rule_1") == "rule_1"
