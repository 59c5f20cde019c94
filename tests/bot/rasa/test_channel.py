"""The whole way over HTTP: a real Rasa process with a model trained on the fixtures."""

from __future__ import annotations

import copy
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import SECRET, run_module, texts


def test_a_conversation_goes_from_the_notice_to_the_end(server):
    answer = server.turn(None, "start")
    assert texts(answer)[0] == "Hello, I am an automated assistant."
    answer = server.turn(answer["state"], "choice", value="demo", step="lead/ask_goal", text="See a demo")
    answer = server.turn(answer["state"], text="about 30 people")
    answer = server.turn(answer["state"], text="I'm Ada")
    answer = server.turn(answer["state"], text="Nobody pays in time")
    assert texts(answer) == ["Where can we write to you?"]
    answer = server.turn(answer["state"], text="what does it cost per month?")
    assert (answer["understood"]["intent"], answer["understood"]["acted_as"]) == ("ask_pricing", "question_answered")
    answer = server.turn(answer["state"], text="Ada@Example.COM")
    assert answer["effects"] == [
        {"effect": "capture_lead", "field": "email", "value": "Ada@example.com", "slot": "email"}
    ]
    answer = server.turn(answer["state"], text="yes please")
    assert [effect["effect"] for effect in answer["effects"]] == [
        "record_consent", "add_points", "add_points", "add_points", "set_outcome", "enrol_in_journey", "end_flow",
    ]  # fmt: skip
    assert answer["state"]["ended"] == "qualified"


def test_the_answer_has_the_shape_of_the_protocol(server):
    answer = server.turn(server.turn(None, "start")["state"], text="how much is it per month")
    assert set(answer) == {
        "state", "replies", "effects", "need", "timer", "debounce", "walked", "understood",
    }  # fmt: skip
    assert set(answer["state"]) == {
        "v", "slots", "declined", "noticed", "stack", "ended", "handed_off", "recent", "awaits", "clarify", "facts",
    }  # fmt: skip
    for reply in answer["replies"]:
        assert set(reply) == {
            "text", "step", "input", "choices", "notice", "consent", "source", "media", "cards", "limits",
        }  # fmt: skip
    name, confidence = answer["understood"]["ranking"][0]
    assert (name, confidence) == (answer["understood"]["intent"], answer["understood"]["confidence"])


def test_the_same_request_twice_gives_the_same_answer(server):
    state = server.turn(None, "start")["state"]
    body = server.body(state, text="how much is it, my mail is a@b.example")
    first = server.post(body)
    server.turn(None, "start")
    assert server.post(body) == first


def test_conversations_at_the_same_time_do_not_mix(server):
    def one(number):
        state = server.turn(None, "start")["state"]
        state["stack"][0]["step"] = "ask_first_name"
        return server.turn(state, text=f"Name{number}")["state"]["slots"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == [{"first_name": f"Name{number}"} for number in range(40)]


@pytest.mark.parametrize("before", ["", " ", "\n\t", "\u200b", "\ufeff ", "\u200f\u202e", "\u2060"])
@pytest.mark.parametrize("command", ['/start{"email":"x"}', "/start", '/opt_out@1.0{"email": "x"}'])
def test_a_slash_is_never_read_as_an_intent(server, before, command):
    """The fixture model has the intents start and opt_out, so that Rasa's shortcut would take them."""
    state = server.turn(None, "start")["state"]
    answer = server.turn(state, text=before + command)
    assert (answer["understood"]["intent"], answer["understood"]["acted_as"]) == ("out_of_scope", "missed")
    assert (answer["effects"], answer["state"]["slots"]) == ([], {})


def test_a_missed_text_brings_the_vector_that_its_meaning_is_known_by(server):
    state = server.turn(None, "start")["state"]
    text = "the penguins of the far south are molting"
    gap = server.turn(state, text=text)["understood"]["gap"]
    vectors = server.send("POST", "vectors", {"texts": [text]})[1]
    assert gap == {"reason": "missed", "vector": vectors["vectors"][0], "encoder": vectors["encoder"]}
    assert server.turn(state, text="/start")["understood"]["gap"] is None


def test_a_text_with_a_slash_is_stored_as_it_was_typed(server):
    state = server.turn(None, "start")["state"]
    state["stack"][0]["step"] = "ask_problem"
    assert server.turn(state, text="/invoices pile up")["state"]["slots"]["problem"] == "/invoices pile up"


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "word " * 800, "1" * 4000, "a@" * 2000, "👍🏽" * 500, "😀", "مرحبا، كم السعر؟", "שלום \u202e abc",
     "<script>alert(1)</script><img src=x onerror=alert(1)>", "{{ email }} {% print(1) %}", "\x00\x01\x7f", "", " ",
     "\ud800", "'; DROP TABLE contacts; --", "﷽" * 1000, "a\u0300" * 1000, "\n" * 4000],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
@pytest.mark.parametrize("step", ["ask_goal", "ask_problem", "ask_email", "ask_marketing"])
def test_any_text_gets_a_sane_answer(server, text, step):
    state = server.turn(None, "start")["state"]
    state["stack"][0]["step"] = step
    started = time.monotonic()
    answer = server.turn(state, text=text)
    assert answer["replies"]
    assert not any(effect["effect"] in ("record_consent", "opt_out", "hand_off") for effect in answer["effects"])
    assert time.monotonic() - started < 3


def test_what_the_articles_say_is_asked_for_and_the_text_is_understood_the_same_way_then(server):
    state = server.call(None, "start")["state"]
    state["stack"][0]["step"] = "ask_email"
    text = "do you sell single sign-on by the metre?"
    asked = server.call(state, text=text)
    need = asked["need"]
    assert (need["need"], need["step"], need["query"]) == ("knowledge", "patterns/knowledge", text)
    assert need["vector"]
    assert need["encoder"]
    assert (asked["replies"], asked["effects"]) == ([], [])

    passage = {"article": "sso", "title": "SSO", "link": None, "quote": "Never by the metre.", "confidence": 0.9}
    found = {"value": {"passages": [passage], "sure": True}, "step": need["step"], "need": "knowledge"}
    answer = server.call(asked["state"], "result", text=text, **found)
    assert answer["replies"][0]["text"] == "Never by the metre."
    assert answer["replies"][-1]["step"].endswith("/ask_email")
    for what in ("intent", "confidence", "ranking"):
        assert answer["understood"][what] == asked["understood"][what]
    assert answer["state"]["awaits"] is None


def test_a_text_is_understood_once_though_a_need_has_it_come_twice(server):
    state = server.call(None, "start")["state"]
    state["stack"][0]["step"] = "ask_email"
    text = "do you sell single sign-on by the metre?"
    asked = server.call(state, text=text)
    found = {"value": {"passages": [], "sure": False}, "step": asked["need"]["step"], "need": "knowledge"}
    answer = server.call(asked["state"], "result", text=text, **found)

    plain = copy.deepcopy(asked["state"])
    plain["awaits"].pop("understood")  # as a program that knows nothing of it sends it
    assert server.call(plain, "result", text=text, **found) == answer

    carried = copy.deepcopy(asked["state"])
    carried["awaits"]["understood"]["intent"] = {"name": "goodbye", "confidence": 0.125}
    taken = server.call(carried, "result", text=text, **found)["understood"]
    assert (taken["intent"], taken["confidence"]) == ("goodbye", 0.125)

    other = server.call(carried, "result", text="what does it cost per month?", **found)["understood"]
    assert other["intent"] == "ask_pricing"

    carried["awaits"]["understood"]["intent"] = "goodbye"
    status, refused = server.post(server.body(carried, "result", text=text, **found))
    assert (status, "malformed state" in refused["error"]) == (400, True)


def test_a_wrong_or_missing_secret_is_refused(server):
    for secret in ("", "wrong", SECRET + "x", "ä"):
        assert server.post(server.body(None, "start"), secret=secret.encode().decode("latin-1")) == (
            403,
            {"error": "wrong secret"},
        )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"message": 1}'])
def test_a_malformed_body_is_a_400_with_a_reason(server, body):
    status, answer = server.post(body, raw=True)
    assert status == 400
    assert isinstance(answer["error"], str)


def test_a_state_that_no_program_of_ours_wrote_or_a_text_too_long_is_a_400(server):
    assert server.post(server.body({"v": 0}, text="hi"))[0] == 400
    assert server.post(server.body({"v": 2}, text="hi"))[0] == 400
    assert server.post(server.body(None, text="x" * 4001))[0] == 400


def test_a_state_of_a_newer_program_is_refused_so_that_another_replica_is_asked(server):
    assert server.post(server.body({"v": 3}, text="hi")) == (409, {"error": "state_too_new"})
    assert server.send("POST", "landing", {"flows": server.flows, "states": [{"v": 3}]}) == (
        409,
        {"error": "state_too_new"},
    )


def test_a_state_that_points_nowhere_is_followed_and_not_a_crash(server):
    state = server.turn(None, "start")["state"]
    state["stack"][0].update(step="gone", version="old")
    assert texts(server.turn(state, text="hello"))


def test_health_names_what_is_held_without_a_secret_the_latest_used_first(server):
    server.turn(None, "start")
    health = server.health()
    assert (health["status"], health["state_version"]) == ("ok", 2)
    assert (health["flows"][0], health["models"][0]) == (server.flows, server.model)


def test_rasas_own_api_is_not_there(server):
    for path in ("model/parse", "conversations/x/messages", "status", "webhooks/rest/webhook"):
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/{path}", b"{}")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        with refused.value as error:
            assert error.code in (404, 405)


def test_only_loopback_is_listened_on(server):
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{server.port:04X}")]
    assert listening == [f"0100007F:{server.port:04X}"]


def test_the_log_holds_no_text_of_the_visitor(server):
    server.turn(None, text="a very private sentence, ada@secret.example")
    log = server.log.read_text()
    assert "private sentence" not in log and "secret.example" not in log


def test_no_server_starts_without_a_secret(trained_model, encoder_dir):
    done = run_module(
        "parley_rasa.serve", "--model", trained_model, "--port", "1", "--encoder", encoder_dir, PARLEY_RASA_SECRET=""
    )
    assert done.returncode == 1
    assert "PARLEY_RASA_SECRET" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("option", ["--model", "--flows"])
def test_no_server_starts_with_a_file_it_cannot_read(tmp_path, encoder_dir, option):
    (tmp_path / "file").write_text("no such thing")
    done = run_module(
        "parley_rasa.serve", option, tmp_path / "file", "--port", "1", "--encoder", encoder_dir,
        PARLEY_RASA_SECRET=SECRET,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("rasa: ")


def test_training_says_what_is_wrong_in_one_line(tmp_path, encoder_dir):
    done = run_module("parley_rasa.train", "--nlu", tmp_path, "--encoder", encoder_dir, "--out", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("train: ")


def test_this_is_rasas_interpreter():
    assert sys.version_info[:2] == (3, 10)
