"""The report on examples: what it reads, what it finds, and that no model is asked what it has seen."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT, run_module
from parley_rasa.report import FOLDS, report
from parley_rasa.reporting import cross_validation, figures, likeness
from parley_rasa.reporting.cross_validation import Found, Understanding, cross_validate, with_names
from parley_rasa.reporting.examples import Example, ReportError, language_of, read_examples
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE
from parley_rasa.understanding.intent_training import Fitted, TrainingError, train
from parley_rasa.understanding.setup import DEFAULTS, read_setup

ENGLISH = {
    "ask_pricing": ["what does it cost", "how much is it", "the price please", "what are your prices", "price list",
                    "is it expensive", "how much do you charge", "cost per month"],
    "request_demo": ["show me a demo", "can I see it live", "book a demo", "I want a demonstration", "demo please",
                     "could you demonstrate it", "a guided tour of the product", "let me see the product"],
    "opt_out": ["unsubscribe me", "stop sending me e-mails", "take me off your list", "no more messages",
                "leave me alone", "I want to opt out", "remove my address", "don't write to me again"],
    OUT_OF_SCOPE: ["what is the weather", "tell me a joke", "who won the match", "play some music",
                   "how do I cook rice", "capital of France"],
}  # fmt: skip
SPANISH = {
    "ask_pricing": ["cuánto cuesta", "qué precio tiene", "lista de precios", "es caro", "cuánto cobráis al mes"],
    "request_demo": ["quiero ver una demo", "enséñame el producto", "reservar una demostración", "demo por favor",
                     "puedo verlo en vivo"],
    "opt_out": ["date de baja", "no me escribas más", "quítame de la lista", "dejad de enviarme correos",
                "no quiero más mensajes"],
}  # fmt: skip


def examples_of(intents: dict[str, list[str]], language: str = "en") -> list[Example]:
    return [Example(text, intent, language) for intent, texts in intents.items() for text in texts]


def nlu(intents: dict[str, list[str]]) -> str:
    sections = ["- intent: " + intent + "\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
                for intent, texts in intents.items()]  # fmt: skip
    return 'version: "3.1"\nnlu:\n' + "".join(sections)


class LetterEncoder:
    """Vectors of how often each letter stands in a text: as good as any where what they say does not matter."""

    fingerprint = origin = "letters"
    dimensions = 26

    def encode(self, text: str) -> np.ndarray:
        counts = np.array([text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"], dtype=np.float32)
        return counts / max(float(np.linalg.norm(counts)), 1.0)


class Watched(Understanding):
    """Remembers the words that each model knows and what it is then asked."""

    def __init__(self) -> None:
        super().__init__(LetterEncoder(), DEFAULTS)
        self.asked: list[tuple[set[str], list[str]]] = []

    def classify(self, model, texts):
        self.asked.append((set(model.words.vocabulary), list(texts)))
        return super().classify(model, texts)


def ignore(_line: str) -> None:
    """For those who need not know."""


# Reading


@pytest.mark.parametrize(
    ("name", "language"),
    [("core.es.yml", "es"), ("held_out_fr.yml", "fr"), ("held_out.yml", "en"), ("small_talk.en.yml", "en"),
     ("partners.yml", "en"), ("how_to.yml", "en"), ("core.pt-BR.yml", "pt-BR")],
)  # fmt: skip
def test_the_language_of_examples_is_the_end_of_their_files_name(name, language):
    assert language_of(Path(name)) == language


def test_examples_are_read_in_every_form_that_rasa_reads(tmp_path):
    (tmp_path / "a.de.yml").write_text(
        'version: "3.1"\n'
        "nlu:\n"
        "- intent: greet\n  examples: |\n    - hallo [Welt](place)\n    - guten Tag, [Ada]{\"entity\": \"name\"}\n"
        "- intent: thanks\n  examples:\n  - text: |\n      danke schön\n  - danke\n"
        "- synonym: ja\n  examples: |\n    - jo\n"
        "- intent: empty\n"
    )  # fmt: skip
    assert read_examples([tmp_path]) == [
        Example("hallo Welt", "greet", "de"), Example("guten Tag, Ada", "greet", "de"),
        Example("danke schön", "thanks", "de"), Example("danke", "thanks", "de"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["nlu: [", "nlu: 3", "- a list", "", "\x00"])
def test_a_file_that_holds_no_examples_is_named(tmp_path, text):
    (tmp_path / "broken.en.yml").write_text(text)
    with pytest.raises(ReportError, match=r"broken\.en\.yml"):
        read_examples([tmp_path])


@given(st.text(max_size=20).filter(lambda text: any(letter.isalnum() for letter in text)))
def test_how_a_text_is_written_out_makes_no_difference_to_what_it_says(text):
    assert Example(f"  …{text}!! ", "a", "en").plain == Example(text, "a", "en").plain


# Cross-validation


def marked(language: str = "en") -> list[Example]:
    """Examples each with a word that no other has."""
    return [
        Example(f"{text} word{number}{language}", intent, language)
        for number, (intent, text) in enumerate((intent, text) for intent in ENGLISH for text in ENGLISH[intent])
    ]


def marks(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"word\w+", text.lower())}


def test_no_model_is_asked_what_it_was_taught_in_whatever_spelling():
    watched = Watched()
    examples = marked()
    twins = [Example(f"{examples[3].text.upper()}!", "ask_pricing", "en"), Example(examples[9].text, "opt_out", "es")]
    cross_validate([*examples, *twins], watched, 5, ignore)
    assert sorted(text for _, texts in watched.asked for text in texts) == sorted(
        example.text for example in [*examples, *twins]
    )
    inside = marks([example.text for example in examples if example.intent != OUT_OF_SCOPE])
    for known, texts in watched.asked:
        assert known & inside == inside - marks(texts)


def test_the_name_of_an_intent_is_no_hint_for_an_example_that_says_the_same():
    watched = Watched()
    examples = examples_of({**ENGLISH, "cancel": ["cancel", "forget it", "never mind", "quit now"]})
    assert Example("cancel", "cancel", "") in with_names(examples)
    cross_validate(examples, watched, 4, ignore)
    assert ["cancel" in known for known, texts in watched.asked if "cancel" in texts] == [False]


def test_every_intent_and_language_is_spread_over_all_parts():
    examples = examples_of(ENGLISH) + examples_of(SPANISH, "es")
    parts = cross_validation.divide(examples, with_names(examples), 5)
    for language, intents in (("en", ENGLISH), ("es", SPANISH)):
        for intent, texts in intents.items():
            counts = [0] * 5
            for part, example in zip(parts, examples, strict=False):
                counts[part] += (example.intent, example.language) == (intent, language)
            assert sum(counts) == len(texts)
            assert max(counts) - min(counts) <= 1


def test_more_examples_of_an_intent_leave_those_of_all_others_in_their_parts():
    """Else two reports would differ by how the cards fell, and not by what the examples teach."""
    before = examples_of(ENGLISH) + examples_of(SPANISH, "es")
    intent = next(iter(ENGLISH))
    after = [*examples_of({intent: ["something new", "and more of it"]}), *before]
    places = [
        dict(zip(some, cross_validation.divide(some, with_names(some), 5).tolist(), strict=False))
        for some in (before, after)
    ]
    others = [one for one in before if (one.intent, one.language) != (intent, "en")]
    assert [places[0][one] for one in others] == [places[1][one] for one in others]


def test_each_part_is_fitted_once_for_each_value_that_is_tried(monkeypatch):
    fitted: list[int] = []

    class Counted(Fitted):
        def __init__(self, *arguments):
            fitted.append(len(arguments[1]))
            super().__init__(*arguments)

    monkeypatch.setattr(cross_validation, "Fitted", Counted)
    cross_validate(examples_of(ENGLISH), Understanding(LetterEncoder(), DEFAULTS), 5, ignore)
    assert len(fitted) == 5 * 2 + 1


def test_how_a_part_is_pooled_is_learnt_from_the_others_alone(monkeypatch):
    examples = examples_of(ENGLISH)
    taught = with_names(examples)
    parts = cross_validation.divide(examples, taught, 4)
    learnt: list[tuple[int, int, int]] = []
    real = cross_validation.intent_training.assemble

    def assemble(labels, fitted, targets, held_out, vectors, strange, encoder):
        learnt.append((len(targets), len(held_out.familiarity), len(vectors)))
        return real(labels, fitted, targets, held_out, vectors, strange, encoder)

    monkeypatch.setattr(cross_validation.intent_training, "assemble", assemble)
    cross_validate(examples, Understanding(LetterEncoder(), DEFAULTS), 4, ignore)
    inside = [part for part, one in zip(parts, taught, strict=True) if one.intent != OUT_OF_SCOPE]
    assert learnt == [*((len(inside) - inside.count(part),) * 3 for part in range(4)), (len(inside),) * 3]


def test_too_few_examples_are_said_to_be_too_few():
    with pytest.raises(ReportError, match="at least two examples"):
        cross_validate([Example("hello", "a", "en"), Example("price", "b", "en")], Watched(), 5, ignore)


def test_an_intent_with_a_single_example_is_asked_like_the_others():
    examples = [*examples_of(ENGLISH), Example("rare", "rare", "en")]
    found, model = cross_validate(examples, Watched(), 5, ignore)
    assert len(found) == len(examples)
    assert "rare" not in {one.intent for one in found}
    assert "rare" in model.labels
    assert model.read("rare", LetterEncoder().encode("rare"))[0].argmax() == model.labels.index("rare")


def test_examples_of_one_intent_alone_are_refused():
    with pytest.raises(TrainingError, match="at least two intents"):
        cross_validate(examples_of({"a": ["x", "y", "z"], "b": ["b"]}), Watched(), 3, ignore)


# Figures


def results(*rows: tuple[str, str, float]) -> list[tuple[Example, Found]]:
    return [(Example(f"{intent} {number}", intent, "en"), Found(found, confidence))
            for number, (intent, found, confidence) in enumerate(rows)]  # fmt: skip


TAKEN = results(
    ("a", "a", 0.95), ("a", "a", 0.85), ("a", "b", 0.97), ("b", "b", 0.55), ("b", OUT_OF_SCOPE, 0.5),
    (OUT_OF_SCOPE, OUT_OF_SCOPE, 0.9), (OUT_OF_SCOPE, "a", 0.2), (OUT_OF_SCOPE, OUT_OF_SCOPE, 1.0),
)  # fmt: skip


def test_precision_recall_and_f1_are_those_of_the_definition():
    found = figures.summary(TAKEN)
    assert found["accuracy"] == 0.625
    assert [(row["intent"], row["examples"], row["precision"], row["recall"], row["f1"])
            for row in found["per_intent"]] == [
        ("a", 3, 0.6667, 0.6667, 0.6667), ("b", 2, 0.5, 0.5, 0.5), (OUT_OF_SCOPE, 3, 0.6667, 0.6667, 0.6667),
    ]  # fmt: skip
    assert found["macro_f1"] == 0.6111
    assert found["per_language"] == [{"language": "en", "examples": 8, "accuracy": 0.625, "macro_f1": 0.6111}]


def test_each_language_has_figures_of_its_own():
    spanish = [(Example(f"es {number}", "a", "es"), Found("b", 0.4)) for number in range(2)]
    found = figures.summary([*TAKEN, *spanish])
    assert {row["language"]: row["accuracy"] for row in found["per_language"]} == {"en": 0.625, "es": 0.0}
    assert [row for row in found["per_intent"] if row["language"] == "es"] == [
        {"intent": "a", "language": "es", "examples": 2, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    ]


def test_scope_is_how_many_strangers_are_known_as_such_and_how_many_others_are_taken_for_one():
    assert figures.scope(TAKEN) == {"recall": 0.6667, "false_alarms": 0.2}
    assert figures.scope(results(("a", "a", 0.9))) == {"recall": None, "false_alarms": 0.0}


def test_confusions_are_counted_from_the_most_frequent_on_with_their_texts():
    taken = results(("a", "b", 0.5), ("b", "c", 0.5), ("b", "c", 0.6), ("c", "c", 0.6))
    taken.append((Example("ébé", "b", "fr"), Found("c", 0.5)))
    assert figures.confusions(taken) == [
        {"intent": "b", "taken_for": "c", "count": 3, "examples": ["b 1", "b 2", "ébé"],
         "languages": {"en": {"count": 2, "examples": ["b 1", "b 2"]}, "fr": {"count": 1, "examples": ["ébé"]}}},
        {"intent": "a", "taken_for": "b", "count": 1, "examples": ["a 0"],
         "languages": {"en": {"count": 1, "examples": ["a 0"]}}},
    ]  # fmt: skip


def test_only_a_confident_contradiction_makes_an_example_look_misplaced():
    assert [(row["text"], row["likelier"]) for row in figures.misplaced(TAKEN)] == [("a 2", "b")]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_calibration_counts_every_text_once_and_its_error_is_never_more_than_one(taken):
    found = figures.calibration(results(*(("a", "a" if right else "b", sure) for sure, right in taken)))
    assert sum(row["count"] for row in found["calibration"]) == len(taken)
    assert all((row["confidence"] is None) == (row["count"] == 0) for row in found["calibration"])
    assert all(one["to"] == other["from"] for one, other in pairwise(found["calibration"]))
    assert 0 <= found["calibration_error"] <= 1


def test_a_model_that_is_as_sure_as_it_is_right_has_no_calibration_error():
    sure = [("a", "a" if number < 8 else "b", 0.8) for number in range(10)]
    assert figures.calibration(results(*sure))["calibration_error"] == 0.0
    assert figures.calibration(results(*(("a", "b", 1.0),) * 3))["calibration_error"] == 1.0


# Likeness


def rows_of(examples: list[Example]) -> np.ndarray:
    return np.array([LetterEncoder().encode(example.text) for example in examples])


def test_what_stands_twice_is_found_under_two_intents_before_one():
    examples = [Example("Thank you", "thanks", "en"), Example("thank you!", "goodbye", "en"),
                Example("bye", "goodbye", "en"), Example("Bye.", "goodbye", "en")]  # fmt: skip
    found = likeness.duplicates(examples, rows_of(examples))
    assert [(row["text"], row["other"], row["intents"], row["same"]) for row in found] == [
        ("Thank you", "thank you!", ["thanks", "goodbye"], True), ("bye", "Bye.", ["goodbye"], True),
    ]  # fmt: skip


def test_the_same_word_in_two_languages_is_a_fault_only_where_it_means_two_things():
    examples = [Example("ok", "affirm", "en"), Example("ok", "affirm", "es"), Example("no", "deny", "en"),
                Example("no", "affirm", "de")]  # fmt: skip
    (found,) = likeness.duplicates(examples, rows_of(examples))
    assert (found["text"], found["intents"], found["languages"]) == ("no", ["deny", "affirm"], ["de", "en"])


def test_what_differs_by_a_hair_is_found_by_its_meaning_wherever_it_stands():
    chance = np.random.default_rng(1)
    vectors = chance.normal(size=(2500, 32))
    vectors[2400] = vectors[3] + chance.normal(size=32) * 0.1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    examples = [Example(f"text number {number}", "a", "en") for number in range(2500)]
    found = likeness.duplicates(examples, vectors.astype(np.float32))
    assert [(row["text"], row["other"], row["same"]) for row in found] == [("text number 3", "text number 2400", False)]
    assert 0.97 <= found[0]["similarity"] < 1


def test_coverage_names_each_intent_that_lacks_examples_in_a_language_that_is_there():
    examples = [*examples_of({"a": [f"a{number}" for number in range(15)], "b": ["b"], OUT_OF_SCOPE: ["x"]}),
                *examples_of({"a": ["á"]}, "es")]  # fmt: skip
    assert [(row["intent"], row["language"], row["examples"]) for row in likeness.coverage(examples)] == [
        ("b", "en", 1), ("b", "es", 0), ("a", "es", 1),
    ]  # fmt: skip


# The program


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Examples with a fault of each kind, and held-out texts of which one is an example."""
    folder = tmp_path_factory.mktemp("content")
    (folder / "intents").mkdir()
    faulty = {
        **ENGLISH,
        "ask_pricing": [*ENGLISH["ask_pricing"], "unsubscribe me from everything", "👍"],
        "request_demo": [*ENGLISH["request_demo"], "Price list?"],
    }
    (folder / "intents" / "core.en.yml").write_text(nlu(faulty))
    (folder / "intents" / "core.es.yml").write_text(nlu(SPANISH))
    held_out = {"ask_pricing": ["what would I pay", "how much is it?"], "opt_out": ["please unsubscribe me now"]}
    (folder / "held_out.yml").write_text(nlu(held_out))
    (folder / "held_out_es.yml").write_text(nlu({"ask_pricing": ["cuánto vale"]}))
    return folder


@pytest.fixture(scope="module")
def written(folder, encoder_dir) -> tuple[dict, list[str]]:
    out = folder / "report.json"
    done = run_module(
        "parley_rasa.report", "--nlu", folder / "intents", "--encoder", encoder_dir, "--out", out,
        "--held-out", folder / "held_out.yml", "--held-out", folder / "held_out_es.yml",
        "--vectors", folder / "vectors.bin",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(out.read_text("utf-8")), done.stdout.splitlines()


def test_the_report_counts_examples_by_language(written):
    found = written[0]
    assert found["languages"] == {"en": 32, "es": 15}
    assert (found["examples"], found["intents"], found["folds"]) == (47, 4, FOLDS)


def test_the_report_finds_a_text_that_stands_under_two_intents(written):
    first = written[0]["duplicates"][0]
    assert (first["text"], first["other"], first["same"]) == ("price list", "Price list?", True)
    assert first["intents"] == ["ask_pricing", "request_demo"]


def test_the_report_finds_an_example_under_the_wrong_intent(written):
    (confusion,) = (one for one in written[0]["confusions"] if "unsubscribe me from everything" in one["examples"])
    assert (confusion["intent"], confusion["taken_for"]) == ("ask_pricing", "opt_out")


def test_the_report_says_what_is_lacking_and_what_is_never_read(written):
    assert {(row["intent"], row["language"]): row["examples"] for row in written[0]["coverage"]} == {
        ("ask_pricing", "en"): 9, ("request_demo", "en"): 9, ("opt_out", "en"): 8,
        ("ask_pricing", "es"): 5, ("request_demo", "es"): 5, ("opt_out", "es"): 5,
    }  # fmt: skip
    assert written[0]["unread"] == [{"text": "👍", "intent": "ask_pricing", "language": "en"}]


def test_the_report_tells_held_out_texts_by_language_and_those_that_are_examples(written):
    held_out = written[0]["held_out"]
    assert {language: row["of"] for language, row in held_out["languages"].items()} == {"en": 3, "es": 1}
    assert held_out["of"] == held_out["right"] + len(held_out["wrong"]) == 4
    assert (written[0]["overlap"], written[0]["overlapping"]) == (1, ["how much is it?"])


def test_the_report_tells_its_progress(written):
    lines = written[1]
    assert lines[0] == "progress: 47 examples of 4 intents"
    assert all(line.startswith("progress: ") for line in lines)
    assert lines.count("progress: training the model without part 5") == 2
    assert lines[-1] == "progress: training the model of all examples"


def test_the_same_examples_give_the_same_report(folder, encoder_dir, written):
    setup = read_setup()
    encoder = Encoder(encoder_dir, setup["precision"], setup["max_tokens"])
    again = report(
        read_examples([folder / "intents"]), read_examples([folder / "held_out.yml", folder / "held_out_es.yml"]),
        Understanding(encoder, setup), FOLDS, ignore,
    )  # fmt: skip
    first = {**written[0]}
    assert first.pop("seconds") >= 0
    assert again.pop("seconds") >= 0
    assert json.loads(json.dumps(again)) == first


def test_vectors_are_kept_for_the_next_run(tmp_path):
    texts = ["price list", "unsubscribe me"]
    first = Understanding(LetterEncoder(), DEFAULTS, tmp_path / "kept")
    rows = first.vectors(texts)
    first.keep()

    class Silent(LetterEncoder):
        def encode(self, text):
            raise AssertionError(text)

    again = Understanding(Silent(), DEFAULTS, tmp_path / "kept")
    assert again.vectors(texts).tolist() == rows.tolist()


def test_the_report_has_the_names_of_the_protocol_and_no_others(written):
    section = (ROOT / "docs" / "reference" / "protocols.md").read_text("utf-8").split("`parley_rasa.report")[1]
    told = json.loads(re.sub(r"\s+//.*", "", section.split("```jsonc\n")[1].split("```")[0]))
    assert set(told) == set(written[0])
    lists = [name for name, value in told.items() if isinstance(value, list) and value and written[0][name]]
    assert {"duplicates", "confusions", "coverage", "unread", "calibration", "per_intent", "per_language"} <= set(lists)
    for name in lists:
        assert set(told[name][0]) == set(written[0][name][0]), name
    assert set(told["held_out"]) == set(written[0]["held_out"])
    assert set(told["held_out"]["wrong"][0]) == {"text", "intent", "found", "language", "confidence"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("nlu: [", "cannot be read"), ('version: "3.1"\nnlu: []\n', "no examples"),
     (nlu({"greet": ["hello", "hi"]}), "at least two intents")],
)  # fmt: skip
def test_what_cannot_be_reported_on_is_one_line_on_the_error_stream(tmp_path, encoder_dir, text, reason):
    (tmp_path / "x.en.yml").write_text(text)
    done = run_module("parley_rasa.report", "--nlu", tmp_path, "--encoder", encoder_dir, "--out", tmp_path / "out.json")
    assert done.returncode == 1
    assert re.fullmatch(rf"report: [^\n]*{reason}[^\n]*\n", done.stderr)
    assert not (tmp_path / "out.json").exists()


def test_another_threshold_in_the_configuration_is_the_reports_too():
    strict = Understanding(LetterEncoder(), {**DEFAULTS, "threshold": 1.0})
    found, model = cross_validate(examples_of(ENGLISH), strict, 5, ignore)
    assert {one.intent for one in found} == {OUT_OF_SCOPE}
    assert {one.intent for one in strict.classify(model, ["price list", "demo"])} == {OUT_OF_SCOPE}


def test_the_model_of_all_is_the_bots_but_for_how_it_is_pooled():
    examples = examples_of(ENGLISH)
    understanding = Understanding(LetterEncoder(), {**DEFAULTS, "c": 0.5})
    model = cross_validate(examples, understanding, 5, ignore)[1]
    taught = with_names(examples)
    texts = [example.text for example in taught]
    bots = train(texts, [example.intent for example in taught], understanding.vectors(texts), "letters", 0.5)
    assert model.labels == bots.labels
    assert sorted(map(tuple, model.meaning.examples)) == sorted(map(tuple, bots.meaning.examples))
    np.testing.assert_allclose(model.coefficients, bots.coefficients, atol=5e-3)
    np.testing.assert_allclose(model.meaning.coefficients, bots.meaning.coefficients, atol=1e-2)


def test_what_is_no_language_is_out_of_scope_as_it_is_to_the_bot():
    understanding = Understanding(LetterEncoder(), DEFAULTS)
    model = cross_validate(examples_of(ENGLISH), understanding, 5, ignore)[1]
    for text in ("👍", "/start", "...", "!!", "/ask_pricing{}"):
        assert understanding.classify(model, [text]) == [Found(OUT_OF_SCOPE, 1.0)]
