"""`parley flows publish`, `diff`, `history` and `rollback` on a real PostgreSQL, over a scripted dialogue process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from base.database import libpq_url
from base.encryption import create_key_file
from flows.content_tree import write_tree
from server.settings import ROOT, Settings
from tests.bot.publishing.small_site import WORDS, asks_the_size, hello, small_site
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue, scripted_dialogue
from tests.server.command_line import CommandLine, data_folder


@pytest.fixture
async def dialogue() -> AsyncIterator[ScriptedDialogue]:
    async with scripted_dialogue() as running:
        running.strict, running.script = True, asks_the_size
        yield running


@pytest.fixture
def parley(tmp_path: Path, dialogue: ScriptedDialogue, fresh_database_url: str) -> CommandLine:
    data = data_folder(tmp_path / "data")
    create_key_file(Settings(data_dir=data).key_file)
    write_tree(small_site(), tmp_path / "content", tmp_path / "nlu")
    settings = {
        "DATABASE_URL": fresh_database_url,
        "PARLEY_DATA_DIR": str(data),
        "PARLEY_CONTENT_DIR": str(tmp_path / "content"),
        "PARLEY_NLU_DIR": str(ROOT / "nlu_data"),
        "PARLEY_RASA_URLS": dialogue.url,
        "PARLEY_RASA_SECRET": SECRET,
    }
    return CommandLine(tmp_path, settings)


def say_otherwise(parley: CommandLine, said: str) -> None:
    words = WORDS.replace("How large are you?", said)
    write_tree(small_site(library__hello=hello(words=words)), parley.folder / "content", parley.folder / "nlu")


async def test_from_the_first_publication_to_another_and_back(parley: CommandLine, dialogue: ScriptedDialogue) -> None:
    assert (await parley("history")).out == "Nothing was published yet.\n"
    done = await parley("publish", "--yes", "--author", "ada", "--note", "the first")
    assert (done.code, done.err) == (0, "")
    assert "Publication 1 is live." in done.out
    assert (await parley("diff")).out == "No difference to what is live.\n"

    say_otherwise(parley, "How many are you?")
    done = await parley("diff", "hello")
    assert "library/hello\n  wording en: ask_size changed (text)\n" in done.out
    assert "+  text: How many are you?\n" in done.out
    done = await parley("publish", "--author", "ada", "--note", "other words", typed="y\n")
    assert done.code == 0
    assert done.out.count("Test conversations passed.") == 1, "what was told before asking is not told again"
    assert "Publication 2 is live." in done.out
    said = [document["wording"]["en"]["hello"]["ask_size"]["text"]["default"] for document in dialogue.flows.values()]
    assert said == ["How large are you?", "How many are you?"]

    done = await parley("rollback", "--yes", "--author", "bob")
    assert "Publication 3 is live." in done.out
    lines = (await parley("history")).out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "live  bob" in lines[0]
    assert lines[0].endswith("back to publication 1")
    assert lines[1].endswith("ada           other words")
    versions = (await parley("history", "hello")).out.splitlines()
    assert versions[1].endswith("live  ada           in publication 1, 3: the first")
    assert "-  text: How large are you?\n" in (await parley("diff", "hello", "1", "2")).out

    done = await parley("rollback", "--item", "hello", "--version", "2", "--yes")
    assert done.code == 0
    assert "Publication 4 is live." in done.out
    assert (await parley("diff")).out == "No difference to what is live.\n"


async def test_what_is_live_is_carried_as_drafts_and_published_as_drafts(parley: CommandLine) -> None:
    await parley("publish", "--yes")
    say_otherwise(parley, "How many are you?")
    assert (await parley("export", "hello")).code == 0
    done = await parley("import", "hello.zip", "--drafts", "--overwrite")
    assert "library/hello: taken in" in done.out
    done = await parley("publish", "--drafts", "--yes")
    assert "Publication 2 is live." in done.out
    assert (await parley("export", "hello", "--live", "--out", "live.zip")).code == 0
    await parley("import", "live.zip", "--overwrite")
    assert "How many are you?" in (parley.folder / "content/library/hello/wording.en.yml").read_text()


async def test_nothing_is_published_unless_somebody_says_yes(parley: CommandLine) -> None:
    for typed in ("n\n", ""):
        done = await parley("publish", typed=typed)
        assert done.code == 1
        assert "parley: Nothing was done" in done.err
    done = await parley("publish", "--dry-run")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Nothing was published: this was a dry run.")
    assert (await parley("history")).out == "Nothing was published yet.\n"


async def test_a_failing_test_and_a_silent_dialogue_process_leave_what_is_live(
    parley: CommandLine, dialogue: ScriptedDialogue
) -> None:
    dialogue.script = lambda body: 500
    done = await parley("publish", "--yes")
    assert done.code == 1
    assert done.err.startswith("parley: Test conversations fail; what is live stays.\nlibrary/hello/tests.yml:1: ")
    say_otherwise(parley, "How many are you?")
    dialogue.script, dialogue.push_status = asks_the_size, 500
    done = await parley("publish", "--yes")
    assert done.code == 1
    assert done.err.startswith("parley: ")
    assert (await parley("history")).out == "Nothing was published yet.\n"


async def test_what_is_not_there_is_told_in_a_line(parley: CommandLine) -> None:
    for arguments in (
        ("history", "hello"), ("diff", "helo"), ("diff", "hello", "1"), ("export", "hello", "--live"),
        ("rollback", "--yes"), ("rollback", "7", "--yes"), ("rollback", "--item", "hello", "--version", "3", "--yes"),
    ):  # fmt: skip
        done = await parley(*arguments)
        assert (done.code, len(done.err.splitlines())) == (1, 1), (arguments, done.err)
        assert done.err.startswith("parley: ")
    for arguments in (("rollback", "--item", "hello"), ("diff", "hello", "1", "2", "3"), ("publish", "--replay", "-1")):
        assert (await parley(*arguments)).code == 2


async def test_a_database_without_the_newest_schema_is_told_in_a_line(
    parley: CommandLine, fresh_database_url: str
) -> None:
    with psycopg.connect(libpq_url(fresh_database_url), autocommit=True) as connection:
        connection.execute("DROP TABLE publications CASCADE")
    done = await parley("history")
    assert done.code == 1
    assert done.err == "parley: the database does not have the newest schema: run `parley migrate` first.\n"
