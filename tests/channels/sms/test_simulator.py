"""The local Twilio checked against what is not ours: the SDK's clients and its validator; and how it calls back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import MultiDict
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.sms.client import TwilioAPI
from channels.sms.settings import read_account
from channels.sms.simulator import Answer, LocalTwilio, Number, Service, simulate, simulated_account
from channels.sms.simulator.phone import SIMULATED_NUMBER
from outreach.accounts.service import Account
from tests.channels.sms.known_accounts import ACCOUNT_ID, OURS, SID, THEIRS, TOKEN, an_account
from tests.contracts.house import free_port


@dataclass
class Hook:
    """A webhook that validates as the SDK does and answers what it is told to."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    forms: list[MultiDict[str]] = field(default_factory=list)
    valid: list[bool] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        form = MultiDict({name: str(value) for name, value in (await request.post()).items()})
        self.forms.append(form)
        self.tokens.append(request.headers["I-Twilio-Idempotency-Token"])
        signature = request.headers["X-Twilio-Signature"]
        self.valid.append(RequestValidator(TOKEN).validate(str(request.url), form, signature))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, text="<Response/>")


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    ready = Hook()
    app = web.Application()
    app.router.add_post("/hook", ready.handle)
    app.router.add_post("/fallback", ready.handle)
    server = TestServer(app)
    await server.start_server()
    ready.url = str(server.make_url("/hook"))
    yield ready
    await server.close()


@pytest.fixture
async def sdk(twilio: LocalTwilio) -> AsyncIterator[Client]:
    api = TwilioAPI(timeout=timedelta(seconds=5))
    async with api.client(read_account(an_account(api_url=twilio.url))) as client:
        yield client
    await api.close()


async def test_the_sdk_sends_a_message_and_reads_it_back(twilio: LocalTwilio, sdk: Client) -> None:
    made = await sdk.messages.create_async(
        to=THEIRS, from_=OURS, body="hello " * 40, status_callback="http://x.example/"
    )
    again = await sdk.messages(made.sid).fetch_async()
    assert (again.sid, again.body, again.to, again.from_) == (made.sid, "hello " * 40, THEIRS, OURS)
    assert (made.status, made.direction, made.num_segments) == ("queued", "outbound-api", "2")
    assert made.date_created is not None
    assert made.error_code is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "123", "from_": OURS, "body": "x"}, 21211),
        ({"to": THEIRS, "from_": OURS}, 21602),
        ({"to": THEIRS, "body": "x"}, 21603),
        ({"to": THEIRS, "from_": "+14155550177", "body": "x"}, 21606),
        ({"to": THEIRS, "from_": OURS, "body": "x" * 1601}, 21617),
        ({"to": THEIRS, "messaging_service_sid": "MG" + "0" * 32, "body": "x"}, 21705),
        ({"to": THEIRS, "from_": OURS, "body": "x", "validity_period": 40_000}, 20001),
    ],
)
async def test_the_sdk_gets_twilios_errors_as_its_own(sdk: Client, fields, code) -> None:
    with pytest.raises(TwilioRestException) as raised:
        await sdk.messages.create_async(**fields)
    assert (raised.value.status, raised.value.code) == (400, code)
    assert "Unable to create record: " in raised.value.msg


async def test_the_sdk_is_turned_away_without_the_right_credentials(twilio: LocalTwilio, sdk: Client) -> None:
    twilio.state.tokens = ["another"]
    with pytest.raises(TwilioRestException) as raised:
        await sdk.api.v2010.accounts(SID).fetch_async()
    assert (raised.value.status, raised.value.code) == (401, 20003)


async def test_the_sdk_finds_numbers_services_campaigns_and_verifications(twilio: LocalTwilio, sdk: Client) -> None:
    free = Number("+18005550100", toll_free_status="PENDING_REVIEW")
    service = Service([Number("+14155550188")], campaign_id="CTESTED")
    twilio.state.numbers += [free, Number("12345")]
    twilio.state.services.append(service)
    assert (await sdk.api.v2010.accounts(SID).fetch_async()).status == "active"
    (number,) = await sdk.incoming_phone_numbers.list_async(phone_number=OURS)
    assert number.capabilities["sms"]
    assert [one.short_code for one in await sdk.short_codes.list_async()] == ["12345"]
    assert [one.sid for one in await sdk.messaging.v1.services.list_async()] == [service.sid]
    in_service = await sdk.messaging.v1.services(service.sid).phone_numbers.list_async()
    assert [one.phone_number for one in in_service] == ["+14155550188"]
    (campaign,) = await sdk.messaging.v1.services(service.sid).us_app_to_person.list_async()
    assert (campaign.campaign_id, campaign.campaign_status) == ("CTESTED", "VERIFIED")
    brand = await sdk.messaging.v1.brand_registrations(campaign.brand_registration_sid).fetch_async()
    assert str(getattr(brand.status, "value", brand.status)) == "APPROVED"
    (verification,) = await sdk.messaging.v1.tollfree_verifications.list_async(tollfree_phone_number_sid=free.sid)
    assert str(getattr(verification.status, "value", verification.status)) == "PENDING_REVIEW"
    with pytest.raises(TwilioRestException):
        await sdk.messaging.v1.services("MG" + "0" * 32).fetch_async()


async def test_a_text_is_brought_signed_as_the_sdk_checks_it(twilio: LocalTwilio, hook: Hook) -> None:
    (number,) = twilio.state.numbers
    number.sms_url = hook.url
    called = await twilio.text(THEIRS, number, "Grüße + 100 % & mehr = 😀")
    assert called is not None
    assert called.statuses == (200,)
    assert hook.valid == [True]
    (form,) = hook.forms
    assert (form["From"], form["To"], form["Body"]) == (THEIRS, OURS, "Grüße + 100 % & mehr = 😀")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]


@pytest.mark.parametrize(
    ("overrides", "answers", "statuses"),
    [
        ("", [503], (503,)),
        ("#rc=3&rp=ct,rt,5xx", [503, 503, 200], (503, 503, 200)),
        ("#rc=2&rp=5xx", [500, 500, 500, 200], (500, 500, 500)),
        ("#rc=3&rp=ct,rt,5xx", [403], (403,)),
        ("#rc=9&rp=all", [500] * 9, (500,) * 6),
    ],
)
async def test_what_was_not_taken_is_told_again_as_the_address_asks(twilio, hook, overrides, answers, statuses) -> None:
    (number,) = twilio.state.numbers
    number.sms_url, hook.statuses = hook.url + overrides, answers
    called = await twilio.text(THEIRS, number, "hello")
    assert called.statuses == statuses
    assert len(set(hook.tokens)) == 1
    assert len({form["MessageSid"] for form in hook.forms}) == 1
    assert all(hook.valid)


async def test_the_fallback_is_called_with_what_went_wrong(twilio: LocalTwilio, hook: Hook) -> None:
    (number,) = twilio.state.numbers
    number.sms_url, number.sms_fallback_url = (
        f"http://127.0.0.1:{free_port()}/hook",
        hook.url.replace("hook", "fallback"),
    )
    called = await twilio.text(THEIRS, number, "hello")
    assert called is not None
    assert called.statuses == (0, 0, 200)
    (form,) = hook.forms
    assert form["ErrorCode"] == "11200"
    assert hook.valid == [True]


async def test_stop_blocks_the_sender_until_start_as_at_twilio(twilio: LocalTwilio, sdk: Client) -> None:
    seen: list[tuple[str, str]] = []
    twilio.on_text = lambda phone, text: seen.append((phone, text))
    (number,) = twilio.state.numbers
    await twilio.text(THEIRS, number, "stop please")
    await sdk.messages.create_async(to=THEIRS, from_=OURS, body="still here")
    await twilio.text(THEIRS, number, "Stop ")
    with pytest.raises(TwilioRestException) as raised:
        await sdk.messages.create_async(to=THEIRS, from_=OURS, body="no more")
    assert raised.value.code == 21610
    await twilio.text(THEIRS, number, "START")
    await sdk.messages.create_async(to=THEIRS, from_=OURS, body="again")
    assert [text.split()[0] for _, text in seen] == ["still", "You", "You", "again"]


async def test_in_a_service_with_advanced_opt_out_the_word_is_told_and_all_its_numbers_are_blocked(
    twilio: LocalTwilio, hook: Hook, sdk: Client
) -> None:
    service = Service(
        [Number("+14155550188"), Number("+14155550189")], advanced_opt_out=True, inbound_request_url=hook.url
    )
    twilio.state.services.append(service)
    await twilio.text(THEIRS, service.numbers[0], "STOP")
    assert hook.forms[0]["OptOutType"] == "STOP"
    assert hook.forms[0]["MessagingServiceSid"] == service.sid
    with pytest.raises(TwilioRestException):
        await sdk.messages.create_async(to=THEIRS, messaging_service_sid=service.sid, body="no more")
    with pytest.raises(TwilioRestException):
        await sdk.messages.create_async(to=THEIRS, from_="+14155550189", body="no more")


async def test_reports_come_by_themselves_in_the_order_that_was_scripted(twilio, hook, sdk) -> None:
    twilio.reports_by_itself = True
    twilio.state.script = lambda _sent: Answer(statuses=("sent", "undelivered"), code=30005)
    await sdk.messages.create_async(to=THEIRS, from_=OURS, body="x", status_callback=hook.url)
    await twilio.drain()
    assert [(form["MessageStatus"], form.get("ErrorCode")) for form in hook.forms] == [
        ("sent", None),
        ("undelivered", "30005"),
    ]
    assert all(hook.valid)


async def test_a_person_texts_from_the_terminal_and_sees_the_replies(hook: Hook) -> None:
    """The site is played by the hook; the reply comes in as Parley sends it."""
    address, settings, secrets = simulated_account(free_port())
    account = Account(ACCOUNT_ID, "sms", "simulator", address, settings, secrets)
    lines = iter(["hello", "", "STOP", None])
    shown: list[str] = []

    async def read_line() -> str | None:
        line = next(lines)
        if line is None:
            api = TwilioAPI(timeout=timedelta(seconds=5))
            async with api.client(read_account(account)) as client:
                with pytest.raises(TwilioRestException):
                    await client.messages.create_async(to=THEIRS, from_=SIMULATED_NUMBER, body="after the stop")
                await client.messages.create_async(to="+14155559999", from_=SIMULATED_NUMBER, body="to another")
            await api.close()
        return line

    await asyncio.wait_for(simulate(hook.url.removesuffix("/hook"), account, THEIRS, read_line, shown.append), 20)
    # The hook is at another path than Parley's: what is not taken is said.
    assert "did not take it (404)" in shown[0]
    assert "unsubscribed" in "\n".join(shown)
    assert "1 segment, GSM-7" in "\n".join(shown)
    assert "to another" not in "\n".join(shown)
