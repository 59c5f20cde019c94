"""`parley flows check`, `test`, `simulate`, `export` and `import` on a small content folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.content_tree import write_tree
from server.settings import ROOT
from tests.bot.publishing.small_site import FLOW, TESTS, WORDS, asks_the_size, hello, small_site
from tests.bot.scripted_dialogue import SECRET, scripted_dialogue
from tests.server.command_line import CommandLine, data_folder

ANOTHER_TEST = """- name: the company is asked first
  talk:
    - bot: ask_company
"""


@pytest.fixture
def parley(tmp_path: Path) -> CommandLine:
    """On the small site's flows and the shipped examples, for which there is a model."""
    settings = {
        "PARLEY_DATA_DIR": str(data_folder(tmp_path / "data")),
        "PARLEY_CONTENT_DIR": str(tmp_path / "content"),
        "PARLEY_NLU_DIR": str(ROOT / "nlu_data"),
    }
    write_tree(small_site(), tmp_path / "content", tmp_path / "nlu")
    return CommandLine(tmp_path, settings)


async def test_contents_without_fault_are_counted(parley: CommandLine) -> None:
    done = await parley("check")
    assert (done.code, done.out) == (0, "1 flows, 1 journeys, 1 test conversations: no fault.\n")


async def test_every_fault_is_shown_with_its_file_line_and_remedy(parley: CommandLine) -> None:
    write_tree(small_site(library__hello=hello(FLOW.replace("slot: company", "slot: firm"))), parley.folder / "content")
    done = await parley("check")
    lines = done.out.splitlines()
    assert done.code == 1
    assert any(line.startswith("library/hello/flow.yml:18: step ask_company:") and "firm" in line for line in lines)
    assert done.err == f"{len(lines)} fault{'s' * (len(lines) > 1)}.\n"


@pytest.mark.parametrize("command", ["test", "simulate"])
async def test_what_has_faults_is_neither_tested_nor_tried(parley: CommandLine, command: str) -> None:
    write_tree(small_site(library__hello=hello(FLOW.replace("slot: company", "slot: firm"))), parley.folder / "content")
    done = await parley(command)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("library/hello/flow.yml:18: ")
    assert done.err.splitlines()[-1].startswith("parley: ")


async def test_a_folder_that_is_none_and_a_flow_that_is_none_are_told(parley: CommandLine) -> None:
    assert (await parley("check", "--content", str(parley.folder / "nowhere"))).code == 2
    done = await parley("test", "helo")
    assert (done.code, done.err) == (1, "parley: There is no flow helo; there are: hello.\n")


async def test_test_conversations_are_played_on_a_real_dialogue_process_that_is_started_for_it(
    parley: CommandLine,
) -> None:
    tests = hello(tests=TESTS + ANOTHER_TEST)
    write_tree(small_site(library__hello=tests), parley.folder / "content")
    done = await parley("test", "library/hello/")
    assert done.code == 1
    (failure,) = done.out.splitlines()
    assert failure.startswith("library/hello/tests.yml:4: the company is asked first: part 1: hello/ask_company should")
    assert done.err.endswith("1 of 2 test conversations failed.\n")


async def test_a_talk_is_read_from_a_file_and_numbers_tap(parley: CommandLine) -> None:
    async with scripted_dialogue() as dialogue:
        dialogue.script = asks_the_size
        parley.settings |= {"PARLEY_RASA_URLS": dialogue.url, "PARLEY_RASA_SECRET": SECRET}
        done = await parley(
            "simulate", "hello", typed="2\n\nwe are many\n/callback [1]\n/wait long\n/nothing\n/quit\nnot read\n"
        )
    assert done.code == 0
    assert "bot> How large are you?\n     1. Small\n     2. Large\n  [hello/ask_size;" in done.out
    assert "you> we are many\n" in done.out
    assert done.out.count("There is no command /nothing") == 1
    said = [(one["message"]["kind"], one["message"]["value"], one["message"]["text"]) for one in dialogue.requests]
    assert said == [("start", "hello", ""), ("choice", "large", "Large"), ("text", None, "we are many")]


async def test_a_talk_ends_with_its_input_and_looks_as_the_channel_shows_it(parley: CommandLine) -> None:
    async with scripted_dialogue() as dialogue:
        dialogue.script = asks_the_size
        parley.settings |= {"PARLEY_RASA_URLS": dialogue.url, "PARLEY_RASA_SECRET": SECRET}
        done = await parley("simulate", "--channel", "sms", typed="1\n")
    assert done.code == 0
    assert "bot> How large are you?\n     1. Small\n     2. Large\n     Reply with 1 or 2." in done.out
    assert dialogue.requests[-1]["message"]["value"] == "small"


async def test_a_flow_is_carried_to_another_folder_and_nothing_there_is_overwritten_unasked(
    parley: CommandLine, tmp_path: Path
) -> None:
    assert (await parley("export", "hello", "--nlu", str(tmp_path / "nlu"))).code == 0
    other = small_site(library__hello=None, journeys__follow_up=None)
    write_tree(other, tmp_path / "there")
    there = ("--content", str(tmp_path / "there"), "--nlu", str(tmp_path / "there"))

    done = await parley("import", "hello.zip", *there)
    assert (done.code, done.out.splitlines()[0]) == (0, "library/hello: taken in")
    assert (tmp_path / "there/library/hello/wording.en.yml").read_text() == WORDS
    assert (await parley("import", "hello.zip", *there)).out == "Everything in it is here already.\n"

    (tmp_path / "there/library/hello/wording.en.yml").write_text("# mine\n" + WORDS)
    (tmp_path / "there/library/hello/wording.de.yml").write_text("# mine\n" + WORDS)
    done = await parley("import", "hello.zip", *there)
    assert done.code == 1
    assert "library/hello" in done.err
    assert "--overwrite" in done.err
    assert (tmp_path / "there/library/hello/wording.en.yml").read_text() == "# mine\n" + WORDS

    assert (await parley("import", "hello.zip", *there, "--overwrite")).code == 0
    assert (tmp_path / "there/library/hello/wording.en.yml").read_text() == WORDS
    assert not (tmp_path / "there/library/hello/wording.de.yml").exists()


async def test_what_cannot_be_carried_is_told_in_a_line(parley: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "some.zip").write_text("not a zip")
    for arguments in (("export", "helo"), ("export", "hello", "--out", "nowhere/x.zip"), ("import", "some.zip")):
        done = await parley(*arguments)
        assert (done.code, len(done.err.splitlines())) == (1, 1), done.err
        assert done.err.startswith("parley: ")
