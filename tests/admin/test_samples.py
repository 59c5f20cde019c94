"""The sample workspace over the API: asked for, refused where it is there, removed, and written into the audit log."""

from __future__ import annotations

from sqlalchemy import select, update

from admin.audit.models import AuditEntry
from base.database import transaction
from crm.samples.models import SampleWorkspace

PATH = "/api/v1/sample-workspace"


async def test_it_is_asked_for_once_and_told_how_far_it_is(signed_in, context) -> None:
    assert await signed_in.read(PATH) == {
        "state": "none", "done": 0, "total": 0, "people": 0, "made_at": None, "site_is_empty": True
    }  # fmt: skip
    asked = await signed_in.send("POST", PATH)
    assert asked.status == 202
    assert (await asked.json())["state"] == "adding"
    again = await signed_in.send("POST", PATH)
    assert again.status == 409
    assert (await again.json())["code"] == "samples_there"
    async with transaction(context.sessions) as session:
        await session.execute(update(SampleWorkspace).values(done=7, total=58))
    told = await signed_in.read(PATH)
    assert (told["state"], told["done"], told["total"]) == ("adding", 7, 58)


async def test_one_that_broke_off_goes_on_when_it_is_asked_for_again(signed_in, context) -> None:
    await signed_in.send("POST", PATH)
    async with transaction(context.sessions) as session:
        await session.execute(update(SampleWorkspace).values(state="failed", done=7))
    asked = await signed_in.send("POST", PATH)
    assert asked.status == 202
    assert (await asked.json())["state"] == "adding"
    assert (await signed_in.read(PATH))["done"] == 7


async def test_removing_is_asked_for_and_meanwhile_it_cannot_be_added(signed_in) -> None:
    missing = await signed_in.send("DELETE", PATH)
    assert missing.status == 404
    await signed_in.send("POST", PATH)
    removed = await signed_in.send("DELETE", PATH)
    assert removed.status == 202
    assert (await removed.json())["state"] == "removing"
    refused = await signed_in.send("POST", PATH)
    assert refused.status == 409
    assert (await refused.json())["code"] == "samples_going"


async def test_both_stand_in_the_audit_log(signed_in, context, user) -> None:
    await signed_in.send("POST", PATH)
    await signed_in.send("DELETE", PATH)
    async with context.sessions() as session:
        rows = await session.execute(
            select(AuditEntry.action, AuditEntry.user_id).where(AuditEntry.subject_kind == "sample_workspace")
        )
        assert set(rows.all()) == {("add_sample_workspace", user.id), ("remove_sample_workspace", user.id)}


async def test_who_may_not_change_settings_cannot_ask_for_it(join) -> None:
    analyst = await join("analyst")
    for method in ("POST", "DELETE"):
        answer = await analyst.send(method, PATH)
        assert answer.status == 403
