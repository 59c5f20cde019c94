"""What a replica keeps: the most lately used, loaded once, and never more than it should."""

from __future__ import annotations

import asyncio
import hashlib
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import MODEL_KEY, public_half, signed, with_version
from parley_rasa.dialogue.flows import FlowsError
from parley_rasa.held_flows import HeldFlows
from parley_rasa.held_models import HeldModels, ModelError
from parley_rasa.model_signature import read_model_keys
from parley_rasa.replica import MissingError, Replica
from parley_rasa.serve import known_keys

KEYS = [MODEL_KEY.public_key()]


def numbered(document, number):
    return with_version({**document, "default_language": f"x-{number}"})


def id_of(data):
    return hashlib.sha256(data).hexdigest()


async def pieces(data):
    for first in range(0, len(data), 3):
        yield data[first : first + 3]


async def push(models, data):
    await models.take(id_of(data), pieces(signed(data)))


def read_back(path):
    """A loader: what is loaded is the file's content."""
    data = path.read_bytes()
    if data.startswith(b"broken"):
        raise RuntimeError("no model")
    return data


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=25))
def test_the_flows_held_are_those_most_lately_used(flows_document, uses):
    documents = [numbered(flows_document, number) for number in range(6)]
    held, expected = HeldFlows(most=3), []
    for is_push, number in uses:
        version = documents[number]["version"]
        if is_push:
            held.add(version, documents[number])
        elif held.find(version) is None:
            assert version not in expected
            continue
        expected = [version, *(other for other in expected if other != version)][:3]
        assert held.versions() == expected


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"version": "v"}, {"version": 1}, {"version": "v", "flows": {"a": float("nan")}}]
)
def test_a_document_that_is_no_compiled_flows_is_refused(document):
    held = HeldFlows()
    with pytest.raises(FlowsError):
        held.add("v", document)
    assert held.versions() == []


def test_flows_of_a_version_that_is_not_their_hash_are_refused(flows_document):
    document = with_version(flows_document)
    with pytest.raises(FlowsError, match="version"):
        HeldFlows().add(document["version"], {**document, "default_language": "de"})


def test_models_beyond_the_last_two_are_dropped_but_not_those_a_turn_has(tmp_path):
    async def story():
        models = HeldModels(read_back, tmp_path, KEYS)
        for data in (b"one", b"two"):
            await push(models, data)
        used = models.find(id_of(b"one"))
        await push(models, b"three")
        assert models.ids() == [id_of(b"three"), id_of(b"one")]
        await push(models, b"four")
        assert models.find(id_of(b"one")) is None
        assert used == b"one"

    asyncio.run(story())


def test_two_pushes_of_a_model_at_once_load_it_once(tmp_path):
    loads = []
    both_are_here = threading.Event()

    def load(path):
        assert both_are_here.wait(10)
        loads.append(path)
        return read_back(path)

    async def story():
        models = HeldModels(load, tmp_path, KEYS)
        first = asyncio.create_task(push(models, b"model"))
        second = asyncio.create_task(push(models, b"model"))
        while not models._loading:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        both_are_here.set()
        await asyncio.gather(first, second)
        await push(models, b"model")
        assert models.ids() == [id_of(b"model")]

    asyncio.run(story())
    assert len(loads) == 1
    assert not loads[0].exists()


def test_a_model_goes_on_loading_when_the_one_who_pushed_it_goes_away(tmp_path):
    is_loading, may_go_on = threading.Event(), threading.Event()

    def load(path):
        is_loading.set()
        assert may_go_on.wait(10)
        return read_back(path)

    async def story():
        models = HeldModels(load, tmp_path, KEYS)
        gone = asyncio.create_task(push(models, b"model"))
        await asyncio.to_thread(is_loading.wait, 10)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert models.ids() == []
        may_go_on.set()
        await push(models, b"model")
        assert models.ids() == [id_of(b"model")]

    asyncio.run(story())


def test_a_model_that_cannot_be_loaded_is_refused_each_time_and_leaves_nothing_behind(tmp_path):
    async def story():
        models = HeldModels(read_back, tmp_path, KEYS)
        await push(models, b"good")
        for _ in range(2):
            with pytest.raises(ModelError, match="cannot be loaded"):
                await push(models, b"broken")
        with pytest.raises(ModelError, match="SHA-256"):
            await models.take(id_of(b"other"), pieces(signed(b"good")))
        assert models.ids() == [id_of(b"good")]

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(flows_document, tmp_path):
    document = with_version(flows_document)
    replica = Replica(HeldFlows(), HeldModels(read_back, tmp_path, KEYS))
    with pytest.raises(MissingError) as missing:
        replica.find_pair(document["version"], "m")
    assert missing.value.parts == ["flows", "model"]
    replica.flows.add(document["version"], document)
    with pytest.raises(MissingError) as missing:
        replica.find_pair(document["version"], "m")
    assert missing.value.parts == ["model"]
    with pytest.raises(MissingError):
        replica.find_flows("other")


def test_nothing_is_loaded_that_is_not_signed_by_a_key_that_is_known(tmp_path, caplog):
    loads = []
    stranger = Ed25519PrivateKey.generate()
    known = [Ed25519PrivateKey.generate().public_key(), *KEYS]
    altered = signed(b"model")[:-1] + b"L"

    async def refused(models, model_id, data, why):
        with pytest.raises(ModelError, match=why):
            await models.take(model_id, pieces(data))

    async def story():
        models = HeldModels(loads.append, tmp_path, known)
        for data in (b"", b"model", b"parley model 1\n", b"parley model 1\n" + bytes(40), b"P" + signed(b"model")[1:]):
            await refused(models, id_of(data), data, "not signed")
        await refused(models, id_of(b"model"), signed(b"model", stranger), "nobody known")
        assert f"model_refused id={id_of(b'model')} reason=the model is signed by nobody known" in caplog.messages[-1]
        assert "restart" in caplog.messages[-1] and "publish again" in caplog.messages[-1]
        await refused(models, id_of(b"modeL"), altered, "nobody known")
        await refused(models, id_of(b"model"), signed(b"model")[: 15 + 64], "nobody known")
        await refused(HeldModels(loads.append, tmp_path, []), id_of(b"model"), signed(b"model"), "parley keys models")
        assert loads == []
        await push(models, b"model")
        assert len(loads) == 1

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_knows_nobodys_models_says_so_at_its_start(monkeypatch, caplog):
    monkeypatch.setenv("PARLEY_RASA_MODEL_KEYS", public_half())
    assert len(known_keys()) == 1
    assert caplog.messages == []
    monkeypatch.delenv("PARLEY_RASA_MODEL_KEYS")
    assert known_keys() == []
    assert "set PARLEY_RASA_MODEL_KEYS to what `parley keys models` prints" in caplog.messages[0]


def test_keys_are_read_from_what_the_platform_prints_and_a_wrong_one_is_said_so():
    assert read_model_keys("") == []
    assert [key.public_bytes_raw() for key in read_model_keys(f"{public_half()},{public_half()}")] == [
        KEYS[0].public_bytes_raw()
    ] * 2
    for wrong in ("x", "AAAA", public_half()[:-4]):
        with pytest.raises(ValueError, match="PARLEY_RASA_MODEL_KEYS"):
            read_model_keys(wrong)
