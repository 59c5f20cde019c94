"""Conversations at media, card_list and ask_file."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, texts

FLOW = {
    "slots": {"proof": {"type": "file"}, "plan": {}},
    "steps": {
        "picture": {"step": "media", "kind": "image", "url": "https://example.com/a.png", "next": "plans"},
        "plans": {"step": "card_list", "next": "ask_proof", "cards": [
            {"name": "small", "image": "https://example.com/s.png", "link": "https://example.com/s"},
            {"name": "large", "if": {"slot": "plan", "op": "is", "value": "large"}},
            {"name": "vip", "if": {"fact": "tag_vip", "op": "is", "value": True}}]},
        "ask_proof": ask("proof", "ask_file", accept=["image", "pdf"], max_megabytes=5, next="bye"),
        "bye": {"step": "end", "outcome": "completed"},
    },
    "wording": {
        "picture": {"alt": {"default": "A dashboard"}},
        "plans": {"cards": {"small": {"title": {"default": "Small"}, "text": {"default": "For {{ plan | you }}"},
                                      "button": {"default": "See it"}},
                            "large": {"title": {"default": "Large"}}, "vip": {"title": {"default": "Special"}}}},
        "ask_proof": {"retry": {"default": "A picture or a PDF, please."}},
        "bye": {"text": {"default": "Bye."}},
    },
}  # fmt: skip


def conversation(channel, optional=False, **slots):
    talk = Conversation(document(tour=FLOW), channel=channel)
    talk.flows.step("tour", "ask_proof")["optional"] = optional
    talk.facts = slots
    return talk


@pytest.mark.parametrize("channel", ["web", "sms", "voice"])
def test_media_and_cards_are_shown_with_what_each_channel_needs_to_render_them(channel):
    talk = conversation(channel)
    assert talk.start()["need"] == {"need": "facts", "step": "tour/plans"}
    answer = talk.result({"known_contact": True, "tags": ["vip"]})
    assert (answer["replies"][0]["step"], talk.open_step) == ("tour/plans", "tour/ask_proof")
    assert answer["replies"][0]["cards"] == [
        {"title": "Small", "text": "For you", "image": "https://example.com/s.png", "link": "https://example.com/s",
         "button": "See it"},
        {"title": "Special", "text": None, "image": None, "link": None, "button": None},
    ]  # fmt: skip


def test_media_carries_its_kind_address_and_description():
    answer = conversation("web").start()
    assert answer["replies"][0]["media"] == {"kind": "image", "url": "https://example.com/a.png", "alt": "A dashboard"}


def test_a_card_list_of_which_no_condition_holds_says_nothing():
    talk = conversation("web")
    talk.flows.step("tour", "plans")["cards"] = [{"name": "large", "if": {"slot": "plan", "op": "known"}}]
    assert [reply["step"] for reply in talk.start()["replies"]] == ["tour/picture", "tour/ask_proof"]


def at_file(channel, optional=False):
    talk = conversation(channel, optional)
    talk.start()
    return talk, talk.result({"tags": []})


@pytest.mark.parametrize("channel", ["web", "sms", "telegram"])
def test_a_file_of_an_accepted_kind_answers(channel):
    talk, asked = at_file(channel)
    assert (asked["replies"][-1]["input"], asked["replies"][-1]["limits"]) == (
        "file", {"accept": ["image", "pdf"], "max_megabytes": 5}
    )  # fmt: skip
    answer = talk.push("file", value="0199", text="Bill.PDF")
    assert (acted(answer), talk.slots["proof"], texts(answer)) == ("answer_given", "0199", ["Bye."])


@pytest.mark.parametrize(
    ("value", "name"), [("0199", "list.xlsx"), ("0199", "page.html"), (None, "a.pdf"), ("", "a.pdf")]
)
def test_a_file_of_another_kind_or_none_at_all_is_a_miss(value, name):
    talk, _ = at_file("web")
    answer = talk.push("file", value=value, text=name)
    assert (acted(answer), texts(answer)) == ("missed", ["A picture or a PDF, please."])
    assert "proof" not in talk.slots


def test_a_text_is_no_file_and_an_optional_one_may_be_skipped():
    talk, _ = at_file("web", optional=True)
    assert texts(talk.say("here it comes")) == ["A picture or a PDF, please."]
    assert texts(talk.say("skip")) == ["<left_out>", "Bye."]


def test_on_the_phone_an_optional_file_is_left_out_and_another_goes_on_waiting():
    talk, answer = at_file("voice", optional=True)
    assert texts(answer)[-2:] == ["<no_file_here>", "Bye."]
    assert talk.state["declined"] == ["proof"]
    talk, answer = at_file("voice")
    assert texts(answer)[-2:] == ["<no_file_here>", "ask_proof"]
    assert talk.open_step == "tour/ask_proof"
