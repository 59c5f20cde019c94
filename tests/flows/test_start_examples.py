"""A flow may hold what people say to start it: the bot is trained on it, and no sentence means two things."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.compiler import compile_flows, load_content
from flows.content_tree import INTENTS
from flows.errors import FlowsRefused
from flows.intent_examples import examples_by_intent, training_files, write_examples
from tests.flows.authoring import copy_content

FIVE = ("sign me up for news", "I want your newsletter", "news by mail, please", "keep me posted", "add me to the list")


@pytest.fixture
def load(tmp_path):
    """Loads the shipped content with examples written into a flow that no intent starts."""
    content, knowledge = copy_content(tmp_path)
    file = content / "library" / "reorder_check_in" / "flow.yml"
    before = file.read_text()

    def load(given, intents=()):
        folder = tmp_path / "intents"
        folder.mkdir(exist_ok=True)
        known = dict.fromkeys(load_content().intents or (), ()) | dict(intents)
        (folder / "some.en.yml").write_text(write_examples(known))
        lines = [f"  {language}: {list(texts)}\n" for language, texts in given.items()]
        if lines:
            file.write_text(before.replace("\nsteps:\n", f"\nstart_examples:\n{''.join(lines)}\nsteps:\n", 1))
        return load_content(content, knowledge, folder)

    return load


def test_a_flow_with_examples_of_its_own_is_started_by_an_intent_of_its_own(load):
    compiled = compile_flows(load({"en": FIVE}))
    assert compiled["flows"]["reorder_check_in"]["nlu_triggers"] == ["start_reorder_check_in"]


@pytest.mark.parametrize(
    ("texts", "intents", "rule", "path"),
    [
        (FIVE[:4], {}, "start.few", ("start_examples",)),
        ((*FIVE[:4], FIVE[0].upper() + "!"), {}, "start.few", ("start_examples",)),
        (FIVE, {"request_demo": (FIVE[2].upper(),)}, "start.taken", ("start_examples", "en", 2)),
        (("/start", *FIVE), {}, "model.string_pattern_mismatch", ("start_examples", "en", 0)),
        (("[a](b)", *FIVE), {}, "model.string_pattern_mismatch", ("start_examples", "en", 0)),
    ],
)
def test_what_cannot_be_learnt_is_refused_where_it_stands(load, texts, intents, rule, path):
    with pytest.raises(FlowsRefused) as refused:
        load({"en": texts}, intents)
    assert [(fault.rule, fault.path) for fault in refused.value.faults if "reorder" in fault.file] == [(rule, path)]


def test_examples_that_a_colleague_took_in_from_messages_count_too(load):
    taken_in = {"start_reorder_check_in": ("news, please", FIVE[0])}
    assert load({"en": FIVE[:4]}, taken_in).flows["reorder_check_in"].model.triggers


def test_the_intent_of_a_flow_s_own_is_no_article_s_too(load, tmp_path):
    (tmp_path / "knowledge" / "reorder.md").write_text("---\ntitle: How?\nintent: start_reorder_check_in\n---\nSo.\n")
    with pytest.raises(FlowsRefused) as refused:
        load({"en": FIVE})
    (fault,) = [fault for fault in refused.value.faults if fault.rule == "trigger.taken"]
    assert (fault.file, fault.path) == ("library/reorder_check_in/flow.yml", ("start_examples",))


def test_without_examples_nothing_starts_it(load):
    assert load({}).flows["reorder_check_in"].model.triggers == ()


SENTENCES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@given(st.dictionaries(st.sampled_from(["en", "de", "no"]), st.lists(SENTENCES, min_size=1, max_size=4), max_size=3))
def test_what_is_trained_on_is_what_the_flows_hold_whatever_is_written(written):
    flow = yaml.safe_dump({"flow": "news", "start_examples": written, "steps": []}, allow_unicode=True)
    files = training_files({"library/news": {"flow.yml": flow}, INTENTS: {"begun_by_flows.en.yml": "nlu: []"}})
    assert files["begun_by_flows.en.yml"] == "nlu: []"
    expected = [" ".join(text.split()) for texts in written.values() for text in texts]
    assert sorted(examples_by_intent(files).get("start_news", ())) == sorted(expected)
    assert len(files) == 1 + len(written)
