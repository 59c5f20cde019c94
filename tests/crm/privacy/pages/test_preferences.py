"""The preference centre: what it shows, what a press of its buttons does, and that looking does nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from base.database import transaction
from base.tables import Table
from crm.consent.ledger import consent_for, consent_states
from crm.consent.models import ConsentEvent, ConsentNotice
from crm.consent.suppression import list_suppressions, suppress
from crm.contacts.merging import merge_contacts
from crm.contacts.service import create_contact
from crm.privacy.erasing import erase_person
from crm.privacy.files import FiledMails
from crm.privacy.pages.tokens import Holder, issue_preferences_token, read_preferences_token
from crm.privacy.pages.words import choose_language, read_letters, read_words
from crm.profiling.service import find_refusals
from tests.crm.privacy.pages.conftest import EMAIL, Reader

SAVED = "Saved."


def ticked(html: str) -> set[str]:
    return set(re.findall(r'value="([\w/]+)" checked', html))


def offered(html: str) -> set[str]:
    boxes = re.findall(r"<input [^>]*>", html)
    return {re.findall(r'value="([\w/]+)"', box)[0] for box in boxes if "disabled" not in box}


async def standing(reader: Reader, purpose: str, channel: str) -> str:
    async with reader.sessions() as session:
        states = (await consent_states(session, [reader.contact_id], reader.clock.now()))[reader.contact_id]
        return consent_for(states, purpose, channel).state


async def rows(reader: Reader) -> dict[str, int]:
    async with reader.sessions() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Table.metadata.sorted_tables
        }


async def test_the_page_shows_what_stands_and_offers_what_the_link_proves(reader: Reader) -> None:
    await reader.agree("marketing", "sms")
    html = await reader.get(f"/preferences/{reader.token}")
    assert ticked(html) == {"marketing/sms"}
    assert offered(html) == {"marketing/sms", "marketing/email", "profiling/all"}
    assert "North &amp; &lt;Wind&gt;" in html
    assert EMAIL not in html
    assert "Ada" not in html
    assert "<script" not in html


async def test_looking_changes_nothing_however_often(reader: Reader) -> None:
    before = await rows(reader)
    for path in (f"/preferences/{reader.token}", f"/privacy/{reader.token}", f"/preferences/{reader.token}?do=off&on="):
        await reader.get(path)
        await reader.get(path)
    assert await rows(reader) == before


async def test_what_is_ticked_is_agreed_to_in_the_very_words_that_stood_there(reader: Reader) -> None:
    path = f"/preferences/{reader.token}?lang=fr"
    shown = await reader.get(path)
    html = await reader.post(path, do="save", on=["marketing/email"])
    assert ticked(html) == {"marketing/email"}
    assert await standing(reader, "marketing", "email") == "given"
    async with reader.sessions() as session:
        event = await session.scalar(select(ConsentEvent).order_by(ConsentEvent.seq.desc()))
        notice = await session.scalar(select(ConsentNotice.text))
    assert event is not None
    assert (event.method, event.language, event.actor) == ("preference_centre", "fr", "subject")
    assert event.address_hmac == reader.keys.blind_index(EMAIL, kind="email").hex()
    assert notice is not None
    assert notice.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in shown


async def test_what_is_unticked_ends_there_and_nowhere_else(reader: Reader) -> None:
    for channel in ("email", "sms"):
        await reader.agree("marketing", channel)
    html = await reader.post(f"/preferences/{reader.token}", do="save", on=["marketing/email"])
    assert SAVED in html
    assert ticked(html) == {"marketing/email"}
    assert (await standing(reader, "marketing", "email"), await standing(reader, "marketing", "sms")) == (
        "given",
        "withdrawn",
    )
    assert reader.stops.stopped == [("consent_withdrawn", ("sms",), True)]
    before = await rows(reader)
    await reader.post(f"/preferences/{reader.token}", do="save", on=["marketing/email"])
    assert await rows(reader) == before, "saving what stands writes nothing"


async def test_a_box_that_the_link_does_not_prove_cannot_be_ticked_by_sending_it(reader: Reader) -> None:
    await reader.post(f"/preferences/{reader.token}", do="save", on=["marketing/sms", "special_category/email", "x/y"])
    assert await standing(reader, "marketing", "sms") == "none"
    assert await standing(reader, "special_category", "email") == "none"
    stranger = Holder(reader.contact_id, b"0" * 32)
    html = await reader.get(f"/preferences/{issue_preferences_token(reader.keys, stranger)}")
    assert offered(html) == set(), "an address that is not theirs (any more) proves nothing"


async def test_scoring_is_switched_on_and_off(reader: Reader) -> None:
    async def refused() -> bool:
        async with reader.sessions() as session:
            found = await find_refusals(session, reader.keys, [reader.contact_id], "scoring", reader.clock.now())
        return reader.contact_id in found

    await reader.post(f"/preferences/{reader.token}", do="save", on=["profiling/all"])
    assert await standing(reader, "profiling", "email") == "given"
    assert not await refused()
    await reader.post(f"/preferences/{reader.token}", do="save")
    assert await standing(reader, "profiling", "email") == "withdrawn"
    assert await refused()


async def test_stopping_everything_stops_everything_and_can_be_taken_back_for_mails(reader: Reader) -> None:
    await reader.agree("marketing", "email")
    html = await reader.post(f"/preferences/{reader.token}", do="off")
    assert "sends you nothing any more" in html
    assert ticked(html) == set()
    assert reader.stops.stopped == [("unsubscribed", None, False)]
    async with reader.sessions() as session:
        assert (await list_suppressions(session, [reader.contact_id]))[reader.contact_id] == {
            "all": "preference_centre"
        }
    await reader.post(f"/preferences/{reader.token}", do="save", on=["marketing/email"])
    async with reader.sessions() as session:
        stopped = (await list_suppressions(session, [reader.contact_id]))[reader.contact_id]
    assert set(stopped) == {"sms", "telegram", "voice", "web"}


async def test_a_complaint_or_bounce_is_not_lifted_by_a_tick(reader: Reader) -> None:
    async with transaction(reader.sessions) as session:
        await suppress(session, [reader.contact_id], "email", "complained", reader.clock.now())
    assert "marketing/email" not in offered(await reader.get(f"/preferences/{reader.token}"))
    await reader.post(f"/preferences/{reader.token}", do="save", on=["marketing/email"])
    assert await standing(reader, "marketing", "email") == "none"


async def test_the_stop_works_after_the_person_was_erased(reader: Reader) -> None:
    token = reader.token
    async with transaction(reader.sessions) as session:
        await erase_person(
            session,
            reader.keys,
            reader.contact_id,
            reader.hands.sender_index,
            mails=FiledMails(None),
            reason="retention",
            now=reader.clock.now(),
        )
    await reader.get(f"/preferences/{token}", status=404)
    assert "sends you nothing any more" in await reader.post(f"/preferences/{token}", do="off")


async def test_the_link_still_works_when_the_person_turned_out_to_be_another_contact(reader: Reader) -> None:
    link = f"/preferences/{reader.token}"
    async with transaction(reader.sessions) as session:
        now = reader.clock.now()
        survivor = await create_contact(session, time_zone=None, now=now)
        await merge_contacts(session, survivor, reader.contact_id, "user:1", now)
    assert SAVED in await reader.post(link, do="save", on=["marketing/email"])
    reader.contact_id = survivor
    assert await standing(reader, "marketing", "email") == "given"
    await reader.post(link, do="off")
    assert await standing(reader, "marketing", "email") == "withdrawn"
    async with reader.sessions() as session:
        assert "all" in (await list_suppressions(session, [survivor]))[survivor]


@pytest.mark.parametrize("token", ["x", "a.b", "%00", "x" * 3_000])
@pytest.mark.parametrize("place", ["preferences", "privacy", "privacy/request"])
async def test_a_link_that_is_not_ours_shows_a_page_and_does_nothing(reader: Reader, token: str, place: str) -> None:
    assert "This link does not work" in await reader.get(f"/{place}/{token}", status=404)
    assert "This link does not work" in await reader.post(f"/{place}/{token}", status=404, do="off")
    assert reader.stops.stopped == []


async def test_tokens_outlive_a_rotation_of_keys_and_no_change_of_a_letter(reader: Reader) -> None:
    token = reader.token
    rotated = type(reader.keys)("k2", {**reader.keys.roots, "k2": b"\x09" * 32}, reader.keys.index_root)
    assert read_preferences_token(rotated, token) == read_preferences_token(reader.keys, token)
    # The last letter of a base64 text holds bits that mean nothing (RFC 4648, 3.5), so it is left out.
    for at, letter in enumerate(token[:-1]):
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        assert read_preferences_token(reader.keys, changed) is None, at


@pytest.mark.parametrize(
    ("asked", "accepted", "known", "language"),
    [
        (None, "fr-CH, fr;q=0.9, en;q=0.8", None, "fr"),
        (None, "it, de;q=0.3, es;q=0.7", None, "es"),
        ("de", "fr", None, "de"),
        ("xx", "fr;q=0", "es", "es"),
        (None, "", "de-AT", "de"),
        (None, "*;q=x,,;;", "it", "en"),
    ],
)
def test_the_language_is_that_of_the_link_the_browser_or_the_person(
    asked: str | None, accepted: str, known: str | None, language: str
) -> None:
    assert choose_language(asked, accepted, known) == language


def test_every_language_has_every_sentence_and_letter() -> None:
    words = read_words()
    assert set(words) == {"en", "es", "fr", "de"} == set(read_letters())
    for language, sentences in words.items():
        assert sentences.keys() == words["en"].keys(), language
        assert all(isinstance(text, str) and text for text in sentences.values())
    for letters in read_letters().values():
        assert {kind: "{link}" in letter["text"] for kind, letter in letters.items()} == {"access": True, "erase": True}
