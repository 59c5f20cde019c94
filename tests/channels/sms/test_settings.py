"""What an operator tells of a number: what follows from it, and what cannot be right."""

from __future__ import annotations

import pytest

from base.errors import InvalidInput
from channels.sms.numbers import find_kind, is_american, wants_registration
from channels.sms.settings import read_told, settings_that_follow

SID, KEY = "AC" + "0" * 32, "SK" + "1" * 32
SERVICE = "MG" + "2" * 32
TOLD = {"account_sid": SID, "auth_token": "token", "address": "+14155550100", "us_registration": "CABCDEF"}


@pytest.mark.parametrize(
    ("address", "kind", "per_second", "stop_replies"),
    [
        ("+14155550100", "long code", 1.0, "twilio"),
        ("+442079460000", "long code", 1.0, "twilio"),
        ("+18005550100", "toll-free", 3.0, "twilio"),
        ("+18885550100", "toll-free", 3.0, "twilio"),
        ("12345", "short code", 100.0, "parley"),
        (SERVICE, "messaging service", 1.0, "twilio"),
    ],
)
def test_the_kind_of_number_sets_its_pace_and_who_answers_stop(address, kind, per_second, stop_replies) -> None:
    told = {**TOLD, "address": address, "us_registration": "non-US"}
    account = read_told(told)
    follow = settings_that_follow(told, account)
    assert (account.kind, follow["per_second"], follow["stop_replies"]) == (kind, per_second, stop_replies)


def test_what_is_told_of_the_pace_stands() -> None:
    told = {**TOLD, "per_second": "12.5", "stop_replies": "parley"}
    assert settings_that_follow(told, read_told(told)) == {
        "per_second": 12.5,
        "stop_replies": "parley",
        "us_registration": "CABCDEF",
    }


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"account_sid": "AC1"}, "account_sid"),
        ({"account_sid": ""}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"address": "4155550100"}, "address"),
        ({"address": "+1"}, "address"),
        ({"address": "MGxyz"}, "address"),
        ({"api_key_sid": KEY}, "both"),
        ({"api_key_secret": "s"}, "both"),
        ({"api_key_sid": "SK1", "api_key_secret": "s"}, "api_key_sid"),
        ({"us_registration": "yes"}, "us_registration"),
        ({"us_registration": "toll-free verified"}, "long codes need"),
        ({"address": "+18005550100"}, "Toll-free numbers have no campaign"),
        ({"stop_replies": "nobody"}, "stop_replies"),
        ({"api_url": "http://192.168.1.1:80"}, "api_url"),
        ({"api_url": "https://api.evil.example"}, "api_url"),
        ({"api_url": "http://127.0.0.1.evil.example"}, "api_url"),
        ({"api_url": "http://127.0.0.1:99999"}, "api_url"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words_that_say_what_is_expected(changed, named) -> None:
    with pytest.raises(InvalidInput, match=named):
        read_told({**TOLD, **changed})


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "nan", "1001"])
def test_a_pace_is_a_number_above_nothing(rate: str) -> None:
    told = {**TOLD, "per_second": rate}
    with pytest.raises(InvalidInput, match="per_second"):
        settings_that_follow(told, read_told(told))


def test_an_api_key_is_used_in_the_tokens_place() -> None:
    account = read_told({**TOLD, "api_key_sid": KEY, "api_key_secret": "secret", "secondary_token": "second"})
    assert account.login == (KEY, "secret")
    assert account.tokens == ("token", "second")
    assert not {"secret", "second", "'token'"} & set(repr(account).replace(",", " ").split())


@pytest.mark.parametrize("told", ["CABCDEF", "CM" + "0" * 32, "QE" + "a" * 32, "toll-FREE  verified", "NON-us"])
def test_a_registration_is_told_in_any_of_its_forms(told: str) -> None:
    address = "+18005550100" if told.lower().startswith("toll") else "+14155550100"
    assert read_told({**TOLD, "address": address, "us_registration": told})


@pytest.mark.parametrize(
    ("sender", "recipient", "barred"),
    [
        ("+14155550100", "+14155552671", True),
        ("+14155550100", "+17875552671", True),
        ("+14155550100", "+16045552671", False),
        ("+14155550100", "+442079460000", False),
        ("+442079460000", "+14155552671", False),
        ("+16045550100", "+14155552671", False),
        ("+18005550100", "+14155552671", True),
        ("+18005550100", "+16045552671", True),
        ("12345", "+14155552671", False),
        (SERVICE, "+14155552671", True),
        (SERVICE, "+442079460000", False),
    ],
)
def test_without_a_registration_american_numbers_are_not_written_to(sender, recipient, barred) -> None:
    account = read_told({**TOLD, "address": sender, "us_registration": "non-US"})
    assert account.is_barred(recipient) == barred
    assert wants_registration(account.kind, sender, recipient) == barred
    if account.kind == "long code" and barred:
        assert not read_told({**TOLD, "address": sender}).is_barred(recipient)


@pytest.mark.parametrize(
    ("address", "american"),
    [
        ("+14155550100", True),
        ("+18005550100", True),
        ("+16045550100", False),
        ("+442079460000", False),
        ("12345", False),
    ],
)
def test_american_numbers_are_told_from_others_with_the_same_country_code(address, american) -> None:
    assert is_american(address) == american


@pytest.mark.parametrize("address", ["", "+", "abc", "+1415555010a", "MG" + "2" * 31, "123456789", "00441234"])
def test_what_is_no_sender_has_no_kind(address: str) -> None:
    assert find_kind(address) is None or address == "00441234"
