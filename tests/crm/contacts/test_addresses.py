"""The form of addresses."""

from __future__ import annotations

from contextlib import suppress

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.contacts.addresses import (
    InvalidAddress,
    is_business_email,
    normalise_address,
    normalise_email,
    normalise_phone,
)

_local = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,20}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda text: ".." not in text
)
_domain = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9]{0,15}[A-Za-z0-9])?\.(com|ORG|co\.uk|Example)", fullmatch=True)
_regions = st.sampled_from(["US", "DE", "GB", "FR", "IN", "BR", "JP", "NG"])


@given(_local, _domain, st.sampled_from(["", " ", "\n", "\t "]))
def test_case_and_surrounding_space_make_no_other_address(local: str, domain: str, space: str) -> None:
    assert normalise_email(f"{space}{local}@{domain}{space}") == f"{local}@{domain}".lower()


# Near what is an address: each part right or nearly so, and lengths around the limits.
_label = st.from_regex(r"(xn--)?[a-z0-9-]{1,8}", fullmatch=True) | st.sampled_from(
    ["a" * 63, "a" * 64, "test", "münchen"]
)
_nearly = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}",
    st.from_regex(r"[a-z0-9.!#+'\"_ -]{1,10}", fullmatch=True) | st.integers(60, 252).map(lambda length: "a" * length),
    st.lists(_label, min_size=1, max_size=4),
)


@given(st.emails() | _nearly)
@example(f"{'a' * 248}@b.com")
@example(f"{'a' * 249}@b.com")
@example("a@xn--mnchen-3ya.de")
def test_an_email_is_taken_and_written_just_as_the_library_has_it(email: str) -> None:
    """Most are read without it, as it is slow: nothing may come out of that but what the library says."""
    try:
        said = validate_email(email.strip().lower(), check_deliverability=False).normalized
    except EmailNotValidError:
        said = None
    for _ in range(2):
        try:
            ours = normalise_email(email)
        except InvalidAddress:
            ours = None
        assert ours == said


_every_region = st.sampled_from([*sorted(phonenumbers.SUPPORTED_REGIONS), None, "AQ", "001"])
_codes = st.sampled_from([str(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)])


@st.composite
def _dialled(draw) -> tuple[str, str | None]:
    """A number of a region, whole or nearly, as it is dialled there or from abroad, with or without what is between."""
    region = draw(_every_region)
    example = phonenumbers.example_number(region) if region else None
    tail = draw(st.text("0123456789", max_size=6))
    if example is not None and draw(st.booleans()):
        national = str(example.national_number)
        number = national[: len(national) - len(tail)] + tail if draw(st.booleans()) else national
    else:
        number = draw(st.text("0123456789", max_size=18))
    code = draw(_codes | (st.just(str(example.country_code)) if example else _codes))
    number = draw(st.sampled_from(["", "0", "00", "1", "8", "011", code, f"+{code}", f"+{code}0", "+"])) + number
    between = draw(
        st.lists(st.sampled_from(["", "", "", " ", "-", ".", "(", ")", " (", ") "]), min_size=30, max_size=30)
    )
    return "".join(digit + gap for digit, gap in zip(number, between, strict=False)), region


@settings(max_examples=1_000)
@given(_dialled())
@example(("(415) 200-0001", "US"))
@example(("+39 06 698 12345", "DE"))
@example(("+1+415 555 2671", "US"))
@example(("+061477411863", "BN"))
@example(("(+1) 415 555 2671", None))
@example((f"+1{'.' * 250}4155552671", None))
def test_a_number_is_taken_and_written_just_as_the_library_has_it(dialled: tuple[str, str | None]) -> None:
    """Those without any prefix are read without it, as it is slow: nothing may come out but what the library says."""
    text, region = dialled
    try:
        number = phonenumbers.parse(text, region)
        said = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        said = said if phonenumbers.is_valid_number(number) else None
    except phonenumbers.NumberParseException:
        said = None
    try:
        ours = normalise_phone(text, region)
    except InvalidAddress:
        ours = None
    assert ours == said


def test_numbers_of_every_region_that_are_written_in_full_are_read_without_the_library(monkeypatch) -> None:
    """Else the way around it would be no way at all."""
    examples = [phonenumbers.example_number(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    whole = [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.INTERNATIONAL) for one in examples if one]
    left = []

    def parse(text, _region):
        left.append(text)
        raise phonenumbers.NumberParseException(0, "")

    monkeypatch.setattr(phonenumbers, "parse", parse)
    for text in whole:
        with suppress(InvalidAddress):
            normalise_phone(text, None)
    assert len(left) < len(whole) / 10, left


@given(st.emails())
def test_an_email_normalised_twice_is_the_same(email: str) -> None:
    try:
        once = normalise_email(email)
    except InvalidAddress:
        return
    assert normalise_email(once) == once
    assert normalise_email(email.upper()) == normalise_email(email.upper().lower())


@given(st.text(max_size=60))
def test_any_text_gives_an_address_or_an_error_with_a_remedy(text: str) -> None:
    for normalise in (normalise_email, lambda value: normalise_phone(value, "US")):
        message = ""
        try:
            normalised = normalise(text)
        except InvalidAddress as error:
            message = error.message
        assert message.endswith(".") if message else normalised


@pytest.mark.parametrize(
    "text", ["", "@", "ann", "ann@", "@b.com", "ann@b", "a b@c.com", "a@b..com", "a@b.com\nBcc: c@d.com"]
)
def test_what_is_no_email_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        normalise_email(text)
    assert len(text) < 3 or text not in refused.value.message


def test_unicode_domains_and_their_ascii_form_are_one_address() -> None:
    assert normalise_email("Jörg@BÜCHER.example") == normalise_email("jörg@xn--bcher-kva.example")


@given(_regions)
def test_a_number_is_the_same_in_national_and_international_form(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert normalise_phone(phonenumbers.format_number(number, form), region) == full
    assert normalise_address("phone", full) == full


@pytest.mark.parametrize(("text", "region"), [("0172 1234567", None), ("+1 555", "US"), ("12345", "DE"), ("", "US")])
def test_a_number_that_cannot_exist_or_lacks_its_country_is_refused(text: str, region: str | None) -> None:
    with pytest.raises(InvalidAddress):
        normalise_phone(text, region)


def test_a_public_mail_provider_is_no_business_address() -> None:
    assert not is_business_email("ann@gmail.com")
    assert not is_business_email("ann@yahoo.co.uk")
    assert is_business_email("ann@northwind-ledger.example")
