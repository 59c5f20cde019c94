"""Flows and models pushed to a real replica: what it lacks it says, what it holds answers, a swap loses no turn."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import HERE, id_of, serving, signed, texts, train_model, with_version

MISSING_BOTH = (409, {"error": "missing", "missing": ["flows", "model"]})


@pytest.fixture
def bare(tmp_path, encoder_dir):
    """A replica that holds nothing yet."""
    with serving(tmp_path / "log", "--encoder", encoder_dir) as running:
        yield running


@pytest.fixture(scope="module")
def other_model(tmp_path_factory, encoder_dir) -> Path:
    """A model that calls the question for the price something else."""
    examples = (HERE / "fixture_nlu.yml").read_text("utf-8").replace("ask_pricing", "ask_costs")
    folder = tmp_path_factory.mktemp("other")
    (folder / "nlu.yml").write_text(examples, "utf-8")
    return train_model(folder / "nlu.yml", encoder_dir, folder)


@pytest.fixture(scope="module")
def other_flows(pushed_flows):
    """The flows with another notice."""
    return with_notice(pushed_flows, "Good day, a machine speaks.")


def with_notice(document, text):
    changed = copy.deepcopy(document)
    changed["wording"]["en"]["lead"]["welcome"]["text"] = {"default": text}
    return with_version(changed)


def named(bare, flows, model):
    bare.flows, bare.model = flows["version"], id_of(model)
    return bare


def test_an_empty_replica_says_what_it_lacks_and_answers_when_it_has_it(bare, pushed_flows, trained_model):
    named(bare, pushed_flows, trained_model)
    assert bare.health() == {"status": "ok", "flows": [], "models": [], "state_version": 2}
    assert bare.post(bare.body(None, "start")) == MISSING_BOTH
    assert bare.send("POST", "landing", {"flows": bare.flows, "states": []}) == (
        409,
        {"error": "missing", "missing": ["flows"]},
    )
    assert bare.push_flows(pushed_flows) == (204, None)
    assert bare.post(bare.body(None, "start")) == (409, {"error": "missing", "missing": ["model"]})
    assert bare.push_model(trained_model) == (204, None)
    assert texts(bare.turn(None, "start"))[0] == "Hello, I am an automated assistant."
    assert bare.push_flows(pushed_flows) == bare.push_model(trained_model) == (204, None)
    assert bare.health()["flows"] == [bare.flows]
    assert bare.health()["models"] == [bare.model]


def test_what_does_not_fit_its_name_is_refused_and_not_kept(server, pushed_flows, trained_model, tmp_path):
    before = server.health()
    wrong = {**pushed_flows, "entry_flow": "other"}
    assert server.push_flows(wrong)[0] == 400
    assert server.send("PUT", "flows/000000000000", pushed_flows)[0] == 400
    assert server.push_flows(with_version({"format": 2}))[0] == 400
    assert server.push_flows(with_version({**pushed_flows, "format": 99}))[0] == 400
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        assert server.send("PUT", "flows/000000000000", body, raw=True)[0] == 400
    assert server.send("PUT", f"models/{'0' * 64}", signed(trained_model.read_bytes()), raw=True)[0] == 400
    (tmp_path / "broken").write_bytes(trained_model.read_bytes()[:-100])
    status, answer = server.push_model(tmp_path / "broken")
    assert status == 400
    assert answer["error"].startswith("the model cannot be loaded")
    assert server.health() == before
    assert texts(server.turn(None, "start"))


def test_nobody_pushes_without_the_secret(server, pushed_flows, trained_model):
    refused = (403, {"error": "wrong secret"})
    data = trained_model.read_bytes()
    assert server.send("PUT", f"flows/{pushed_flows['version']}", pushed_flows, secret="wrong") == refused
    assert server.send("PUT", f"models/{id_of(trained_model)}", data, secret="wrong", raw=True) == refused
    assert server.send("POST", "landing", {"flows": "x", "states": []}, secret="wrong") == refused


def test_only_models_may_be_large(server):
    assert server.post(b" " * (300 * 1024), raw=True)[0] == 413
    status, _ = server.send("PUT", f"models/{'0' * 64}", b" " * (2 * 1024 * 1024), raw=True)
    assert status == 400


def test_each_turn_is_answered_by_the_pair_it_names(server, pushed_flows, other_flows, trained_model, other_model):
    assert server.push_flows(other_flows)[0] == server.push_model(other_model)[0] == 204
    for flows, notice in ((pushed_flows, "Hello, I am an automated assistant."), (other_flows, "Good day, a machine")):
        for model, intent in ((trained_model, "ask_pricing"), (other_model, "ask_costs")):
            pair = {"flows": flows["version"], "model": id_of(model)}
            status, started = server.post({**server.body(None, "start"), **pair})
            assert status == 200
            assert texts(started)[0].startswith(notice)
            _, answer = server.post({**server.body(started["state"], text="what does it cost per month?"), **pair})
            assert answer["understood"]["intent"] == intent
    assert server.health()["models"][0] == id_of(other_model)


def test_no_turn_is_lost_while_a_new_model_is_loaded(bare, pushed_flows, other_flows, trained_model, other_model):
    """Turns go on at the old pair during the push, and at the new one from the moment it has been taken."""
    named(bare, pushed_flows, trained_model)
    assert bare.push_flows(pushed_flows)[0] == bare.push_model(trained_model)[0] == 204
    live = [(pushed_flows["version"], id_of(trained_model), "Hello, I am", "ask_pricing")]
    done = threading.Event()

    def talk(_):
        """Talk until the push is over and once more, so that everyone has met the new pair."""
        models = []
        is_last = False
        while not is_last:
            is_last = done.is_set()
            flows, model, notice, intent = live[-1]
            pair = {"flows": flows, "model": model}
            status, started = bare.post({**bare.body(None, "start"), **pair})
            assert status == 200 and texts(started)[0].startswith(notice)
            status, answer = bare.post({**bare.body(started["state"], text="what does it cost per month?"), **pair})
            assert status == 200 and answer["understood"]["intent"] == intent
            models.append(model)
        return models

    with ThreadPoolExecutor(3) as pool:
        talks = [pool.submit(talk, number) for number in range(3)]
        try:
            assert bare.push_flows(other_flows)[0] == bare.push_model(other_model)[0] == 204
            live.append((other_flows["version"], id_of(other_model), "Good day", "ask_costs"))
        finally:
            done.set()
        pairs = [pair for one in talks for pair in one.result()]
    assert set(pairs) == {id_of(trained_model), id_of(other_model)}


def test_a_model_pushed_twice_at_once_is_loaded_once_and_taken_by_both(bare, trained_model):
    with ThreadPoolExecutor(4) as pool:
        pushes = [pool.submit(bare.push_model, trained_model) for _ in range(4)]
        assert [push.result() for push in pushes] == [(204, None)] * 4
    assert bare.health()["models"] == [id_of(trained_model)]


def test_landings_say_where_people_would_stand_and_change_nothing(server, pushed_flows):
    state = server.turn(None, "start")["state"]
    gone = copy.deepcopy(state)
    gone["stack"][0].update(step="gone", version="old")
    ended = {**copy.deepcopy(state), "stack": [], "ended": "completed"}
    status, answer = server.send("POST", "landing", {"flows": server.flows, "states": [state, gone, ended]})
    assert status == 200
    assert answer["landings"] == [
        {"before": "lead/ask_goal", "after": "lead/ask_goal", "moved": False},
        {"before": "lead/gone", "after": "lead/ask_goal", "moved": True},
        {"before": None, "after": None, "moved": False},
    ]


def test_landings_are_given_for_no_more_states_than_agreed(server):
    state = server.turn(None, "start")["state"]
    status, answer = server.send("POST", "landing", {"flows": server.flows, "states": [state] * 500})
    assert status == 200
    assert len(answer["landings"]) == 500
    for states in ([state] * 501, None, [1], {}):
        assert server.send("POST", "landing", {"flows": server.flows, "states": states})[0] == 400
