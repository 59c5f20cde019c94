"""The note that tells commands of a running `parley up`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from server.running import announced, with_running
from server.settings import Settings

FOUND = {"database_url": "postgresql://here/one", "rasa_urls": "http://127.0.0.1:5505", "rasa_secret": "s" * 40}


def settings(folder: Path, **given: str) -> Settings:
    secrets = {name: SecretStr(value) for name, value in given.items() if name != "rasa_urls"}
    return Settings(data_dir=folder).model_copy(update={**given, **secrets})


def plain(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.rasa_secret is not None
    found = (settings.database_url.get_secret_value(), settings.rasa_urls, settings.rasa_secret.get_secret_value())
    return dict(zip(FOUND, found, strict=True))


def test_a_command_is_told_where_everything_is_for_as_long_as_it_runs(tmp_path: Path) -> None:
    with announced(settings(tmp_path, **FOUND)):
        assert plain(with_running(settings(tmp_path))) == FOUND
    assert list(tmp_path.iterdir()) == []
    assert with_running(settings(tmp_path)).database_url is None


def test_the_note_holds_a_secret_and_is_its_owners_alone(tmp_path: Path) -> None:
    with announced(settings(tmp_path, **FOUND)):
        (note,) = tmp_path.iterdir()
        assert note.stat().st_mode & 0o777 == 0o600


def test_the_note_goes_away_when_the_run_ends_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), announced(settings(tmp_path, **FOUND)):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_is_set_stands(tmp_path: Path) -> None:
    own = {"database_url": "postgresql://there/two", "rasa_urls": "http://rasa:5505", "rasa_secret": "t" * 40}
    with announced(settings(tmp_path, **FOUND)):
        assert plain(with_running(settings(tmp_path, **own))) == own


def test_a_note_left_by_a_process_that_is_gone_is_ignored(tmp_path: Path) -> None:
    with announced(settings(tmp_path, **FOUND)):
        (note,) = tmp_path.iterdir()
        left = json.loads(note.read_text())
    gone = max(psutil.pids()) + 100_000
    for other in ({"pid": gone}, {"started": left["started"] - 60}):  # the second: its number went to another process
        note.write_text(json.dumps({**left, **other}))
        assert with_running(settings(tmp_path)).database_url is None
    note.write_text(json.dumps(left))
    assert left["pid"] == os.getpid()
    assert plain(with_running(settings(tmp_path))) == FOUND


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x", "started": 1}', "\x00"])
def test_a_damaged_note_is_ignored(tmp_path: Path, text: str) -> None:
    with announced(settings(tmp_path, **FOUND)):
        (note,) = tmp_path.iterdir()
    note.write_text(text)
    assert with_running(settings(tmp_path)).database_url is None
