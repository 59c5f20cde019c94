"""Whatever is written into whichever field of whichever command: nothing breaks, and text stays text.

What pages, mails and the widget make of it is seen in a browser: tests/journey_of_a_lead/test_poison.py.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from admin.api.endpoints import Endpoint
from admin.app import ENDPOINTS, describe_api
from base.database import transaction
from crm.contacts.service import create_contact, set_fields
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.conftest import fresh_database
from tests.poison import FORMULAS, PRODUCT, STORED, Description, filled, fitting, places, with_text
from tests.server.full_set_up import COMMAND, FullSetUp, full_set_up

pytestmark = pytest.mark.long

ENDS_THE_WALK = {"log_out", "end_own_session", "change_password", "carry_out_privacy_request"}
NEVER_ENDS = {"open_stream"}
MANY = 0.02  # of what is sent must be taken for the walk to be worth anything


@pytest.fixture(scope="module")
async def set_up(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FullSetUp]:
    folder = tmp_path_factory.mktemp("poisoned")
    with fresh_database(postgres_url) as url:
        async with scripted_dialogue() as dialogue, full_set_up(url, dialogue, folder) as started:
            yield started


async def send(set_up: FullSetUp, method: str, path: str, body: Any) -> tuple[int, str]:
    """As a program sends it, half characters and all; the answer is JSON, whatever it says."""
    headers = {**COMMAND, "If-Match": '"1"'}
    answer = await set_up.owner.request(
        method, filled(path, set_up.made), data=json.dumps(body).encode(), headers=headers
    )
    text = await answer.text()
    assert answer.status != 500, (path, body, text)
    if text:
        assert answer.content_type in {"application/json", "application/problem+json"}, (path, answer.content_type)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert PRODUCT not in text, f"{path} carries out what stands in braces"
    return answer.status, text


async def test_no_text_in_any_field_of_any_command_breaks_it_or_is_carried_out(set_up) -> None:
    description, fits = Description(describe_api()), fitting(set_up.made)
    sent, taken = Counter[str](), Counter[str]()
    for method, path, operation in description.commands():
        name = operation["operationId"]
        if name in ENDS_THE_WALK:
            continue
        for body in (description.example(operation), fits.get(name)):
            for at in places(body):
                for text in STORED.values():
                    status, _ = await send(set_up, method, path, with_text(body, at, text))
                    sent[name] += 1
                    taken[name] += status < 300
    assert sum(sent.values()) > 5_000
    assert sum(taken.values()) > MANY * sum(sent.values())


async def test_afterwards_everything_can_still_be_read_and_holds_the_texts_as_they_were_written(set_up) -> None:
    found = ""
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" or endpoint.operation_id in NEVER_ENDS or endpoint.permission == "public":
            continue
        answer = await set_up.owner.get(filled(endpoint.path, set_up.made), allow_redirects=False)
        text = await answer.text()
        assert answer.status != 500, (endpoint.operation_id, text)
        assert PRODUCT not in text
        found += text
    for name in ("img", "script", "markdown", "template", "emoji", "formula"):
        assert json.dumps(STORED[name], ensure_ascii=False)[1:-1] in found, f"{name} is kept nowhere, as it was"


async def test_no_cell_of_any_table_that_is_saved_is_a_formula(set_up) -> None:
    now = set_up.platform.clock.now()
    async with transaction(set_up.platform.sessions) as session:
        for start in FORMULAS:
            contact = await create_contact(session, time_zone=None, now=now)
            cells = {"first_name": f"{start}cmd|'/C calc'!A0", "company": f"{start}1+1"}
            await set_fields(session, contact, cells, now)
    harmless = cells = 0
    for endpoint in _tables():
        answer = await set_up.owner.get(filled(endpoint.path, set_up.made) + _QUERIES.get(endpoint.operation_id, ""))
        assert answer.status == 200, (endpoint.operation_id, await answer.text())
        assert answer.headers["Content-Disposition"].startswith("attachment")
        for row in csv.reader(io.StringIO((await answer.text()).removeprefix("\ufeff"))):
            for cell in row:
                cells += 1
                harmless += cell.startswith("'")
                assert not cell.startswith(FORMULAS) or _is_number(cell), (endpoint.operation_id, cell)
    assert cells > 50
    assert harmless >= 2 * len(FORMULAS), "they are told as text, not left out"


_QUERIES = {"get_numbers_table": "?table=funnel"}


def _tables() -> list[Endpoint]:
    return [endpoint for endpoint in ENDPOINTS if any(one.startswith("text/csv") for one in endpoint.gives)]


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(".", "", 1).isdigit()


async def test_a_table_that_is_brought_in_may_hold_anything(set_up, tmp_path: Path) -> None:
    texts = [text for name, text in STORED.items() if name not in {"nul", "half"}]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["email", *(f"{text}"[:100] for text in texts)])
    for number, text in enumerate(texts):
        writer.writerow([f"p{number}@bought.example", *([text] * len(texts))])
    headers = {**COMMAND, "Content-Type": "text/csv"}
    for name in texts[:8]:
        answer = await set_up.owner.post(
            "/api/v1/imports", params={"name": name[:100]}, data=table.getvalue().encode(), headers=headers
        )
        assert answer.status < 500, await answer.text()
    assert answer.status == 201
    one = (await answer.json())["imported"]["id"]
    for path in ("preview", "start"):
        status, text = await send(set_up, "POST", f"/api/v1/imports/{one}/{path}", {})
        assert status < 300, text
