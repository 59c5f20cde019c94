"""Handing texts over, against a local Twilio: what is sent, and every way it can go wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from channels.sms import sender as sender_module
from channels.sms.sender import SMSSender
from channels.sms.simulator import Answer, LocalTwilio, Service
from channels.sms.simulator.state import Number
from outreach.delivery import SEND_TIMEOUT
from outreach.ports import Accepted, Envelope, InDoubt, ProviderAway, Refused, RetryLater, Sought
from tests.channels.sms.known_accounts import ACCOUNT_ID, OURS, SID, THEIRS, TOKEN, KnownAccounts, an_account
from tests.contracts.house import free_port

PUBLIC_URL = "https://bot.northwind.example"
OUTBOX = UUID(int=99)


def envelope(text: str = "It costs 29 euros.", *, to: str | None = THEIRS, purpose: str = "answer") -> Envelope:
    return Envelope(
        outbox_id=OUTBOX, contact_id=UUID(int=1), conversation_id=None, attempt=1, channel="sms", purpose=purpose,
        language="en", address=to, subject=None, text=text, account_id=ACCOUNT_ID,
    )  # fmt: skip


@pytest.fixture
async def accounts(twilio: LocalTwilio) -> KnownAccounts:
    return KnownAccounts(an_account(api_url=twilio.url))


@pytest.fixture
async def sender(accounts: KnownAccounts) -> AsyncIterator[SMSSender]:
    ready = SMSSender(accounts, PUBLIC_URL)  # type: ignore[arg-type]
    yield ready
    await ready.close()


async def test_a_text_goes_to_twilio_with_where_to_report_of_it(twilio: LocalTwilio, sender: SMSSender) -> None:
    outcome = await sender.send(envelope("Grüße! 100 % & +1 = 2"))
    (sent,) = twilio.state.messages
    assert outcome == Accepted(sent.sid)
    assert (sent.sender, sent.service_sid, sent.to, sent.body) == (OURS, None, THEIRS, "Grüße! 100 % & +1 = 2")
    assert sent.status_callback == f"{PUBLIC_URL}/hooks/sms/{ACCOUNT_ID}/status/{OUTBOX}"


async def test_a_messaging_service_chooses_the_number(twilio: LocalTwilio) -> None:
    service = Service([Number("+14155550188")])
    twilio.state.services.append(service)
    ready = SMSSender(KnownAccounts(an_account(service.sid, api_url=twilio.url)), PUBLIC_URL)  # type: ignore[arg-type]
    assert isinstance(await ready.send(envelope()), Accepted)
    await ready.close()
    (sent,) = twilio.state.messages
    assert (sent.sender, sent.service_sid) == (None, service.sid)


async def test_promotion_may_not_wait_long_at_twilio(twilio: LocalTwilio, sender: SMSSender) -> None:
    await sender.send(envelope())
    await sender.send(envelope(purpose="marketing"))
    answer, promotion = twilio.state.messages
    assert promotion.validity_period == 600 < answer.validity_period <= 36_000


async def test_an_api_key_is_used_where_there_is_one(twilio: LocalTwilio) -> None:
    key = "SK" + "3" * 32
    twilio.state.keys[key] = "secret-of-key"
    account = an_account(api_url=twilio.url, api_key_sid=key, secrets={"api_key_secret": "secret-of-key"})
    twilio.state.tokens = ["changed meanwhile"]
    ready = SMSSender(KnownAccounts(account), PUBLIC_URL)  # type: ignore[arg-type]
    assert isinstance(await ready.send(envelope()), Accepted)
    twilio.state.keys[key] = "withdrawn"
    outcome = await ready.send(envelope())
    await ready.close()
    assert isinstance(outcome, RetryLater)
    assert outcome.holds_account


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer("refuse", 400, 21610), Refused),
        (Answer("refuse", 429, 20429), RetryLater),
        (Answer("refuse", 500, 20500), InDoubt),
        (Answer("take and break"), InDoubt),
        (Answer("break"), InDoubt),
        (Answer("nonsense"), InDoubt),
    ],
)
async def test_what_twilio_does_is_told_truly(
    twilio: LocalTwilio, sender: SMSSender, answer: Answer, kind: type
) -> None:
    twilio.state.script = lambda _sent: answer
    assert isinstance(await sender.send(envelope()), kind)


async def test_a_pause_is_as_long_as_twilio_says(twilio: LocalTwilio, sender: SMSSender) -> None:
    twilio.state.script = lambda _sent: Answer("refuse", 429, 20429, retry_after=42)
    outcome = await sender.send(envelope())
    assert isinstance(outcome, RetryLater)
    assert (outcome.after, outcome.holds_account) == (timedelta(seconds=42), True)


async def test_what_never_reached_twilio_may_be_sent_again(accounts: KnownAccounts, sender: SMSSender) -> None:
    accounts.accounts = [an_account(api_url=f"http://127.0.0.1:{free_port()}")]
    outcome = await sender.send(envelope())
    assert isinstance(outcome, RetryLater)
    assert not outcome.holds_account


async def test_no_answer_in_time_is_in_doubt_before_delivery_gives_up(
    twilio: LocalTwilio, accounts: KnownAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sender_module.SEND_WITHIN < SEND_TIMEOUT
    monkeypatch.setattr(sender_module, "SEND_WITHIN", timedelta(seconds=0.3))
    ready = SMSSender(accounts, PUBLIC_URL)  # type: ignore[arg-type]
    twilio.state.script = lambda _sent: Answer("hang")
    outcome = await asyncio.wait_for(ready.send(envelope()), 5)
    await ready.close()
    assert isinstance(outcome, InDoubt)


async def test_an_unregistered_number_writes_to_no_american(
    twilio: LocalTwilio, accounts: KnownAccounts, sender: SMSSender
) -> None:
    accounts.accounts = [an_account(api_url=twilio.url, us_registration="non-US")]
    outcome = await sender.send(envelope())
    assert isinstance(outcome, Refused)
    assert outcome.rule == "us_not_registered"
    assert "30034" in outcome.reason
    assert not outcome.dead_address
    assert isinstance(await sender.send(envelope(to="+442079460123")), Accepted)
    assert [one.to for one in twilio.state.messages] == ["+442079460123"]


async def test_an_account_that_cannot_be_read_holds_what_it_should_send(
    accounts: KnownAccounts, sender: SMSSender
) -> None:
    accounts.accounts = [an_account(account_sid="AC1")]
    outcome = await sender.send(envelope())
    assert isinstance(outcome, RetryLater)
    assert "account_sid" in outcome.reason


@pytest.mark.parametrize("to", ["+19002345678", "+881612345678"])
async def test_a_number_that_may_cost_more_is_never_handed_over(
    twilio: LocalTwilio, sender: SMSSender, to: str
) -> None:
    outcome = await sender.send(envelope(to=to))
    assert isinstance(outcome, Refused)
    assert (outcome.rule, outcome.dead_address, twilio.state.messages) == ("dear_number", False, [])


async def test_without_an_account_or_an_address_nothing_is_sent(accounts: KnownAccounts, sender: SMSSender) -> None:
    assert isinstance(await sender.send(envelope(to=None)), Refused)
    assert sender.configured() is None
    accounts.accounts = []
    assert isinstance(await sender.send(envelope()), Refused)
    assert "parley channels add sms" in (sender.configured() or "")


async def test_many_at_once_share_the_connections_and_none_is_lost(twilio: LocalTwilio, sender: SMSSender) -> None:
    outcomes = await asyncio.gather(*(sender.send(envelope(str(number))) for number in range(40)))
    assert {type(one) for one in outcomes} == {Accepted}
    assert sorted(one.body for one in twilio.state.messages) == sorted(str(number) for number in range(40))
    assert len({one.provider_id for one in outcomes if isinstance(one, Accepted)}) == 40


async def test_no_environment_of_ours_reaches_the_sdk(
    twilio: LocalTwilio, sender: SMSSender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_REGION", "TWILIO_EDGE"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    caplog.set_level(logging.DEBUG)
    assert isinstance(await sender.send(envelope("swordfish")), Accepted)
    for secret in (TOKEN, SID, THEIRS, "swordfish"):
        assert secret not in caplog.text


async def test_what_twilio_took_is_found_by_words_and_number(twilio: LocalTwilio, sender: SMSSender) -> None:
    before = datetime.now(UTC)
    await sender.send(envelope("Another text."))
    await sender.send(envelope())
    await sender.send(envelope(to="+14155550177"))
    sought = Sought(OUTBOX, ACCOUNT_ID, THEIRS, "It costs 29 euros.", before)
    meant = [one.sid for one in twilio.state.messages if one.to == THEIRS and one.body == sought.text]
    assert await sender.find_sent(sought) == meant
    assert len(meant) == 1
    assert await sender.find_sent(replace(sought, since=before + timedelta(hours=1))) == []


async def test_a_twilio_that_is_away_is_told_from_one_that_has_nothing(twilio: LocalTwilio, sender: SMSSender) -> None:
    await twilio.stop()
    with pytest.raises(ProviderAway):
        await sender.find_sent(Sought(OUTBOX, ACCOUNT_ID, THEIRS, "Hello", datetime.now(UTC)))
