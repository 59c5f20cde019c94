"""The compiled form: as the protocol says, the same bytes for the same content, a new version for a change."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from click.testing import CliRunner

from flows.compiler import canonical_json, compile_flows, compile_journeys, load_content, main
from flows.wording_models import PATTERNS
from tests.flows.authoring import copy_content, edit


def flow_versions(compiled):
    return {name: flow["version"] for name, flow in compiled["flows"].items()}


@pytest.fixture
def copied(tmp_path):
    return copy_content(tmp_path)


def test_compiling_twice_gives_the_same_bytes(copied):
    assert canonical_json(compile_flows(load_content())) == canonical_json(compile_flows(load_content(*copied)))


def test_the_version_is_the_hash_of_the_rest():
    compiled = compile_flows(load_content())
    rest = {key: value for key, value in compiled.items() if key != "version"}

    assert compiled["version"] == hashlib.sha256(canonical_json(rest).encode()).hexdigest()[:12]


def test_every_step_has_the_fields_of_the_protocol():
    steps = compile_flows(load_content())["flows"]["demo_request"]["steps"]

    assert steps["welcome"] == {"step": "ai_notice", "next": [{"to": "by_history"}]}
    assert steps["ask_goal"] == {
        "step": "ask_choice",
        "slot": "goal",
        "choices": ["demo", "switch", "pricing", "looking"],
        "intents": {"request_demo": "demo"},
        "skip_if_known": True,
        "retries": 2,
        "optional": True,
        "next": [{"to": "by_goal"}],
    }
    assert steps["ask_email"] == {
        "step": "ask_email",
        "slot": "email",
        "skip_if_known": True,
        "retries": 2,
        "optional": True,
        "next": [
            {"if": {"slot": "email", "op": "known"}, "to": "ask_marketing"},
            {"if": {"slot": "phone", "op": "known"}, "to": "say_call"},
            {"to": "end_no_way"},
        ],
    }
    assert steps["ask_marketing"] == {
        "step": "ask_consent",
        "slot": "marketing",
        "purpose": "marketing",
        "channels": ["email"],
        "skip_if_known": False,
        "retries": 2,
        "optional": True,
        "next": [{"to": "mark_sent"}],
    }
    assert steps["by_carry_on"]["next"] == [
        {"if": {"slot": "carry_on", "op": "is", "value": "go_on"}, "to": "ask_first_name"},
        {"to": "end_later"},
    ]
    assert steps["qualify"]["outcomes"] == {"hot": 60, "warm": 30}
    assert {"if", "points", "reason"} == set(steps["qualify"]["points"][0])
    assert steps["end_later"] == {"step": "end", "outcome": "not_now", "next": []}


def test_every_way_leads_to_a_step_and_every_speaking_step_has_words():
    compiled = compile_flows(load_content())
    for name, flow in compiled["flows"].items():
        words = compiled["wording"]["en"][name]
        assert flow["first"] in flow["steps"]
        for step_id, step in flow["steps"].items():
            assert all(option["to"] in flow["steps"] for option in step["next"])
            if step["step"].startswith("ask_"):
                assert words[step_id]["text"]["default"]
                assert words[step_id]["retry"]["default"]
            assert set(step.get("choices", ())) <= set(words.get(step_id, {}).get("choices", {}))


def test_every_question_says_why_it_is_asked():
    compiled = compile_flows(load_content())
    words = compiled["wording"]["en"]["demo_request"]
    asking = [
        name for name, step in compiled["flows"]["demo_request"]["steps"].items() if "slot" in step and name in words
    ]

    assert len(asking) == 12
    assert [name for name in asking if not words[name].get("help")] == []


def test_other_names_of_a_choice_are_handed_to_the_bot_and_never_shown():
    words = compile_flows(load_content())["wording"]["en"]["demo_request"]["ask_timeline"]

    assert "asap" in words["also"]["this_month"]
    assert words["choices"]["this_month"] == {"default": "This month"}


def test_patterns_and_answers_are_complete():
    compiled = compile_flows(load_content())

    assert set(compiled["wording"]["en"]["patterns"]) == set(PATTERNS)
    assert len(compiled["answers"]) == 11
    for answer in compiled["answers"].values():
        assert answer["link"].startswith("https://northwind-ledger.example/")
        assert answer["text"]["en"]


def test_the_compiled_journey_is_as_outreach_reads_it():
    journey = compile_journeys(load_content())["demo_follow_up"]

    assert re.fullmatch(r"[0-9a-f]{12}", journey["version"])
    assert journey["first"] == "settle"
    assert journey["steps"]["settle"] == {"step": "wait_for", "seconds": 600, "next": [{"to": "by_qualification"}]}
    assert journey["steps"]["mail_hot"] == {
        "step": "send",
        "channels": ["email"],
        "purpose": "marketing",
        "next": [{"to": "still_here"}],
    }
    assert journey["steps"]["done"] == {"step": "exit", "outcome": "completed"}
    assert set(journey["wording"]["en"]["mail_hot"]) == {"subject", "text"}
    assert json.loads(canonical_json(journey)) == journey


def test_new_wording_gives_the_flow_a_new_version(copied):
    before = compile_flows(load_content(*copied))
    edit(copied[0] / "library/demo_request/wording.en.yml", lambda text: text.replace("What brings", "So what brings"))

    after = compile_flows(load_content(*copied))

    assert after["version"] != before["version"]
    assert flow_versions(after) != flow_versions(before)


def test_a_new_answer_changes_the_whole_but_not_the_flow(copied):
    before = compile_flows(load_content(*copied))
    edit(copied[1] / "trial.md", lambda text: text.replace("60 days", "90 days"))

    after = compile_flows(load_content(*copied))

    assert after["version"] != before["version"]
    assert flow_versions(after) == flow_versions(before)


def test_a_second_language_is_compiled_beside_the_first(copied):
    content, knowledge = copied
    for folder in ("library/demo_request", "library/patterns", "journeys/demo_follow_up"):
        english = (content / folder / "wording.en.yml").read_text(encoding="utf-8")
        (content / folder / "wording.it.yml").write_text(english, encoding="utf-8")
    italian = (knowledge / "trial.md").read_text(encoding="utf-8").replace("intent:", "language: it\nintent:")
    italian = italian.replace("Yes.", "Sì.").replace("Can I try it for free?", "Posso provarlo gratis?")
    (knowledge / "trial.it.md").write_text(italian, encoding="utf-8")

    compiled = compile_flows(load_content(content, knowledge))
    answer = compiled["answers"]["ask_trial"]

    assert {"en", "it"} <= set(compiled["wording"])
    assert set(compiled["wording"]["it"]) == {"demo_request", "patterns"}
    assert answer["text"]["it"].startswith("Sì.")
    assert (answer["title"], answer["titles"]["it"]) == ("Can I try it for free?", "Posso provarlo gratis?")


def test_the_command_writes_the_compiled_flows_and_journeys(tmp_path, copied):
    out, journeys = tmp_path / "out" / "flows.json", tmp_path / "out" / "journeys.json"

    result = CliRunner().invoke(
        main,
        [
            "--content",
            str(copied[0]),
            "--knowledge",
            str(copied[1]),
            "--out",
            str(out),
            "--journeys-out",
            str(journeys),
        ],
    )

    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text(encoding="utf-8")) == compile_flows(load_content())
    assert json.loads(journeys.read_text(encoding="utf-8")) == compile_journeys(load_content())
    assert sorted(path.name for path in out.parent.iterdir()) == ["flows.json", "journeys.json"]


def test_the_command_writes_nothing_when_there_are_faults(tmp_path, copied):
    edit(copied[0] / "library/demo_request/flow.yml", lambda text: text.replace("journey: demo", "journey: gone"))

    result = CliRunner().invoke(
        main, ["--content", str(copied[0]), "--knowledge", str(copied[1]), "--out", str(tmp_path / "flows.json")]
    )

    assert result.exit_code == 1
    assert "library/demo_request/flow.yml:" in result.stderr
    assert "gone_follow_up does not exist" in result.stderr
    assert not (tmp_path / "flows.json").exists()
