"""Drafts tried out over the API: shown on each channel, talked with, and counted in real talks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from base.database import transaction
from base.ids import new_id
from bot.models import Conversation, Message
from bot.publishing.models import Publication
from tests.admin.flows.test_flow_editing import ITEM, begin, reworded, send
from tests.bot.scripted_dialogue import say

API = "/api/v1/flows"


async def play(admin, act, talk=None, *, status=200, **wish):
    return await send(admin, "POST", "/simulations", {"item": ITEM, "act": act, "talk": talk, **wish}, status=status)


async def test_a_talk_with_a_draft_is_answered_by_its_own_flows_and_nothing_is_stored(
    signed_in, site, dialogue, context
):
    content = reworded((await begin(signed_in))["content"], "ask_size", "How many are you?")
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": content}, version=1)

    first = await play(signed_in, {"kind": "start"}, channel="sms", known={"company": "Acme"})

    (asked,) = dialogue.requests
    assert asked["flows"] in dialogue.flows, "the draft's flows were pushed"
    words = dialogue.flows[asked["flows"]]["wording"]["en"]["hello"]["ask_size"]["text"]["default"]
    assert (words, asked["channel"], asked["facts"]) == ("How many are you?", "sms", {"company": "Acme"})
    assert (asked["message"]["kind"], asked["message"]["value"]) == ("start", "hello")
    assert (first["stands_on"], first["problems"]) == ("hello/ask_size", 0)
    by_channel = {one["channel"]: one for one in first["replies"][0]["renderings"]}
    assert by_channel["web"]["buttons"] == [{"value": "small", "label": "Small"}, {"value": "large", "label": "Large"}]
    assert "1" in by_channel["sms"]["texts"][0]
    assert (by_channel["sms"]["segments"], by_channel["sms"]["alphabet"]) == (1, "GSM-7")
    assert by_channel["voice"]["spoken"]

    dialogue.script = lambda body: {
        **say(
            "Thanks",
            effects=[{"effect": "add_points", "points": 3}],
            timer={"kind": "no_reply", "step": "hello/x", "seconds": 60},
        ),
        "walked": [["hello", "ask_size", "ask_company"]],
    }
    second = await play(signed_in, {"kind": "tap", "value": "small"}, first["talk"])
    asked = dialogue.requests[-1]
    assert (asked["message"]["kind"], asked["message"]["value"], asked["state"]["stack"][0]["step"]) == (
        "choice",
        "small",
        "ask_size",
    )
    assert asked["channel"] == "sms", "the talk stays where it began"
    assert second["walked"] == [{"flow": "hello", "step": "ask_size", "to": "ask_company"}]
    assert (second["effects"], second["timer"]["seconds"]) == ([{"effect": "add_points", "points": 3}], 60)
    third = await play(signed_in, {"kind": "wait", "seconds": 61}, second["talk"])
    assert dialogue.requests[-1]["message"]["kind"] == "no_reply"
    assert third["now"] > second["now"]
    async with context.sessions() as session:
        for table in (Conversation, Message):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert await session.scalar(select(func.count()).select_from(Publication)) == 1


async def test_the_way_into_a_flow_is_no_edge(signed_in, site, dialogue):
    dialogue.script = lambda _body: {**say("Hello"), "walked": [["hello", None, "notice"], ["hello", "notice", None]]}
    opened = await play(signed_in, {"kind": "start"})
    assert [(way["step"], way["to"]) for way in opened["walked"]] == [("notice", None)]


async def test_a_talk_that_was_changed_or_is_nobodys_is_refused(signed_in, site):
    first = await play(signed_in, {"kind": "start"})
    middle = len(first["talk"]) // 2
    other = first["talk"][:middle] + ("A" if first["talk"][middle] != "A" else "B") + first["talk"][middle + 1 :]
    for talk in (other, "", "x", "AAAA", "é" * 10, "a-key\0"):
        refused = await play(signed_in, {"kind": "text", "text": "hi"}, talk, status=422)
        assert refused["code"] in {"not_our_talk", "invalid_input"}
    await play(signed_in, {"kind": "tap", "value": "medium"}, first["talk"], status=422)


async def test_a_draft_with_problems_is_talked_with_as_far_as_it_goes(signed_in, site, dialogue):
    content = (await begin(signed_in))["content"]
    steps = [*content["steps"], {"id": "lost", "step": "message"}]
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**content, "steps": steps}}, version=1)
    first = await play(signed_in, {"kind": "start"})
    assert first["problems"] > 0
    dialogue.script = lambda _body: 500
    stuck = await play(signed_in, {"kind": "text", "text": "small"}, first["talk"], status=409)
    assert stuck["code"] == "not_playable"

    steps[1] = {"id": "ask_size", "step": "no_such_step"}
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**content, "steps": steps}}, version=2)
    assert (await play(signed_in, {"kind": "start"}, status=409))["code"] == "not_playable"
    await play(signed_in, {"kind": "start"}, status=404, item="library/nowhere")
    await play(signed_in, {"kind": "start"}, status=422, item="journeys/follow_up")


async def test_another_draft_that_cannot_be_read_keeps_nobody_from_talking(signed_in, site):
    await begin(signed_in, "library/fair", title="The fair")
    content = (await begin(signed_in))["content"]
    await send(signed_in, "PUT", "/drafts", {"item": ITEM, "content": {**content, "steps": []}}, version=1)

    assert (await play(signed_in, {"kind": "start"}, item="library/fair"))["stands_on"]


async def test_before_anything_is_published_nobody_can_be_talked_with(signed_in):
    await begin(signed_in, "library/fair", title="The fair")
    await play(signed_in, {"kind": "start"}, status=503, item="library/fair")


async def test_words_are_shown_as_each_channel_shows_them_before_they_are_saved(signed_in):
    step = {"id": "ask", "step": "ask_choice", "slot": "size", "choices": ["small", "large"]}
    words = {
        "text": {"default": "How large are you – roughly?", "voice": "How many are you?"},
        "choices": {"small": "Small", "large": "Large 🚀"},
    }
    shown = await send(signed_in, "POST", "/previews", {"language": "en", "step": step, "wording": words})
    by_channel = {one["channel"]: one for one in shown["renderings"]}
    assert set(by_channel) == {"web", "sms", "telegram", "voice", "email"}
    assert by_channel["sms"]["alphabet"] == "UCS-2"
    assert "How many are you?" in by_channel["voice"]["spoken"][0]
    assert [button["label"] for button in by_channel["telegram"]["buttons"]] == ["Small", "Large 🚀"]
    wrong = {"language": "en", "step": step, "wording": {"text": {"web": "x"}}}
    refused = await send(signed_in, "POST", "/previews", wrong, status=422)
    assert refused["errors"][0]["field"] == "wording.text"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"step": "rating", "lowest": 1, "highest": 5}, {"text": "How was it?", "choices": {"1": "Bad", "5": "Good"}}),
        ({"step": "rating", "lowest": -5, "highest": 10**9}, {"text": "How was it?"}),
        ({"step": "ask_consent"}, {"text": "May we?", "choices": {"yes": "Yes", "no": "No"}}),
        ({"step": "media", "kind": "image", "url": "https://a.example/b.png"}, {"text": "Look", "alt": "A picture"}),
        ({"step": "card_list", "cards": [{"name": "one"}, 3]}, {"text": "Look", "cards": {"one": {"title": "One"}}}),
        ({"step": "send"}, {"subject": "Hi", "text": "Good to meet."}),
        ({"step": ["?"]}, {}),
        ({}, {"text": "{{ size | some }}"}),
    ],
)
async def test_every_kind_of_step_is_shown_also_while_it_is_half_written(signed_in, step, words):
    shown = await send(signed_in, "POST", "/previews", {"language": "en", "step": step, "wording": words})
    assert len(shown["renderings"]) == 5


async def test_drop_off_is_told_for_a_period(signed_in, site, context):
    now = context.clock.now()
    async with transaction(context.sessions) as session:
        conversation = Conversation(id=new_id(), channel="web", language="en", created_at=now)
        session.add(conversation)
        await session.flush()
        for seq, ways in enumerate(
            ([["hello", None, "notice"], ["hello", "notice", "ask_size"]], [["hello", "ask_size", "ask_company"]])
        ):
            session.add(
                Message(
                    id=new_id(), conversation_id=conversation.id, seq=seq, author="visitor", kind="text", text="",
                    data={"walked": ways}, turn_state="done", created_at=now - timedelta(minutes=10 - seq),
                )
            )  # fmt: skip
    found = await signed_in.read(f"{API}/drop-off", item=ITEM)
    assert found["talks"] == 1
    assert found["edges"] == [
        {"step": "ask_size", "to": "ask_company", "talks": 1, "share": 1.0, "median_seconds": 60.0},
        {"step": "notice", "to": "ask_size", "talks": 1, "share": 1.0, "median_seconds": 0.0},
    ]
    assert {one["step"]: (one["arrived"], one["stopped"]) for one in found["steps"]}["ask_company"] == (1, 1)
    before = (now - timedelta(days=1)).isoformat()
    assert (await signed_in.read(f"{API}/drop-off", item=ITEM, until=before))["talks"] == 0
    assert (await signed_in.get(f"{API}/drop-off", item="journeys/follow_up")).status == 404
    assert (await signed_in.get(f"{API}/drop-off", item=ITEM, since="0001-01-01T00:00:00Z")).status == 422
