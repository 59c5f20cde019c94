"""The sets of opt-outs and near misses: enough of them, well formed, and the test set kept apart from the others."""

from __future__ import annotations

from itertools import combinations

import pytest
import yaml

from benchmarks.nlu_opt_out import LANGUAGES, SETS, TEST_SETS, TEXTS, overlap, read_texts

CHANNELS = {"web", "sms", "email", "telegram", "voice"}
NAMED = {*CHANNELS, "whatsapp"}  # people name channels that we do not have


def test_there_are_enough_texts_of_both_kinds() -> None:
    texts = [one for kind in SETS for one in read_texts(kind)]
    assert sum(one.is_opt_out for one in texts) >= 600
    assert sum(not one.is_opt_out for one in texts) >= 900


@pytest.mark.parametrize(("kind", "other"), list(combinations(SETS, 2)))
def test_no_text_is_in_two_sets(kind, other) -> None:
    """Only counted, so that a failure shows nobody a text of the test set."""
    shared = len(overlap(kind, other))
    assert shared == 0, f"take {shared} texts out of {other}.*.yml without looking at them"


def test_no_everyday_text_is_in_the_test_set() -> None:
    everyday = {text for language in LANGUAGES for text in _content(f"everyday.{language}")["texts"]}
    shared = len(everyday & {one.text for kind in TEST_SETS for one in read_texts(kind)})
    assert shared == 0


@pytest.mark.parametrize("name", sorted(path.stem for files in SETS.values() for path in TEXTS.glob(files)))
def test_each_text_says_what_it_is(name) -> None:
    content, language = _content(name), name.rpartition(".")[2]
    assert content["licence"] == "CC0-1.0"
    wrong = 0
    for one in (*content["opt_out"], *content["near_miss"]):
        scope = one.get("scope", {"purpose": "all"})
        good = one["language"] == language and one["channel"] in CHANNELS and bool(one["text"].strip())
        channels = scope.get("channels", "all")
        good = good and scope["purpose"] in {"all", "marketing"} and (channels == "all" or set(channels) <= NAMED)
        wrong += not good
    wrong += sum("scope" in one for one in content["near_miss"])
    assert wrong == 0


def test_each_set_has_its_own_author() -> None:
    authors = [{_content(path.stem)["author"] for path in TEXTS.glob(files)} for files in SETS.values()]
    assert all(not one & other for one, other in combinations(authors, 2))


def _content(name: str) -> dict:
    return yaml.load((TEXTS / f"{name}.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
