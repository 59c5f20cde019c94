"""What an update means, and that nothing Telegram or a changed program may send breaks reading it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.channel_contract import Attachment, Said, Sender
from channels.telegram.keyboards import write_tap
from channels.telegram.reading import Read, Tapped, read
from channels.telegram.updates import NotAnUpdate, read_update

ADA = {"id": 777, "is_bot": False, "first_name": "Ada", "language_code": "de"}
CHAT = {"id": 777, "type": "private", "first_name": "Ada"}
GROUP = {"id": -100777, "type": "supergroup", "title": "Us"}
QUESTION = UUID("651178c2-65cf-43b4-896f-e0ca832bbe1a")


def message(**content: Any) -> dict[str, Any]:
    whole = {"message_id": 5, "date": 1795000000, "chat": CHAT, "from": ADA, **content}
    return {"update_id": 900, "message": {key: value for key, value in whole.items() if value is not None}}


def command(text: str) -> dict[str, Any]:
    return message(text=text, entities=[{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}])


def tap(data: str | None, *, buttons: list[tuple[str, str]] | None = None, chat: Any = CHAT) -> dict[str, Any]:
    ours = {"message_id": 4, "date": 1795000000, "chat": chat, "from": {"id": 42, "is_bot": True, "first_name": "B"}}
    if buttons is not None:
        ours["reply_markup"] = {"inline_keyboard": [[{"text": t, "callback_data": d}] for t, d in buttons]}
    query = {"id": "q1", "from": ADA, "data": data, "message": ours, "chat_instance": "x"}
    return {"update_id": 901, "callback_query": query}


def reading(content: object) -> Read:
    return read(read_update(content), "42")


def said(content: object) -> Said:
    found = reading(content).said
    assert found is not None
    return found


def test_a_message_is_what_its_writer_said_in_their_language() -> None:
    heard = said(message(text="Hallo"))
    assert heard.sender == Sender("telegram", "777", "Ada")
    assert (heard.text, heard.language, heard.provider_id) == ("Hallo", "de", "42:900:5")
    assert heard.sent_at is not None
    assert heard.sent_at.timestamp() == 1795000000


def test_numbers_that_begin_anew_are_not_taken_for_old_ones() -> None:
    again = message(text="Hallo", message_id=6)
    assert said(again).provider_id != said(message(text="Hallo")).provider_id


@pytest.mark.parametrize(
    ("text", "words", "opens"),
    [
        ("/start", "", True),
        ("/start@northwind_bot", "", True),
        ("/START", "", True),
        ("/start K7M2QX", "K7M2QX", True),
        ("/start k7m2qx", "k7m2qx", True),
        ("/start spring_campaign", "", True),
        ("/stop", "/stop", False),
        ("/stop@northwind_bot", "/stop", False),
        ("/help@northwind_bot please", "/help please", False),
    ],
)
def test_commands_are_read_without_the_bots_name_and_start_opens_the_talk(text: str, words: str, opens: bool) -> None:
    assert (said(command(text)).text, said(command(text)).opens) == (words, opens)


def test_a_slash_that_is_no_command_is_text() -> None:
    assert (said(message(text="/start")).text, said(message(text="/start")).opens) == ("/start", False)


def test_their_own_card_is_their_proven_number_and_anybody_elses_is_no_answer() -> None:
    own = said(message(contact={"phone_number": "14155552671", "first_name": "Ada", "user_id": 777}))
    assert (own.text, own.also_theirs) == ("+14155552671", (Sender("phone", "+14155552671"),))
    for whose in (778, None):
        other = said(message(contact={"phone_number": "+14155552671", "first_name": "Bob", "user_id": whose}))
        assert (other.text, other.also_theirs) == ("", ())
        assert [one.ref for one in other.attachments] == [""]


def test_a_number_that_cannot_be_one_proves_nothing() -> None:
    odd = said(message(contact={"phone_number": "1", "first_name": "Ada", "user_id": 777}))
    assert (odd.text, odd.also_theirs) == ("+1", ())


FILE = {"file_id": "F1", "file_unique_id": "u", "file_size": 3}


@pytest.mark.parametrize(
    ("content", "attachment"),
    [
        (
            {"photo": [{**FILE, "file_id": "small", "width": 90, "height": 90}, {**FILE, "width": 800, "height": 600}]},
            Attachment("F1", "image/jpeg", "photo.jpg"),
        ),
        (
            {"document": {**FILE, "file_name": "plan.pdf", "mime_type": "application/pdf"}},
            Attachment("F1", "application/pdf", "plan.pdf"),
        ),
        ({"voice": {**FILE, "duration": 1}}, Attachment("F1", "audio/ogg", "voice.ogg")),
        ({"animation": FILE, "document": {**FILE, "file_id": "copy"}}, Attachment("F1", "video/mp4", "animation.mp4")),
        ({"location": {"latitude": 1, "longitude": 2}}, Attachment("", "application/octet-stream", "location")),
        ({"sticker": {"emoji": "👍"}}, Attachment("", "application/octet-stream", "sticker")),
        ({"venue": {"title": "x"}, "location": {}}, Attachment("", "application/octet-stream", "location")),
    ],
)
def test_what_is_sent_is_an_attachment_still_at_telegram(content: dict[str, Any], attachment: Attachment) -> None:
    heard = said(message(**content, caption="here"))
    assert (heard.attachments, heard.text) == ((attachment,), "here")


@pytest.mark.parametrize(
    "content",
    [
        message(text="hi", chat=GROUP),
        message(text="hi", **{"from": {**ADA, "is_bot": True}}),
        message(text="hi", **{"from": None}),
        message(text="hi", **{"from": {**ADA, "id": 778}}),
        message(pinned_message={"message_id": 1}),
        {"update_id": 1, "edited_message": message(text="hi")["message"]},
        {"update_id": 1, "channel_post": {"message_id": 1, "chat": GROUP, "date": 1, "text": "x"}},
        {"update_id": 1, "something_new": {"a": 1}},
        {"update_id": 1},
        {"update_id": 1, "message": {"text": ["not", "a", "text"]}},
    ],
)
def test_what_is_of_no_concern_comes_to_nothing(content: dict[str, Any]) -> None:
    assert reading(content) == Read()


def test_a_tap_names_the_message_and_the_choice_and_shows_what_was_chosen() -> None:
    data = write_tap(str(QUESTION), 1)
    found = reading(tap(data, buttons=[("1 to 10", write_tap(str(QUESTION), 0)), ("More", data)]))
    assert found.said is not None
    assert (found.said.tapped, found.said.text, found.said.sender.value) == ((QUESTION, 1), "More", "777")
    assert found.tapped == Tapped("q1", 777, 4, "More")


def test_a_keyboard_counts_once_whichever_of_its_buttons_are_tapped() -> None:
    both = [("a", write_tap(str(QUESTION), 0)), ("b", write_tap(str(QUESTION), 1))]
    ids = {said({**tap(data, buttons=both), "update_id": number}).provider_id for number, (_, data) in enumerate(both)}
    assert len(ids) == 1


def test_a_tap_on_a_message_that_telegram_no_longer_shows_still_counts() -> None:
    assert said(tap(write_tap(str(QUESTION), 0))).tapped == (QUESTION, 0)


@pytest.mark.parametrize(
    ("data", "buttons", "chat"),
    [
        ("chosen", [("✓ More", "chosen")], CHAT),
        (write_tap(str(QUESTION), 7), [("a", write_tap(str(QUESTION), 0))], CHAT),
        ("garbage", [("a", "garbage")], CHAT),
        (f"{QUESTION.hex}.-1", None, CHAT),
        (f"{QUESTION.hex}.²", None, CHAT),
        (f"{QUESTION.hex}.12345", None, CHAT),
        (None, None, CHAT),
        (write_tap(str(QUESTION), 0), [("a", write_tap(str(QUESTION), 0))], GROUP),
    ],
)
def test_a_tap_that_means_nothing_is_only_answered(data: str | None, buttons: Any, chat: Any) -> None:
    found = reading(tap(data, buttons=buttons, chat=chat))
    assert found.said is None
    assert found.tapped is not None
    assert found.tapped.label is None


def standing(status: str, **more: Any) -> dict[str, Any]:
    change = {"chat": CHAT, "from": ADA, "date": 1795000000, "new_chat_member": {"status": status, "user": {}}, **more}
    return {"update_id": 902, "my_chat_member": change}


def test_blocking_closes_the_channel_and_unblocking_says_nothing() -> None:
    assert said(standing("kicked")).closes
    assert reading(standing("member")) == Read()
    assert reading(standing("kicked", chat=GROUP)) == Read()


def test_nul_has_no_place_in_a_text() -> None:
    assert said(message(text="a\x00b")).text == "ab"


def test_half_a_character_is_not_taken_for_a_text() -> None:
    assert reading(json.loads('{"update_id": 1, "message": {"text": "\\ud800"}}')) == Read()


@pytest.mark.parametrize("content", [None, [], "x", 1, {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 1.5}])
def test_what_has_no_number_is_no_update(content: object) -> None:
    with pytest.raises(NotAnUpdate):
        read_update(content)


keys = st.sampled_from(
    [
        "message",
        "from",
        "chat",
        "id",
        "type",
        "text",
        "entities",
        "data",
        "message_id",
        "date",
        "contact",
        "phone_number",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from(["private", "bot_command", "kicked", "/start", 777]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=8),
    max_leaves=40,
)  # fmt: skip
shapes = st.fixed_dictionaries(
    {"update_id": st.integers()},
    optional={
        "message": st.fixed_dictionaries(
            {"message_id": st.integers(), "chat": st.just(CHAT), "from": st.just(ADA)},
            optional={
                "text": st.text(),
                "date": st.integers(),
                "entities": st.lists(
                    st.fixed_dictionaries(
                        {"type": st.just("bot_command"), "offset": st.integers(), "length": st.integers()}
                    )
                ),
                "contact": st.fixed_dictionaries({"phone_number": st.text(), "user_id": st.just(777) | anything}),
            },
        ),
        "callback_query": st.fixed_dictionaries(
            {"id": st.text(), "from": st.just(ADA), "data": st.text()},
            optional={"message": st.fixed_dictionaries({"message_id": st.integers(), "chat": st.just(CHAT)})},
        ),
        "my_chat_member": st.fixed_dictionaries(
            {
                "chat": st.just(CHAT),
                "from": st.just(ADA),
                "date": st.integers(),
                "new_chat_member": st.fixed_dictionaries({"status": st.sampled_from(["kicked", "member"])}),
            }
        ),
    },
)


@given(shapes | st.fixed_dictionaries({"update_id": st.integers()}, optional={"message": anything}))
def test_whatever_an_update_holds_it_is_read_or_passed_over(content: dict[str, Any]) -> None:
    found = reading(content)
    assert found.said is None or found.said.provider_id.startswith("42:")
