"""Importing people: cleansed, once each, with consent only where it is shown, and to be undone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from base.errors import Conflict, NotFound
from base.ids import new_id
from crm.consent.ledger import consent_for, consent_states, verify_chain
from crm.consent.models import ConsentEvent
from crm.consent.suppression import list_suppressions, suppress
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import change_tags, find_contact_by_address, read_addresses
from crm.imports import preparing, service
from crm.imports.models import ContactImport, ImportedContact
from crm.imports.undoing import Undone, undo_import
from crm.privacy.erasing import erase_person
from crm.privacy.files import FiledMails
from crm.resolution.models import LikenessKey, MergeCandidate
from crm.timeline.models import TimelineEvent
from tests.admin.people import make_contact, make_talk
from tests.crm.imports.people import import_file, write_csv

HEADINGS = ["E-mail", "Phone", "Name", "Country", "State", "Tags"]
CONSENT = ["E-mail", "Phone", "Name", "Consent date", "Consent source", "Consent channels"]


async def contacts_of(database) -> list[Contact]:
    async with database.sessions() as session:
        return [*await session.scalars(select(Contact).order_by(Contact.id))]


def at(now):
    return type("Fixed", (), {"now": lambda self: now})()


async def test_a_row_becomes_a_cleansed_contact_whose_addresses_are_found_and_sealed(
    database, keys, now, tmp_path
) -> None:
    path = write_csv(
        tmp_path / "p.csv",
        HEADINGS,
        ["Jane <JANE@Company.com>", "(415) 555-2671", "DOE, JANE", "usa", "california", "Trade Fair; VIP"],
    )
    done, problems = await import_file(database, keys, now, path)
    assert (done.rows, done.created, done.refused, problems) == (1, 1, 0, [])
    (jane,) = await contacts_of(database)
    assert jane.fields == {"first_name": "Jane", "last_name": "Doe", "country": "US", "state": "CA"}
    assert (jane.stage, jane.tags) == ("lead", ["trade_fair", "vip"])
    async with database.sessions() as session:
        assert await read_addresses(session, keys, [jane.id]) == {
            jane.id: {"email": "jane@company.com", "phone": "+14155552671"}
        }
        assert await find_contact_by_address(session, keys, "phone", "+14155552671") == jane.id
        stored = (await session.scalars(select(ContactPoint))).all()
        assert not any(b"jane" in point.value_sealed or point.verified_at for point in stored)
        row = (await session.scalars(select(ContactImport))).one()
    assert (row.state, row.rows, row.created) == ("done", 1, 1)
    assert "Jane" not in str(row.mapping)


async def test_what_cannot_be_read_is_left_out_and_told_and_a_row_without_address_is_refused(
    database, keys, now, tmp_path
) -> None:
    path = write_csv(
        tmp_path / "p.csv",
        HEADINGS,
        ["jane@company.com", "12", "Jane", "Atlantis", "", "7"],
        ["jane(at)company.com", "", "Jim", "", "", ""],
    )
    done, problems = await import_file(database, keys, now, path)
    assert (done.created, done.refused) == (1, 1)
    assert [(one.row, one.column, one.refused) for one in problems] == [
        (2, "country", False),
        (2, "phone", False),
        (2, "tags", False),
        (3, "email", False),
        (3, "", True),
    ]
    assert not any("jane" in one.reason for one in problems)


async def test_of_rows_with_one_address_the_first_is_taken_and_who_is_known_stays_as_they_are(
    database, keys, now, tmp_path, monkeypatch
) -> None:
    """Also over the border of a set: the third row comes in another transaction than the first."""
    monkeypatch.setattr(preparing, "SET", 2)
    async with transaction(database.sessions) as session:
        known = await make_contact(session, keys, now, email="known@company.com", fields={"first_name": "Kim"})
    path = write_csv(
        tmp_path / "p.csv",
        ["Email", "Phone", "First name"],
        ["a@company.com", "", "Ann"],
        ["A@COMPANY.COM", "+14155552671", "Bob"],
        ["a@company.com", "", "Cem"],
        ["KNOWN@company.com", "+14155552672", "Dan"],
        # Neither Bob's number nor Dan's was taken, for they were refused.
        ["", "+1 415 555 2671", "Eve"],
        ["", "+1 415 555 2672", "Fay"],
    )
    done, problems = await import_file(database, keys, now, path)
    assert (done.created, done.refused) == (3, 3)
    assert [(one.row, one.reason.split(":")[0]) for one in problems] == [
        (3, "Row 2 of this file has the same address"),
        (4, "Row 2 of this file has the same address"),
        (5, "Somebody with this address is a contact already"),
    ]
    found = {one.id: one.fields["first_name"] for one in await contacts_of(database)}
    assert sorted(found.values()) == ["Ann", "Eve", "Fay", "Kim"]
    assert found[known] == "Kim"


async def test_the_same_file_again_makes_nobody(database, keys, now, tmp_path) -> None:
    path = write_csv(tmp_path / "p.csv", ["Email"], ["a@company.com"], ["b@company.com"])
    assert (await import_file(database, keys, now, path))[0].created == 2
    assert (await import_file(database, keys, now, path))[0].created == 0
    assert len(await contacts_of(database)) == 2


async def test_two_imports_of_the_same_file_at_once_make_everybody_once(database, keys, now, tmp_path) -> None:
    """In opposite order too: whoever comes second waits, looks again and leaves the people as they are."""
    people = [[f"p{number}@company.com", f"+1 415 555 {number:04}"] for number in range(300)]
    path = write_csv(tmp_path / "p.csv", ["Email", "Phone"], *people)
    turned = write_csv(tmp_path / "turned.csv", ["Email", "Phone"], *reversed(people))
    files = (path, turned, path)
    done = await asyncio.gather(*(import_file(database, keys, now, file) for file in files))
    assert sum(one.created for one, _ in done) == 300
    assert [one.created + one.refused for one, _ in done] == [300, 300, 300]
    assert len(await contacts_of(database)) == 300
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ContactPoint)) == 600


async def test_what_text_copy_gives_a_meaning_to_is_stored_as_it_was(database, keys, now, tmp_path) -> None:
    strange = 'back\\slash \\N \\t "quoted" \u2028 ü'
    path = write_csv(tmp_path / "p.csv", ["Email", "Company"], ["a@company.com", strange], ["b@company.com", "\\."])
    await import_file(database, keys, now, path)
    assert [one.fields["company"] for one in await contacts_of(database)] == [" ".join(strange.split()), "\\."]


async def test_consent_comes_only_with_its_evidence(database, keys, now, tmp_path) -> None:
    day = f"{now - timedelta(days=30):%Y-%m-%d}"
    path = write_csv(
        tmp_path / "p.csv",
        CONSENT,
        ["a@company.com", "", "Ann Li", day, "Trade fair 2026-03-01, form A", "email, sms"],
        ["b@company.com", "", "Bob Li", day, "", "email"],
        ["c@company.com", "", "Cem Li", "31/03/2026", "Fair", "email"],
        ["d@company.com", "", "Dan Li", f"{now + timedelta(days=2):%Y-%m-%d}", "Fair", "email"],
        ["e@company.com", "", "Eve Li", day, "told by eve at the fair", "email"],
        ["f@company.com", "", "Fay Li", "", "", "email"],
    )
    done, problems = await import_file(database, keys, now, path, notice_text="Write to me.")
    assert (done.created, done.consents) == (6, 1)
    assert [one.row for one in problems] == [2, 3, 4, 5, 6]
    async with database.sessions() as session:
        (event,) = (await session.scalars(select(ConsentEvent))).all()
        ann = await find_contact_by_address(session, keys, "email", "a@company.com")
        states = await consent_states(session, [one.id for one in await contacts_of(database)], now)
        assert (await verify_chain(session)).is_intact
    assert (event.event, event.principal_ref, event.channel, event.method) == ("imported", ann, "email", "import")
    assert event.evidence["source"] == "Trade fair 2026-03-01, form A"
    assert event.evidence["import_id"] == str(done.import_id)
    assert event.address_hmac == keys.blind_index("a@company.com", kind="email").hex()
    given = {one for one, state in states.items() if consent_for(state, "marketing", "email").state == "given"}
    assert given == {ann}


async def test_a_person_who_said_stop_and_was_erased_stays_stopped_when_they_are_imported(
    database, keys, now, tmp_path
) -> None:
    async with transaction(database.sessions) as session:
        ann = await make_contact(session, keys, now, email="a@company.com")
        await suppress(session, [ann], "all", "stop", now)
    async with transaction(database.sessions) as session:
        await erase_person(
            session,
            keys,
            ann,
            lambda kind, value: keys.blind_index(value, kind=kind),
            mails=FiledMails(None),
            reason="request",
            now=now,
        )
    day = f"{now - timedelta(days=30):%Y-%m-%d}"
    path = write_csv(tmp_path / "p.csv", CONSENT, ["a@company.com", "", "Ann Li", day, "Fair", "email"])
    done, problems = await import_file(database, keys, now, path)
    assert (done.created, done.consents) == (1, 0)
    assert "was stopped" in problems[0].reason
    async with database.sessions() as session:
        again = await find_contact_by_address(session, keys, "email", "a@company.com")
        assert again not in (None, ann)
        assert "all" in (await list_suppressions(session, [again]))[again]


async def test_undoing_removes_who_nobody_touched_and_what_their_consent_was_worth(
    database, keys, now, tmp_path
) -> None:
    day = f"{now - timedelta(days=30):%Y-%m-%d}"
    names = ["gone", "tagged", "talked", "stopped", "proven"]
    async with transaction(database.sessions) as session:
        before = await make_contact(session, keys, now, email="before@company.com")
    path = write_csv(
        tmp_path / "p.csv",
        CONSENT,
        *([f"{name}@company.com", "", "", day, "Fair", "email"] for name in names),
    )
    done, _ = await import_file(database, keys, now, path)
    later = now + timedelta(hours=1)
    async with transaction(database.sessions) as session:
        ids = {name: await find_contact_by_address(session, keys, "email", f"{name}@company.com") for name in names}
        await change_tags(session, ids["tagged"], add=["vip"], now=later)
        await make_talk(session, ids["talked"], later, texts=("Hello",))
        await suppress(session, [ids["stopped"]], "email", "stop", later)
        await session.execute(
            update(ContactPoint).where(ContactPoint.contact_id == ids["proven"]).values(verified_at=later)
        )
    assert await undo_import(database.sessions, done.import_id, at(later), "operator") == Undone(1, 4)
    left = {one.id for one in await contacts_of(database)}
    assert left == {before, *(ids[name] for name in names if name != "gone")}
    async with database.sessions() as session:
        assert await find_contact_by_address(session, keys, "email", "gone@company.com") is None
        assert (await session.scalars(select(ContactImport.state))).one() == "undone"
        states = await consent_states(session, ids.values(), later)
        assert (await verify_chain(session)).is_intact
    assert consent_for(states[ids["gone"]], "marketing", "email").state == "expired"
    assert consent_for(states[ids["tagged"]], "marketing", "email").state == "given"
    assert await undo_import(database.sessions, done.import_id, at(later), "operator") == Undone(0, 4)


async def test_what_is_only_counted_of_people_does_not_keep_them(database, keys, now, tmp_path) -> None:
    """Who is like whom, scores and segments are worked out of every contact, also of those nobody touched."""
    people = [["a@company.com", "Ann Li", "+1 415 555 2671"], ["a@other.com", "Ann Li", "+1 415 555 2672"]]
    done, _ = await import_file(database, keys, now, write_csv(tmp_path / "p.csv", ["Email", "Name", "Phone"], *people))
    async with transaction(database.sessions) as session:
        assert await session.scalar(text("SELECT count(*) FROM contact_due_looks")) > 0
        first, second = await session.scalars(select(ImportedContact.contact_id).order_by(ImportedContact.contact_id))
        session.add(LikenessKey(key=1, contact_id=first))
        session.add(
            MergeCandidate(
                id=new_id(), first_id=first, second_id=second, probability=0.9, reasons=[], found_at=now, state="open"
            )
        )
        session.add(TimelineEvent(id=new_id(), contact_id=first, kind="segment_entered", data={}, occurred_at=now))
    assert await undo_import(database.sessions, done.import_id, at(now), "operator") == Undone(2, 0)
    async with database.sessions() as session:
        for table in (TimelineEvent, MergeCandidate, LikenessKey):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_after_undoing_the_same_file_is_imported_as_at_first(database, keys, now, tmp_path) -> None:
    path = write_csv(tmp_path / "p.csv", ["Email"], *([f"p{n}@company.com"] for n in range(20)))
    first, _ = await import_file(database, keys, now, path)
    assert await undo_import(database.sessions, first.import_id, at(now), "operator") == Undone(20, 0)
    assert await contacts_of(database) == []
    second, problems = await import_file(database, keys, now, path)
    assert (second.created, problems) == (20, [])


async def test_an_import_that_is_undone_while_it_runs_stores_no_more(
    database, keys, now, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(preparing, "SET", 1)
    path = write_csv(tmp_path / "p.csv", ["Email"], ["a@company.com"], ["b@company.com"])
    stored = service._store_set

    async def store_once_undone(session, *rest, **more):
        made = await stored(session, *rest, **more)
        await session.execute(update(ContactImport).values(state="undone"))
        return made

    monkeypatch.setattr(service, "_store_set", store_once_undone)
    with pytest.raises(Conflict, match="undone"):
        await import_file(database, keys, now, path)
    assert len(await contacts_of(database)) == 1


async def test_an_erased_contact_is_in_no_import(database, keys, now, tmp_path) -> None:
    path = write_csv(tmp_path / "p.csv", ["Email"], ["a@company.com"])
    await import_file(database, keys, now, path, country="DE")
    (ann,) = await contacts_of(database)
    async with transaction(database.sessions) as session:
        done = await erase_person(
            session,
            keys,
            ann.id,
            lambda kind, value: keys.blind_index(value, kind=kind),
            mails=FiledMails(None),
            reason="request",
            now=now,
        )
        assert done.counts["imported_contacts"] == 1
        assert await session.scalar(select(func.count()).select_from(ImportedContact)) == 0


async def test_undoing_what_never_was_says_so(database, now) -> None:
    with pytest.raises(NotFound, match="no such import"):
        await undo_import(database.sessions, new_id(), at(now), "operator")
