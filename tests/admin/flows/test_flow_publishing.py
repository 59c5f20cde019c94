"""Publishing over the API: asked for, done by a worker, looked at afterwards, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from base.ids import new_id
from bot.publishing.jobs import PublishWork
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from outreach.enrolment import publish_journeys
from tests.admin.flows.test_flow_editing import ITEM, begin, reworded, send
from tests.bot.publishing.small_site import Rasa

API = "/api/v1/flows"


@pytest.fixture
def work(context, database):
    shop = Workshop(database.engine, database.sessions, context.clock, context.flows.source, Rasa(), publish_journeys)
    return PublishWork(database.sessions, lambda _places: Publisher(replace(shop)), context.clock)


async def test_a_draft_is_tried_published_and_rolled_back(signed_in, site, work, wake_ups):
    content = reworded((await begin(signed_in))["content"], "ask_size", "How many are you?")
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": content}, version=1)

    asked = await send(signed_in, "POST", "/publications", {"only_try": True, "replay": 0}, status=202)
    assert (asked["status"], asked["kind"], asked["by"], wake_ups.count) == ("waiting", "try", "Ada", 1)
    await work.do_all()
    job = await signed_in.read(f"{API}/jobs/{asked['id']}")
    assert (job["status"], job["publication"], job["report"]["impact"]["people"]) == ("done", None, 0)
    assert job["report"]["changes"] == [{"item": ITEM, "words": ["wording en: ask_size changed (text)"]}]

    asked = await send(signed_in, "POST", "/publications", {"items": [ITEM], "note": "Friendlier"}, status=202)
    await work.do_all()
    assert (await signed_in.read(f"{API}/jobs/{asked['id']}"))["publication"] == 2
    page = await signed_in.read(f"{API}/publications", limit=1)
    assert [(one["publication"], one["note"], one["live"], one["by"]) for one in page["items"]] == [
        (2, "Friendlier", True, "Ada")
    ]
    assert [
        one["publication"] for one in (await signed_in.read(f"{API}/publications", before=page["next"]))["items"]
    ] == [1]
    detail = await signed_in.read(f"{API}/publications/detail", publication=2)
    assert detail["report"]["changes"][0]["item"] == ITEM

    await send(signed_in, "POST", "/rollbacks", {"publication": 1}, status=202)
    await work.do_all()
    (row, *_) = (await signed_in.read(f"{API}/publications"))["items"]
    assert (row["publication"], row["rollback_of"]) == (3, 1)
    assert [job["kind"] for job in (await signed_in.read(f"{API}/jobs"))["items"]] == ["rollback", "publish", "try"]


async def test_what_is_refused_says_where_the_problems_are(signed_in, site, work):
    content = (await begin(signed_in))["content"]
    steps = [{**one, "slot": "firm"} if one["id"] == "ask_company" else one for one in content["steps"]]
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**content, "steps": steps}}, version=1)
    asked = await send(signed_in, "POST", "/publications", {}, status=202)
    await work.do_all()
    job = await signed_in.read(f"{API}/jobs/{asked['id']}")
    assert (job["status"], job["code"]) == ("refused", "flows_refused")
    assert ("ask_company", "slot") in {(fault["step"], fault["field"]) for fault in job["faults"]}
    french = await signed_in.client.get(f"{API}/jobs/{asked['id']}", headers={"Accept-Language": "fr"})
    told = {fault["problem"] for fault in (await french.json())["faults"]}
    assert "la donnée firm n’existe pas" in told


async def test_what_cannot_be_published_or_rolled_back_is_refused_at_once(signed_in, site):
    await send(signed_in, "POST", "/publications", {"items": [ITEM]}, status=404)
    await send(signed_in, "POST", "/rollbacks", {"publication": 9}, status=404)
    await send(signed_in, "POST", "/rollbacks", {"item": ITEM, "version": 9}, status=404)
    for wish in ({}, {"publication": 1, "item": ITEM, "version": 1}, {"item": ITEM}):
        await send(signed_in, "POST", "/rollbacks", wish, status=422)
    assert (await signed_in.get(f"{API}/jobs/{new_id()}")).status == 404
    assert (await signed_in.get(f"{API}/publications/detail", publication=9)).status == 404
