"""Events from outside: about people we know, or made, whole sets or nothing, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from base.database import transaction
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from crm.contacts.external_ids import find_contact_by_id, set_external_id
from crm.contacts.models import Contact, ContactMerge
from crm.contacts.service import attach_address, create_contact, find_contact_by_address, get_contact
from crm.events.kinds import add_kind, find_kinds, list_kinds, remove_kind
from crm.events.reading import MOST_AT_ONCE, read_given
from crm.events.service import Giver, take_in
from crm.timeline.kinds import Kind
from crm.timeline.models import TimelineEvent
from crm.timeline.service import list_timeline

EMAIL = "ann@northwind-ledger.example"
SHOP = Giver("api", "shop")


def order(about, number=1, **more):
    properties = {"order": str(number), "value": 12, "currency": "EUR"}
    return {"kind": "order_placed", "id": f"order-{number}", "about": about, "properties": properties, **more}


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value=EMAIL, now=now)
        await attach_address(session, keys, contact_id, kind="phone", value="+14155552671", now=now)
        await set_external_id(
            session, keys, contact_id, source="shop", value="c-77", verified=True, by="user:1", now=now
        )
    return contact_id


async def send(database, keys, now, *events, by=SHOP):
    async with transaction(database.sessions) as session:
        return await take_in(session, keys, read_given(events), by, now)


async def refused(database, keys, now, *events, by=SHOP):
    with pytest.raises(InvalidInput) as caught:
        await send(database, keys, now, *events, by=by)
    return {error["field"]: error["message"] for error in caught.value.errors}


async def test_somebody_is_found_by_id_address_or_what_another_system_calls_them(database, keys, now, ann) -> None:
    abouts = [
        {"contact": str(ann)},
        {"email": " ANN@Northwind-Ledger.example "},
        {"phone": "+1 415 555 2671"},
        {"external": {"source": "shop", "id": "c-77"}},
        {"external": {"source": "shop", "id": "unheard-of"}, "email": EMAIL},
    ]
    taken = await send(database, keys, now, *(order(about, number) for number, about in enumerate(abouts)))
    assert (taken.written, taken.repeated, taken.contacts_made) == (5, 0, 0)
    async with database.sessions() as session:
        events = await list_timeline(session, ann)
    assert {event.data["order"] for event in events} == {"0", "1", "2", "3", "4"}
    assert {(event.source, event.source_id.split("/")[0]) for event in events} == {("api", "shop")}


async def test_who_was_merged_into_another_is_the_other(database, keys, now, ann) -> None:
    gone = new_id()
    async with transaction(database.sessions) as session:
        session.add(
            ContactMerge(
                id=new_id(), survivor_id=ann, merged_id=gone, reason="by_hand", merged_by="user:1", merged_at=now
            )
        )
    await send(database, keys, now, order({"contact": str(gone)}))
    async with database.sessions() as session:
        assert len(await list_timeline(session, ann)) == 1


async def test_sent_again_nothing_is_written_and_of_another_source_it_is_another_event(database, keys, now, ann):
    event = order({"email": EMAIL})
    assert (await send(database, keys, now, event)).written == 1
    again = await send(database, keys, now, event, order({"email": EMAIL}, 2))
    assert (again.written, again.repeated) == (1, 1)
    assert (await send(database, keys, now, event, by=Giver("api", "till"))).written == 1


async def test_one_event_that_is_wrong_keeps_all_of_its_set_out_and_each_mistake_is_told(
    database, keys, now, ann
) -> None:
    good = order({"email": EMAIL})
    told = await refused(
        database, keys, now, good,
        {**order({"email": EMAIL}), "kind": "danced"},
        {"kind": "order_placed", "about": {"email": EMAIL}, "properties": {"order": "1", "value": "x"}},
        {"kind": "consent_given", "about": {"email": EMAIL}, "properties": {"purpose": "marketing", "channel": "sms"}},
        {**good, "occurred_at": (now + timedelta(hours=1)).isoformat()},
    )  # fmt: skip
    assert told == {
        "events.1.kind": "There is no such kind of events.",
        "events.2.properties.value": "Write a number.",
        "events.2.properties.currency": "Field required",
        "events.3.kind": "Events of this kind cannot be sent here.",
        "events.4.occurred_at": "This time has not come yet.",
    }
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(TimelineEvent)) == 0


async def test_events_of_a_wrong_shape_are_refused_with_their_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_given([{"kind": "page_viewed", "about": {}}, {"about": {"email": "a"}, "who": 1}, 7])
    fields = {error["field"] for error in caught.value.errors}
    assert {"events.0.about", "events.1.kind", "events.1.who", "events.2"} <= fields


async def test_of_unknown_people_nothing_is_taken_unless_the_source_may_make_contacts(database, keys, now, ann) -> None:
    told = await refused(
        database, keys, now,
        order({"email": "new@nobody.example"}), order({"contact": str(new_id())}), order({"email": "no address"}),
        order({"external": {"source": "shop", "id": "\t"}}),
    )  # fmt: skip
    assert set(told) == {"events.0.about", "events.1.about", "events.2.about", "events.3.about"}
    makes = Giver("api", "shop", creates=True)
    events = [
        order({"email": "new@nobody.example"}, 1),
        order({"email": "new@nobody.example", "external": {"source": "shop", "id": "c-1"}}, 2),
        order({"external": {"source": "shop", "id": "c-1"}}, 3),
        order({"email": EMAIL}, 4),
    ]
    taken = await send(database, keys, now, *events, by=makes)
    assert (taken.written, taken.contacts_made) == (4, 1)
    async with database.sessions() as session:
        new = await find_contact_by_address(session, keys, "email", "new@nobody.example")
        assert [event.data["order"] for event in await list_timeline(session, new)] == ["3", "2", "1"]
        assert (await get_contact(session, new)).stage == "lead"
        assert await find_contact_by_id(session, keys, "shop", "c-1") == new
    assert (await send(database, keys, now, order({"external": {"source": "shop", "id": "c-1"}}, 5))).written == 1
    # Only an address or an id of another system makes somebody: an id of ours that nobody has does not.
    assert await refused(database, keys, now, order({"contact": str(new_id())}), by=makes)


async def test_a_set_that_makes_contacts_and_fails_leaves_none(database, keys, now) -> None:
    makes = Giver("api", "shop", creates=True)
    await refused(database, keys, now, order({"email": "new@nobody.example"}), order({"email": "x"}), by=makes)
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 0


async def test_more_than_a_thousand_at_once_are_refused(database, keys, now, ann) -> None:
    with pytest.raises(InvalidInput, match="at most 1000"):
        await send(database, keys, now, *[order({"email": EMAIL})] * (MOST_AT_ONCE + 1))


async def test_a_kind_somebody_added_is_taken_until_it_is_removed(database, keys, now, ann) -> None:
    kind = Kind(title="Tasted wine", properties={"wine": "text", "rating": "number"}, required=("wine",))
    tasted = {"kind": "wine_tasted", "about": {"email": EMAIL}, "properties": {"wine": "Rioja", "rating": 4.5}}
    assert set(await refused(database, keys, now, tasted)) == {"events.0.kind"}
    async with transaction(database.sessions) as session:
        await add_kind(session, "wine_tasted", kind, made_by="user:1", now=now)
        assert "wine_tasted" in await list_kinds(session)
        assert (await find_kinds(session, ["wine_tasted", "nothing"])).keys() == {"wine_tasted"}
    assert (await send(database, keys, now, tasted)).written == 1
    async with transaction(database.sessions) as session:
        for name in ("wine_tasted", "order_placed"):
            with pytest.raises(Conflict):
                await add_kind(session, name, kind, made_by="user:1", now=now)
        with pytest.raises(InvalidInput):
            await add_kind(session, "Wine tasted!", kind, made_by="user:1", now=now)
        await remove_kind(session, "wine_tasted")
        with pytest.raises(NotFound):
            await remove_kind(session, "wine_tasted")
    assert await refused(database, keys, now, tasted)
