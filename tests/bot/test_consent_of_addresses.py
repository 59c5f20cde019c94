"""Consent and addresses: whose yes it is, for which address, and what is left of it when the address was wrong."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from base.encryption import KeyRing
from bot.models import Message
from crm.consent.ledger import consent_for, consent_states, list_consent_events, verify_chain
from crm.consent.models import ConsentEvent
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses
from tests.bot.happenings import Effect, contact_of, happen, kinds
from tests.bot.stage import Stage
from tests.bot.test_consent_effects import consent, show_notice, tap


def mail(address: str) -> Effect:
    return {"effect": "capture_lead", "field": "email", "value": address, "slot": "email"}


ADA, TYPO = mail("ada@example.com"), mail("ada@exmaple.com")


async def standing(stage: Stage, contact: Contact) -> str:
    async with stage.sessions() as session:
        states = (await consent_states(session, [contact.id], stage.clock.now()))[contact.id]
    return consent_for(states, "marketing", "email").state


async def ledger(stage: Stage, contact: Contact) -> list[ConsentEvent]:
    async with stage.sessions() as session:
        assert (await verify_chain(session)).is_intact
        return [event for event, _ in await list_consent_events(session, contact.id)]


async def answer_notice(stage: Stage, value: str, *before: Effect) -> None:
    await show_notice(stage)
    await tap(stage, value, *before, consent("given" if value == "yes" else "refused"))


@pytest.fixture
async def ada(stage: Stage) -> Contact:
    """A contact from an earlier conversation, whose address anybody may type."""
    await happen(stage, ADA)
    return await contact_of(stage)


async def test_a_consent_names_the_address_it_was_given_for_by_its_keyed_hash(stage: Stage, keys: KeyRing) -> None:
    await answer_notice(stage, "yes", ADA)
    (event,) = await ledger(stage, await contact_of(stage))
    assert event.address_hmac == keys.blind_index("ada@example.com", kind="email").hex()


async def test_a_corrected_address_takes_the_consent_along_and_the_ledger_says_how(stage: Stage, keys: KeyRing) -> None:
    await answer_notice(stage, "yes", TYPO)
    await happen(stage, ADA, text="no, my mail is ada@example.com")
    contact = await contact_of(stage)
    given, ended, again = await ledger(stage, contact)
    assert [event.event for event in (given, ended, again)] == ["given", "superseded", "given"]
    assert given.address_hmac == ended.address_hmac == keys.blind_index("ada@exmaple.com", kind="email").hex()
    assert again.address_hmac == keys.blind_index("ada@example.com", kind="email").hex()
    assert (again.notice_sha256, again.effective_at) == (given.notice_sha256, given.effective_at)
    async with stage.sessions() as session:
        corrected_by = await session.scalar(select(Message.id).where(Message.text.startswith("no, my mail")))
    assert again.evidence == {**given.evidence, "corrected_by_message_id": str(corrected_by)}
    assert await standing(stage, contact) == "given"
    assert "consent_moved" in await kinds(stage)


async def test_the_same_address_again_writes_nothing_into_the_ledger(stage: Stage) -> None:
    await answer_notice(stage, "yes", ADA)
    await happen(stage, ADA)
    assert [event.event for event in await ledger(stage, await contact_of(stage))] == ["given"]


async def test_a_refusal_stays_a_refusal_when_the_address_is_corrected(stage: Stage) -> None:
    await answer_notice(stage, "no", TYPO)
    await happen(stage, ADA)
    assert await standing(stage, await contact_of(stage)) == "refused"


async def test_whoever_types_an_address_cannot_undo_its_owners_no(stage: Stage, ada: Contact) -> None:
    await answer_notice(stage, "no")
    await stage.begin_again()
    await answer_notice(stage, "yes", ADA)
    assert (await contact_of(stage)).id == ada.id
    assert [event.event for event in await ledger(stage, ada)] == ["refused", "requested"]
    assert await standing(stage, ada) == "refused"
    assert (await kinds(stage))[-1] == "consent_requested"


async def test_nor_by_saying_no_first(stage: Stage, ada: Contact) -> None:
    await answer_notice(stage, "no")
    await stage.begin_again()
    await answer_notice(stage, "no", ADA)
    await answer_notice(stage, "yes")
    assert await standing(stage, ada) == "refused"


async def test_the_owner_may_change_their_own_mind(stage: Stage, ada: Contact) -> None:
    await answer_notice(stage, "no")
    await answer_notice(stage, "yes")
    assert await standing(stage, ada) == "given"


async def test_an_address_that_said_nothing_yet_may_be_agreed_for_and_changed_in_the_same_chat(
    stage: Stage, ada: Contact
) -> None:
    await stage.begin_again()
    await answer_notice(stage, "no", ADA)
    await answer_notice(stage, "yes")
    assert await standing(stage, ada) == "given"


async def test_a_yes_leaves_the_contact_whose_address_turns_out_to_be_a_slip(stage: Stage, ada: Contact) -> None:
    """Somebody types Ada's address, agrees, and then says that theirs is another: Ada agreed to nothing."""
    await stage.begin_again()
    await answer_notice(stage, "yes", ADA)
    assert await standing(stage, ada) == "given"
    await happen(stage, mail("adam@example.com"))
    adam = await contact_of(stage)
    assert adam.id != ada.id
    assert await standing(stage, ada) == "expired"
    assert await standing(stage, adam) == "given"


async def test_a_yes_before_any_address_goes_with_the_visitor_but_undoes_no_no(stage: Stage, ada: Contact) -> None:
    await stage.begin_again()
    await answer_notice(stage, "yes")
    await happen(stage, ADA)
    assert await standing(stage, ada) == "given"
    await happen(stage, {"effect": "opt_out", "scope": "everything"})
    await stage.begin_again()
    await answer_notice(stage, "yes")
    await happen(stage, ADA)
    assert await standing(stage, ada) == "withdrawn"


async def test_a_disowned_address_gets_nothing_more_even_when_the_right_one_is_another_contacts(
    stage: Stage, ada: Contact, keys: KeyRing
) -> None:
    await stage.begin_again()
    await answer_notice(stage, "yes", TYPO)
    wrong = await contact_of(stage)
    await happen(stage, ADA)
    assert (await contact_of(stage)).id == ada.id
    async with stage.sessions() as session:
        assert (await read_addresses(session, keys, [wrong.id]))[wrong.id] == {}
    assert await standing(stage, wrong) == "expired"
    assert await standing(stage, ada) == "given"
