"""The database itself lets nobody into `sending` but with the gate's yes to this very row at this very claim."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base.ids import new_id

DECIDE = (
    "INSERT INTO gate_decisions (id, outbox_id, stage, answer, rule, reason, pack_version, inputs, decided_at) "
    "VALUES (:id, :outbox, :stage, :answer, 'r', 'r', 'v', '{}', :at)"
)
SEND = "UPDATE outbox SET state = 'sending', gate_decision_id = :id, claimed_at = :at WHERE id = :outbox"


async def run(site, statement, **values):
    async with site.engine.begin() as connection:
        return await connection.execute(text(statement), values)


async def decide(site, outbox_id, *, stage="claim", answer="allow", at=None):
    decision = new_id()
    moment = at or site.clock.now()
    await run(site, DECIDE, id=decision, outbox=outbox_id, stage=stage, answer=answer, at=moment)
    return decision


async def refused(site, statement, **values):
    with pytest.raises(DBAPIError, match=r"may not be sent|gate_before_sending|append-only"):
        await run(site, statement, **values)


async def test_a_claim_that_the_gate_allowed_may_send(site):
    row = await site.put(await site.contact())
    decision = await decide(site, row)
    await run(site, SEND, id=decision, outbox=row, at=site.clock.now())
    assert (await site.message(row)).state == "sending"


@pytest.mark.parametrize(
    ("stage", "answer"),
    [("plan", "allow"), ("wire", "allow"), ("claim", "deny"), ("claim", "defer"), ("plan", "deny")],
)
async def test_no_other_answer_of_the_gate_opens_it(site, stage, answer):
    row = await site.put(await site.contact())
    decision = await decide(site, row, stage=stage, answer=answer)
    await refused(site, SEND, id=decision, outbox=row, at=site.clock.now())
    assert (await site.message(row)).state == "planned"


async def test_a_yes_to_another_message_opens_nothing(site):
    contact_id = await site.contact()
    row, other = await site.put(contact_id), await site.put(contact_id)
    decision = await decide(site, other)
    await refused(site, SEND, id=decision, outbox=row, at=site.clock.now())


async def test_a_yes_of_an_earlier_claim_does_not_open_it_again(site):
    row = await site.put(await site.contact())
    decision = await decide(site, row)
    await run(site, SEND, id=decision, outbox=row, at=site.clock.now())
    await run(site, "UPDATE outbox SET state = 'failed' WHERE id = :outbox", outbox=row)
    await refused(site, SEND, id=decision, outbox=row, at=site.clock.now() + timedelta(seconds=1))
    await refused(site, "UPDATE outbox SET state = 'sending', claimed_at = now() WHERE id = :outbox", outbox=row)


async def test_plain_sql_cannot_send(site):
    row = await site.put(await site.contact())
    await refused(site, "UPDATE outbox SET state = 'sending' WHERE id = :outbox", outbox=row)
    await refused(site, SEND, id=new_id(), outbox=row, at=site.clock.now())
    copy = (
        "INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, state, due_at, "
        "claimed_at, gate_decision_id, created_at, updated_at) SELECT :new, :new, contact_id, channel, purpose, "
        "message_class, text, 'sending', due_at, :at, :decision, created_at, updated_at FROM outbox WHERE id = :outbox"
    ).replace(":new, :new", "CAST(:new AS uuid), CAST(:new AS text)")
    decision = await decide(site, row)
    await refused(site, copy, new=str(new_id()), at=site.clock.now(), decision=decision, outbox=row)
    assert [one.state for one in await site.outbox()] == ["planned"]


async def test_a_decision_is_not_changed_afterwards(site):
    row = await site.put(await site.contact())
    decision = await decide(site, row, answer="deny")
    await refused(site, "UPDATE gate_decisions SET answer = 'allow' WHERE id = :id", id=decision)


async def test_a_row_under_way_is_not_given_another_decision_that_is_none(site):
    row = await site.put(await site.contact())
    await run(site, SEND, id=await decide(site, row), outbox=row, at=site.clock.now())
    denied = await decide(site, row, answer="deny")
    await refused(site, "UPDATE outbox SET gate_decision_id = :id WHERE id = :outbox", id=denied, outbox=row)


async def test_decisions_go_with_an_erased_contact(site):
    contact_id = await site.contact()
    await decide(site, await site.put(contact_id))
    await run(site, "DELETE FROM contacts WHERE id = :id", id=contact_id)
    counted = await run(site, "SELECT count(*) FROM gate_decisions")
    assert counted.scalar_one() == 0
