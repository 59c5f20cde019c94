"""Reads the content folders into typed parts and gathers what cannot be read. Judges nothing across files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from flows.content import Content, FlowFolder, Folder, JourneyFolder, JourneyTestFile, TestFile, Wording
from flows.errors import FlowError
from flows.intent_names import read_intents
from flows.journey_models import Journey
from flows.journey_test_models import JourneyTests
from flows.knowledge import Answer, parse_article
from flows.marked_yaml import MarkedYAML
from flows.models import Flow, Library
from flows.parsing import parse_model, parse_text
from flows.test_models import TestConversations
from flows.wording_models import FlowWording, JourneyWording, Letter, StepWording

ModelT = TypeVar("ModelT", bound=BaseModel)

_WORDING_FILE = re.compile(r"^wording\.([a-z]{2}(?:-[A-Z]{2})?)\.yml$")
_PATTERNS = "patterns"
_TESTS = "tests.yml"
_KEPT = 250  # files


class ContentReader:
    """Reads one content folder.

    Attributes:
        errors: every fault met while reading.
    """

    def __init__(self, root: Path, knowledge: Path, intents: Path | None = None) -> None:
        """Say where the content is.

        Args:
            root: a folder with `library/` and `journeys/`.
            knowledge: a folder of articles.
            intents: a folder of training examples; without it, intents are not looked up.
        """
        self.errors: list[FlowError] = []
        self._root = root
        self._knowledge = knowledge
        self._intents = intents

    def read(self) -> Content:
        """Read all that can be read."""
        marks, library = self._model(Library, self._root / "library" / "library.yml")
        flows, lost_flows = self._flows()
        journeys, lost_journeys = self._journeys()
        return Content(
            library=library,
            flows=flows,
            journeys=journeys,
            patterns=self._flow_wording(self._root / "library" / _PATTERNS),
            answers=self._answers(),
            library_marks=marks or MarkedYAML("library/library.yml", None, {}),
            unread=frozenset(lost_flows + lost_journeys),
            intents=self._known_intents(),
            tests=self._tests(),
            journey_tests=self._journey_tests(),
        )

    def _flows(self) -> tuple[dict[str, FlowFolder], list[str]]:
        flows: dict[str, FlowFolder] = {}
        lost = []
        for folder in _folders(self._root / "library"):
            if folder.name == _PATTERNS:
                continue
            marks, flow = self._model(Flow, folder / "flow.yml")
            wording = self._flow_wording(folder)
            if marks and flow and self._named_as_folder(flow.flow, folder, marks, "flow"):
                flows[flow.flow] = Folder(flow.flow, flow, marks, wording)
            else:
                lost.append(folder.name)
        return flows, lost

    def _journeys(self) -> tuple[dict[str, JourneyFolder], list[str]]:
        journeys: dict[str, JourneyFolder] = {}
        lost = []
        for folder in _folders(self._root / "journeys"):
            marks, journey = self._model(Journey, folder / "journey.yml")
            wording = self._journey_wording(folder)
            if marks and journey and self._named_as_folder(journey.journey, folder, marks, "journey"):
                journeys[journey.journey] = Folder(journey.journey, journey, marks, wording)
            else:
                lost.append(folder.name)
        return journeys, lost

    def _named_as_folder(self, name: str, folder: Path, marks: MarkedYAML, key: str) -> bool:
        if name == folder.name:
            return True
        problem = f"the {key} is called {name} but its folder {folder.name}"
        line = marks.line_of((key,))
        self.errors.append(FlowError(marks.file, line, None, "name.folder", problem, "Give both the same name"))
        return False

    def _flow_wording(self, folder: Path) -> dict[str, Wording[StepWording]]:
        read = ((language, self._model(FlowWording, path)) for language, path in _wording_files(folder))
        return {language: Wording(marks, words.root) for language, (marks, words) in read if marks and words}

    def _journey_wording(self, folder: Path) -> dict[str, Wording[Letter]]:
        read = ((language, self._model(JourneyWording, path)) for language, path in _wording_files(folder))
        return {language: Wording(marks, words.root) for language, (marks, words) in read if marks and words}

    def _answers(self) -> list[Answer]:
        articles = sorted(self._knowledge.glob("*.md"))
        read = ((f"knowledge/{path.name}", self._text(path, f"knowledge/{path.name}")) for path in articles)
        parsed = [_parse_article(text, file) for file, text in read if text is not None]
        self.errors.extend(error for _, errors in parsed for error in errors)
        return [answer for answer, _ in parsed if answer]

    def _known_intents(self) -> dict[str, list[str]] | None:
        if self._intents is None:
            return None
        files = sorted(self._intents.glob("*.yml"))
        read = ((f"intents/{path.name}", self._text(path, f"intents/{path.name}")) for path in files)
        found: dict[str, list[str]] = {}
        for file, text in read:
            for intent, examples in (read_intents(text, file, self.errors) if text is not None else {}).items():
                found.setdefault(intent, []).extend(examples)
        return found

    def _tests(self) -> dict[str, TestFile]:
        tests: dict[str, TestFile] = {}
        for folder in _folders(self._root / "library"):
            if (folder / _TESTS).exists():
                marks, conversations = self._model(TestConversations, folder / _TESTS)
                if marks and conversations:
                    tests[folder.name] = TestFile(marks, conversations)
        return tests

    def _journey_tests(self) -> dict[str, JourneyTestFile]:
        tests: dict[str, JourneyTestFile] = {}
        for folder in _folders(self._root / "journeys"):
            if (folder / _TESTS).exists():
                marks, read = self._model(JourneyTests, folder / _TESTS)
                if marks and read:
                    tests[folder.name] = JourneyTestFile(marks, read)
        return tests

    def _model(self, model: type[ModelT], path: Path) -> tuple[MarkedYAML | None, ModelT | None]:
        file = path.relative_to(self._root).as_posix()
        text = self._text(path, file)
        if text is None:
            return None, None
        marks, read, errors = _parse(model, text, file)
        self.errors.extend(errors)
        return marks, read

    def _text(self, path: Path, file: str) -> str | None:
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.errors.append(FlowError(file, 1, None, "file.missing", "the file is missing", "Add it"))
        except UnicodeDecodeError:
            self.errors.append(FlowError(file, 1, None, "file.encoding", "the file is not UTF-8", "Save it as UTF-8"))
        except OSError as error:
            problem = f"the file cannot be read ({error.strerror})"
            self.errors.append(FlowError(file, 1, None, "file.unreadable", problem, "Check what it is and its rights"))
        return None


@lru_cache(maxsize=_KEPT)
def _parse(model: type[Any], text: str, file: str) -> tuple[MarkedYAML | None, Any, tuple[FlowError, ...]]:
    """Parse a file. Kept, as whoever edits has the same files read again and again but for one."""
    errors: list[FlowError] = []
    marks = parse_text(text, file, errors)
    read = parse_model(model, marks, errors) if marks else None
    return marks, read, tuple(errors)


@lru_cache(maxsize=_KEPT)
def _parse_article(text: str, file: str) -> tuple[Answer | None, tuple[FlowError, ...]]:
    """The same of an article."""
    errors: list[FlowError] = []
    return parse_article(text, file, errors), tuple(errors)


def _folders(parent: Path) -> Iterable[Path]:
    hidden = (".", "_")
    return sorted(path for path in parent.glob("*") if path.is_dir() and not path.name.startswith(hidden))


def _wording_files(folder: Path) -> Iterable[tuple[str, Path]]:
    named = ((_WORDING_FILE.match(path.name), path) for path in sorted(folder.glob("wording.*")))
    return [(match[1], path) for match, path in named if match]
