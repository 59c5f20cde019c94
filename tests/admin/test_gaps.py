"""What was not understood and what is proposed to mend it, as the admin room serves it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from base.database import transaction
from base.ids import new_id
from bot.dialogue import DialogueUnavailable
from bot.models import Message
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from bot.understanding.accepting import Acceptor
from bot.understanding.grouper import GapGrouper
from bot.understanding.material import Material, Question
from bot.understanding.measuring import Measurer
from bot.understanding.work import UnderstandingWork
from outreach.enrolment import publish_journeys
from tests.bot.knowledge.word_vectors import WordVectors
from tests.bot.publishing.small_site import Rasa, reworded, small_site
from tests.bot.understanding.missed_talk import HELD_OUT, Programs, miss

API = "/api/v1/understanding"
MOON = ("do you ship to the moon", "delivery to the moon", "moon")


@pytest.fixture
async def publisher(database, clock) -> Publisher:
    source = PublishedSource(database.sessions)
    shop = Workshop(database.engine, database.sessions, clock, source, Rasa(), publish_journeys)
    publisher = Publisher(shop)
    await publisher.publish(small_site(), author="Ada")
    return publisher


@pytest.fixture
def work(database, clock, publisher) -> UnderstandingWork:
    """What a worker does, which tests have done."""
    programs, vectors = Programs(), WordVectors()
    material = Material({"held_out.yml": HELD_OUT}, (Question(text="what does a euro cost", article="pricing"),))
    sessions = database.sessions
    return UnderstandingWork(
        sessions,
        GapGrouper(sessions, vectors, programs, clock),
        Measurer(database.engine, sessions, clock, programs, vectors, lambda: material),
        Acceptor(sessions, publisher, clock),
    )


@pytest.fixture
async def grouped(context, now, work) -> None:
    """Three messages about the moon, two about rain, one alone."""
    await miss(context.sessions, now, *MOON, intent="ask_delivery")
    await miss(context.sessions, now, "will it rain", "rain", intent=None, reason="below_bar")
    await miss(context.sessions, now - timedelta(hours=1), "hm")
    await work.do_all()


async def send(admin, path, content=None, status=200):
    answer = await admin.send("POST", f"{API}/{path}", {} if content is None else content)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_groups_come_with_their_counts_an_example_and_the_nearest_intent(signed_in, grouped):
    page = await signed_in.read(f"{API}/groups")
    assert [(group["name"], group["open"]) for group in page["items"]] == [("moon", 3), ("rain", 2)]
    moon, rain = page["items"]
    assert (moon["missed"], moon["clarified"], moon["below_bar"]) == (3, 0, 0)
    assert (rain["missed"], rain["below_bar"]) == (0, 2)
    assert moon["example"] in MOON
    assert (moon["nearest_intent"], rain["nearest_intent"], moon["language"]) == ("ask_delivery", None, "en")
    assert (page["open_gaps"], page["next_cursor"]) == (6, None)
    assert page["grouping"]["status"] == "done"
    assert (page["grouping"]["gaps"], page["grouping"]["asked_by"]) == (6, "clock")
    assert (await signed_in.read(f"{API}/groups", language="fr"))["items"] == []


async def test_groups_and_messages_are_paged(signed_in, grouped, context, now, work):
    first = await signed_in.read(f"{API}/groups", limit=1)
    rest = await signed_in.read(f"{API}/groups", limit=1, cursor=first["next_cursor"])
    assert [group["name"] for group in first["items"] + rest["items"]] == ["moon", "rain"]
    assert rest["next_cursor"] is None
    path = f"{API}/groups/{first['items'][0]['id']}/gaps"
    seen = await signed_in.read(path, limit=2)
    seen_rest = await signed_in.read(path, limit=2, cursor=seen["next_cursor"])
    assert [gap["text"] for gap in seen["items"] + seen_rest["items"]] == list(reversed(MOON))
    await send(signed_in, "regroup", status=202)
    await work.do_all()
    answer = await signed_in.get(f"{API}/groups", cursor=first["next_cursor"])
    assert answer.status == 400
    assert "grouped anew" in (await answer.json())["detail"]
    assert (await signed_in.get(path)).status == 404


async def test_a_message_comes_with_its_reason_its_time_and_its_conversation(signed_in, grouped, now):
    page = await signed_in.read(f"{API}/gaps", reason="below_bar", limit=1)
    (gap,) = page["items"]
    assert (gap["text"], gap["reason"], gap["status"], gap["intent"]) == ("rain", "below_bar", "open", None)
    assert gap["created_at"].startswith(now.isoformat()[:19])
    assert gap["group_id"] is not None
    assert gap["conversation_id"]
    assert page["next_cursor"] is not None
    texts = [gap["text"] for gap in (await signed_in.read(f"{API}/gaps", language="en"))["items"]]
    assert sorted(texts) == sorted([*MOON, "will it rain", "rain", "hm"])
    assert texts[-1] == "hm"


async def test_grouping_anew_is_asked_for_once_and_wakes_a_worker(signed_in, grouped, wake_ups, user):
    run = await send(signed_in, "regroup", status=202)
    again = await send(signed_in, "regroup", status=202)
    assert run == again
    assert (run["status"], run["asked_by"], run["done_at"]) == ("waiting", f"user:{user.id}", None)
    assert wake_ups.count == 2
    assert (await signed_in.read(f"{API}/groups"))["grouping"] == run


async def test_what_is_dismissed_is_off_the_list(signed_in, grouped):
    moon, rain = (await signed_in.read(f"{API}/groups"))["items"]
    assert await send(signed_in, f"groups/{moon['id']}/dismiss") == {"dismissed": 3}
    assert await send(signed_in, f"groups/{moon['id']}/dismiss") == {"dismissed": 0}
    (gap, _) = (await signed_in.read(f"{API}/groups/{rain['id']}/gaps"))["items"]
    assert await send(signed_in, "gaps/dismiss", {"message_ids": [gap["message_id"], str(new_id())]}) == {
        "dismissed": 1
    }
    page = await signed_in.read(f"{API}/groups")
    assert [(group["name"], group["open"]) for group in page["items"]] == [("rain", 1)]
    assert page["open_gaps"] == 2
    dismissed = (await signed_in.read(f"{API}/gaps", status="dismissed"))["items"]
    assert len(dismissed) == 4
    assert all(gap["closed_at"] for gap in dismissed)


async def test_from_a_group_to_a_live_intent_with_the_effect_shown_before(signed_in, grouped, work, wake_ups, user):
    moon = (await signed_in.read(f"{API}/groups"))["items"][0]
    wish = {"kind": "intent", "target": "ask_moon", "group_id": moon["id"]}
    proposal = await send(signed_in, "proposals", wish, status=201)
    assert (proposal["status"], proposal["effect"], proposal["outdated"]) == ("waiting", None, False)
    assert sorted(proposal["texts"]) == sorted(MOON)
    assert wake_ups.count == 1
    early = await send(signed_in, f"proposals/{proposal['id']}/accept", status=409)
    assert early["code"] == "not_measured"
    await work.do_all()
    proposal = await signed_in.read(f"{API}/proposals/{proposal['id']}")
    effect = proposal["effect"]
    assert (proposal["status"], effect["kind"]) == ("ready", "intent")
    assert (effect["before"]["held_out_right"], effect["after"]["held_out_right"]) == (3, 2)
    assert effect["newly_wrong"] == [{"text": "may we see the moon", "intent": "request_demo", "found": "ask_moon"}]
    assert effect["newly_right"] == []
    assert effect["intents"] == [
        {"intent": "ask_moon", "language": "en", "examples_before": 0, "examples_after": 3, "f1_before": None,
         "f1_after": 0.75}
    ]  # fmt: skip
    accepted = await send(signed_in, f"proposals/{proposal['id']}/accept", status=202)
    assert (accepted["status"], accepted["decided_by"]) == ("publishing", f"user:{user.id}")
    assert wake_ups.count == 2
    await work.do_all()
    proposal = await signed_in.read(f"{API}/proposals/{proposal['id']}")
    assert (proposal["status"], proposal["publication"], proposal["problem"]) == ("accepted", 2, None)
    assert [group["name"] for group in (await signed_in.read(f"{API}/groups"))["items"]] == ["rain"]
    assert len((await signed_in.read(f"{API}/gaps", status="used"))["items"]) == 3


async def test_the_effect_on_answers_quotes_visitors_only_while_their_words_are_kept(signed_in, grouped, context, work):
    rain = (await signed_in.read(f"{API}/groups"))["items"][1]
    wish = {"kind": "article", "title": "Rain", "body": "It will rain.", "group_id": rain["id"]}
    created = await send(signed_in, "proposals", wish, status=201)
    await work.do_all()
    effect = (await signed_in.read(f"{API}/proposals/{created['id']}"))["effect"]
    assert effect["kind"] == "article"
    assert {text["text"] for text in effect["texts"]} == {"rain", "will it rain"}
    assert all(text["after"]["article"] == "rain" for text in effect["texts"])
    assert all(text["before"]["article"] != "rain" for text in effect["texts"])
    assert effect["evaluation_before"]["questions"] == effect["evaluation_after"]["questions"] == 1
    async with transaction(context.sessions) as session:
        await session.execute(delete(Message).where(Message.text == "rain"))
    effect = (await signed_in.read(f"{API}/proposals/{created['id']}"))["effect"]
    assert {text["text"] for text in effect["texts"]} == {None, "will it rain"}


async def test_after_something_else_went_live_accepting_is_refused_until_it_is_measured_again(
    signed_in, grouped, work, publisher
):
    wish = {"kind": "intent", "target": "ask_pricing", "language": "en", "texts": ["moon tariff"]}
    path = f"proposals/{(await send(signed_in, 'proposals', wish, status=201))['id']}"
    await work.do_all()
    await publisher.publish(reworded("Your size?"), author="Ada")
    assert (await signed_in.read(f"{API}/{path}"))["outdated"]
    refused = await send(signed_in, f"{path}/accept", status=409)
    assert refused["code"] == "content_changed"
    assert "measure it again" in refused["detail"]
    assert (await send(signed_in, f"{path}/measure", status=202))["status"] == "waiting"
    assert (await send(signed_in, f"{path}/measure", status=409))["code"] == "conflict"
    await work.do_all()
    assert (await send(signed_in, f"{path}/accept", status=202))["status"] == "publishing"
    assert (await send(signed_in, f"{path}/reject", status=409))["code"] == "already_decided"


async def test_texts_that_tell_who_wrote_them_are_refused_by_number(signed_in, grouped):
    wish = {"kind": "intent", "target": "ask_pricing", "language": "en", "texts": ["fine", "price? a@b.example"]}
    problem = await send(signed_in, "proposals", wish, status=422)
    assert problem["code"] == "texts_refused"
    assert problem["errors"] == [
        {"field": "texts.1", "message": "It holds an e-mail address. Take that out; the rest may be proposed."}
    ]


async def test_proposals_are_listed_the_latest_first(signed_in, grouped, clock):
    for number in range(3):
        clock.forward(minutes=1)
        wish = {"kind": "intent", "target": "ask_pricing", "language": "en", "texts": [f"moon tariff {number}"]}
        created = await send(signed_in, "proposals", wish, status=201)
    rejected = await send(signed_in, f"proposals/{created['id']}/reject")
    assert rejected["status"] == "rejected"
    first = await signed_in.read(f"{API}/proposals", limit=2)
    rest = await signed_in.read(f"{API}/proposals", limit=2, cursor=first["next_cursor"])
    texts = [proposal["texts"] for proposal in first["items"] + rest["items"]]
    assert texts == [["moon tariff 2"], ["moon tariff 1"], ["moon tariff 0"]]
    waiting = await signed_in.read(f"{API}/proposals", status="waiting")
    assert len(waiting["items"]) == 2


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"kind": "flow"}, 422, "invalid_input"),
        ({"kind": "intent", "target": "Ask me", "texts": ["a"], "language": "en"}, 422, "invalid_input"),
        ({"kind": "intent", "target": "ask_pricing", "texts": ["a"] * 101, "language": "en"}, 422, "invalid_input"),
        ({"kind": "intent", "target": "ask_pricing", "texts": ["what does it cost"], "language": "en"}, 409,
         "nothing_new"),
        ({"kind": "article", "target": "../pricing", "texts": ["a b"], "language": "en"}, 404, "not_found"),
        ({"kind": "article", "title": "T", "body": "<b>x</b>", "language": "en"}, 422, "flows_refused"),
        ({"kind": "intent", "target": "ask_pricing", "message_ids": [str(new_id())]}, 404, "not_found"),
        ({"kind": "intent", "target": "ask_pricing", "texts": ["\0"], "language": "en"}, 422, "invalid_input"),
    ],
)  # fmt: skip
async def test_what_cannot_be_proposed_is_said_so(signed_in, grouped, wish, status, code):
    assert (await send(signed_in, "proposals", wish, status=status))["code"] == code


async def test_without_a_dialogue_process_nothing_is_proposed_unread(signed_in, grouped, context, monkeypatch):
    async def away(_texts, _language):
        raise DialogueUnavailable

    monkeypatch.setattr(context.facts, "personal_data", away)
    wish = {"kind": "intent", "target": "ask_pricing", "language": "en", "texts": ["moon tariff"]}
    assert (await send(signed_in, "proposals", wish, status=503))["code"] == "dialogue_unavailable"
    assert (await signed_in.read(f"{API}/proposals"))["items"] == []


@pytest.mark.parametrize("path", ["groups/{id}/dismiss", "proposals/{id}/accept", "proposals/{id}/measure"])
async def test_what_is_not_there_is_not_found(signed_in, path):
    await send(signed_in, path.replace("{id}", str(new_id())), status=404)


@pytest.mark.parametrize("path", ["groups", "gaps", "proposals"])
async def test_a_cursor_that_is_none_of_ours_is_refused(signed_in, path):
    answer = await signed_in.get(f"{API}/{path}", cursor="junk")
    assert answer.status == 400


async def test_what_the_bot_understands_and_knows_is_told_as_it_is_published(signed_in, publisher):
    live = await signed_in.read(f"{API}/contents")
    assert live == {
        "publication": 1,
        "intents": [{"name": "ask_pricing", "examples": {"en": 2}}, {"name": "request_demo", "examples": {"en": 2}}],
        "articles": [
            {
                "name": "pricing", "title": "What does it cost?", "language": None, "intent": "ask_pricing",
                "link": "https://site.example/pricing", "questions": [], "text": "It costs ten euros.",
            }
        ],
    }  # fmt: skip


async def test_before_the_first_publication_nothing_is_known(signed_in):
    assert await signed_in.read(f"{API}/contents") == {"publication": 0, "intents": [], "articles": []}
