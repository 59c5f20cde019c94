"""What a page says of itself is read generously and kept sparingly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from base.errors import Malformed
from bot.models import Conversation
from channels.web.opening import Opening, read_opening
from tests.channels.web.chat_stage import Process


@pytest.mark.parametrize(
    ("page_url", "kept"),
    [
        ("https://www.northwind.example/plans", "https://www.northwind.example/plans"),
        ("https://www.northwind.example/plans?email=ada@example.com&x=1#me", "https://www.northwind.example/plans"),
        ("https://ada:secret@www.northwind.example/", "https://www.northwind.example/"),
        ("http://localhost:8080/a%20b", "http://localhost:8080/a%20b"),
        ("https://www.northwind.example/?utm=" + "x" * 5_000, "https://www.northwind.example/"),
        ("https://www.northwind.example/a\x00b", "https://www.northwind.example/a%00b"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://[broken", None),
        ("not a url", None),
        ("", None),
        (None, None),
    ],
)
async def test_the_page_is_stored_without_what_may_name_a_person(
    process: Process, page_url: str | None, kept: str | None
) -> None:
    await process.open(page_url=page_url)
    async with process.sessions() as session:
        assert list(await session.scalars(select(Conversation.page_url))) == [kept]


@pytest.mark.parametrize(
    ("said", "language", "zone"),
    [
        ({"language": "de-AT", "time_zone": "Europe/Vienna"}, "de", "Europe/Vienna"),
        ({"language": "EN", "time_zone": "Etc/GMT+5"}, "en", "Etc/GMT+5"),
        ({"language": "", "time_zone": ""}, "en", None),
        ({"language": "x-klingon", "time_zone": "Europe/Vienna\x00"}, "en", None),
        ({"language": "ñé", "time_zone": "a" * 65}, "en", None),
        ({"language": "e\x00", "time_zone": "Vienna; DROP TABLE"}, "en", None),
        ({}, "en", None),
    ],
)
async def test_language_and_zone_are_taken_when_they_have_the_form_of_one(
    process: Process, said: dict[str, Any], language: str, zone: str | None
) -> None:
    await process.open(**said)
    async with process.sessions() as session:
        assert (await session.execute(select(Conversation.language, Conversation.time_zone))).all() == [
            (language, zone)
        ]


@given(st.text(), st.text(), st.text())
def test_no_page_breaks_the_opening(page_url: str, language: str, zone: str) -> None:
    opening = Opening(page_url=page_url, language=language, time_zone=zone)
    for kept in (opening.page, opening.primary_language, opening.zone):
        assert kept is None or ("\x00" not in kept and kept.encode())


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_a_body_is_read_or_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_opening(raw)


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", '{"page_url":5}', '{"token":"' + "x" * 1_001 + '"}', "[" * 9_000]
)
async def test_a_session_request_that_cannot_be_read_starts_nothing(process: Process, body: str) -> None:
    async with process.request("POST", "/chat/session", data=body) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "malformed")
    async with process.sessions() as session:
        assert list(await session.scalars(select(Conversation.id))) == []
