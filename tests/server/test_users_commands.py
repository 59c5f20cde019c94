"""`parley users …` and `parley audit-log verify` as operators run them, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from admin.audit.models import AuditEntry
from admin.models import AdminUser
from admin.users.passwords import check_reset
from base.database import transaction
from base.encryption import create_key_file
from base.ids import new_id
from tests.server.command_line import CommandLine

EMAIL = "ada@example.com"


@pytest.fixture
async def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    async with transaction(database.sessions) as session:
        session.add(
            AdminUser(
                id=new_id(), email=EMAIL, name="Ada", role="owner", password_hash="x", created_at=datetime.now(UTC)
            )
        )
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}
    return lambda *words: CommandLine(tmp_path, settings, words[0])(*words[1:])


async def test_somebody_who_cannot_sign_in_is_helped_and_the_log_names_the_command_line(parley, database) -> None:
    assert (await parley("users", "list")).out.split() == [
        "ada@example.com", "owner", "active", "one", "step", "not", "signed", "in",
    ]  # fmt: skip
    link = (await parley("users", "new-password", " ADA@example.com ")).out.strip()
    async with database.sessions() as session:
        await check_reset(session, link.rpartition("#")[2], datetime.now(UTC))
    assert (await parley("users", "remove-second-step", EMAIL)).out.strip() == "there was none"
    assert (await parley("users", "sign-out", EMAIL)).out.strip() == "0 sessions ended"
    async with database.sessions() as session:
        told = (await session.execute(select(AuditEntry.author, AuditEntry.action).order_by(AuditEntry.seq))).all()
    assert [tuple(row) for row in told] == [
        ("command_line", "reset_user_password"),
        ("command_line", "remove_user_second_step"),
        ("command_line", "end_user_sessions"),
    ]
    assert (await parley("audit-log", "verify")).out.strip() == "intact: 3 entries"


async def test_the_last_owner_stays_one_here_too(parley) -> None:
    for words in (("set-role", EMAIL, "agent"), ("deactivate", EMAIL)):
        refused = await parley("users", *words)
        assert refused.code == 1
        assert "last owner" in refused.err


async def test_a_log_that_was_changed_is_told_by_where_and_by_the_exit_code(parley, database) -> None:
    await parley("users", "sign-out", EMAIL)
    async with transaction(database.sessions) as session:
        await session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER ALL"))
        await session.execute(update(AuditEntry).values(action="nothing"))
    told = await parley("audit-log", "verify")
    assert (told.code, told.out.strip()) == (1, "entry 1: was changed after it was written")
