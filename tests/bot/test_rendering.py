"""One message, five channels: what a channel cannot show is said in words, in order, within its bounds."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.messages import Stored
from base.sms_segments import count_sms_units, to_plain_signs
from bot.dialogue import Reply
from bot.rendering import Rendered, render
from bot.rendering.capabilities import CAPABILITIES
from bot.rendering.reference import PAGE, render_reference
from bot.rendering.splitting import split_text
from bot.rendering.words import Words, list_languages

DIALOGUE = Path(__file__).resolve().parents[2] / "bot" / "rasa" / "parley_rasa"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SIZES = [
    {"value": "small", "label": "1 to 10"},
    {"value": "mid", "label": "11 to 50"},
    {"value": "big", "label": "More"},
]
CONSENT = [{"value": "yes", "label": "Yes, please"}, {"value": "no", "label": "No, thanks"}]
CARDS = [
    {
        "title": "Starter",
        "text": "For one person",
        "link": "https://a.example/starter",
        "button": "Look",
        "image": None,
    },
    {"title": "Team", "text": None, "link": None, "button": None, "image": "https://a.example/team.png"},
]
IMAGE = {"kind": "image", "url": "https://a.example/plan.png", "alt": "A floor plan with two rooms"}

labels = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30).filter(str.strip)
prose = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40)
    | st.sampled_from(["—", "“so”", "…", "done.", "yes?\n", "https://a.example/x", "🙂", "1.", "€", "^"]),
    min_size=1,
    max_size=120,
).map(" ".join)
replies = st.builds(
    lambda text, labels, asked, cards: {
        "text": text,
        "choices": [{"value": f"v{number}", "label": label} for number, label in enumerate(labels)],
        "input": asked,
        "cards": cards,
    },
    prose,
    st.lists(labels, max_size=10),
    st.sampled_from(["choice", "text", "number", "date", None]),
    st.lists(st.fixed_dictionaries({"title": labels, "text": labels | st.none()}), max_size=4),
)
channels = st.sampled_from(sorted(CAPABILITIES))


def shown(channel: str, language: str = "en", **parts: Any) -> Rendered:
    return render(stored(**parts), channel, language)


def stored(text: str = "", **data: Any) -> Stored:
    return Stored(uuid4(), uuid4(), 1, "bot", text, NOON, None, data)


def room(channel: str, text: str) -> int:
    unit = CAPABILITIES[channel].unit
    return {"character": len, "utf16": lambda text: len(text.encode("utf-16-le")) // 2, "sms": count_sms_units}[unit](
        text
    )


def test_what_is_tapped_on_the_web_is_numbered_by_sms_and_pressed_on_the_phone() -> None:
    parts: dict[str, Any] = {"text": "How many are you?", "input": "choice", "choices": SIZES}
    web = shown("web", **parts)
    assert (web.texts, [button.value for button in web.buttons]) == (("How many are you?",), ["small", "mid", "big"])
    sms = shown("sms", **parts)
    assert sms.texts == ("How many are you?\n1. 1 to 10\n2. 11 to 50\n3. More\nReply with 1, 2 or 3.",)
    assert (sms.buttons, sms.keys) == ((), {"1": "small", "2": "mid", "3": "big"})
    voice = shown("voice", **parts)
    assert voice.texts == ()
    assert voice.said.endswith("1 to 10: press 1.\n\n11 to 50: press 2.\n\nMore: press 3.")
    assert voice.keys == {"1": "small", "2": "mid", "3": "big"}


def test_a_reply_is_rendered_as_the_message_that_is_stored_of_it() -> None:
    reply = Reply.model_validate({"text": "Ours", "cards": CARDS, "choices": SIZES, "input": "choice", "media": IMAGE})
    data = reply.model_dump(exclude={"text"}, exclude_none=True, exclude_defaults=True)
    for channel in CAPABILITIES:
        assert render(reply, channel) == render(stored(reply.text, **data), channel)


def test_consent_is_asked_for_by_yes_or_no_with_both_labels() -> None:
    parts: dict[str, Any] = {"text": "May we write to you?", "input": "consent", "choices": CONSENT}
    sms = shown("sms", **parts)
    assert sms.texts == ('May we write to you?\nReply YES for "Yes, please" or NO for "No, thanks".',)
    assert [sms.find_choice(answer) for answer in ("yes", " No. ", "Yes please", "1", "")] == ["yes", "no", *[None] * 3]
    assert shown("voice", **parts).keys == {"1": "yes", "2": "no"}
    assert [button.label for button in shown("telegram", **parts).buttons] == ["Yes, please", "No, thanks"]


@pytest.mark.parametrize(("language", "answer"), [("de-AT", "ja"), ("es", "Sí"), ("fr", "OUI !"), ("nl", "yes")])
def test_the_words_of_consent_are_those_of_the_language_or_english(language: str, answer: str) -> None:
    sms = shown("sms", language, text="?", input="consent", choices=CONSENT)
    assert sms.find_choice(answer) == "yes"


def test_labels_that_are_yes_and_no_are_not_said_twice() -> None:
    choices = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    assert shown("sms", text="May we?", input="consent", choices=choices).texts == ("May we?\nReply YES or NO.",)


def test_a_consent_text_stays_whole_where_other_texts_are_cut() -> None:
    text = "We keep your address and write to you once a month about our offers. " * 9
    assert len(shown("sms", text=text).texts) > 1
    (asked,) = shown("sms", text=text, input="consent", choices=CONSENT).texts
    assert text.strip() in asked


def test_a_picture_is_its_address_by_sms_and_its_description_on_the_phone() -> None:
    assert shown("web", text="The plan", media=IMAGE).texts == ("The plan",)
    media = shown("web", text="The plan", media=IMAGE).media
    assert media is not None
    assert media.alt == "A floor plan with two rooms"
    assert shown("sms", text="The plan", media=IMAGE).texts == ("The plan\nhttps://a.example/plan.png",)
    assert shown("sms", media=IMAGE).texts == ("A floor plan with two rooms\nhttps://a.example/plan.png",)
    assert shown("voice", text="The plan", media=IMAGE).said == "The plan\n\nA floor plan with two rooms"


def test_cards_are_a_numbered_text_by_sms_and_a_list_on_the_phone() -> None:
    assert [card.title for card in shown("web", text="Ours", cards=CARDS).cards] == ["Starter", "Team"]
    expected = "Ours\n1. Starter: For one person\nLook: https://a.example/starter\n2. Team"
    assert shown("sms", text="Ours", cards=CARDS).texts == (expected,)
    assert shown("voice", text="Ours", cards=CARDS).said == (
        "Ours\n\nNumber 1: Starter. For one person.\n\nNumber 2: Team."
    )


def test_cards_beside_choices_carry_no_numbers() -> None:
    text = shown("sms", text="Ours", cards=CARDS, choices=SIZES, input="choice").texts[0]
    assert re.findall(r"^\d", text, re.MULTILINE) == ["1", "2", "3"]


def test_a_rating_says_its_range_and_what_the_ends_mean() -> None:
    limits = {"lowest": 1, "highest": 5, "low_label": "poor", "high_label": "great"}
    parts: dict[str, Any] = {"text": "How was it?", "input": "rating", "limits": limits}
    ends = "1 means poor, 5 means great."
    assert shown("sms", **parts).texts == (f"How was it?\nReply with a number from 1 to 5.\n{ends}",)
    assert [button.label for button in shown("telegram", **parts).buttons] == list("12345")
    assert shown("voice", **parts).keys == {digit: digit for digit in "12345"}
    web = shown("web", **parts)
    assert (web.texts, web.buttons) == (("How was it?",), ())


@pytest.mark.parametrize(
    ("asked", "limits", "hint"),
    [
        ("number", None, "Reply with a number, for example 12."),
        ("number", {"minimum": 1, "maximum": 5000000}, "Reply with a number from 1 to 5000000."),
        ("number", {"minimum": 0.5, "maximum": None}, "Reply with a number, 0.5 or more."),
        ("date", None, "Reply with a day, for example 2030-05-24."),
        (
            "date",
            {"earliest": "2026-11-24", "latest": "2026-12-24"},
            "Reply with a day, for example 2026-11-24.\nPossible from 2026-11-24 to 2026-12-24.",
        ),
    ],
)
def test_numbers_and_days_come_with_an_example(asked: str, limits: dict[str, Any] | None, hint: str) -> None:
    assert shown("sms", text="When?", input=asked, limits=limits).texts == (f"When?\n{hint}",)
    assert shown("web", text="When?", input=asked, limits=limits).texts == ("When?",)


def test_no_address_is_read_out_on_the_phone() -> None:
    source = {"title": "Prices", "link": "https://www.a.example/prices?x=1"}
    said = shown("voice", text="See https://www.a.example/a?b=c.", source=source, cards=CARDS, media=IMAGE).said
    assert said.startswith("See a page of a.example.\n")
    assert "http" not in said
    assert 'There is more about it in "Prices".' in said
    assert shown("sms", text="Yes.", source=source).texts == (
        "Yes.\nRead more: Prices https://www.a.example/prices?x=1",
    )


def test_the_notice_of_the_machine_is_the_first_thing_read_on_every_channel() -> None:
    for channel in CAPABILITIES:
        said = shown(channel, text="I am an automated assistant.", notice="ai", input="choice", choices=SIZES).said
        assert said.startswith("I am an automated assistant.")


def test_signs_of_print_do_not_double_the_price_of_an_sms() -> None:
    (text,) = shown("sms", text="“Hello” – it’s 5 €…").texts
    assert text == '"Hello" - it\'s 5 €...'
    assert count_sms_units(text) == len(text) + 1


@given(replies, channels, st.sampled_from(["en", "de", "es", "fr", "nl"]))
@settings(max_examples=150)
def test_nothing_of_the_text_is_lost_and_no_message_is_too_long(
    parts: dict[str, Any], channel: str, language: str
) -> None:
    rendered = shown(channel, language, **parts)
    assert rendered == shown(channel, language, **parts)
    for text in rendered.texts or rendered.spoken:
        assert 0 < room(channel, text) <= CAPABILITIES[channel].limit
    text = parts["text"]
    if channel == "voice":
        text = text.replace("https://a.example/x", Words(language).say("link_named", host="a.example"))
    if channel == "sms":
        text = to_plain_signs(text)
    assert "".join(rendered.said.split()).startswith("".join(text.split()))


@given(replies, channels)
@settings(max_examples=100)
def test_choices_are_numbered_in_their_order(parts: dict[str, Any], channel: str) -> None:
    rendered = shown(channel, **parts)
    values = [choice["value"] for choice in parts["choices"]]
    if CAPABILITIES[channel].choices == "buttons":
        assert [button.value for button in rendered.buttons] == values
    else:
        assert list(rendered.keys.items()) == [(str(number), value) for number, value in enumerate(values, start=1)]
        assert [rendered.find_choice(str(number)) for number in range(1, len(values) + 1)] == values


@given(prose, st.integers(1, 200))
@settings(max_examples=150)
def test_a_cut_text_is_the_text(text: str, limit: int) -> None:
    pieces = split_text(text, len, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    if limit >= max(map(len, text.split())):
        assert " ".join(pieces).split() == text.split()


def test_a_text_is_cut_after_a_sentence_where_there_is_one() -> None:
    text = "First it is measured. Then it is cut, not before.\n1. A line of a list"
    assert split_text(text, len, 52) == ["First it is measured. Then it is cut, not before.", "1. A line of a list"]
    assert split_text(text, len, 40) == ["First it is measured.", "Then it is cut, not before.", "1. A line of a list"]
    assert split_text("Then it is cut, not before.", len, 20) == ["Then it is cut,", "not before."]


@pytest.mark.parametrize("language", list_languages())
def test_every_language_has_every_sentence_with_the_same_gaps(language: str) -> None:
    gaps = re.compile(r"{\w+}")
    english, other = Words("en")._sentences, Words(language)._sentences
    assert {name: sorted(gaps.findall(text)) for name, text in english.items()} == {
        name: sorted(gaps.findall(text)) for name, text in other.items()
    }


def test_the_page_of_channels_is_the_table() -> None:
    assert PAGE.read_text("utf-8") == render_reference(), "run python -m bot.rendering.reference"


@pytest.mark.parametrize(
    ("constant", "named"),
    [
        ("CHANNELS_WITH_BUTTONS", {name for name, channel in CAPABILITIES.items() if channel.choices == "buttons"}),
        ("CHANNELS_WITHOUT_FILES", {name for name, channel in CAPABILITIES.items() if not channel.files}),
    ],
)
def test_the_dialogue_knows_the_same_of_the_channels(constant: str, named: set[str]) -> None:
    """It imports nothing of the platform, so its own constants must say the same."""
    sources = (path.read_text("utf-8") for path in DIALOGUE.rglob("*.py"))
    found = [match[1] for source in sources for match in re.finditer(rf"^{constant} = (\(.*\))", source, re.MULTILINE)]
    assert [set(ast.literal_eval(value)) for value in found] == [named]
