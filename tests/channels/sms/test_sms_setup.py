"""Bringing a number in: what is found at Twilio, said in plain words, and where Twilio is told to come."""

from __future__ import annotations

import pytest

from base.errors import InvalidInput
from channels.sms.settings import read_account
from channels.sms.setup import SMSSetup, _check_public_url
from channels.sms.simulator import LocalTwilio, Number, Service
from channels.sms.webhook import OVERRIDES, inbound_url
from outreach.accounts.service import Account
from tests.channels.sms.known_accounts import ACCOUNT_ID, OURS, SID, TOKEN, an_account
from tests.contracts.house import free_port

URL = "https://bot.northwind-ledger.com"


async def findings(account: Account, url: str = URL) -> dict[str, str]:
    """Level by text."""
    return {one.text: one.level for one in await SMSSetup().check(account, public_url=url)}


def missing(found: dict[str, str]) -> list[str]:
    return [text for text, level in found.items() if level == "missing"]


def in_a_service(twilio: LocalTwilio, **of_service: str) -> Service:
    number = twilio.state.numbers.pop()
    service = Service([number], campaign_id="CTESTED", **of_service)  # type: ignore[arg-type]
    twilio.state.services.append(service)
    return service


async def test_what_is_told_becomes_address_and_settings() -> None:
    told = {"account_sid": SID, "auth_token": TOKEN, "address": OURS, "us_registration": "CTESTED"}
    address, settings = await SMSSetup().prepare(told, public_url=URL)
    assert address == OURS
    assert settings == {"per_second": 1.0, "stop_replies": "twilio", "us_registration": "CTESTED"}
    with pytest.raises(InvalidInput):
        await SMSSetup().prepare({**told, "address": "nobody"}, public_url=URL)


async def test_every_field_says_where_to_find_it_and_secrets_are_marked() -> None:
    fields = {field.name: field for field in SMSSetup().fields}
    assert {name for name, field in fields.items() if field.secret} == {
        "auth_token", "secondary_token", "api_key_secret"
    }  # fmt: skip
    assert all(len(field.help) > 30 for field in fields.values() if field.name != "api_key_secret")


async def test_a_registered_number_with_its_webhook_is_all_in_order(twilio: LocalTwilio) -> None:
    in_a_service(twilio)
    account = an_account(api_url=twilio.url)
    (done,) = await SMSSetup().set_webhook(account, public_url=URL)
    assert done.level == "ok"
    found = await findings(account)
    assert missing(found) == []
    assert "The 10DLC campaign is approved." in found


async def test_the_webhook_is_set_with_retries_and_a_fallback_and_again_without_harm(twilio: LocalTwilio) -> None:
    account = an_account(api_url=twilio.url)
    for _ in range(2):
        await SMSSetup().set_webhook(account, public_url=URL)
    (number,) = twilio.state.numbers
    assert number.sms_url == inbound_url(URL, ACCOUNT_ID) + OVERRIDES
    assert number.sms_fallback_url == inbound_url(URL, ACCOUNT_ID)
    assert "Twilio brings what people write to this site." in await findings(account)


async def test_of_a_number_in_a_service_it_is_the_services_webhook_that_counts(twilio: LocalTwilio) -> None:
    service = in_a_service(twilio)
    service.use_inbound_webhook_on_number = True
    account = an_account(api_url=twilio.url)
    await SMSSetup().set_webhook(account, public_url=URL)
    assert service.inbound_request_url == inbound_url(URL, ACCOUNT_ID) + OVERRIDES
    assert service.use_inbound_webhook_on_number is False
    assert service.numbers[0].sms_url == ""


async def test_a_service_is_found_checked_and_pointed_here(twilio: LocalTwilio) -> None:
    service = in_a_service(twilio)
    account = an_account(service.sid, api_url=twilio.url)
    await SMSSetup().set_webhook(account, public_url=URL)
    assert service.inbound_request_url.startswith(inbound_url(URL, ACCOUNT_ID))
    assert missing(await findings(account)) == []
    service.numbers.clear()
    assert missing(await findings(account)) == ["The messaging service has no number to send from."]


async def test_a_short_code_is_found_checked_and_pointed_here(twilio: LocalTwilio) -> None:
    code = Number("12345")
    twilio.state.numbers.append(code)
    account = an_account("12345", api_url=twilio.url)
    await SMSSetup().set_webhook(account, public_url=URL)
    assert code.sms_url.startswith(inbound_url(URL, ACCOUNT_ID))
    assert missing(await findings(account)) == []


async def test_a_webhook_that_leads_elsewhere_is_said_with_the_command_that_sets_it(twilio: LocalTwilio) -> None:
    in_a_service(twilio).inbound_request_url = "https://old.example/hook"
    found = await SMSSetup().check(an_account(api_url=twilio.url), public_url=URL)
    (wrong,) = [one for one in found if one.level == "missing"]
    assert "does not bring" in wrong.text
    assert wrong.remedy == "parley channels webhook sms --name main"


@pytest.mark.parametrize(
    ("campaign", "brand", "said"),
    [
        ("PENDING", "APPROVED", ["The 10DLC campaign is pending."]),
        ("FAILED", "APPROVED", ["The 10DLC campaign is failed."]),
        ("IN_PROGRESS", "IN_REVIEW", ["The 10DLC brand is in review.", "The 10DLC campaign is in progress."]),
        ("VERIFIED", "SUSPENDED", ["The 10DLC brand is suspended."]),
    ],
)
async def test_a_registration_that_is_not_through_is_said(twilio: LocalTwilio, campaign, brand, said) -> None:
    in_a_service(twilio, campaign_status=campaign, brand_status=brand)
    account = an_account(api_url=twilio.url)
    await SMSSetup().set_webhook(account, public_url=URL)
    assert missing(await findings(account)) == said


async def test_a_long_code_without_a_campaign_is_said_and_what_follows(twilio: LocalTwilio) -> None:
    account = an_account(api_url=twilio.url, us_registration="non-US")
    await SMSSetup().set_webhook(account, public_url=URL)
    found = await findings(account)
    assert missing(found) == []
    assert found["No campaign is told, so nothing is sent to American numbers."] == "warning"
    claimed = an_account(api_url=twilio.url)
    assert "The number is in no messaging service, so it has no campaign." in missing(await findings(claimed))
    service = in_a_service(twilio)
    service.campaign_id = "COTHER"
    assert "The messaging service has no campaign with this id." in missing(await findings(claimed))


@pytest.mark.parametrize(
    ("status", "said"),
    [("TWILIO_APPROVED", []), ("PENDING_REVIEW", ["The toll-free number is pending review."]),
     (None, ["The toll-free number is not verified."])],
)  # fmt: skip
async def test_a_toll_free_number_is_asked_after(twilio: LocalTwilio, status, said) -> None:
    number = Number("+18005550100", toll_free_status=status)
    twilio.state.numbers.append(number)
    account = an_account(number.number, api_url=twilio.url, us_registration="toll-free verified")
    await SMSSetup().set_webhook(account, public_url=URL)
    assert missing(await findings(account)) == said


async def test_a_number_that_is_not_ours_or_cannot_text_is_said(twilio: LocalTwilio) -> None:
    for method in (findings, lambda account: SMSSetup().set_webhook(account, public_url=URL)):
        found = await method(an_account("+14155550177", api_url=twilio.url))
        assert "+14155550177 is no number of this account." in str(found)
    twilio.state.numbers[0].sms = False
    assert f"{OURS} cannot text." in missing(await findings(an_account(api_url=twilio.url)))
    assert "99999 is no short code of this account." in missing(await findings(an_account("99999", api_url=twilio.url)))
    unknown = an_account("MG" + "0" * 32, api_url=twilio.url)
    assert "The account has no such messaging service." in missing(await findings(unknown))


async def test_wrong_credentials_and_a_suspended_account_are_said(twilio: LocalTwilio) -> None:
    wrong = an_account(api_url=twilio.url, secrets={"auth_token": "wrong"})
    assert missing(await findings(wrong)) == ["Twilio does not accept our credentials."]
    (refused,) = await SMSSetup().set_webhook(wrong, public_url=URL)
    assert refused.level == "missing"
    twilio.state.account_status = "suspended"
    assert "Twilio says that the account is suspended." in missing(await findings(an_account(api_url=twilio.url)))


async def test_a_twilio_that_cannot_be_reached_is_said_and_nothing_raised() -> None:
    account = an_account(api_url=f"http://127.0.0.1:{free_port()}")
    assert missing(await findings(account)) == ["Twilio could not be reached."]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://bot.northwind-ledger.com", "must reach this site by https"),
        ("https://127.0.0.1:8080", "Nobody outside can reach"),
        ("https://localhost", "Nobody outside can reach"),
        ("https://10.0.0.1", "Nobody outside can reach"),
        ("https://2130706433", "Nobody outside can reach"),
        ("https://my_host.example.com", "Nobody outside can reach"),
        ("https://bot.internal", "Nobody outside can reach"),
    ],
)
def test_a_site_that_twilio_cannot_come_to_is_said(url: str, said: str) -> None:
    found = _check_public_url(url, read_account(an_account()))
    assert (found.level, said in found.text) == ("missing", True)


async def test_an_account_that_sends_with_its_token_is_advised_to_take_a_key(twilio: LocalTwilio) -> None:
    found = await findings(an_account(api_url=twilio.url))
    assert found["Texts are sent with the auth token itself."] == "warning"
