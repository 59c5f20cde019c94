"""Double opt-in: a yes counts once the link that was mailed to its address was followed, once and in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import literal, select, true, update

from base.database import transaction
from base.ids import new_id
from crm.consent.double_opt_in import (
    ConfirmationOver,
    ConfirmationUnknown,
    confirm,
    find_confirmation,
    issue_token,
    list_to_mail,
    note_mailed,
    open_confirmations_of,
)
from crm.consent.double_opt_in_rules import read_double_opt_in, write_letter
from crm.consent.in_conversation import follow_address, record_answer
from crm.consent.ledger import ConsentFact, consent_for, consent_states, list_consent_events, verify_chain
from crm.consent.models import ConsentConfirmation
from crm.consent.withdrawal import withdraw_consent
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import attach_address, create_contact, set_fields

_TEXT = "Ja, Northwind darf mir Neues schicken."


class Stage:
    def __init__(self, database, keys, now) -> None:
        self.sessions, self.keys, self.now = database.sessions, keys, now
        self.conversation_id = new_id()

    async def contact(self, *, address="ann@example.com", phone=None, time_zone="Europe/Berlin", country=None):
        async with transaction(self.sessions) as session:
            contact_id = await create_contact(session, language="de", time_zone=time_zone, now=self.now)
            if address:
                await attach_address(session, self.keys, contact_id, kind="email", value=address, now=self.now)
            if phone:
                await attach_address(session, self.keys, contact_id, kind="phone", value=phone, now=self.now)
            if country:
                await set_fields(session, contact_id, {"country": country}, self.now)
        return contact_id

    async def say_yes(self, contact_id, **changes):
        fact = ConsentFact(
            **{
                "event": "given",
                "principal_ref": contact_id,
                "purpose": "marketing",
                "channel": "email",
                "controller": "Northwind",
                "language": "de",
                "method": "chat_choice",
                "actor": "subject",
                "effective_at": self.now,
                "notice_text": _TEXT,
                "evidence": {"conversation_id": str(self.conversation_id), "channel": "web"},
                **changes,
            }
        )
        async with transaction(self.sessions) as session:
            return await record_answer(
                session, fact, conversation_id=self.conversation_id, now=self.now, keys=self.keys
            )

    async def mail(self):
        async with transaction(self.sessions) as session:
            waiting = await list_to_mail(session, self.now, limit=10)
            await note_mailed(session, waiting, self.now)
        return waiting

    async def token(self):
        (mailed,) = await self.mail()
        return issue_token(self.keys, mailed.confirmation_id)

    async def follow(self, token, *, later=timedelta(0)):
        async with transaction(self.sessions) as session:
            return await confirm(session, self.keys, token, self.now + later)

    async def state(self, contact_id):
        async with self.sessions() as session:
            states = (await consent_states(session, [contact_id], self.now))[contact_id]
            return consent_for(states, "marketing", "email").state

    async def events(self, contact_id):
        async with self.sessions() as session:
            return [event for event, _ in await list_consent_events(session, contact_id)]


@pytest.fixture
def stage(database, keys, now):
    return Stage(database, keys, now)


async def test_a_yes_from_germany_counts_only_once_it_was_confirmed(stage) -> None:
    contact_id = await stage.contact()
    assert await stage.say_yes(contact_id) == "unconfirmed"
    assert await stage.state(contact_id) == "none"
    token = await stage.token()
    assert await stage.follow(token)
    assert await stage.state(contact_id) == "given"
    requested, confirmed = await stage.events(contact_id)
    assert (requested.event, confirmed.event, confirmed.method) == ("requested", "confirmed", "double_opt_in")
    assert confirmed.notice_sha256 == requested.notice_sha256
    assert confirmed.evidence["requested_event_id"] == str(requested.id)
    assert (requested.jurisdiction, confirmed.jurisdiction) == ("DE", "DE")
    assert requested.evidence["double_opt_in"] == read_double_opt_in().version
    async with stage.sessions() as session:
        assert (await verify_chain(session)).is_intact


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"time_zone": "Europe/Berlin"}, "unconfirmed"),
        ({"time_zone": "Europe/Vienna"}, "unconfirmed"),
        ({"time_zone": "America/New_York"}, "given"),
        ({"time_zone": "America/New_York", "country": "AT"}, "unconfirmed"),
        # What the clock and what they told us say counts both: who acts must do right by either.
        ({"time_zone": "Europe/Berlin", "country": "us"}, "unconfirmed"),
        ({"time_zone": "Europe/Madrid", "country": "ES"}, "given"),
        # Nobody knows where they are.
        ({"time_zone": None}, "unconfirmed"),
        ({"time_zone": "Mars/Olympus"}, "unconfirmed"),
        # A number may have been carried along.
        ({"time_zone": "Europe/Madrid", "phone": "+4930901820"}, "unconfirmed"),
        ({"time_zone": "Europe/Madrid", "phone": "+34911234567"}, "given"),
    ],
)
async def test_where_a_person_may_be_decides_whether_a_yes_must_be_confirmed(stage, where, says) -> None:
    assert await stage.say_yes(await stage.contact(**where)) == says


async def test_a_number_that_cannot_be_read_may_be_from_anywhere(stage) -> None:
    contact_id = await stage.contact(time_zone="Europe/Madrid", phone="+34911234567")
    stage.keys, ring = None, stage.keys
    assert await stage.say_yes(contact_id) == "unconfirmed"
    stage.keys = ring


async def test_other_purposes_and_channels_are_not_held_up(stage) -> None:
    contact_id = await stage.contact()
    assert await stage.say_yes(contact_id, channel="sms") == "given"
    assert await stage.say_yes(contact_id, purpose="service") == "given"
    assert await stage.mail() == []


async def test_a_link_works_once(stage) -> None:
    contact_id = await stage.contact()
    await stage.say_yes(contact_id)
    token = await stage.token()
    first, again = await stage.follow(token), await stage.follow(token)
    assert (first is not None, again) == (True, None)
    assert len(await stage.events(contact_id)) == 2
    async with transaction(stage.sessions) as session:
        await withdraw_consent(
            session,
            contact_id=contact_id,
            purpose="marketing",
            channel="email",
            method="preferences",
            evidence={"id": "m1"},
            controller="Northwind",
            language="de",
            now=stage.now,
        )
    # Nor does it undo what was said later.
    assert await stage.follow(token) is None
    assert await stage.state(contact_id) == "withdrawn"


async def test_a_link_is_over_after_72_hours(stage) -> None:
    contact_id = await stage.contact()
    await stage.say_yes(contact_id)
    token = await stage.token()
    with pytest.raises(ConfirmationOver):
        await stage.follow(token, later=timedelta(hours=72))
    assert await stage.state(contact_id) == "none"
    assert await stage.follow(token, later=timedelta(hours=71, minutes=59))


async def test_a_no_after_the_yes_ends_the_link(stage) -> None:
    contact_id = await stage.contact()
    await stage.say_yes(contact_id)
    token = await stage.token()
    assert await stage.say_yes(contact_id, event="refused") == "refused"
    with pytest.raises(ConfirmationOver):
        await stage.follow(token)
    assert await stage.state(contact_id) == "refused"


async def test_looking_at_a_link_changes_nothing(stage) -> None:
    contact_id = await stage.contact()
    await stage.say_yes(contact_id)
    token = await stage.token()
    async with stage.sessions() as session:
        shown = await find_confirmation(session, stage.keys, token, stage.now)
        assert (shown.state, shown.notice, shown.controller) == ("open", _TEXT, "Northwind")
    assert await stage.state(contact_id) == "none"
    await stage.follow(token)
    async with stage.sessions() as session:
        assert (await find_confirmation(session, stage.keys, token, stage.now)).state == "used"


@pytest.mark.parametrize("wrong", ["", "abc", "x.y", "a" * 3000])
async def test_a_strange_token_is_said_to_be_unknown(stage, wrong) -> None:
    with pytest.raises(ConfirmationUnknown):
        await stage.follow(wrong)
    with pytest.raises(ConfirmationUnknown):
        await stage.follow(issue_token(stage.keys, new_id()))


async def test_a_yes_before_the_address_is_known_is_mailed_once_it_is(stage) -> None:
    contact_id = await stage.contact(address=None)
    assert await stage.say_yes(contact_id) == "unconfirmed"
    assert await stage.mail() == []
    async with transaction(stage.sessions) as session:
        await attach_address(session, stage.keys, contact_id, kind="email", value="ann@example.com", now=stage.now)
    assert await stage.follow(await stage.token())
    assert await stage.state(contact_id) == "given"
    assert (await stage.events(contact_id))[-1].address_hmac == stage.keys.blind_index(
        "ann@example.com", kind="email"
    ).hex()


async def test_what_may_still_be_confirmed_is_known_until_it_is_or_its_time_is_over(stage) -> None:
    contact_id = await stage.contact()
    await stage.say_yes(contact_id)
    token = await stage.token()

    async def still(later=timedelta(0)):
        async with stage.sessions() as session:
            open_ones = open_confirmations_of(Contact.id, literal(stage.now + later)).lateral()
            rows = select(open_ones).join_from(Contact, open_ones, true()).where(Contact.id == contact_id)
            return [tuple(row) for row in await session.execute(rows)]

    until = stage.now + timedelta(hours=72)
    assert await still() == [("marketing", "email", until)]
    assert await still(timedelta(hours=72)) == []
    await stage.follow(token)
    assert await still() == []


async def test_a_mail_is_planned_once(stage) -> None:
    await stage.say_yes(await stage.contact())
    assert [len(await stage.mail()), len(await stage.mail())] == [1, 0]


async def test_a_corrected_address_is_asked_anew_and_the_old_link_is_dead(stage) -> None:
    contact_id = await stage.contact(address="an@example.com")
    await stage.say_yes(contact_id)
    old = await stage.token()
    async with transaction(stage.sessions) as session:
        await attach_address(session, stage.keys, contact_id, kind="email", value="ann@example.com", now=stage.now)
        await follow_address(
            session,
            conversation_id=stage.conversation_id,
            before=contact_id,
            after=contact_id,
            kind="email",
            message_id=new_id(),
            now=stage.now,
        )
    with pytest.raises(ConfirmationOver):
        await stage.follow(old)
    (mailed,) = await stage.mail()
    assert mailed.address_hmac == stage.keys.blind_index("ann@example.com", kind="email").hex()
    assert await stage.follow(issue_token(stage.keys, mailed.confirmation_id))
    assert await stage.state(contact_id) == "given"


async def test_a_yes_by_mail_from_the_proven_address_itself_is_confirmed_by_it(stage) -> None:
    contact_id = await stage.contact(address=None)
    async with transaction(stage.sessions) as session:
        await attach_address(session, stage.keys, contact_id, kind="email", value="ann@example.com", now=stage.now)
    evidence = {"conversation_id": str(stage.conversation_id), "channel": "email"}
    assert await stage.say_yes(contact_id, evidence=evidence) == "unconfirmed"
    async with transaction(stage.sessions) as session:
        await session.execute(update(ContactPoint).values(verified_at=stage.now))
    assert await stage.say_yes(contact_id, evidence=evidence) == "confirmed"
    # In the chat it is still only typed.
    assert await stage.say_yes(contact_id) == "unconfirmed"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "nl", "de-AT"])
def test_the_mail_holds_the_text_the_link_and_nothing_that_advertises(language) -> None:
    letter = write_letter(language, sender="Nord\nwind", notice="Ja?")
    assert "\n" not in letter.subject
    assert letter.text.count("{link}") == 1
    assert "Ja?" in letter.text
    assert "72" in letter.text
    assert "http" not in letter.text


async def test_no_token_stands_in_the_database(stage) -> None:
    await stage.say_yes(await stage.contact())
    token = await stage.token()
    async with stage.sessions() as session:
        row = (await session.scalars(select(ConsentConfirmation))).one()
    assert token not in str(vars(row))


async def test_a_jurisdiction_is_recorded_only_when_it_is_sure(stage) -> None:
    sure = await stage.contact(time_zone="Europe/Madrid")
    await stage.say_yes(sure)
    torn = await stage.contact(address=None, time_zone="Europe/Madrid", country="FR")
    await stage.say_yes(torn)
    nowhere = await stage.contact(address=None, time_zone=None)
    await stage.say_yes(nowhere)
    told = [(await stage.events(one))[0].jurisdiction for one in (sure, torn, nowhere)]
    assert told == ["ES", None, None]
