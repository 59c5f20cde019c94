"""Flows and journeys read and edited over the API: by one, by two at once, with comments, and back."""

from __future__ import annotations

import pytest

from admin.flows.people import GONE
from base.database import transaction
from base.ids import new_id
from bot.publishing.drafts import save_draft
from tests.bot.publishing.small_site import FLOW, hello

API = "/api/v1/flows"
ITEM = "library/hello"


async def send(admin, method, path, content, *, status=200, version=None):
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    answer = await admin.send(method, API + path, content, **headers)
    assert answer.status == status, await answer.text()
    return None if status == 204 else await answer.json()


async def begin(admin, item=ITEM, **wish):
    return await send(admin, "POST", "/drafts", {"item": item, **wish}, status=201)


def reworded(content, step, text):
    words = {**content["wording"]["en"], step: {**content["wording"]["en"][step], "text": text}}
    return {**content, "wording": {**content["wording"], "en": words}}


async def test_the_list_tells_what_is_live_who_works_on_it_and_how_many_problems_there_are(signed_in, site, counted):
    with counted() as statements:
        rows = {row["item"]: row for row in (await signed_in.read(API))["items"]}
    assert sum("FROM content_drafts" in one for one in statements) == 1, "drafts are read once"
    assert set(rows) == {"journeys/follow_up", "library/hello", "library/patterns"}
    assert (rows[ITEM]["title"], rows[ITEM]["live"], rows[ITEM]["draft"], rows[ITEM]["problems"]) == (
        "Hello",
        1,
        None,
        0,
    )
    assert (rows[ITEM]["changed_by"], rows[ITEM]["steps"], rows[ITEM]["kind"]) == ("Ada", 4, "flow")

    document = await begin(signed_in)
    steps = [*document["content"]["steps"], {"id": "lost", "step": "message"}]
    await send(
        signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**document["content"], "steps": steps}}, version=1
    )

    row = next(row for row in (await signed_in.read(API))["items"] if row["item"] == ITEM)
    assert (row["draft"]["revision"], row["draft"]["by"], row["draft"]["outdated"]) == (2, "Ada", False)
    assert row["problems"] > 0


async def test_a_flow_is_read_as_data_with_layout_and_comments_and_saved_with_an_etag(signed_in, site):
    read = await signed_in.get(f"{API}/content", item=ITEM)
    assert read.headers["ETag"] == '"0"'
    live = await read.json()
    assert (live["state"], live["draft"], live["content"]["settings"]["language"]) == ("live", None, "en")
    assert [step["id"] for step in live["content"]["steps"]] == ["notice", "ask_size", "ask_company", "person"]

    document = await begin(signed_in)
    changed = reworded(document["content"], "ask_size", "How many are you?")
    answer = await signed_in.send("PUT", f"{API}/drafts", {"item": ITEM, "content": changed}, **{"If-Match": '"1"'})
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert (await answer.json())["merged"] == []
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": changed}, status=428)

    await send(signed_in, "PUT", "/layout", {"item": ITEM, "positions": {"notice": {"x": 1.5, "y": 2}}}, status=204)
    note = await send(
        signed_in, "POST", "/notes", {"item": ITEM, "step": "notice", "text": "<b>Warmer?</b>"}, status=201
    )
    assert (note["by"], note["done"]) == ("Ada", False)
    done = await send(signed_in, "PATCH", f"/notes/{note['id']}", {"done": True})
    assert done["done"]
    document = await signed_in.read(f"{API}/content", item=ITEM)
    assert (document["version"], document["state"]) == (2, "draft")
    assert document["layout"] == {"notice": {"x": 1.5, "y": 2.0}}
    assert [one["text"] for one in document["notes"]] == ["<b>Warmer?</b>"]
    await send(signed_in, "DELETE", f"/notes/{note['id']}", None, status=204)
    assert (await signed_in.read(f"{API}/content", item=ITEM))["notes"] == []


async def test_two_people_lose_nothing_and_the_same_step_comes_back_with_both_versions(signed_in, site):
    base = (await begin(signed_in))["content"]
    save = {"item": ITEM, "content": reworded(base, "ask_size", "How many are you?")}
    await send(signed_in, "PUT", "/drafts", save, version=1)

    save = {"item": ITEM, "content": reworded(base, "person", "Somebody takes over.")}
    merged = await send(signed_in, "PUT", "/drafts", save, version=1)
    assert (merged["version"], merged["merged"]) == (3, ["wording en ask_size"])
    assert merged["content"]["wording"]["en"]["ask_size"]["text"] == "How many are you?"

    save = {"item": ITEM, "content": reworded(base, "ask_size", "Big or small?")}
    refused = await send(signed_in, "PUT", "/drafts", save, version=1, status=409)
    assert (refused["code"], refused["version"]) == ("draft_conflict", 3)
    (conflict,) = refused["conflicts"]
    assert [conflict[one]["text"] for one in ("base", "theirs", "mine")] == [
        "How large are you?", "How many are you?", "Big or small?",
    ]  # fmt: skip
    assert conflict["by"] == "Ada", "a name, not an id"
    await send(signed_in, "PUT", "/drafts", save, version=3)


async def test_history_diff_restore_and_discard(signed_in, site):
    base = (await begin(signed_in))["content"]
    steps = [one for one in base["steps"] if one["id"] != "ask_company"]
    steps[1] = {**steps[1], "choices": ["small", "large", "huge"]}
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**base, "steps": steps}}, version=1)

    diff = await signed_in.read(f"{API}/diff", item=ITEM)
    told = {(part["part"], part["name"], part["change"]): part["fields"] for part in diff["parts"]}
    assert told["step", "ask_size", "changed"] == [
        {"field": "choices", "before": ["small", "large"], "after": ["small", "large", "huge"]}
    ]
    assert ("step", "ask_company", "removed") in told
    assert "step ask_company removed" in diff["words"]

    history = await signed_in.read(f"{API}/history", item=ITEM)
    assert [(one["state"], one["live"], one["by"]) for one in history["versions"]] == [("v1", True, "Ada")]
    assert [one["state"] for one in history["revisions"]] == ["r2", "r1"]
    restored = await send(signed_in, "POST", "/drafts/restore", {"item": ITEM, "state": "r1"}, version=2)
    assert restored["content"]["steps"] == base["steps"]
    assert (await signed_in.read(f"{API}/diff", item=ITEM, after="r3"))["parts"] == []
    await send(signed_in, "POST", "/drafts/restore", {"item": ITEM, "state": "v1"}, version=2, status=409)
    await send(signed_in, "POST", "/drafts/discard", {"item": ITEM}, version=3, status=204)
    await send(signed_in, "POST", "/drafts/discard", {"item": ITEM}, version=3, status=404)
    assert (await signed_in.read(f"{API}/content", item=ITEM))["state"] == "live"


async def test_a_new_flow_a_copy_and_one_that_goes(signed_in, site):
    fresh = await begin(signed_in, "library/fair", title="The fair", language="de")
    assert [step["step"] for step in fresh["content"]["steps"]] == ["ai_notice", "end"]
    assert (await signed_in.read(f"{API}/problems", item="library/fair"))["items"] == []
    copy = await begin(signed_in, "library/copied", copy_of=ITEM, title="A copy")
    assert (copy["content"]["settings"]["flow"], copy["content"]["settings"]["name"]) == ("copied", "A copy")
    await send(signed_in, "POST", "/drafts", {"item": "library/fair", "title": "Again"}, status=409)
    await send(signed_in, "POST", "/drafts", {"item": "library/none"}, status=404)
    await send(signed_in, "POST", "/drafts", {"item": "library/x", "copy_of": "journeys/follow_up"}, status=422)

    await begin(signed_in, "journeys/follow_up")
    await send(signed_in, "POST", "/drafts/remove", {"item": "journeys/follow_up"}, version=1, status=204)
    gone = await signed_in.read(f"{API}/content", item="journeys/follow_up")
    assert (gone["content"], gone["draft"]["removes"]) == (None, True)
    save = {"item": "journeys/follow_up", "content": {}}
    assert (await send(signed_in, "PUT", "/drafts", save, version=2, status=409))["code"] == "draft_gone"


async def test_problems_say_where_they_are_and_what_to_do(signed_in, site):
    content = (await begin(signed_in))["content"]
    steps = [*content["steps"]]
    steps[1] = {**steps[1], "no_reply_after": {"wait": "soon", "to": "nowhere"}, "slot": "size"}
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**content, "steps": steps}}, version=1)
    (problem, *_) = (await signed_in.read(f"{API}/problems", item=ITEM))["items"]
    assert (problem["step"], problem["field"]) == ("ask_size", "no_reply_after.wait")
    assert problem["problem"]
    assert problem["remedy"]

    steps[1] = {**steps[1], "no_reply_after": {"wait": "10 minutes", "to": "nowhere"}}
    words = {**content["wording"]["en"], "ask_size": {"text": "How large?", "choices": {"small": "S", "large": "L"}}}
    wrong = {**content, "steps": steps, "wording": {"en": words}}
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": wrong}, version=2)
    found = {(one["step"], one["field"], one["language"], one["rule"]) for one in
             (await signed_in.read(f"{API}/problems"))["items"]}  # fmt: skip
    assert ("ask_size", "no_reply_after.to", None, "target.missing") in found
    assert ("ask_size", "retry", "en", "wording.missing") in found
    german = await signed_in.client.get(f"{API}/problems", headers={"Accept-Language": "de"})
    told = {(one["rule"], one["problem"], one["remedy"]) for one in (await german.json())["items"]}
    nowhere = "er führt zu nowhere, was es nicht gibt"
    assert ("target.missing", nowhere, "Nennen Sie einen Schritt dieser Datei") in told


async def test_what_steps_may_name_and_every_kind_of_step_are_told(signed_in, site):
    names = await signed_in.read(f"{API}/names")
    assert [flow["name"] for flow in names["flows"]] == ["hello"]
    assert (names["teams"], names["intents"]) == (["sales"], ["ask_pricing", "request_demo"])
    assert "order_placed" in names["events"]
    kinds = await signed_in.read(f"{API}/step-kinds")
    asks = next(kind for kind in kinds["flow"] if kind["kind"] == "ask_choice")
    assert asks["schema"]["properties"]["slot"]["description"]
    assert asks["leads"] == ["next", "no_reply_after.to"]
    assert kinds["definitions"]


@pytest.mark.parametrize(
    "item", ["library", "library/../x", "knowledge", "library/Hello", "", "library/hello/flow.yml"]
)
async def test_what_is_no_flow_or_journey_is_refused(signed_in, site, item):
    assert (await signed_in.get(f"{API}/content", item=item)).status == 422
    assert (await signed_in.get(f"{API}/history", item="library/nowhere")).status == 404


async def test_what_cannot_be_written_is_refused_and_nothing_is_saved(signed_in, site):
    content = (await begin(signed_in))["content"]
    poison = [
        {**content, "steps": [{"id": "a"}, {"id": "a"}]},
        {**content, "steps": [{"step": "end"}]},
        {**content, "settings": {"name": "a\0b"}},
        {**content, "settings": {"name": 1e300}},
        {**content, "wording": {"EN": {}}},
        {**content, "settings": {"steps": []}},
    ]
    for one in poison:
        await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": one}, version=1, status=422)
    assert (await signed_in.read(f"{API}/content", item=ITEM))["version"] == 1


async def test_a_draft_whose_file_cannot_be_read_says_so_and_can_be_restored(signed_in, site, context):
    async with transaction(context.sessions) as session:
        await save_draft(
            session, ITEM, hello(flow="steps: ["), author=f"user:{new_id()}", revision=None, now=context.clock.now()
        )
    assert (await signed_in.get(f"{API}/content", item=ITEM)).status == 409
    row = next(row for row in (await signed_in.read(API))["items"] if row["item"] == ITEM)
    assert (row["title"], row["draft"]["by"], row["problems"] > 0) == ("hello", GONE, True)
    await send(signed_in, "POST", "/drafts/restore", {"item": ITEM, "state": "v1"}, version=1)
    assert FLOW.startswith("flow: hello")
    assert (await signed_in.read(f"{API}/diff", item=ITEM))["parts"] == []


async def test_comments_and_layout_of_what_is_not_there_are_refused(signed_in, site):
    nowhere = "library/nowhere"
    await send(signed_in, "PUT", "/layout", {"item": nowhere, "positions": {}}, status=404)
    await send(signed_in, "POST", "/notes", {"item": nowhere, "text": "x"}, status=404)
    await send(signed_in, "PATCH", f"/notes/{new_id()}", {"text": "x"}, status=404)
    await send(signed_in, "DELETE", f"/notes/{new_id()}", None, status=404)
