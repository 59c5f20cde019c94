"""Settings: read once, clear when wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.spending.rules import Ceiling
from server.gate import create_ceiling
from server.settings import ROOT, SettingsProblem, read_settings
from server.settings_reference import render


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("PARLEY_", "DATABASE_URL")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_variable_the_site_is_on_loopback() -> None:
    settings = read_settings()
    assert settings.site_url == "http://127.0.0.1:8080"
    assert settings.origins == {"http://127.0.0.1:8080", "http://localhost:8080"}
    assert settings.database_url is None
    assert settings.smtp_url is None


def test_a_secret_can_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s" * 40 + "\n")
    (tmp_path / "url").write_text("postgresql://somewhere/db\n")
    monkeypatch.setenv("PARLEY_RASA_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = read_settings()
    assert settings.rasa_secret is not None
    assert settings.rasa_secret.get_secret_value() == "s" * 40
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://somewhere/db"


def test_a_secret_can_stand_in_a_file_that_is_named_in_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s" * 40 + "\n")
    (tmp_path / "url").write_text("postgresql://somewhere/db\n")
    named = f"PARLEY_RASA_SECRET_FILE={tmp_path / 'secret'}\nDATABASE_URL_FILE={tmp_path / 'url'}\nPARLEY_PORT=8081\n"
    (tmp_path / ".env").write_text(named)
    settings = read_settings()
    assert settings.rasa_secret is not None
    assert settings.rasa_secret.get_secret_value() == "s" * 40
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://somewhere/db"
    assert settings.port == 8081
    monkeypatch.setenv("PARLEY_RASA_SECRET", "e" * 40)
    assert read_settings().rasa_secret.get_secret_value() == "e" * 40, "the environment goes before .env"


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_RASA_SECRET_FILE", "/nowhere/secret")
    with pytest.raises(SettingsProblem, match="PARLEY_RASA_SECRET_FILE: cannot read"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLEY_PORT", "eighty"),
        ("PARLEY_LOG_JSON", "perhaps"),
        ("PARLEY_RASA_SECRET", "short-secret"),
        ("PARLEY_DEFAULT_TIME_ZONE", "Mars/Olympus"),
        ("PARLEY_DEFAULT_REGION", "Germany"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as caught:
        read_settings()
    assert name in caught.value.message
    assert value not in caught.value.message


def test_further_origins_are_taken_without_trailing_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PUBLIC_URL", "https://chat.example.com/")
    monkeypatch.setenv("PARLEY_ALLOWED_ORIGINS", "https://www.example.com/, https://shop.example.com")
    assert read_settings().origins == {
        "https://chat.example.com",
        "https://www.example.com",
        "https://shop.example.com",
    }


def test_the_settings_page_says_what_the_code_says() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert page == render(), "run: .venv/bin/python -m server.settings_reference"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense-with-hunter2"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("PARLEY_EMAIL_FROM", "hunter2"),
        ("PARLEY_EMAIL_FROM", "Ada <hunter2@example.com>"),
        ("PARLEY_PUBLIC_URL", "https://"),
        ("PARLEY_PUBLIC_URL", "//"),
    ],
)
def test_what_can_never_work_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as raised:
        read_settings()
    assert name.removeprefix("PARLEY_").lower() in raised.value.message.lower()
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize("origins", ["*", "www.example.com", "https://example.com/page", "https://*.example.com/x"])
def test_an_allowed_origin_that_no_browser_sends_is_refused(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("PARLEY_ALLOWED_ORIGINS", f"https://good.example,{origins}")
    with pytest.raises(SettingsProblem, match="PARLEY_ALLOWED_ORIGINS"):
        read_settings()


def test_countries_and_ceilings_are_read_as_the_gate_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().countries is None
    assert create_ceiling(read_settings()) == Ceiling(100, 1_000)
    monkeypatch.setenv("PARLEY_PHONE_COUNTRIES", "US, CA")
    monkeypatch.setenv("PARLEY_SPEND_A_DAY", "0")
    settings = read_settings()
    assert settings.countries == {"US", "CA"}
    assert create_ceiling(settings) == Ceiling(None, 1_000)
    monkeypatch.setenv("PARLEY_PHONE_COUNTRIES", "US,England")
    with pytest.raises(SettingsProblem, match="'England' is no country"):
        read_settings()
