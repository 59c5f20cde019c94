"""What the bot said as messages of a channel with a provider: text in order, and what is shown beside the last one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from base.messages import Stored
from bot.rendering.words import list_languages
from bot.said_out import Part, to_parts

PICTURE = {"kind": "image", "url": "https://a.example/plan.png", "alt": "A floor plan"}
SKIP = [{"value": "skip", "label": "Rather not"}]


def parts(text: str, channel: str = "telegram", language: str = "en", **data: Any) -> list[Part]:
    said = Stored(uuid4(), uuid4(), 1, "bot", text, datetime(2026, 11, 23, tzinfo=UTC), data=data)
    return to_parts([said], channel, language)


def test_choices_stand_under_the_last_part_and_name_the_message_they_answer() -> None:
    first, last = parts("word " * 1200, choices=SKIP, step="demo/ask")
    assert first.content == {}
    assert last.content == {"buttons": ["Rather not"], "of": str(last.message_id)}
    assert [first.number, last.number] == [0, 1]


def test_a_picture_carries_a_short_text_and_goes_before_a_long_one() -> None:
    (both,) = parts("Here is the plan.", media=PICTURE)
    assert (both.text, both.content) == ("Here is the plan.", {"media": PICTURE})
    picture, text = parts("x" * 1025, media=PICTURE, choices=SKIP)
    assert (picture.text, picture.content) == ("", {"media": PICTURE})
    assert text.content == {"buttons": ["Rather not"], "of": str(text.message_id)}


def test_a_picture_without_words_is_a_message_by_itself() -> None:
    (picture,) = parts("", media=PICTURE)
    assert (picture.text, picture.content) == ("", {"media": PICTURE})


@pytest.mark.parametrize("language", list_languages())
def test_who_is_asked_for_their_number_may_share_it_with_a_tap_in_their_language(language: str) -> None:
    (asked,) = parts("Which number?", language=language, input="phone", choices=SKIP)
    assert asked.content["share"]
    assert asked.content["buttons"] == ["Rather not"]
    labels = {parts("?", language=one, input="phone")[0].content["share"] for one in list_languages()}
    assert len(labels) == len(list_languages())


@pytest.mark.parametrize(("channel", "asked"), [("sms", "phone"), ("email", "phone"), ("telegram", "email")])
def test_a_number_is_shared_only_where_that_can_be_done_and_is_asked_for(channel: str, asked: str) -> None:
    (part,) = parts("Which one?", channel, input=asked)
    assert "share" not in part.content


def test_what_is_said_in_one_turn_is_one_mail_with_the_question_last() -> None:
    said = [
        Stored(uuid4(), uuid4(), seq, "bot", text, datetime(2026, 11, 23, tzinfo=UTC), data=data)
        for seq, (text, data) in enumerate([("Nice to meet you.", {}), ("Which plan?", {"choices": SKIP})], start=1)
    ]
    (mail,) = to_parts(said, "email", "en")
    assert mail.text == "Nice to meet you.\n\nWhich plan?\n\n1. Rather not\n\nReply with 1."
    assert (mail.message_id, mail.content) == (said[-1].id, {})
    assert [part.text for part in to_parts(said, "telegram", "en")] == ["Nice to meet you.", "Which plan?"]
