"""Bulk operations: asked for over the API, carried out by a worker in sets, once for each who is meant."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

import server.web  # noqa: F401  # whoever erases needs every table
from admin.audit.chain import verify
from admin.audit.models import AuditDetail, AuditEntry
from admin.bulk import work as working
from admin.bulk.models import BulkContact, BulkOperation
from admin.bulk.work import MOST_ATTEMPTS, BulkWork
from base.database import transaction
from base.ids import new_id
from base.wording import SPOKEN, read_sentences
from bot.intake.sealing import sender_index_of
from crm.consent.models import Suppression
from crm.contacts.models import Contact
from crm.contacts.tags import MOST_TAGS
from crm.owners.models import ContactOwner
from crm.privacy.limits import set_mark
from crm.privacy.models import Erasure, PrivacyRequest
from crm.privacy.requests import Hands
from crm.segments.work import SegmentWork
from crm.timeline.models import TimelineEvent
from outreach.enrolment import publish_journeys
from outreach.follow_ups import JourneyFollowUps
from outreach.models import Enrolment
from server.settings import ROOT
from tests.admin.people import break_off, make_contact
from tests.admin.test_journeys import compiled

API = "/api/v1/contacts/bulk"


@pytest.fixture
def work(context) -> BulkWork:
    keys = context.keys
    hands = Hands(keys, JourneyFollowUps(), sender_index_of(keys), context.company_name, None)
    return BulkWork(context.sessions, context.clock, hands)


async def make(context, now, number=4, **columns):
    async with transaction(context.sessions) as session:
        return [
            await make_contact(
                session, context.keys, now + timedelta(seconds=at), email=f"p{at}@x.example",
                fields={"first_name": f"Person {at}"}, **columns,
            )
            for at in range(number)
        ]  # fmt: skip


async def start(admin, selection, operation, *, status=202, **value):
    answer = await admin.send("POST", API, {"selection": selection, "operation": operation, **value})
    assert answer.status == status, await answer.text()
    return await answer.json()


def ids_of(contacts):
    return {"ids": [str(one) for one in contacts]}


async def read(context, statement):
    async with context.sessions() as session:
        return (await session.scalars(statement)).all()


async def test_tags_are_given_to_who_has_them_not_and_it_is_told_in_the_timeline_and_the_audit_log(
    signed_in, context, work, now, wake_ups
):
    people = await make(context, now)
    async with transaction(context.sessions) as session:
        full = [f"t{number}" for number in range(MOST_TAGS)]
        await session.execute(update(Contact).where(Contact.id == people[0]).values(tags=["fair"]))
        await session.execute(update(Contact).where(Contact.id == people[1]).values(tags=full))
        await set_mark(session, people[2], "restricted", source="web", now=now)
    asked = await start(signed_in, ids_of(people), "add_tag", tag="fair")
    assert (asked["state"], asked["total"], asked["done"], wake_ups.count) == ("waiting", 4, 0, 1)
    await work.do_all()
    done = await signed_in.read(f"{API}/{asked['id']}")
    assert (done["state"], done["done"], done["changed"], done["stopped"], done["gone"]) == ("done", 4, 1, 2, 0)
    assert {(one["rule"], one["contacts"]) for one in done["reasons"]} == {("too_many_tags", 1), ("restricted", 1)}
    stopped = (await signed_in.read(f"{API}/{asked['id']}/stopped"))["items"]
    assert {one["contact_id"] for one in stopped} == {str(people[1]), str(people[2])}
    assert all(one["text"].endswith(".") for one in stopped)
    assert await read(context, select(Contact.id).where(Contact.tags.contains(["fair"])).order_by(Contact.id)) == [
        people[0], people[3],
    ]  # fmt: skip
    told = await read(context, select(TimelineEvent.contact_id).where(TimelineEvent.kind == "tag_added"))
    assert told == [people[3]]
    entries = await read(context, select(AuditEntry).where(AuditEntry.subject_kind == "bulk_operation"))
    assert [one.action for one in entries] == ["start_bulk_operation", "finish_bulk_operation"]
    (detail,) = await read(context, select(AuditDetail).where(AuditDetail.entry_id == entries[1].id))
    assert detail.before == {"had_it": 1}
    assert (detail.after["changed"], detail.after["stopped"], detail.after["value"]) == (1, 2, "fair")
    async with context.sessions() as session:
        assert (await verify(session))[1] == []


async def test_a_tag_is_taken_away_from_who_has_it(signed_in, context, work, now):
    people = await make(context, now, 3, tags=["fair", "vip"])
    await start(signed_in, ids_of(people[:2]), "remove_tag", tag="fair")
    await work.do_all()
    tags = await read(context, select(Contact.tags).order_by(Contact.created_at))
    assert tags == [["vip"], ["vip"], ["fair", "vip"]]


async def test_stages_only_go_forward(signed_in, context, work, now):
    people = await make(context, now, 4)
    async with transaction(context.sessions) as session:
        for one, stage in zip(people, ("visitor", "mql", "customer", "disqualified"), strict=True):
            await session.execute(update(Contact).where(Contact.id == one).values(stage=stage))
    asked = await start(signed_in, ids_of(people), "set_stage", stage="mql")
    await work.do_all()
    assert await read(context, select(Contact.stage).order_by(Contact.created_at)) == [
        "mql", "mql", "customer", "disqualified",
    ]  # fmt: skip
    done = await signed_in.read(f"{API}/{asked['id']}")
    assert (done["changed"], done["stopped"]) == (1, 2)
    assert {one["rule"] for one in done["reasons"]} == {"further", "disqualified"}
    (event,) = await read(context, select(TimelineEvent).where(TimelineEvent.kind == "stage_changed"))
    assert event.data == {"stage": "mql", "before": "visitor"}


async def test_contacts_get_an_owner_and_lose_one(signed_in, user, context, work, now):
    people = await make(context, now, 3)
    asked = await start(signed_in, ids_of(people), "set_owner", owner=str(user.id))
    assert asked["owner_name"] == "Ada"
    await work.do_all()
    assert await read(context, select(ContactOwner.user_id)) == [user.id] * 3
    await start(signed_in, ids_of(people[:2]), "set_owner")
    await work.do_all()
    assert await read(context, select(ContactOwner.contact_id)) == [people[2]]
    await start(signed_in, ids_of(people), "set_owner", owner=str(new_id()), status=422)


async def test_people_are_put_into_a_journey_and_whom_its_rules_keep_out_has_the_rule_as_the_reason(
    signed_in, context, work, now
):
    people = await make(context, now, 3)
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"nurture": compiled("v1", version_policy="follow")}, now)
    await start(signed_in, ids_of(people[:1]), "enrol", journey="nurture")
    await work.do_all()
    asked = await start(signed_in, ids_of(people), "enrol", journey="nurture")
    await work.do_all()
    done = await signed_in.read(f"{API}/{asked['id']}")
    assert (done["changed"], [(one["rule"], one["contacts"]) for one in done["reasons"]]) == (2, [("re_entry", 1)])
    assert len(await read(context, select(Enrolment.id))) == 3
    await start(signed_in, ids_of(people), "enrol", journey="unheard_of", status=422)


async def test_those_are_meant_who_fitted_when_it_was_asked_for(signed_in, context, work, now):
    """Who comes later is not meant, and who is gone by then is counted."""
    people = await make(context, now, 4)
    asked = await start(signed_in, {"filter": {"q": "person"}}, "add_tag", tag="fair")
    assert asked["total"] == 4
    async with transaction(context.sessions) as session:
        late = await make_contact(session, context.keys, now, email="l@x.example", fields={"first_name": "Person"})
        await session.execute(text("DELETE FROM contacts WHERE id = :id"), {"id": people[0]})
    await work.do_all()
    done = await signed_in.read(f"{API}/{asked['id']}")
    assert (done["done"], done["changed"], done["gone"]) == (3, 3, 1)
    assert late not in await read(context, select(Contact.id).where(Contact.tags.contains(["fair"])))


async def test_a_rule_and_a_segment_say_who_is_meant_and_what_was_searched_for_is_not_kept(
    signed_in, context, work, now
):
    await make(context, now, 3, stage="lead")
    # Who was not looked at yet is in no segment.
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()
    by_tree = await start(signed_in, {"tree": {"fact": "stage", "op": "is", "value": "lead"}}, "export")
    assert by_tree["total"] == 3
    added = await signed_in.send("POST", "/api/v1/segments", {"name": "None", "tree": {"tag": "nobody"}})
    await start(signed_in, {"segment": (await added.json())["id"]}, "export", status=409)
    await start(signed_in, {"segment": str(new_id())}, "export", status=404)
    await start(signed_in, {"filter": {"q": "p1@x.example"}}, "export")
    kept = await read(context, select(BulkOperation.selection).order_by(BulkOperation.made_at, BulkOperation.id))
    assert "p1@" not in str(kept)
    assert "p1@" not in str(await read(context, select(AuditDetail.after)))


@pytest.mark.parametrize(
    "wish",
    [
        {"selection": {}, "operation": "export"},
        {"selection": {"ids": []}, "operation": "export"},
        {"selection": {"filter": {}, "tree": {"tag": "a"}}, "operation": "export"},
        {"selection": {"filter": {}}, "operation": "add_tag"},
        {"selection": {"filter": {}}, "operation": "add_tag", "tag": "a", "stage": "mql"},
        {"selection": {"filter": {}}, "operation": "export", "contacts": 1},
        {"selection": {"filter": {}}, "operation": "erase"},
        {"selection": {"filter": {}}, "operation": "erase", "contacts": 0},
        {"selection": {"filter": {}}, "operation": "burn"},
    ],
)
async def test_a_wish_that_does_not_say_who_or_what_is_refused(signed_in, wish):
    assert (await signed_in.send("POST", API, wish)).status == 422


async def test_an_export_is_fetched_when_it_is_done_and_holds_who_was_meant(signed_in, context, work, now):
    people = await make(context, now, 3)
    asked = await start(signed_in, ids_of(people[:2]), "export")
    assert (await signed_in.get(f"{API}/{asked['id']}/file")).status == 409
    await work.do_all()
    answer = await signed_in.get(f"{API}/{asked['id']}/file")
    rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["email"] for row in rows] == ["p0@x.example", "p1@x.example"]


async def test_each_operation_is_permitted_as_it_is_for_one_contact(signed_in, join, context, now):
    people = await make(context, now, 1)
    agent, officer, analyst = await join("agent"), await join("privacy_officer"), await join("analyst")
    await start(agent, ids_of(people), "add_tag", tag="fair")
    await start(agent, ids_of(people), "export", status=403)
    await start(agent, ids_of(people), "enrol", journey="x", status=403)
    await start(officer, ids_of(people), "add_tag", tag="fair", status=403)
    await start(agent, ids_of(people), "erase", contacts=1, status=403)
    export = await start(officer, ids_of(people), "export")
    assert (await agent.send("POST", f"{API}/{export['id']}/cancel")).status == 403
    assert (await agent.get(f"{API}/{export['id']}/file")).status == 403
    assert (await analyst.get(API)).status == 403


async def test_why_contacts_were_left_is_told_in_the_language_of_the_reader(signed_in, context, work, now):
    people = await make(context, now, 3)
    async with transaction(context.sessions) as session:
        await session.execute(update(Contact).where(Contact.id == people[0]).values(stage="customer"))
        await set_mark(session, people[1], "restricted", source="web", now=now)
        await publish_journeys(session, {"nurture": compiled("v1", version_policy="follow")}, now)
    staged = await start(signed_in, ids_of(people), "set_stage", stage="mql")
    for _ in range(2):
        enrolled = await start(signed_in, ids_of(people[2:]), "enrol", journey="nurture")
        await work.do_all()
    told = {}
    for language in SPOKEN:
        signed_in.headers["Accept-Language"] = language
        for one in (staged, enrolled):
            path = f"{API}/{one['id']}"
            whole = await (await signed_in.send("GET", path)).json()
            pages = await (await signed_in.send("GET", f"{path}/stopped")).json()
            listed = await (await signed_in.send("GET", API)).json()
            reasons = {reason["rule"]: reason["text"] for reason in whole["reasons"]}
            assert {row["rule"]: row["text"] for row in pages["items"]} == reasons
            assert reasons in [{why["rule"]: why["text"] for why in row["reasons"]} for row in listed["items"]]
            told |= {(language, rule): text for rule, text in reasons.items()}
    for rule in ("further", "restricted", "re_entry"):
        assert len({told[language, rule] for language in SPOKEN}) == len(SPOKEN), rule


def test_every_reason_is_said_in_every_language():
    sentences = read_sentences(ROOT / "admin" / "bulk" / "reasons.yml")
    assert {language: sentences[language].keys() for language in SPOKEN} == dict.fromkeys(
        SPOKEN, sentences["en"].keys()
    )


async def test_people_are_erased_each_by_the_way_of_their_own_request_when_their_number_was_given(
    join, context, work, now, tmp_path
):
    work.hands = replace(work.hands, mail_folder=tmp_path)
    people = await make(context, now, 6)
    officer = await join("privacy_officer")
    letter = tmp_path / "1.eml"
    letter.write_text("To: p0@x.example\n\nHello\n", "utf-8")
    async with transaction(context.sessions) as session:
        await set_mark(session, people[3], "restricted", source="web", now=now)
    asked = {"contact_id": str(people[4]), "kind": "access", "channel": "letter", "verified": True}
    assert (await officer.send("POST", "/api/v1/privacy-requests", asked)).status == 201
    meant = ids_of(people[:5])
    counted = await officer.send("POST", f"{API}/count", {"selection": meant})
    assert await counted.json() == {"contacts": 5}
    refused = await start(officer, meant, "erase", contacts=4, status=409)
    assert (refused["code"], " is 5 now" in refused["detail"]) == ("number_differs", True)
    assert await read(context, select(BulkOperation.id)) == []
    started = await start(officer, meant, "erase", contacts=5)
    await work.do_all()
    done = await officer.read(f"{API}/{started['id']}")
    assert (done["state"], done["done"], done["changed"], done["stopped"], done["gone"]) == ("done", 5, 3, 2, 0)
    assert {one["rule"]: one["contacts"] for one in done["reasons"]} == {"restricted": 1, "open_request": 1}
    assert await read(context, select(Contact.id).order_by(Contact.id)) == people[3:]
    erasures = await read(context, select(Erasure).order_by(Erasure.contact_id))
    assert [one.contact_id for one in erasures] == people[:3]
    assert {one.reason for one in erasures} == {"request"}
    requests = await read(context, select(PrivacyRequest).where(PrivacyRequest.kind == "erase"))
    assert {(one.contact_id, one.status) for one in requests} == {(one, "done") for one in people[:3]}
    assert not letter.exists()
    # Whoever names their address again cannot have it written to.
    stopped = select(Suppression.blind_index).where(Suppression.blind_index.is_not(None))
    assert len(await read(context, stopped)) == 3
    entries = await read(context, select(AuditEntry).where(AuditEntry.action == "carry_out_privacy_request"))
    assert {one.subject_id for one in entries} == {str(one.id) for one in requests}
    assert {f"user:{one.user_id}" for one in entries} == {one.closed_by for one in requests}
    assert "p0@" not in str(await read(context, select(AuditDetail.after)))
    async with context.sessions() as session:
        assert (await verify(session))[1] == []


async def test_an_erasure_that_is_broken_off_goes_on_with_those_who_are_left(
    signed_in, context, work, now, monkeypatch
):
    people = await make(context, now, 5)
    await start(signed_in, ids_of(people), "erase", contacts=5)
    erase, times = working.CHANGES["erase"], 0

    async def breaks_at_the_third(given):
        nonlocal times
        times += 1
        done = await erase(given)
        if times == 3:
            raise OSError("the machine went away")
        return done

    monkeypatch.setitem(working.CHANGES, "erase", breaks_at_the_third)
    with pytest.raises(OSError, match="went away"):
        await work.do_all()
    assert len(await read(context, select(Contact.id))) == 3
    async with transaction(context.sessions) as session:
        await session.execute(update(BulkOperation).values(claimed_until=None))
    await work.do_all()
    (whole,) = await read(context, select(BulkOperation))
    assert (whole.state, whole.done, whole.changed, whole.gone) == ("done", 5, 5, 0)
    assert await read(context, select(Contact.id)) == []
    assert len(await read(context, select(Erasure.id))) == 5


async def test_no_mail_is_left_of_somebody_whose_erasure_is_broken_off(signed_in, context, work, monkeypatch, tmp_path):
    work.hands = replace(work.hands, mail_folder=tmp_path)
    letter = tmp_path / "1.eml"
    letter.write_text("To: p0@x.example\n\nHello\n", "utf-8")
    people = await make(context, context.clock.now(), 1)
    await start(signed_in, ids_of(people), "erase", contacts=1)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", break_off)
        with pytest.raises(OSError, match="went away"):
            await work.do_all()
    async with transaction(context.sessions) as session:
        await session.execute(update(BulkOperation).values(claimed_until=None))
    await work.do_all()
    assert await read(context, select(Contact.id)) == []
    assert not letter.exists()


async def test_one_that_is_cancelled_stops_behind_the_set_in_hand(signed_in, context, work, now, monkeypatch):
    monkeypatch.setattr(working, "SET", 2)
    people = await make(context, now, 6)
    asked = await start(signed_in, ids_of(people), "add_tag", tag="fair")
    noted = working._note_reasons

    async def cancelled_meanwhile(*given):
        await noted(*given)
        monkeypatch.setattr(working, "_note_reasons", noted)
        cancelling.append(asyncio.create_task(signed_in.send("POST", f"{API}/{asked['id']}/cancel")))

    cancelling: list[asyncio.Task] = []
    monkeypatch.setattr(working, "_note_reasons", cancelled_meanwhile)
    first = working.BulkWork._do_set

    async def waits_for_it(self, *given):
        if cancelling:
            await cancelling[0]
        return await first(self, *given)

    monkeypatch.setattr(working.BulkWork, "_do_set", waits_for_it)
    await work.do_all()
    left = await signed_in.read(f"{API}/{asked['id']}")
    assert (left["state"], left["done"], left["changed"]) == ("cancelled", 2, 2)
    assert len(await read(context, select(Contact.id).where(Contact.tags.contains(["fair"])))) == 2
    again = await signed_in.send("POST", f"{API}/{asked['id']}/cancel")
    assert again.status == 200


async def test_a_worker_that_is_killed_leaves_it_to_another_who_changes_nobody_twice(
    signed_in, context, work, database, tmp_path
):
    """A real process, killed with SIGKILL in the middle."""
    async with transaction(context.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO contacts (id, stage, qualification, created_at, updated_at)"
                " SELECT gen_random_uuid(), 'lead', 'hot', now(), now() FROM generate_series(1, 40000)"
            )
        )
    asked = await start(signed_in, {"filter": {"stage": "lead"}}, "add_tag", tag="fair")
    assert asked["total"] == 40_000
    script = (
        "import asyncio, sys, server.web\n"
        "from pathlib import Path\n"
        "from base.clock import SystemClock\n"
        "from base.database import create_engine, create_sessions\n"
        "from base.encryption import create_key_file, read_key_file\n"
        "from server.bulk_jobs import create_bulk_work\n"
        "from server.settings import Settings\n"
        "from server.wiring import Platform\n"
        "settings, engine = Settings(_env_file=None, data_dir=sys.argv[2]), create_engine(sys.argv[1])\n"
        "create_key_file(settings.key_file)\n"
        "keys = read_key_file(settings.key_file)\n"
        "platform = Platform(settings, engine, create_sessions(engine), keys, SystemClock(), 'test')\n"
        "asyncio.run(create_bulk_work(platform).do_all())\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script, database.url, str(tmp_path / "var")], cwd=ROOT)
    try:
        deadline, done = time.monotonic() + 60, 0
        while not done and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            done = (await read(context, select(BulkOperation.done)))[0]
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    (half,) = await read(context, select(BulkOperation))
    assert half.state == "running"
    assert 0 < half.done < 40_000
    await work.do_all()
    # The claim of the dead has not run out yet.
    assert (await read(context, select(BulkOperation.done))) == [half.done]
    async with transaction(context.sessions) as session:
        await session.execute(update(BulkOperation).values(claimed_until=func.now() - timedelta(seconds=1)))
    await work.do_all()
    whole = await signed_in.read(f"{API}/{asked['id']}")
    assert (whole["state"], whole["done"], whole["changed"], whole["stopped"]) == ("done", 40_000, 40_000, 0)
    told = select(func.count()).select_from(TimelineEvent).where(TimelineEvent.kind == "tag_added")
    tagged = select(func.count()).select_from(Contact).where(Contact.tags == ["fair"])
    assert (await read(context, told), await read(context, tagged)) == ([40_000], [40_000])


async def test_one_that_breaks_off_again_and_again_fails_and_says_so(signed_in, context, work, now, monkeypatch):
    people = await make(context, now, 1)
    asked = await start(signed_in, ids_of(people), "add_tag", tag="fair")

    async def breaks(_work):
        raise RuntimeError("broken")

    monkeypatch.setitem(working.CHANGES, "add_tag", breaks)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            await work.do_all()
        async with transaction(context.sessions) as session:
            await session.execute(update(BulkOperation).values(claimed_until=None))
    await work.do_all()
    failed = await signed_in.read(f"{API}/{asked['id']}")
    assert (failed["state"], failed["done"]) == ("failed", 0)
    assert "worker's log" in failed["problem"]


async def test_what_is_over_for_long_is_removed_with_who_was_meant(signed_in, context, work, clock, now):
    people = await make(context, now, 2)
    await start(signed_in, ids_of(people), "add_tag", tag="fair")
    await work.do_all()
    clock.forward(days=89)
    await work.clean_up()
    assert len(await read(context, select(BulkContact))) == 2
    clock.forward(days=2)
    await work.clean_up()
    assert await read(context, select(BulkContact)) == []
    assert await read(context, select(BulkOperation)) == []


async def test_the_list_shows_the_latest_first_and_only_the_open_ones_if_asked(signed_in, context, work, clock, now):
    people = await make(context, now, 1)
    first = await start(signed_in, ids_of(people), "add_tag", tag="one")
    await work.do_all()
    clock.forward(minutes=1)
    second = await start(signed_in, ids_of(people), "add_tag", tag="two")
    page = await signed_in.read(API, limit=1)
    assert [one["id"] for one in page["items"]] == [second["id"]]
    rest = await signed_in.read(API, limit=1, cursor=page["next_cursor"])
    assert [one["id"] for one in rest["items"]] == [first["id"]]
    assert [one["id"] for one in (await signed_in.read(API, open="true"))["items"]] == [second["id"]]
