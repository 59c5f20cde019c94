"""Vectors over HTTP: what the knowledge index and the gaps list are made from."""

from __future__ import annotations

import base64
import json
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import serving, texts


def read(row):
    data = base64.b64decode(row, validate=True)
    return struct.unpack(f"<{len(data) // 4}f", data)


def vectors(server, *asked):
    status, answer = server.send("POST", "vectors", {"texts": list(asked)})
    assert status == 200, answer
    assert set(answer) == {"encoder", "dimensions", "vectors"}
    rows = [read(row) for row in answer["vectors"]]
    assert all(len(row) == answer["dimensions"] for row in rows)
    return answer["encoder"], rows


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_texts_of_like_meaning_have_vectors_that_are_close(server, encoder_dir):
    encoder, (price, cost, weather) = vectors(server, "What is the price?", "how much does it cost", "It rains in Rome")
    assert encoder.startswith(json.loads((encoder_dir / "meta.json").read_text("utf-8"))["weights_sha256"])
    assert cosine(price, price) == pytest.approx(1, abs=1e-3)
    assert cosine(price, cost) > cosine(price, weather) + 0.2


def test_a_text_has_the_same_vector_alone_and_among_others(server):
    _, alone = vectors(server, "What is the price?")
    _, among = vectors(server, "x", "What is the price?", "")
    assert among[1] == alone[0]
    assert vectors(server)[1] == []


def test_turns_are_answered_while_many_vectors_are_made(server):
    many = ["What does it cost per month when there are thirty of us?"] * 256
    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(vectors, server, *many) for _ in range(2)]
        turns = [pool.submit(server.turn, None, "start") for _ in range(5)]
        assert all(texts(turn.result())[0] == "Hello, I am an automated assistant." for turn in turns)
        assert all(len(one.result()[1]) == 256 for one in made)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"texts": "a"}, {"texts": [1]}, {"texts": ["x"] * 257}, {"texts": ["x" * 4001]}]
)
def test_a_malformed_request_for_vectors_is_refused(server, body):
    status, answer = server.send("POST", "vectors", body)
    assert status == 400
    assert "texts must be" in answer["error"] or "each of texts" in answer["error"]


def test_vectors_need_the_secret_and_a_body_of_bearable_size(server):
    assert server.send("POST", "vectors", {"texts": ["a"]}, secret="wrong") == (403, {"error": "wrong secret"})
    assert server.send("POST", "vectors", b"{", raw=True)[0] == 400
    assert server.send("POST", "vectors", b" " * (17 * 1024 * 1024), raw=True)[0] == 413
    assert server.send("POST", "vectors", {"texts": ["\udc00 half a sign", "\u0000"]})[0] == 200


def test_a_replica_without_a_model_says_that_it_lacks_one(tmp_path, encoder_dir):
    with serving(tmp_path / "log", "--encoder", encoder_dir) as bare:
        missing = (409, {"error": "missing", "missing": ["model"]})
        assert bare.send("POST", "vectors", {"texts": ["a"]}) == missing
