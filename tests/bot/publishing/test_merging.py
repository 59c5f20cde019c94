"""Two people edit one draft: what only one changed is in it, what both changed is told, and nothing is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.publishing.content_parts import ORDER, PartName, join, split
from bot.publishing.merging import merge
from bot.publishing.part_changes import compare
from flows.content_data import ContentData, same


def step(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "step": "message", **fields}


def data(*steps: dict[str, Any], words: dict[str, Any] | None = None, **settings: Any) -> ContentData:
    return ContentData({"flow": "one", **settings}, list(steps), {"en": words or {}}, None)


BASE = data(step("a"), step("b"), step("c"), words={"a": {"text": "A"}, "b": {"text": "B"}}, name="One")


def ids(content: ContentData) -> list[str]:
    return [one["id"] for one in content.steps]


def test_different_steps_changed_by_two_people_are_both_in_it():
    theirs = data(step("a", next="c"), step("b"), step("c"), words=BASE.wording["en"], name="One")
    mine = data(step("a"), step("b", next="c"), step("c"), words=BASE.wording["en"], name="Mine")

    found = merge(BASE, theirs, mine)

    assert found.clashes == []
    assert [one.get("next") for one in found.data.steps] == ["c", "c", None]
    assert found.data.settings == {"flow": "one", "name": "Mine"}
    assert found.theirs == [PartName("step", "a")]


def test_one_step_changed_by_two_people_is_told_with_all_three_and_nothing_is_decided():
    theirs = data(step("a", next="c"), step("b"), step("c"), words=BASE.wording["en"], name="One")
    mine = data(step("a", next="b"), step("b"), step("c"), words=BASE.wording["en"], name="One")

    (clash,) = merge(BASE, theirs, mine).clashes

    assert clash.part == PartName("step", "a")
    assert [one.get("next") for one in (clash.base, clash.theirs, clash.mine)] == [None, "c", "b"]


def test_the_same_change_made_twice_is_no_clash():
    both = data(step("a", next="c"), step("b"), step("c"), words={**BASE.wording["en"], "c": {"text": "C"}}, name="Two")

    found = merge(BASE, both, both)

    assert (found.clashes, found.theirs) == ([], [])
    assert same(vars(found.data), vars(both))


def test_a_step_that_one_took_away_and_the_other_changed_is_a_clash():
    gone = data(step("a"), step("c"), words={"a": {"text": "A"}}, name="One")
    changed = data(step("a"), step("b", next="c"), step("c"), words=BASE.wording["en"], name="One")

    for theirs, mine in ((gone, changed), (changed, gone)):
        (clash,) = merge(BASE, theirs, mine).clashes
        assert clash.part == PartName("step", "b")
        assert (clash.theirs is None, clash.mine is None) == (theirs is gone, mine is gone)


def test_words_and_definition_of_a_step_and_its_words_in_another_language_are_parts_of_their_own():
    theirs = ContentData(BASE.settings, BASE.steps, {**BASE.wording, "de": {"a": {"text": "A auf Deutsch"}}}, None)
    mine = data(
        step("a", next="c"), step("b"), step("c"), words={**BASE.wording["en"], "a": {"text": "Hey"}}, name="One"
    )

    found = merge(BASE, theirs, mine)

    assert found.clashes == []
    assert found.data.wording == {
        "en": {"a": {"text": "Hey"}, "b": {"text": "B"}},
        "de": {"a": {"text": "A auf Deutsch"}},
    }
    assert found.data.steps[0] == step("a", next="c")


def test_new_steps_of_both_stand_behind_what_each_put_them_behind():
    theirs = data(step("a"), step("x"), step("b"), step("c"), words=BASE.wording["en"], name="One")
    mine = data(step("a"), step("b"), step("c"), step("y"), words=BASE.wording["en"], name="One")

    assert ids(merge(BASE, theirs, mine).data) == ["a", "x", "b", "c", "y"]
    assert ids(merge(BASE, mine, theirs).data) == ["a", "x", "b", "c", "y"]


def test_an_order_that_one_changed_is_kept_and_one_that_both_changed_is_a_clash():
    moved = data(step("b"), step("a"), step("c"), words=BASE.wording["en"], name="One")
    grown = data(step("a"), step("b"), step("c"), step("d"), words=BASE.wording["en"], name="One")
    other = data(step("a"), step("c"), step("b"), words=BASE.wording["en"], name="One")

    assert ids(merge(BASE, moved, grown).data) == ["b", "a", "c", "d"]
    assert ids(merge(BASE, grown, moved).data) == ["b", "a", "c", "d"]
    assert [clash.part for clash in merge(BASE, moved, other).clashes] == [ORDER]


def test_slots_added_by_two_people_are_both_there():
    base = ContentData({"slots": {"size": {"type": "choice"}}})
    theirs = ContentData({"slots": {"size": {"type": "choice"}, "name": {"type": "text"}}})
    mine = ContentData({"slots": {"size": {"type": "choice", "label": "size"}}})

    assert merge(base, theirs, mine).data.settings["slots"] == {
        "size": {"type": "choice", "label": "size"}, "name": {"type": "text"},
    }  # fmt: skip


_STEPS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)
_WORDS = st.dictionaries(st.sampled_from("abcdef"), st.builds(lambda text: {"text": text}, st.sampled_from("xyz")))
_CONTENT = st.builds(
    lambda order, ways, words, name: ContentData(
        {"name": name, "slots": {}}, [step(one, next=ways.get(one, "z")) for one in order], {"en": words}, None
    ),
    _STEPS,
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz")),
    _WORDS,
    st.sampled_from(["one", "two", "three"]),
)


@given(_CONTENT, _CONTENT, _CONTENT)
def test_whatever_two_people_do_each_part_that_only_one_changed_is_as_they_left_it(base, theirs, mine):
    found = merge(base, theirs, mine)
    before, other, own, merged = split(base), split(theirs), split(mine), split(found.data)
    clashing = {clash.part for clash in found.clashes}

    for part in {*before, *other, *own} - {ORDER} - clashing:
        if same(before.get(part), other.get(part)):
            assert same(merged.get(part), own.get(part)), part
        elif same(before.get(part), own.get(part)):
            assert same(merged.get(part), other.get(part)), part
        else:
            assert same(merged.get(part), own.get(part)), part
            assert same(merged.get(part), other.get(part)), part


@given(_CONTENT, _CONTENT)
def test_whoever_was_alone_gets_what_they_saved(base, mine):
    assert same(vars(merge(base, base, mine).data), vars(mine))
    assert merge(base, base, mine).clashes == []


@given(_CONTENT)
def test_parts_put_together_again_are_what_was_taken_apart(content):
    assert same(vars(join(split(content), (content,))), vars(content))


def test_a_diff_names_parts_and_fields():
    after = data(step("c"), step("a", next="c"), words={"a": {"text": "Aha"}}, name="Two", guard={"all": []})

    told = {(one.part.kind, one.part.name, one.change): [f.field for f in one.fields] for one in compare(BASE, after)}

    assert told[("step", "a", "changed")] == ["next"]
    assert told[("step", "b", "removed")] == ["id", "step"]
    assert told[("wording", "a", "changed")] == ["text"]
    assert ("wording", "b", "removed") in told
    assert told[("setting", "name", "changed")] == [""]
    assert ("setting", "guard", "added") in told
    assert [kind for kind in told if kind[2] == "moved"] in ([("step", "c", "moved")], [("step", "a", "moved")])
