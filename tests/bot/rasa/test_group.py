"""Messages grouped by meaning: what belongs together, what it is called, and what it costs."""

from __future__ import annotations

import json
import re
import resource
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, run_module
from parley_rasa.grouping.clustering import cluster
from parley_rasa.grouping.items import GroupError, read_items
from parley_rasa.grouping.naming import LONGEST, Namer, shortened
from parley_rasa.grouping.ordinary import Ordinary
from parley_rasa.grouping.stop_words import STOP_WORDS
from parley_rasa.reporting.examples import Example, read_examples
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.vectors import read_vector, write_vector

INTENTS = ROOT / "nlu_data" / "intents"

SAID = {
    "en": [
        ["do you integrate with quickbooks", "quickbooks sync?", "can I connect my quickbooks account",
         "is there a quickbooks integration", "import everything from quickbooks"],
        ["can I pay with paypal", "do you take paypal", "paypal payment possible?", "is paypal accepted"],
        ["my export is stuck at 99 percent", "the export hangs", "export never finishes", "export stuck again"],
        ["do you hire students", "any internships for students?", "student internship"],
    ],
    "de": [
        ["habt ihr eine schnittstelle zu datev", "datev schnittstelle?", "gibt es einen datev export"],
        ["kann ich mit paypal zahlen", "nehmt ihr paypal", "paypal als zahlungsart"],
    ],
    "es": [
        ["se puede pagar con bizum", "aceptáis bizum", "pago por bizum"],
    ],
}  # fmt: skip
ALONE = ["my cat walked over the keyboard lol", "greetings from the moon"]


@pytest.fixture(scope="module")
def encoder(encoder_dir) -> Encoder:
    return Encoder(encoder_dir, "int8", 64)


@pytest.fixture(scope="module")
def items(encoder) -> list[dict[str, str]]:
    """What people really write, shuffled."""
    written = [(language, text) for language, groups in SAID.items() for texts in groups for text in texts]
    written += [("en", text) for text in ALONE]
    order = np.random.default_rng(3).permutation(len(written))
    return [
        {"id": f"m{number:02}", "language": language, "text": text, "vector": write_vector(encoder.encode(text))}
        for number, (language, text) in enumerate(written[place] for place in order)
    ]


def run(folder: Path, encoder_dir: Path, given: object, intents: Path = INTENTS) -> tuple[object, dict]:
    (folder / "in.json").write_text(json.dumps(given))
    done = run_module(
        "parley_rasa.group", "--in", folder / "in.json", "--out", folder / "out.json", "--nlu", intents,
        "--encoder", encoder_dir,
    )  # fmt: skip
    out = folder / "out.json"
    return done, json.loads(out.read_text("utf-8")) if out.exists() else {}


@pytest.fixture(scope="module")
def grouped(tmp_path_factory, encoder_dir, items) -> dict:
    done, found = run(tmp_path_factory.mktemp("group"), encoder_dir, {"items": items})
    assert (done.returncode, done.stderr) == (0, "")
    assert "progress: grouping 18 messages of language en" in done.stdout.splitlines()
    return found


# Together


def test_what_means_the_same_is_together_and_what_means_nothing_else_alone(grouped, items):
    texts = {item["id"]: item["text"] for item in items}
    found = {frozenset(texts[key] for key in one["ids"]) for one in grouped["groups"]}
    assert found == {frozenset(group) for groups in SAID.values() for group in groups}
    assert {texts[key] for key in grouped["alone"]} == set(ALONE)


def test_groups_are_of_one_language_and_the_largest_is_first(grouped, items):
    languages = {item["id"]: item["language"] for item in items}
    for one in grouped["groups"]:
        assert {languages[key] for key in one["ids"]} == {one["language"]}
        assert one["example"] == one["ids"][0]
    sizes = [len(one["ids"]) for one in grouped["groups"]]
    assert sizes == sorted(sizes, reverse=True)


def test_names_are_words_that_the_group_shares(grouped):
    names = [one["name"] for one in grouped["groups"]]
    for word in ("quickbooks", "paypal", "export", "student", "datev", "bizum"):
        assert [name for name in names if word in name.casefold()], (word, names)
    assert all(1 <= len(name.split()) <= 4 and name[0].isupper() for name in names)


def test_the_order_of_the_messages_makes_no_difference(grouped, items, tmp_path, encoder_dir):
    _, found = run(tmp_path, encoder_dir, {"items": items[::-1]})
    assert found == grouped


def test_without_examples_of_a_language_those_of_the_others_say_what_is_ordinary(encoder, encoder_dir):
    known = Ordinary(read_examples([INTENTS]), encoder)
    languages = sorted({example.language for example in read_examples([INTENTS])})
    expected = np.mean([known.middle(language) for language in languages], axis=0)
    np.testing.assert_allclose(known.middle("xx"), expected)
    assert not np.allclose(known.middle("en"), expected)
    assert not Ordinary([Example("hello", "greet", "en")], encoder).middle("en").any()


def test_nothing_is_no_group(tmp_path, encoder_dir):
    assert run(tmp_path, encoder_dir, {"items": []})[1] == {"groups": [], "alone": []}


def test_one_question_that_all_ask_is_one_group(encoder):
    texts = ["where is my parcel", "where's my parcel?", "my parcel, where is it", "parcel where", "Where is my parcel"]
    middle = Ordinary(read_examples([INTENTS]), encoder).middle("en")
    (group,) = cluster(encoder.encode_all(texts), middle)
    assert sorted(group) == list(range(len(texts)))


vectors = st.lists(st.lists(st.integers(-2, 2).map(float), min_size=3, max_size=3), max_size=12)


@given(vectors, st.floats(0.1, 1.5))
def test_every_text_stands_in_one_group_at_most_and_groups_are_of_two_or_more(rows, within):
    groups = cluster(np.array(rows, dtype=np.float64).reshape(len(rows), 3), np.zeros(3), within)
    members = [row for group in groups for row in group]
    assert len(members) == len(set(members))
    assert all(len(group) > 1 for group in groups)
    nothing = {number for number, row in enumerate(rows) if not any(row)}
    assert not nothing & set(members)


@given(vectors)
def test_a_larger_distance_never_leaves_more_alone(rows):
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    counts = [sum(map(len, cluster(table, np.zeros(3), within))) for within in (0.3, 0.7, 1.2)]
    assert counts == sorted(counts)


def test_five_thousand_messages_take_seconds_and_little_memory():
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(500, 384))
    rows = np.repeat(centres, 10, axis=0) + chance.normal(size=(5000, 384)) * 0.3
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    groups = cluster(rows, np.zeros(384))
    assert [sorted(group) for group in groups] == [list(range(n * 10, n * 10 + 10)) for n in range(500)]
    assert time.process_time() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 * 1024  # kB


# Names


@pytest.mark.parametrize(
    ("language", "texts", "name"),
    [
        ("en", ["export invoices as pdf", "can I export an invoice as pdf?", "pdf export of invoices"],
         "Export invoices as pdf"),
        ("en", ["WHERE IS MY PARCEL", "parcel please"], "Parcel"),
        ("en", ["why", "how come"], "Why"),
        ("fr", ["annuler l'abonnement", "je veux annuler l’abonnement"], "Annuler l'abonnement"),
        ("es", ["pagar con bizum", "se puede pagar por bizum"], "Pagar con bizum"),
        ("de", ["rechnung als pdf", "rechnungen als pdf schicken"], "Rechnung als pdf"),
    ],
)  # fmt: skip
def test_a_name_is_the_telling_words_as_somebody_wrote_them(language, texts, name):
    assert Namer(language, [texts, ["something else entirely"]]).name(texts) == name


def test_common_words_of_the_language_tell_less_than_others():
    texts = ["invoice reminder", "reminder invoice", "invoice reminder late"]
    ordinary = ["send an invoice"] * 30
    plain, informed = Namer("en", [texts]), Namer("en", [texts], ordinary)
    assert "reminder" in plain.name(texts).casefold()
    assert "reminder" in informed.name(texts).casefold()
    alone = ["invoice", "invoice", "reminder", "reminder"]
    assert Namer("en", [alone], ordinary).name(alone) == "Reminder"


def test_no_two_groups_have_the_same_name():
    same = ["parcel lost", "parcel lost"]
    namer = Namer("en", [same, same, same])
    names = [namer.name(same) for _ in range(4)]
    assert len({name.casefold() for name in names}) == 4
    assert names[0] == "Parcel lost"


texts = st.lists(st.text(max_size=60), min_size=2, max_size=6)


@settings(max_examples=150)
@given(texts, st.sampled_from(["en", "es", "fr", "de", "pt", "de-AT"]))
def test_a_name_is_short_and_holds_neither_addresses_nor_numbers(said, language):
    name = Namer(language, [said]).name(said)
    assert 0 < len(name) <= max(LONGEST + 4, *map(len, said))
    assert not re.search(r"@|\d", re.sub(r" \(\d\)$", "", name))


def test_what_is_personal_is_left_out_of_a_name():
    said = ["my mail is ada@firm.example", "reach me at ada@firm.example", "ada@firm.example is my mail"]
    assert "ada" not in Namer("en", [said]).name(said).casefold()
    assert shortened("call +44 20 7946 0300 please") == "Call … … … … please"
    assert shortened("wanted: " + "very " * 20) == "Wanted: very very very very very very…"


def test_stop_words_are_written_as_they_are_compared():
    for language, words in STOP_WORDS.items():
        assert all(re.fullmatch("[a-z]+", word) for word in words), language


# Refused


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], 'no list of "items"'),
        ({"items": [{"id": "1", "text": "x", "language": "en"}]}, "item 0 lacks one of"),
        ({"items": [{"id": 1, "text": "x", "language": "en", "vector": "AAAAAA=="}]}, "item 0 lacks one of"),
        ({"items": [{"id": "1", "text": "x", "language": "en", "vector": "no base64"}]}, "vector of item 0"),
        ({"items": [{"id": "1", "text": "x", "language": "en", "vector": ""}]}, "empty"),
        ({"items": [{"id": "1", "text": "x", "language": "en", "vector": "AADAfw=="}]}, "no number"),
        ({"items": [{"id": "1", "text": "x", "language": "en", "vector": "AAAAAA=="}] * 2}, "same id"),
        ({"items": [{"id": "1", "text": "x", "language": "en", "vector": "AAAAAA=="},
                    {"id": "2", "text": "x", "language": "en", "vector": "AAAAAAAAAAA="}]}, "1 and 2 numbers"),
    ],
)  # fmt: skip
def test_what_are_no_items_is_refused_with_the_reason(given, reason):
    with pytest.raises(GroupError, match=reason):
        read_items(given)


def test_vectors_of_another_encoder_are_refused_in_one_line(tmp_path, encoder_dir):
    item = {"id": "1", "text": "x", "language": "en", "vector": write_vector(np.ones(7))}
    done, found = run(tmp_path, encoder_dir, {"items": [item]})
    assert (done.returncode, done.stderr, found) == (1, "group: the vectors are not of this encoder\n", {})


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
def test_a_vector_is_read_as_it_was_written(numbers):
    assert read_vector(write_vector(np.array(numbers))).tolist() == numbers
