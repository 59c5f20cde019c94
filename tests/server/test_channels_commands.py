"""`parley channels add` without a terminal: what may be left out is, and what may not is named."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from server import channels_commands


@pytest.mark.parametrize(
    ("told", "name", "option"),
    [
        ([], "account_sid", "--set account_sid=VALUE"),
        (["--set", "account_sid=AC1"], "auth_token", "--set-from auth_token=FILE"),
    ],
)
def test_what_must_be_told_is_named_with_the_option_that_tells_it(told: list[str], name: str, option: str) -> None:
    done = CliRunner().invoke(channels_commands.channels, ["add", "sms", *told])
    assert done.exit_code == 2
    missing = f"{name} is missing, and there is no terminal to ask for it: {option}"
    assert missing in " ".join(done.output.split())


def test_what_may_be_left_out_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[dict[str, str]] = []

    async def keep(_settings: object, _setup: object, _name: str, values: dict[str, str], _no_check: bool) -> None:
        kept.append(values)

    monkeypatch.setattr(channels_commands, "_add", keep)
    done = CliRunner().invoke(channels_commands.channels, ["add", "email", "--set", "address=hello@company.com"])
    assert (done.exit_code, done.output) == (0, "")
    assert kept == [{"address": "hello@company.com", "imap_port": "993", "imap_folder": "INBOX"}]
