"""Documents say what is so: commands that exist, decisions in one form, nothing of the machine they were written on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.settings import ROOT

MAKEFILE = ROOT / "Makefile"
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences"]

MADE = re.compile(r"(?:^|[`$(&;] ?)(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", re.MULTILINE)
"""`make` as a command: at a line's start, in backticks, or after another command."""

MACHINE_PATH = re.compile(r"(?<![\w.~/*-])/(?:work|root|home/(?!USER\b)\w+|Users/\w+|tmp/\w+|mnt/\w+)/[\w.-]")
REGISTRY = re.compile(
    r"--(?:extra-)?index-url|(?:pip|uv)\.conf|//[\w.-]*(?:artifactory|nexus|verdaccio|devpi|mirror)[\w.-]*[/:]"
    r'|//(?:registry\.npmjs\.org|files\.pythonhosted\.org|pypi\.org/simple)|"resolved":'
)


def tracked(*patterns: str) -> list[Path]:
    """Files of the checkout that git has, as paths."""
    git = shutil.which("git")
    assert git is not None
    listed = subprocess.run(
        [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The text of a file, None when it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def make_targets() -> dict[str, str | None]:
    """Every target of the Makefile with its line of help."""
    found = re.findall(r"^([a-z][a-z-]*):(?:[^=\n]*?)(?:## (.*))?$", MAKEFILE.read_text(), re.MULTILINE)
    return {name: said or None for name, said in found}


def test_every_target_in_the_documents_is_in_the_makefile() -> None:
    targets = make_targets()
    asked = {
        (name, path.relative_to(ROOT).as_posix())
        for path in tracked("*.md", ".ci/*")
        for name in MADE.findall(path.read_text())
    }
    assert {name for name, _ in asked} >= {"test"}, "no document names a target: the pattern is wrong"
    assert {(name, where) for name, where in asked if name not in targets} == set()


def test_every_target_the_help_lists_is_phony_and_every_phony_one_is_there() -> None:
    targets = make_targets()
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE.read_text(), re.MULTILINE)[0].split())
    assert phony == {name for name, said in targets.items() if said}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is what a fresh machine may lack, not the documents")
def test_a_bare_make_prints_every_target_that_has_a_line_of_help() -> None:
    done = subprocess.run(["make", "-C", str(ROOT), "--no-print-directory"], capture_output=True, text=True, check=True)
    listed = dict(re.findall(r"^  make ([a-z-]+) +(.*)$", done.stdout, re.MULTILINE))
    assert listed == {name: said for name, said in make_targets().items() if said}


def test_there_are_decisions_and_their_numbers_have_no_gap() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))
    assert len(ADRS) >= 4


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_every_decision_has_its_title_status_and_sections(path: Path) -> None:
    text = path.read_text()
    assert re.match(rf"# {int(path.name[:4])}\. \S", text), "the title begins with the number"
    assert re.search(r"^(?:## )?Status\b", text, re.MULTILINE)
    assert [name for name in re.findall(r"^## (.+)$", text, re.MULTILINE) if name != "Status"] == SECTIONS
    assert all(body.strip() for body in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:])


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        (path.relative_to(ROOT).as_posix(), target)
        for path in tracked("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize(("name", "pattern"), [("a machine's path", MACHINE_PATH), ("a registry", REGISTRY)])
def test_no_file_names_the_machine_or_registry_it_was_made_with(name: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path != Path(__file__).resolve() and (text := text_of(path)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"names {name}"


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("cd /work/main", MACHINE_PATH),
        ("see /root/.pyenv/versions", MACHINE_PATH),
        ('"/home/ada/parley"', MACHINE_PATH),
        ("pip install --index-url http://somewhere", REGISTRY),
        ('"resolved": "https://registry.npmjs.org/x"', REGISTRY),
    ],
)
def test_the_patterns_find_what_they_are_for(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(line)
