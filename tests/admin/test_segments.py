"""Segments over the API: made, edited at the version that was read, counted, previewed, explained, removed."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from base.database import transaction
from bot.models import Conversation, Message
from crm.contacts.service import change_tags, create_contact, set_fields
from crm.segments.work import SegmentWork
from crm.timeline.service import record
from outreach.models import Journey, JourneyVersion
from tests.bot.understanding.missed_talk import miss

API = "/api/v1/segments"
VIP = {"tag": "vip"}
VIEWED = {"event": "page_viewed", "count": 2, "in_last": {"amount": 14, "unit": "days"}}


@pytest.fixture
async def people(context, now):
    """Ann is tagged and viewed two pages, Ben viewed one, Cid did neither."""
    made = {}
    async with transaction(context.sessions) as session:
        for name, views in (("Ann", 2), ("Ben", 1), ("Cid", 0)):
            made[name] = await create_contact(session, time_zone=None, now=now)
            await set_fields(session, made[name], {"first_name": name, "country": "DE"}, now)
            for _ in range(views):
                await record(session, kind="page_viewed", contact_id=made[name], conversation_id=None, data={}, now=now)
        await change_tags(session, made["Ann"], add=["vip"], now=now)
    await settle(context)
    return {name: str(one) for name, one in made.items()}


async def settle(context) -> None:
    await SegmentWork(context.sessions, context.keys, context.clock).do_all()


async def send(admin, method, path="", content=None, *, status=200, **headers):
    answer = await admin.send(method, API + path, content, **headers)
    assert answer.status == status, await answer.text()
    return await answer.json() if answer.content_type.endswith("json") else None


async def add(admin, name, tree):
    return await send(admin, "POST", content={"name": name, "tree": tree}, status=201)


async def test_a_new_segment_is_in_words_and_shows_how_far_its_members_are_found(signed_in, context, people, wake_ups):
    made = await add(signed_in, " Keen ", {"all": [VIP, VIEWED]})
    assert wake_ups.count == 1
    assert made["name"] == "Keen"
    assert made["words"] == "is tagged “vip” and has viewed a page at least 2 times in the last 14 days"
    assert [one["words"] for one in made["conditions"]] == made["words"].split(" and ")
    assert (made["state"], made["built"], made["contacts"], made["members"]) == ("building", 0, 3, 0)
    assert (made["profiles"], made["used_by"], made["version"]) == (True, [], 1)
    await settle(context)
    (row,) = (await signed_in.read(API, language="de"))["items"]
    assert (row["state"], row["built"], row["members"]) == ("live", 3, 1)
    assert row["words"] == (
        "trägt die Markierung „vip“ und hat in den letzten 14 Tagen mindestens 2-mal eine Seite angesehen"
    )
    assert (await signed_in.read(f"{API}/{made['id']}"))["tree"] == made["tree"]


async def test_an_edit_needs_the_version_that_was_read_and_refuses_an_older_one(signed_in, context, people):
    made = await add(signed_in, "Keen", VIP)
    answer = await signed_in.get(f"{API}/{made['id']}")
    etag = answer.headers["ETag"]
    assert etag == '"1"'
    wish, path = {"name": "Viewers", "tree": {"event": "page_viewed"}}, f"/{made['id']}"
    problem = await send(signed_in, "PUT", path, wish, status=428)
    assert problem["code"] == "version_needed"
    await send(signed_in, "PUT", path, wish, status=428, **{"If-Match": "*"})
    changed = await send(signed_in, "PUT", path, wish, **{"If-Match": etag})
    assert (changed["name"], changed["version"], changed["state"]) == ("Viewers", 2, "building")
    late = await send(signed_in, "PUT", path, wish | {"name": "Late"}, status=412, **{"If-Match": etag})
    assert late["code"] == "out_of_date"
    await send(signed_in, "DELETE", path, status=412, **{"If-Match": etag})
    await send(signed_in, "DELETE", path, status=204, **{"If-Match": '"2"'})
    assert (await signed_in.get(API + path)).status == 404


async def test_a_rule_is_counted_whole_and_by_condition_before_it_is_saved(signed_in, people):
    rule = {"tree": {"all": [VIEWED, {"not": VIP}, {"fact": "country", "op": "is", "value": "DE"}]}}
    counted = await send(signed_in, "POST", "/count", rule)
    assert (counted["contacts"], counted["refused"]) == (0, 0)
    assert [(one["contacts"], one["words"]) for one in counted["conditions"]] == [
        (1, "has viewed a page at least 2 times in the last 14 days"),
        (1, "is tagged “vip”"),
        (3, "the country is “DE”"),
    ]
    preview = await send(signed_in, "POST", "/preview", {"tree": {"event": "page_viewed"}})
    assert [one["name"] for one in preview["items"]] == ["Ann", "Ben"]
    drawn = await send(signed_in, "POST", "/preview", {"tree": {"event": "page_viewed"}, "sample": True, "limit": 1})
    assert {one["name"] for one in drawn["items"]} < {"Ann", "Ben"}
    told = await send(signed_in, "POST", "/words", rule | {"language": "fr"})
    assert told["words"].startswith("a consulté une page au moins 2 fois au cours des 14 derniers jours et pas (")


async def test_who_may_not_be_profiled_is_counted_apart_and_told_why(signed_in, context, people, clock):
    made = await add(signed_in, "Viewers", {"event": "page_viewed"})
    async with transaction(context.sessions) as session:
        await record(
            session, kind="opt_out_signal_received", contact_id=people["Ann"], conversation_id=None, data={},
            now=clock.now(),
        )  # fmt: skip
    await settle(context)
    counted = await send(signed_in, "POST", "/count", {"tree": {"event": "page_viewed"}})
    assert (counted["contacts"], counted["refused"], counted["conditions"][0]["contacts"]) == (1, 1, 2)
    ann = await signed_in.read(f"{API}/{made['id']}/contacts/{people['Ann']}")
    assert (ann["is_member"], ann["fits"]) == (False, False)
    assert ann["refusal"].startswith("In no segment: their browser asks")
    assert ann["conditions"] == [{"words": "has viewed a page", "holds": True}]
    ben = await signed_in.read(f"{API}/{made['id']}/contacts/{people['Ben']}")
    assert (ben["is_member"], ben["fits"], ben["refusal"]) == (True, True, None)


async def test_members_come_in_pages_those_who_entered_last_first(signed_in, context, people, clock):
    made = await add(signed_in, "Viewers", {"event": "page_viewed"})
    await settle(context)
    clock.forward(hours=1)
    async with transaction(context.sessions) as session:
        await record(
            session, kind="page_viewed", contact_id=people["Cid"], conversation_id=None, data={}, now=clock.now()
        )
    await settle(context)
    path = f"{API}/{made['id']}/members"
    names, cursor = [], {}
    while True:
        page = await signed_in.read(path, limit=1, **cursor)
        names += [one["name"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert names == ["Cid", "Ben", "Ann"]
    assert (await signed_in.get(path, cursor="nonsense")).status == 400


async def test_a_segment_that_another_or_a_journey_speaks_of_is_not_removed(signed_in, context, now):
    inner = await add(signed_in, "Inner", VIP)
    outer = await add(signed_in, "Outer", {"all": [{"segment": inner["id"]}, {"address": "email"}]})
    assert outer["words"] == "is in the segment “Inner” and has an e-mail address"
    tag = {"If-Match": '"1"'}
    problem = await send(signed_in, "DELETE", f"/{inner['id']}", status=409, **tag)
    assert problem["detail"] == "This segment is used by the segment “Outer”. Take it out there first."
    async with transaction(context.sessions) as session:
        definition = {"steps": [{"id": "a", "when": {"all": [{"segment": outer["id"]}]}}]}
        session.add(JourneyVersion(journey="welcome", version="1", definition=definition, published_at=now))
        session.add(Journey(id="welcome", live_version="1", updated_at=now))
    assert (await signed_in.read(f"{API}/{outer['id']}"))["used_by"] == ["the journey welcome"]
    # By its id a journey finds it whatever it is called; by its name it would not.
    renamed = await send(signed_in, "PUT", f"/{outer['id']}", {"name": "Out", "tree": VIP}, **tag)
    tag = {"If-Match": '"2"'}
    problem = await send(signed_in, "DELETE", f"/{outer['id']}", status=409, **tag)
    async with transaction(context.sessions) as session:
        definition = {"steps": [{"id": "a", "step": "on_segment", "segment": "Inner"}]}
        session.add(JourneyVersion(journey="back", version="1", definition=definition, published_at=now))
        session.add(Journey(id="back", live_version="1", updated_at=now))
    wish, first = {"name": "In", "tree": VIP}, {"If-Match": '"1"'}
    refused = await send(signed_in, "PUT", f"/{inner['id']}", wish, status=409, **first)
    assert refused["detail"] == "This segment is called by its name in the journey back. Change it there first."
    assert renamed["used_by"] == ["the journey welcome"]
    assert (problem["code"], "the journey welcome" in problem["detail"]) == ("segment_in_use", True)


async def test_a_rule_that_cannot_be_is_refused_with_where_it_is_wrong(signed_in):
    inner = await add(signed_in, "Inner", VIP)
    outer = await add(signed_in, "Outer", {"segment": inner["id"]})
    tag = {"If-Match": '"1"'}
    wish = {"name": "Inner", "tree": {"segment": outer["id"]}}
    problem = await send(signed_in, "PUT", f"/{inner['id']}", wish, status=422, **tag)
    assert problem["detail"].startswith("The segment would contain itself")
    gone = {"name": "Gone", "tree": {"segment": "01890000-0000-7000-8000-000000000000"}}
    assert "There is no segment" in (await send(signed_in, "POST", "", gone, status=422))["detail"]
    problem = await send(signed_in, "POST", "", {"name": "Outer", "tree": VIP}, status=409)
    assert problem["code"] == "name_taken"
    wrong = {"name": "W", "tree": {"all": [VIP, {"event": "page_viewed", "count": 0}]}}
    (error,) = (await send(signed_in, "POST", "", wrong, status=422))["errors"]
    assert error["field"] == "tree.all.all.1.event"
    assert error["message"].endswith("at least 0 times is always true; never is exactly 0 times")
    (error,) = (await send(signed_in, "POST", "", {"name": "W", "tree": {"colour": "red"}}, status=422))["errors"]
    assert error["message"].startswith("A condition has one of fact, tag")


async def test_a_rule_comes_back_as_it_can_be_sent_again(signed_in):
    tree = {"all": [{"consent": "marketing", "channel": "email"}, {"date": "renewal", "is": "in_next", "days": 14}]}
    made = await add(signed_in, "Soon", tree)
    read = (await signed_in.read(f"/api/v1/segments/{made['id']}"))["tree"]
    assert [part["is"] for part in read["all"]] == ["given", "in_next"]
    assert all("is_" not in part for part in read["all"])


async def test_a_text_in_a_rule_is_given_its_meaning_once_and_finds_who_wrote_something_near(
    signed_in, context, people, now
):
    (said,) = await miss(context.sessions, now, "do you ship to the moon")
    async with transaction(context.sessions) as session:
        message = await session.get(Message, said)
        await session.execute(
            update(Conversation).where(Conversation.id == message.conversation_id).values(contact_id=people["Cid"])
        )
    rule = {"tree": {"near": "ship to the moon", "at_least": 0.5}}
    counted = await send(signed_in, "POST", "/count", rule)
    assert counted["contacts"] == 1
    made = await add(signed_in, "Moon", rule["tree"])
    assert context.meanings.calls == [1]
    await settle(context)
    page = await signed_in.read(f"{API}/{made['id']}/members")
    assert [one["name"] for one in page["items"]] == ["Cid"]
