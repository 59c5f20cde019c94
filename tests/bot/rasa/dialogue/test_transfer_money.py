"""A transfer of money, the classic example of a dialogue with digression, correction and cancelling."""

from __future__ import annotations

import pytest

from compiled import ask, document
from conversation import Conversation, acted, effects, texts

BALANCE = {
    "nlu_triggers": ["check_balance"],
    "steps": {"tell": {"step": "message", "next": "over"}, "over": {"step": "end", "outcome": "answered"}},
}
TRANSFER = {
    "nlu_triggers": ["transfer_money"],
    "slots": {
        "recipient": {"lasts": "flow"},
        "amount": {"type": "number", "lasts": "flow"},
        "sure": {"type": "choice", "lasts": "flow"},
    },
    "steps": {
        "ask_recipient": ask("recipient", next="ask_amount"),
        "ask_amount": ask("amount", "ask_number", minimum=1, maximum=1000, whole=False, next="ask_sure"),
        "ask_sure": ask("sure", "ask_choice", choices=["yes", "no"], next=[
            {"if": {"slot": "sure", "op": "is", "value": "yes"}, "to": "sent"}, {"to": "not_sent"}]),
        "sent": {"step": "end", "outcome": "completed"},
        "not_sent": {"step": "end", "outcome": "declined"},
    },
    "wording": {
        "ask_sure": {"text": {"default": "{{ amount }} to {{ recipient }}?"}},
        "sent": {"text": {"default": "Sent {{ amount }} to {{ recipient }}."}},
    },
}  # fmt: skip


@pytest.fixture
def talk():
    conversation = Conversation(
        document(hello={"steps": {"greet": {"step": "message"}}}, transfer=TRANSFER, balance=BALANCE)
    )
    conversation.start()
    conversation.say("I want to send money", "transfer_money")
    return conversation


def test_the_straight_way(talk):
    assert talk.open_step == "transfer/ask_recipient"
    talk.say("John")
    assert texts(talk.say("50 please")) == ["50 to John?"]
    answer = talk.say("yes")
    assert texts(answer) == ["Sent 50 to John."]
    assert effects(answer, "end_flow") == [{"effect": "end_flow", "flow": "transfer", "outcome": "completed"}]


def test_another_flow_in_between_returns_to_the_open_question(talk):
    talk.say("John")
    answer = talk.say("how much do I have?", "check_balance")
    assert texts(answer) == ["tell", "<resume>", "ask_amount"]
    assert texts(talk.say("20")) == ["20 to John?"]


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [("no, 40", "amount", 40), ("sorry, I meant 40", "amount", 40), ("40, not 50", "amount", 40),
     ("change the amount to 40", "amount", 40), ("Jane, not John", "recipient", "Jane"),
     ("change the recipient to Jane", "recipient", "Jane")],
)  # fmt: skip
def test_what_was_said_before_is_corrected_and_the_question_asked_anew(talk, said, slot, value):
    talk.say("John")
    talk.say("50")
    answer = talk.say(said)
    assert (acted(answer), talk.slots[slot]) == ("correction", value)
    assert texts(answer)[0] == f"{slot} is {value}."
    assert talk.open_step == "transfer/ask_sure"


def test_a_correction_beyond_the_bounds_of_its_question_is_none(talk):
    talk.say("John")
    talk.say("50")
    assert acted(talk.say("actually 5000")) != "correction"
    assert talk.slots["amount"] == 50


def test_it_is_broken_off_and_the_next_one_starts_from_nothing(talk):
    talk.say("John")
    answer = talk.say("forget it")
    assert (acted(answer), texts(answer)) == ("cancelled", ["<cancelled>"])
    assert texts(talk.say("send money to somebody", "transfer_money")) == ["ask_recipient"]
    assert "recipient" not in talk.slots


LOOKED_UP = {
    "nlu_triggers": ["transfer_money"],
    "slots": {**TRANSFER["slots"], "proof": {"lasts": "flow"}, "balance": {"type": "number"}},
    "steps": {
        "ask_recipient": ask("recipient", next="ask_amount"),
        "ask_amount": ask("amount", "ask_number", next="is_large"),
        "is_large": {"step": "branch", "next": [
            {"if": {"slot": "amount", "op": "at_least", "value": 1000}, "to": "prove"}, {"to": "funds"}]},
        "prove": {"step": "call_flow", "flow": "check", "outcome": "proof", "next": "funds"},
        "funds": {"step": "http", "connector": "bank", "method": "GET", "path": "/funds",
                  "query": {"amount": "{{ amount }}"}, "body": None, "save": {"balance": "/balance"},
                  "callback": False, "failed": "sent", "next": "ask_sure"},
        "ask_sure": ask("sure", "ask_choice", choices=["yes", "no"], intents={"deny": "no"}, next="sent"),
        "sent": {"step": "end", "outcome": "completed"},
    },
}  # fmt: skip
CHECK = {
    "slots": {"code": {"lasts": "flow"}},
    "steps": {
        "ask_code": ask("code", pattern="[0-9]{6}", next="back"),
        "back": {"step": "return", "outcome": "proven"},
    },
}


@pytest.fixture
def looked_up():
    conversation = Conversation(document(transfer=LOOKED_UP, check=CHECK))
    conversation.start()
    conversation.say("John")
    conversation.say("50")
    conversation.result({"ok": True, "json": {"balance": 80}})
    assert conversation.open_step == "transfer/ask_sure"
    return conversation


@pytest.mark.parametrize("said", ["no, 70", "make that 70", "sorry, I meant 70", "change it to 70"])
def test_what_was_looked_up_with_an_answer_is_looked_up_anew_when_it_is_corrected(looked_up, said):
    answer = looked_up.say(said, "deny")
    assert acted(answer) == "correction"
    assert answer["need"]["query"] == {"amount": "70"}
    looked_up.result({"ok": True, "json": {"balance": 60}})
    assert (looked_up.open_step, looked_up.slots["balance"]) == ("transfer/ask_sure", 60)


def test_what_was_looked_up_without_the_corrected_answer_is_left_as_it_is(looked_up):
    answer = looked_up.say("Jane, not John")
    assert (acted(answer), answer["need"], looked_up.open_step) == ("correction", None, "transfer/ask_sure")


def test_a_flow_that_is_called_only_with_the_corrected_answer_is_called_then_and_once(looked_up):
    looked_up.say("no, 2000", "deny")
    assert looked_up.open_step == "check/ask_code"
    looked_up.say("204617")
    looked_up.result({"ok": True, "json": {"balance": 3000}})
    answer = looked_up.say("sorry, I meant 1500")
    assert answer["need"]["query"] == {"amount": "1500"}


def test_a_plain_no_is_still_a_no(looked_up):
    looked_up.say("no", "deny")
    assert looked_up.slots["sure"] == "no"


def test_a_bare_number_corrects_the_number_given_last_and_not_a_choice_by_its_position(talk):
    talk.say("John")
    talk.say("50")
    talk.say("sorry, make it 2")
    assert (talk.slots["amount"], talk.open_step) == (2, "transfer/ask_sure")
