"""Scores over the API: with their reasons as of now, and rules that are tried before they are saved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin.scoring import endpoints
from base.database import transaction
from base.ids import new_id
from crm.contacts.service import attach_address, create_contact, set_fields
from crm.scoring import preview as previews
from crm.scoring.service import add_points, recompute_for
from crm.scoring.work import ScoreWork
from crm.timeline.service import NewEvent, ingest


@pytest.fixture
async def ann(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, contact_id, {"country": "DE", "company": "Example GmbH"}, now)
        await add_points(
            session, contact_id, rule="a/b/0", points=20, reason="Asked for a demo", message_id=new_id(), now=now
        )
        seen = NewEvent("page_viewed", now, "web", contact_id, data={"url": "https://shop.example/pricing"})
        await ingest(session, [seen], now)
        await recompute_for(session, keys, [contact_id], now)
    return contact_id


async def test_a_lead_is_shown_with_each_score_and_reasons_that_name_a_turn_or_an_event(signed_in, ann) -> None:
    told = await signed_in.read(f"/api/v1/leads/{ann}/score")
    assert told["scores"] == {"fit": 5, "engagement": 1, "intent": 26, "total": 32}
    assert told["band"] == "warm"
    reasons = {reason["rule"]: reason for reason in told["reasons"]}
    assert reasons["looked_at_prices"]["event"]["summary"] == "Looked at https://shop.example/pricing"
    assert reasons["a/b/0"]["message_id"]
    assert all(reason["event"] or reason["message_id"] for reason in told["reasons"])


async def test_points_that_fade_are_shown_as_they_are_now(signed_in, clock, ann) -> None:
    clock.forward(days=14)
    await signed_in.sign_in()
    told = await signed_in.read(f"/api/v1/leads/{ann}/score")
    prices = next(reason for reason in told["reasons"] if reason["rule"] == "looked_at_prices")
    assert (prices["points"], prices["given"], prices["half_life_days"]) == (3, 6, 14)
    assert told["scores"]["intent"] == 23


async def test_who_is_gone_has_no_score(signed_in) -> None:
    assert (await signed_in.get(f"/api/v1/leads/{new_id()}/score")).status == 404


async def test_rules_are_tried_then_saved_and_an_edit_of_older_ones_is_refused(signed_in, database, keys, now, ann):
    rules = await signed_in.read("/api/v1/score-rules")
    assert (rules["number"], rules["made_by"]) == (1, None)
    book = rules["book"]
    company = next(rule for rule in book["rules"] if rule["id"] == "company_named")
    company["points"] = 45
    tried = await signed_in.send("POST", "/api/v1/score-rules/preview", {"book": book})
    preview = await tried.json()
    assert (tried.status, preview["contacts"], preview["up"], preview["down"]) == (200, 1, 1, 0)
    assert (preview["bands"], preview["stages"]) == ({"hot": 1}, {"mql": 1})
    assert preview["examples"][0]["after"]["total"] == 72
    assert (await signed_in.read(f"/api/v1/leads/{ann}/score"))["scores"]["total"] == 32
    saved = await signed_in.send("PUT", "/api/v1/score-rules", {"based_on": 1, "book": book})
    assert (saved.status, (await saved.json())["number"]) == (200, 2)
    late = await signed_in.send("PUT", "/api/v1/score-rules", {"based_on": 1, "book": book})
    assert late.status == 409
    async with transaction(database.sessions) as session:
        await recompute_for(session, keys, [ann], now + timedelta(seconds=1))
    (task,) = (await signed_in.read("/api/v1/tasks", contact=str(ann)))["items"]
    assert (task["kind"], task["title"]) == ("stage_reached", "Became marketing qualified: total 72 of 60")
    assert (await signed_in.send("POST", f"/api/v1/tasks/{task['id']}/done", {})).status == 204
    assert (await signed_in.read("/api/v1/tasks"))["items"] == []
    assert (await signed_in.send("POST", f"/api/v1/tasks/{new_id()}/done", {})).status == 404


async def test_the_list_goes_by_the_bands_as_they_were_edited(signed_in, ann, database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await attach_address(session, keys, ann, kind="phone", value="+4930123456", now=now)
    assert len((await signed_in.read("/api/v1/leads", band="warm"))["items"]) == 1
    book = (await signed_in.read("/api/v1/score-rules"))["book"] | {"bands": {"hot": 32, "warm": 10}}
    assert (await signed_in.send("PUT", "/api/v1/score-rules", {"based_on": 1, "book": book})).status == 200
    assert (await signed_in.read("/api/v1/leads", band="warm"))["items"] == []
    (lead,) = (await signed_in.read("/api/v1/leads", band="hot"))["items"]
    assert lead["band"] == "hot"


async def test_rules_that_mean_nothing_are_refused_with_what_is_wrong(signed_in) -> None:
    book = (await signed_in.read("/api/v1/score-rules"))["book"]
    book["rules"][0]["score"] = "charm"
    answer = await signed_in.send("POST", "/api/v1/score-rules/preview", {"book": book})
    problem = await answer.json()
    assert (answer.status, "charm" in problem["errors"][0]["message"]) == (422, True)


async def test_a_preview_that_takes_too_long_is_gone_on_with_and_comes_to_the_same(  # noqa: PLR0917  # fixtures
    signed_in, database, keys, now, ann, monkeypatch
) -> None:
    async with transaction(database.sessions) as session:
        for _ in range(4):
            contact_id = await create_contact(session, time_zone=None, now=now)
            await set_fields(session, contact_id, {"country": "DE", "company": "Example GmbH"}, now)
    book = (await signed_in.read("/api/v1/score-rules"))["book"]
    next(rule for rule in book["rules"] if rule["id"] == "company_named")["points"] = 45

    async def preview(**so_far):
        answer = await signed_in.send("POST", "/api/v1/score-rules/preview", {"book": book, **so_far})
        assert answer.status == 200
        return await answer.json()

    whole = await preview()
    assert (whole["whole"], whole["looked_at"], whole["up"], whole["stages"]) == (True, 5, 5, {"mql": 1})
    monkeypatch.setattr(endpoints, "PREVIEW_SECONDS", 0.0)
    monkeypatch.setattr(previews, "SET", 2)
    part = await preview()
    assert (part["whole"], part["looked_at"], part["contacts"]) == (False, 2, 5)
    while not part["whole"]:
        part = await preview(so_far=part)
    assert part == whole


async def test_after_an_edit_it_is_told_how_many_are_not_counted_by_it_yet(  # noqa: PLR0917  # fixtures
    signed_in, database, keys, clock, ann, wake_ups
) -> None:
    rules = await signed_in.read("/api/v1/score-rules")
    assert rules["left"] == 0
    woken = wake_ups.count
    saved = await signed_in.send("PUT", "/api/v1/score-rules", {"based_on": 1, "book": rules["book"]})
    assert (await saved.json())["left"] == 1
    assert wake_ups.count == woken + 1
    assert await ScoreWork(database.sessions, keys, clock).count_due() == 1
    assert (await signed_in.read("/api/v1/score-rules"))["left"] == 0
