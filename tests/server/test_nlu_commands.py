"""`parley nlu …` on a small content folder with a fault of each kind, measured by the real program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from server.settings import ROOT
from tests.server.command_line import CommandLine, Done, data_folder

AXE = ROOT / "channels" / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.skipif(
    not (ROOT / "var" / "encoder" / "meta.json").exists() or not (ROOT / ".venv-rasa").exists(),
    reason="Rasa's environment and the encoder are not set up",
)

ENGLISH = """version: "3.1"
nlu:
- intent: ask_pricing
  examples: |
    - what does it cost
    - how much is it
    - the price please
    - price list
    - is it expensive
    - how much do you charge
    - please unsubscribe me from the price letter
- intent: request_demo
  examples: |
    - show me a demo
    - can I see it live
    - book a demo
    - I want a demonstration
    - Price list!
    - a guided tour
    - 👍
- intent: opt_out
  examples: |
    - unsubscribe me
    - unsubscribe please
    - take me off your list
    - no more messages
    - stop writing to me
    - Take me off your list.
- intent: out_of_scope
  examples: |
    - what is the weather <b>like</b> & when
    - tell me a joke
    - who won the match
    - play some music
    - capital of France
"""
SPANISH = """version: "3.1"
nlu:
- intent: ask_pricing
  examples: |
    - cuánto cuesta
    - qué precio tiene
    - lista de precios
- intent: opt_out
  examples: |
    - date de baja
    - quítame de la lista
    - no quiero más mensajes
"""
HELD_OUT = (
    'version: "3.1"\nnlu:\n- intent: ask_pricing\n  examples: |\n    - what would I pay\n    - the price, please\n'
)
HELD_OUT_SPANISH = 'version: "3.1"\nnlu:\n- intent: ask_pricing\n  examples: |\n    - cuánto vale\n'


def write_content(folder: Path, **files: str) -> None:
    (folder / "intents").mkdir(parents=True, exist_ok=True)
    (folder / "evaluation").mkdir(exist_ok=True)
    (folder / "intents" / "core.en.yml").write_text(files.get("english", ENGLISH))
    (folder / "intents" / "core.es.yml").write_text(files.get("spanish", SPANISH))
    for name, text in (("held_out.yml", HELD_OUT), ("held_out_es.yml", HELD_OUT_SPANISH)):
        (folder / "evaluation" / name).write_text(text)


def terminal(folder: Path) -> CommandLine:
    data = data_folder(folder / "data")
    settings = {"PARLEY_DATA_DIR": str(data), "PARLEY_NLU_DIR": str(folder / "nlu")}
    return CommandLine(folder, settings, group="nlu")


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Measured once for all tests that change nothing."""
    folder = tmp_path_factory.mktemp("site")
    write_content(folder / "nlu")
    return terminal(folder)


@pytest.fixture(scope="module")
async def evaluated(parley: CommandLine) -> Done:
    return await parley("evaluate", "--html", "report.html", "--json", "report.json")


async def test_the_summary_has_a_line_for_each_language_and_one_for_all(evaluated: Done) -> None:
    assert evaluated.code == 0
    lines = evaluated.out.splitlines()
    assert lines[0].startswith("30 examples of 4 intents.")
    told = [line.split() for line in lines[2:6]]
    assert [words[:2] for words in told] == [["language", "examples"], ["en", "24"], ["es", "6"], ["all", "30"]]
    assert re.search(r"\d of 2\)$", lines[3])
    assert re.search(r"\d of 1\)$", lines[4])
    assert "Overlap: 1 held-out text is an example, too" in evaluated.out
    assert "“the price, please”" in evaluated.out


async def test_progress_is_told_beside_what_was_asked_for(evaluated: Done) -> None:
    assert evaluated.err.splitlines()[0] == "30 examples of 4 intents"
    assert "training the model of all examples" in evaluated.err.splitlines()


async def test_what_was_measured_is_not_measured_again(parley: CommandLine, evaluated: Done) -> None:
    again = await parley("evaluate")
    assert (again.code, again.err, again.out) == (0, "", evaluated.out)


async def test_the_whole_report_is_written_for_programs(parley: CommandLine, evaluated: Done) -> None:
    report = json.loads((parley.folder / "report.json").read_text())
    assert report["examples"] == 30
    assert report["overlapping"] == ["the price, please"]


async def test_confusable_intents_come_with_texts_and_what_to_do(parley: CommandLine, evaluated: Done) -> None:
    done = await parley("confusions", "--limit", "1")
    lines = done.out.splitlines()
    assert done.code == 0
    assert re.fullmatch(r"\w+ and \w+: \d+ times", lines[0])
    assert re.fullmatch(r"  \d+ of \w+ taken for \w+:", lines[1])
    assert lines[2].startswith("      “")
    assert [line for line in lines if line.startswith("  → ")]
    assert re.fullmatch(r"1 of \d+ pairs\.", lines[-1])


async def test_what_stands_twice_is_shown_with_file_and_line(parley: CommandLine, evaluated: Done) -> None:
    done = await parley("duplicates")
    lines = done.out.splitlines()
    assert lines[0] == "Says the same under two intents: take one of the two away (1)"
    assert lines[1] == "  “price list” under ask_pricing, “Price list!” under request_demo"
    assert lines[2] == "      nlu/intents/core.en.yml:8, nlu/intents/core.en.yml:18"
    assert "  “take me off your list” under opt_out, “Take me off your list.” under opt_out" in lines


async def test_what_is_lacking_and_what_is_never_read_is_listed(parley: CommandLine, evaluated: Done) -> None:
    done = await parley("coverage")
    lines = done.out.splitlines()
    assert lines[0] == "en: 3 intents have fewer than 15 examples."
    assert "es: 3 intents have fewer than 15 examples." in lines
    assert "    0 of 15  request_demo" in lines
    assert "  👍  (request_demo, en)" in lines


async def test_one_language_alone_can_be_shown(parley: CommandLine, evaluated: Done) -> None:
    summary = (await parley("evaluate", "--language", "es")).out
    assert re.search(r"^es +6", summary, re.MULTILINE)
    assert not re.search(r"^(en|all) ", summary, re.MULTILINE)
    coverage = (await parley("coverage", "--language", "es")).out
    assert coverage.startswith("es: ")
    assert "👍" not in coverage
    assert "price list" not in (await parley("duplicates", "--language", "es")).out


async def test_a_language_without_examples_is_told(parley: CommandLine, evaluated: Done) -> None:
    done = await parley("coverage", "--language", "xx")
    assert (done.code, done.out) == (1, "")
    assert done.err == "parley: There are no examples in xx; there are some in en, es.\n"


async def test_only_too_low_an_accuracy_fails_and_only_when_that_is_asked(parley: CommandLine, evaluated: Done) -> None:
    assert (await parley("evaluate", "--fail-under", "0")).code == 0
    failed = await parley("evaluate", "--fail-under", "1")
    assert failed.code == 1
    assert re.fullmatch(r"parley: accuracy is [\d.]+ %, less than the 100\.0 % asked for\.\n", failed.err)
    assert failed.out == evaluated.out


async def test_the_page_needs_nothing_from_outside_and_no_script(parley: CommandLine, evaluated: Done) -> None:
    page = (parley.folder / "report.html").read_text()
    assert not re.search(r"<script|https?:|\bon\w+=|url\(|@import|<link|<img", page)
    assert "&lt;b&gt;like&lt;/b&gt; &amp; when" in page
    assert page.count("<caption>") == page.count("<table>") >= 6
    assert page.count("<svg") == len(re.findall(r"<svg[^>]*role=\"img\"", page)) == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_the_page_is_accessible_and_never_wider_than_its_window(
    parley: CommandLine, evaluated: Done, browser: Browser, scheme: str, width: int
) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto((parley.folder / "report.html").as_uri())
    assert asked == [(parley.folder / "report.html").as_uri()]
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document)")
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    await context.close()


async def test_edited_examples_are_measured_anew_and_broken_ones_refused(tmp_path: Path) -> None:
    write_content(tmp_path / "nlu")
    parley = terminal(tmp_path)
    assert (await parley("coverage")).err.startswith("30 examples")
    write_content(tmp_path / "nlu", spanish=SPANISH + "    - basta ya de correos\n")
    for path in (tmp_path / "nlu" / "evaluation").iterdir():
        path.unlink()
    done = await parley("evaluate")
    assert done.err.startswith("31 examples")
    assert "Held-out: there are no evaluation/held_out*.yml" in done.out

    write_content(tmp_path / "nlu", spanish="nlu: [")
    done = await parley("evaluate")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("parley: The examples cannot be reported on: core.es.yml cannot be read")


async def test_a_folder_without_examples_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = await terminal(tmp_path)("coverage", "--nlu", str(tmp_path / "empty"))
    assert (done.code, done.out, done.err) == (1, "", "parley: There are no examples to report on.\n")
