"""Faults in content files: each names file, line and step, and all of them are found at once."""

from __future__ import annotations

import pytest

from flows.compiler import load_content
from flows.errors import FlowsRefused
from tests.flows.authoring import copy_content, edit

FLOW = "library/demo_request/flow.yml"
WORDING = "library/demo_request/wording.en.yml"
PATTERNS = "library/patterns/wording.en.yml"
JOURNEY = "journeys/demo_follow_up/journey.yml"


@pytest.fixture
def copied(tmp_path):
    return copy_content(tmp_path)


def faults(copied):
    with pytest.raises(FlowsRefused) as refused:
        load_content(*copied)
    return refused.value.faults


def line_of(path, text):
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (FLOW, "step: ask_email", "step: ask_emial", ("model.union_tag_invalid", "ask_email")),
        (FLOW, "max_length: 60", "max_lenght: 60", ("model.extra_forbidden", "ask_first_name")),
        (FLOW, "slot: timeline\n", "slot: time_line\n", ("slot.unknown", "ask_timeline")),
        (FLOW, "purpose: marketing", "purpose: fun", ("model.literal_error", "ask_marketing")),
        (FLOW, "value: looking}", "value: lokking}", ("condition.value", "by_goal")),
        (FLOW, "to: end_later}", "to: end_latter}", ("target.missing", "by_carry_on")),
        (FLOW, "journey: demo_follow_up", "journey: demo_folow_up", ("journey.unknown", "begin_follow_up")),
        (FLOW, "{if: {slot: carry_on", "{condition: {slot: carry_on", ("model.extra_forbidden", "by_carry_on")),
        (FLOW, "language: en", "language: [en", ("yaml", None)),
        (FLOW, "flow: demo_request", "flow: demo", ("name.folder", None)),
        (FLOW, "nlu_triggers: [request_demo]", "nlu_triggers: [ask_trial]", ("trigger.taken", None)),
        (FLOW, "nlu_triggers: [request_demo]", "nlu_triggers: [request_demo, request_demo]", ("trigger.taken", None)),
        (WORDING, "ask_goal:", "ask_gaol:", ("wording.unused", "ask_gaol")),
        (WORDING, "    250+: 250", "    250: 250", ("wording.unused", "ask_team_size")),
        (WORDING, "  text: And we won't", "  txet: And we won't", ("model.extra_forbidden", None)),
        (WORDING, "    default: >-\n      And where", "    web: >-\n      And where", ("model.value_error", None)),
        (FLOW, "{request_demo: demo}", "{request_demo: demon}", ("model.value_error", "ask_goal")),
        (WORDING, "    no_plan:\n      - no plan", "    no_plam:\n      - no plan", ("wording.unused", "ask_timeline")),
        (WORDING, "ask_marketing:\n", "ask_marketing:\n  again: May we?\n", ("wording.consent", "ask_marketing")),
        (PATTERNS, "goodbye:", "godbye:", ("wording.unused", "godbye")),
        (PATTERNS, "{{ label | answer }}", "{{ lable | answer }}", ("wording.name", "corrected")),
        (JOURNEY, "duration: 2 days", "duration: two days", ("model.value_error", "two_days")),
        (
            JOURNEY,
            "fact: qualification, op: is, value: warm",
            "slot: goal, op: known",
            ("condition.slot", "by_qualification"),
        ),
        (
            JOURNEY,
            "fact: qualification, op: is, value: warm",
            "fact: mood, op: known",
            ("fact.unknown", "by_qualification"),
        ),
        (JOURNEY, "exit_when: [opted_out,", "exit_when: [", ("exit.opt_out", None)),
        (JOURNEY, "\n  - id: done\n    step: exit\n    outcome: completed\n", "\n", ("exit.missing", "last_mail")),
    ],
)
def test_a_fault_names_its_file_line_and_step(copied, file, old, new, expected):
    rule, step = expected
    path = copied[0] / file
    edit(path, lambda text: text.replace(old, new, 1))

    found = {(error.rule, error.file, error.step): error for error in faults(copied)}

    assert (rule, file, step) in found
    error = found[rule, file, step]
    assert error.problem
    assert error.remedy
    changed = [part for part in new.splitlines() if part.strip()]
    if changed and rule != "yaml":
        assert abs(error.line - line_of(path, changed[0])) <= 3


def test_all_faults_are_found_at_once(copied):
    content, knowledge = copied
    edit(content / FLOW, lambda text: text.replace("to: end_later}", "to: nowhere}"))
    edit(content / WORDING, lambda text: text.replace("meet you, {{ first_name }}", "meet you, {{ frist_name }}"))
    edit(content / PATTERNS, lambda text: text.replace("too_long:", "to_long:"))
    edit(content / JOURNEY, lambda text: text.replace("channels: [web]", "channels: [fax]"))
    edit(knowledge / "trial.md", lambda text: text.replace("link: https", "link: http"))
    (content / "library" / "library.yml").unlink()

    rules = {(error.file, error.rule) for error in faults(copied)}

    assert rules >= {
        (FLOW, "target.missing"),
        (FLOW, "step.unreachable"),
        (WORDING, "wording.name"),
        (PATTERNS, "wording.missing"),
        (PATTERNS, "wording.unused"),
        (JOURNEY, "model.literal_error"),
        ("knowledge/trial.md", "model.string_pattern_mismatch"),
        ("library/library.yml", "file.missing"),
    }


def test_a_journey_that_cannot_be_read_is_not_called_unknown(copied):
    edit(copied[0] / JOURNEY, lambda text: text.replace("re_entry: never", "re_entry: sometimes"))

    assert {error.rule for error in faults(copied)} == {"model.literal_error"}


def test_missing_wording_files_are_faults(copied):
    for file in (WORDING, PATTERNS, "journeys/demo_follow_up/wording.en.yml"):
        (copied[0] / file).unlink()

    found = [(error.rule, error.file) for error in faults(copied)]

    assert found == [("wording.missing", JOURNEY), ("wording.missing", FLOW), ("wording.missing", PATTERNS)]


def test_a_file_that_is_not_utf_8_is_a_fault(copied):
    (copied[0] / WORDING).write_bytes(b"welcome: \xff\xfe")

    assert ("file.encoding", WORDING) in [(error.rule, error.file) for error in faults(copied)]


def test_an_entry_flow_that_does_not_exist_is_a_fault(copied):
    edit(copied[0] / "library/library.yml", lambda text: text.replace("demo_request", "demo"))

    assert [(error.rule, error.line) for error in faults(copied)] == [("flow.unknown", 2)]


def test_an_empty_content_folder_is_refused(tmp_path):
    assert {error.rule for error in faults((tmp_path, tmp_path))} >= {"file.missing", "wording.missing"}


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("No front matter", "article.front_matter", 1),
        ("---\nintent: ask_x\ntitle: X\nlink: https://x.example\n---\n\n", "article.empty", 6),
        ("---\nintent: ask_x\ntitle: X\nlink: https://x.example\n---\nok\n\n<b>no</b>\n", "article.markup", 8),
        ("---\nintent: ask_x\ntitle: X\nlink: https://x.example\n---\n" + "long " * 300, "article.long", 6),
        ("---\nintent: ask_x\nlink: https://x.example\n---\nText.\n", "model.missing", 2),
        ("---\nintent: Ask X\ntitle: X\nlink: https://x.example\n---\nText.\n", "model.string_pattern_mismatch", 2),
        ("---\nintent: [\n---\nText.\n", "yaml", 2),
        ("---\nintent: ask_trial\ntitle: X\nlink: https://x.example\n---\nText.\n", "answer.twice", 2),
        ("---\nintent: ask_x\ntitle: X\nlink: https://x.example\nlanguage: de\n---\nText.\n", "answer.language", 2),
    ],
)
def test_a_fault_in_an_article_names_its_line(copied, text, rule, line):
    (copied[1] / "zzz.md").write_text(text, encoding="utf-8")

    found = [(error.rule, error.line) for error in faults(copied) if error.file == "knowledge/zzz.md"]

    assert found == [(rule, line)]
