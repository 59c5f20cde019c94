"""Which paths may be called, and how an address is built."""

from __future__ import annotations

import contextlib
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.connectors.rules import build_url, is_path_allowed
from bot.connectors.strict_json import NotUsable, read_json


@pytest.mark.parametrize("path", ["/leads", "/leads/", "/leads/7", "/leads/a%2Fb", "/leads/Ada%20L", "/leads/köln"])
def test_a_path_at_or_below_a_prefix_is_allowed(path: str) -> None:
    assert is_path_allowed(path, ["/orders", "/leads"])


@pytest.mark.parametrize(
    "path",
    [
        "/", "", "leads", "//leads", "/leadsale", "/Leads", "/orders/../leads", "/leads/../admin",
        "/leads/%2e%2e/admin", "/leads/..%2Fadmin", "/leads/%252e%252e%252fadmin", "/leads/..;/admin",
        "/leads/..\\admin", "/leads/%5c..%5cadmin",
        "/leads/./x", "/leads?x=1", "/leads#x", "/leads/%zz", "/leads/a b", "/leads/%00", "/leads/%0d%0aX: 1",
        "/leads/\r\nX: 1",
    ],
)  # fmt: skip
def test_any_other_path_is_not(path: str) -> None:
    assert not is_path_allowed(path, ["/leads"])


@given(st.text(alphabet="/.%2eEfF5cC;\\ab", max_size=20))
def test_no_allowed_path_leads_out_however_often_it_is_unquoted(rest: str) -> None:
    path = "/leads/" + rest
    if is_path_allowed(path, ["/leads"]):
        for _ in range(2):
            path = unquote(path)
            assert not {"..", "."} & set(path.replace("\\", "/").split("/"))


def test_the_address_keeps_what_is_quoted_and_quotes_the_rest() -> None:
    url = build_url("https://crm.example/v2/", "/leads/a%2Fb/köln", {"q": "a b&c=d", "e": "é"})
    assert url == "https://crm.example/v2/leads/a%2Fb/k%C3%B6ln?q=a%20b%26c%3Dd&e=%C3%A9"


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"1e999", b'"\\u0000"', b'{"\\u0000": 1}', b'"\\ud800"',
        b"[" * 100 + b"]" * 100, b"[" * 100_000, b"1" * 5_000, b'{"a":1} x',
    ],
)  # fmt: skip
def test_json_that_cannot_be_kept_is_refused(data: bytes) -> None:
    with pytest.raises(NotUsable):
        read_json(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotUsable):
        read_json(data)
