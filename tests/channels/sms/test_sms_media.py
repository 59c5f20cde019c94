"""Files by MMS: from Twilio's hosts only, at every hop, with the credentials going to Twilio's API alone."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from base.channel_contract import Attachment
from base.errors import NotFound
from base.outbound_http import OutboundFailed
from channels.sms.media import MediaRefused, SMSAttachments, _is_store, _may_log_in
from channels.sms.settings import read_account
from channels.sms.simulator import LocalTwilio
from tests.channels.sms.known_accounts import ACCOUNT_ID, SID, KnownAccounts, an_account

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 1000
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


def attachments(twilio: LocalTwilio) -> SMSAttachments:
    return SMSAttachments(KnownAccounts(an_account(api_url=twilio.url)))  # type: ignore[arg-type]


def file_at(address: str) -> Attachment:
    return Attachment(address, "image/png")


def media_at(twilio: LocalTwilio, name: str) -> Attachment:
    return file_at(f"{twilio.url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/{name}")


async def test_a_file_is_fetched_over_the_hop_that_twilio_makes(twilio: LocalTwilio) -> None:
    name = twilio.keep_media("image/png", PICTURE)
    assert await attachments(twilio).fetch(ACCOUNT_ID, media_at(twilio, name), max_bytes=5000) == PICTURE


async def test_a_file_larger_than_wanted_is_not_read(twilio: LocalTwilio) -> None:
    name = twilio.keep_media("image/png", PICTURE)
    with pytest.raises(OutboundFailed, match="too large"):
        await attachments(twilio).fetch(ACCOUNT_ID, media_at(twilio, name), max_bytes=500)


async def test_a_file_that_is_gone_is_not_there(twilio: LocalTwilio) -> None:
    with pytest.raises(NotFound):
        await attachments(twilio).fetch(ACCOUNT_ID, media_at(twilio, "ME" + "0" * 32), max_bytes=500)
    with pytest.raises(NotFound):
        await SMSAttachments(KnownAccounts()).fetch(ACCOUNT_ID, file_at(API), max_bytes=500)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "https://evil.example/api.twilio.com",
        "https://api.twilio.com.evil.example/a",
        "https://eviltwilio.com/a",
        "https://api.twilio.com@evil.example/a",
        "https://user:pw@api.twilio.com/a",
        "https://api.twilio.com:8443/a",
        "http://api.twilio.com/a",
        "ftp://api.twilio.com/a",
        "https://mms.twiliocdn.com/a",
        "file:///etc/passwd",
        "//api.twilio.com/a",
        "https://[::1",
        "",
    ],
)
async def test_an_address_that_is_not_twilios_api_gets_no_request(address: str) -> None:
    with pytest.raises(MediaRefused):
        await SMSAttachments(KnownAccounts(an_account())).fetch(ACCOUNT_ID, file_at(address), max_bytes=500)  # type: ignore[arg-type]


async def test_a_hop_that_leads_elsewhere_is_not_followed(twilio: LocalTwilio) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", "nothing"))
        return web.Response(body=b"inside")

    app = web.Application()
    app.router.add_get("/{anything:.*}", handle)
    inside = TestServer(app)
    await inside.start_server()
    try:
        for target in (str(inside.make_url("/secret")), "http://169.254.169.254/", "https://evil.example/", "ftp://x/"):
            runner = await redirecting(target)
            there = KnownAccounts(an_account(api_url=str(runner.make_url("")).rstrip("/")))
            with pytest.raises(MediaRefused):
                await SMSAttachments(there).fetch(ACCOUNT_ID, file_at(str(runner.make_url("/a"))), max_bytes=500)  # type: ignore[arg-type]
            await runner.close()
    finally:
        await inside.close()
    assert asked == []


async def test_a_circle_of_hops_is_left(twilio: LocalTwilio) -> None:
    runner = await redirecting("/a")
    there = KnownAccounts(an_account(api_url=str(runner.make_url("")).rstrip("/")))
    with pytest.raises(NotFound):
        await SMSAttachments(there).fetch(ACCOUNT_ID, file_at(str(runner.make_url("/a"))), max_bytes=500)  # type: ignore[arg-type]
    await runner.close()


async def redirecting(target: str) -> TestServer:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    app = web.Application()
    app.router.add_get("/a", handle)
    server = TestServer(app)
    await server.start_server()
    return server


@pytest.mark.parametrize(
    ("address", "logs_in", "is_store"),
    [
        (API, True, False),
        ("https://api.ie1.twilio.com/a", True, False),
        ("https://mms.twiliocdn.com/AC1/x?Signature=1", False, True),
        ("https://media.twiliocdn.com/AC1/x", False, True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x", False, True),
        ("https://s3-external-1.amazonaws.com/other-bucket/media.twiliocdn.com/x", False, False),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/../other/x", False, False),
        ("https://twiliocdn.com.evil.example/x", False, False),
        ("https://eviltwiliocdn.com/x", False, False),
        ("http://mms.twiliocdn.com/x", False, False),
    ],
)
def test_only_twilios_api_gets_the_credentials_and_only_its_stores_are_hops(address, logs_in, is_store) -> None:
    account = read_account(an_account())
    assert _may_log_in(address, account) == logs_in
    assert _is_store(address) == is_store
