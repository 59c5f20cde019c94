"""What changes are measured with is read from the content folder; what is not there is no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.material import Material, MaterialUnreadable, Question, read_material
from flows.intent_examples import examples_by_intent
from server.settings import ROOT


def test_without_any_there_is_nothing_to_measure_with(tmp_path: Path) -> None:
    assert read_material(tmp_path) == Material()
    assert read_material(tmp_path / "nowhere") == Material()


def test_the_shipped_texts_and_questions_are_read_and_nothing_else() -> None:
    material = read_material(ROOT / "nlu_data" / "evaluation")
    assert {"held_out.yml", "held_out_es.yml"} <= set(material.held_out)
    assert all(name.startswith("held_out") for name in material.held_out)
    assert len(examples_by_intent(material.held_out)) > 30
    assert len(material.questions) >= 150
    assert {"en", "es"} <= {question.language for question in material.questions}
    articles = {path.stem for path in (ROOT / "nlu_data" / "knowledge").glob("*.md")}
    assert {question.article for question in material.questions} <= articles


@pytest.mark.parametrize("text", ["questions: [", "- a\n", "questions:\n  - {text: a}\n", "questions: 3\n", "\xff"])
def test_questions_that_cannot_be_read_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "knowledge_questions.yml").write_text(text, "latin-1")
    with pytest.raises(MaterialUnreadable, match=r"knowledge_questions\.yml"):
        read_material(tmp_path)


def test_a_question_is_english_unless_it_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "knowledge_questions.yml").write_text("questions:\n  - {text: a, article: b, author: c}\n")
    assert read_material(tmp_path).questions == (Question(text="a", article="b", language="en"),)
