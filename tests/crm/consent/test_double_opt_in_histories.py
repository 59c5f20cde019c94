"""Whatever people do in whatever order: where it is demanded, a consent stands only by a link that was followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.database import transaction
from base.ids import new_id
from crm.consent.double_opt_in import ConfirmationOver, confirm, issue_token, list_to_mail, note_mailed
from crm.consent.in_conversation import record_answer
from crm.consent.ledger import ConsentFact, consent_for, consent_states, list_consent_events
from crm.contacts.service import attach_address, create_contact

_START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
_steps = st.one_of(
    st.sampled_from(["yes", "no"]),
    st.tuples(st.just("follow"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 40, 72])),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_steps, max_size=9))
async def test_no_order_of_words_and_clicks_gives_a_consent_without_a_click_in_time(database, keys, steps) -> None:
    now, talk = _START, new_id()
    # The model: what stands, and for each link until when it may be followed (None: no more).
    stands, links = "none", []
    tokens: list[str] = []
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone="Europe/Vienna", now=now)
        address = f"{contact_id.hex}@example.com"
        await attach_address(session, keys, contact_id, kind="email", value=address, now=now)
        for step in steps:
            if step in ("yes", "no"):
                fact = ConsentFact(
                    event="given" if step == "yes" else "refused",
                    principal_ref=contact_id,
                    purpose="marketing",
                    channel="email",
                    controller="Northwind",
                    language="de",
                    method="chat_choice",
                    actor="subject",
                    effective_at=now,
                    notice_text="Ja?",
                    evidence={"conversation_id": str(talk)},
                )
                await record_answer(session, fact, conversation_id=talk, now=now, keys=keys)
                mailed = await list_to_mail(session, now, limit=10)
                await note_mailed(session, mailed, now)
                tokens += [issue_token(keys, one.confirmation_id) for one in mailed]
                if step == "yes":
                    links.append(now + timedelta(hours=72))
                else:
                    stands, links = "refused", [None if until != "used" else until for until in links]
            elif step[0] == "follow" and step[1] < len(tokens):
                until = links[step[1]]
                try:
                    await confirm(session, keys, tokens[step[1]], now)
                    assert until == "used" or (until is not None and now < until)
                    if until != "used":
                        stands, links[step[1]] = "given", "used"
                except ConfirmationOver:
                    assert until is None or until <= now
            elif step[0] == "wait":
                now += timedelta(hours=step[1])
            states = (await consent_states(session, [contact_id], now))[contact_id]
            assert consent_for(states, "marketing", "email").state == stands
        events = [event.event for event, _ in await list_consent_events(session, contact_id)]
        assert "given" not in events
        await session.rollback()
