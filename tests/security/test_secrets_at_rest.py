"""Everything that a database holds is searched for the secrets of a set-up that has one of each kind."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from base.database import transaction
from base.tables import Table
from outreach.accounts.service import save_account
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.server.full_set_up import PASSWORD, FullSetUp, full_set_up

ACCOUNT_TOKEN = "twilio-token-0123456789abcdef"


async def secrets_of(here: FullSetUp) -> dict[str, bytes]:
    """What nobody may find in a dump, by what it is."""
    keys = json.loads(here.platform.settings.key_file.read_text())
    source = await here.make("signed", "event-sources", {"name": "signed", "way": "webhook"})
    hook = await here.make("hook", "webhooks", {"name": "H", "url": "https://h.invalid/in", "kinds": ["lead_captured"]})
    async with transaction(here.platform.sessions) as session:
        await save_account(
            session, here.platform.keys, channel="sms", name="texts", address="+16462000000",
            settings={"account_sid": "AC" + "0" * 32}, secrets={"auth_token": ACCOUNT_TOKEN},
            now=here.platform.clock.now(),
        )  # fmt: skip
    cookies = {f"cookie {one.key}": one.value for one in here.owner.session.cookie_jar}
    roots = {**keys["roots"], **{f"column {name}": key for name, key in keys["column_roots"].items()}}
    assert cookies
    return {
        name: value.encode() if isinstance(value, str) else value
        for name, value in {
            "API token": here.token, "token of a source": here.event_token, "secret of a source": source["secret"],
            "secret of a webhook": hook["secret"], "token of an account": ACCOUNT_TOKEN, "password": PASSWORD,
            **cookies,
            **{f"root key {name}": base64.b64decode(key) for name, key in roots.items()},
            "root key of indexes": base64.b64decode(keys["index_root"]),
        }.items()
    }  # fmt: skip


def forms_of(secret: bytes) -> set[str]:
    """As text, as the bytes of a column are shown, and in base64."""
    forms = {
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
    }
    if secret.isascii():
        forms.add(secret.decode())
    tail = secret.rpartition(b"_")[2]
    return forms | ({tail.decode()} if tail.isascii() and len(tail) >= 16 else set())


@pytest.mark.long
async def test_no_secret_stands_in_any_table_as_it_is(fresh_database_url: str, tmp_path: Path) -> None:
    async with scripted_dialogue() as dialogue, full_set_up(fresh_database_url, dialogue, tmp_path) as here:
        secrets = await secrets_of(here)
        dump: dict[str, str] = {}
        async with here.platform.sessions() as session:
            tables = list(await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
            for table in tables:
                dump[table] = "\n".join(await session.scalars(text(f'SELECT t::text FROM "{table}" AS t')))
        assert {table.name for table in Table.metadata.sorted_tables} <= dump.keys()
        found = [
            (table, name) for table, rows in dump.items() for name, secret in secrets.items()
            if any(form in rows for form in forms_of(secret))
        ]  # fmt: skip
        assert found == []
        # What looks through it does find what is there.
        assert any(str(here.made["owner"]) in rows for rows in dump.values())
        assert len(secrets) >= 9
