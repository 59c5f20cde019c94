"""No log of this program, or of a library it uses for mail, tells an address or a text, whatever the level."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from base.logging import configure_logging
from channels.email.mailbox import Mailbox
from channels.email.sender import EmailSender


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    configure_logging(level="DEBUG")
    yield capsys
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


async def test_a_mail_that_is_handed_over_leaves_no_address_in_the_log_of_either_side(  # noqa: PLR0917
    logged, tmp_path, settings, keys, now, envelope
):
    class Standing:
        def now(self):
            return now

    mailbox = Mailbox(tmp_path)
    sender = EmailSender(replace(settings, server=await mailbox.start()), keys, Standing())
    await sender.send(envelope(text="swordfish"))
    await mailbox.stop()
    assert len(list(tmp_path.glob("*.eml"))) == 1
    told = logged.readouterr().err
    assert "mailbox_started" in told
    assert "ada@" not in told
    assert "swordfish" not in told
