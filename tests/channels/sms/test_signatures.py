"""Twilio's signature: the published vector, every way to get it wrong, and what the SDK raises instead of saying no."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from channels.sms.payloads import read_form
from channels.sms.signatures import is_signed
from channels.sms.simulator.calling import sign

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
# The parameters of twilio-python's own test.
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def form(**changed: str) -> MultiDict[str]:
    return MultiDict({**PARAMS, **changed})


def test_the_published_vector_is_signed() -> None:
    assert is_signed(URL, form(), SIGNATURE, (TOKEN,))


def test_the_local_twilio_signs_as_twilio_does() -> None:
    assert sign(TOKEN, URL, PARAMS) == SIGNATURE


@pytest.mark.parametrize(
    ("url", "content", "signature", "tokens"),
    [
        (URL, form(), None, (TOKEN,)),
        (URL, form(), "", (TOKEN,)),
        (URL, form(), "RSOYDt4T1cUTdK1PDd93/VVr8B8", (TOKEN,)),
        (URL, form(), SIGNATURE, ("54321",)),
        (URL, form(), SIGNATURE, ()),
        (URL, form(), SIGNATURE, ("",)),
        (URL, form(Digits="1235"), SIGNATURE, (TOKEN,)),
        (URL, form(More="1"), SIGNATURE, (TOKEN,)),
        (URL.replace("foo=1", "foo=2"), form(), SIGNATURE, (TOKEN,)),
        (URL.replace("mycompany", "othercompany"), form(), SIGNATURE, (TOKEN,)),
        (URL.replace("https", "http"), form(), SIGNATURE, (TOKEN,)),
        (URL.replace("myapp", "prefix/myapp"), form(), SIGNATURE, (TOKEN,)),
        (URL, MultiDict([*PARAMS.items(), ("Digits", "9")]), SIGNATURE, (TOKEN,)),
        # What the SDK raises on: a body that is no form and no hash of it, a port that is none, broken text.
        (URL, "{}", SIGNATURE, (TOKEN,)),
        (URL.replace("mycompany.com", "mycompany.com:port"), form(), SIGNATURE, (TOKEN,)),
        (URL, form(Body="\ud800"), SIGNATURE, (TOKEN,)),
        (URL, form(), "\ud800" * len(SIGNATURE), (TOKEN,)),
    ],
)
def test_what_is_not_signed_is_refused_and_nothing_is_raised(url, content, signature, tokens) -> None:
    assert not is_signed(url, content, signature, tokens)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("prefix", ["", "/behind/a/proxy"])
@pytest.mark.parametrize("told_with_port", [True, False])
@pytest.mark.parametrize("signed_with_port", [True, False])
def test_the_usual_port_may_be_named_or_not(scheme, prefix, told_with_port, signed_with_port) -> None:
    port = ":443" if scheme == "https" else ":80"
    told, signed = (
        f"{scheme}://bot.example{port if has else ''}{prefix}/hooks" for has in (told_with_port, signed_with_port)
    )
    assert is_signed(told, form(), sign(TOKEN, signed, PARAMS), (TOKEN,))
    assert not is_signed(told.replace("bot.example", "bot.example.evil"), form(), sign(TOKEN, signed, PARAMS), (TOKEN,))


def test_another_port_is_another_address() -> None:
    signed = sign(TOKEN, "https://bot.example:8443/hooks", PARAMS)
    assert is_signed("https://bot.example:8443/hooks", form(), signed, (TOKEN,))
    assert not is_signed("https://bot.example:9443/hooks", form(), signed, (TOKEN,))


def test_while_the_token_is_changed_both_of_them_sign() -> None:
    for token in ("old", "new"):
        assert is_signed(URL, form(), sign(token, URL, PARAMS), ("new", "old"))


def test_a_json_body_is_signed_by_its_hash_in_the_address() -> None:
    body = '{"a": 1}'
    address = f"https://bot.example/hooks?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(address, {})
    assert is_signed(address, body, signature, (TOKEN,))
    assert not is_signed(address, '{"a": 2}', signature, (TOKEN,))
    assert not is_signed(address.partition("?")[0], body, signature, (TOKEN,))


def test_the_same_field_twice_with_the_same_value_counts_once() -> None:
    twice = MultiDict([*PARAMS.items(), ("Digits", "1234")])
    assert is_signed(URL, twice, SIGNATURE, (TOKEN,))


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=20), max_size=5), st.text(max_size=30))
def test_the_local_twilio_and_the_sdk_agree_on_every_form(fields, token) -> None:
    fields = {name: value for name, value in fields.items() if (name + value).isprintable()}
    try:
        (token + "".join(fields) + "".join(fields.values())).encode()
    except UnicodeEncodeError:
        return
    signature = sign(token, URL, fields)
    assert signature == RequestValidator(token).compute_signature(URL, fields)


@given(st.binary(max_size=200))
def test_no_body_whatever_makes_the_check_raise(body) -> None:
    assert not is_signed(URL, read_form(body), SIGNATURE, (TOKEN,))
