"""Connectors as the operator keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from base.database import transaction
from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from bot.connectors.call import Connectors
from bot.connectors.service import list_calls, list_connectors, reseal_headers, revoke_connector
from tests.bot.connectors.conftest import Calls


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("name", {"name": "My CRM"}),
        ("base_url", {"base_url": "http://crm.example", "allow_private": False}),
        ("base_url", {"base_url": "ftp://crm.example"}),
        ("base_url", {"base_url": "https://user:pw@crm.example"}),
        ("base_url", {"base_url": "https://crm.example/?key=1"}),
        ("base_url", {"base_url": "https://crm.example/a/%2e%2e/b"}),
        ("base_url", {"base_url": "crm"}),
        ("base_url", {"base_url": "https://crm.example:99999"}),
        ("headers", {"headers": {"X-Key": "a\r\nb"}}),
        ("headers", {"headers": {"Host": "other"}}),
        ("headers", {"headers": {"X Key": "a"}}),
        ("methods", {"methods": ["DELETE"]}),
        ("methods", {"methods": []}),
        ("paths", {"paths": ["leads"]}),
        ("paths", {"paths": []}),
        ("calls_a_day", {"calls_a_day": 0}),
    ],
)
async def test_what_is_wrong_is_named(calls: Calls, field: str, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await calls.add(**changed)
    assert [error["field"] for error in refused.value.errors] == [field]


async def test_secrets_are_sealed_and_never_listed(calls: Calls) -> None:
    await calls.add()
    async with calls.sessions() as session:
        [view] = await list_connectors(session)
        row = (await session.execute(text("select connectors::text from connectors"))).scalar_one()
    assert view.has_headers
    assert "very-secret" not in repr(view)
    assert "very-secret" not in row
    assert b"very-secret".hex() not in row


async def test_a_name_is_taken_until_it_is_revoked(calls: Calls) -> None:
    await calls.add()
    with pytest.raises(Conflict):
        await calls.add()
    async with transaction(calls.sessions) as session:
        await revoke_connector(session, "crm", calls.clock.now())
    assert await calls.call() == {"ok": False, "problem": "connector revoked"}
    async with transaction(calls.sessions) as session:
        with pytest.raises(NotFound):
            await revoke_connector(session, "crm", calls.clock.now())
    await calls.add(headers={"X-Key": "new"})
    assert (await calls.call(key="turn/2"))["ok"]
    assert calls.system.asked[0].headers["X-Key"] == "new"
    assert "Authorization" not in calls.system.asked[0].headers


async def test_revoking_forgets_the_secrets(calls: Calls) -> None:
    await calls.add()
    async with transaction(calls.sessions) as session:
        await revoke_connector(session, "crm", calls.clock.now())
        row = (await session.execute(text("select headers_sealed, key_id from connectors"))).one()
    assert tuple(row) == (None, None)


async def test_headers_are_sealed_anew_with_the_newest_key(calls: Calls) -> None:
    await calls.add()
    newer = KeyRing("k2", {**calls.keys.roots, "k2": b"\x03" * 32}, calls.keys.index_root)
    async with transaction(calls.sessions) as session:
        assert await reseal_headers(session, newer) == 1
    async with transaction(calls.sessions) as session:
        assert await reseal_headers(session, newer) == 0
    only_new = KeyRing("k2", {"k2": b"\x03" * 32}, calls.keys.index_root)
    calls.connectors = Connectors(calls.sessions, only_new, calls.clock, "https://site.example")
    assert (await calls.call())["ok"]
    assert calls.system.asked[0].headers["Authorization"] == "Bearer very-secret"


async def test_the_log_lists_calls_newest_first(calls: Calls) -> None:
    await calls.add(methods=["GET", "POST"])
    for number in range(3):
        await calls.call(key=f"turn/{number}", path=f"/leads/{number}")
        calls.clock.move(timedelta(minutes=1))
    async with calls.sessions() as session:
        latest = await list_calls(session, "crm", limit=2)
        older = await list_calls(session, "crm", before=latest[-1].started_at)
        with pytest.raises(NotFound):
            await list_calls(session, "erp")
    assert [call.path for call in latest] == ["/leads/2", "/leads/1"]
    assert [(call.path, call.method, call.state, call.status) for call in older] == [
        ("/leads/0", "POST", "answered", 200)
    ]
