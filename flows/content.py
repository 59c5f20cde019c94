"""The content as read from its folders: each model with its wording and the marks that let a fault name its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from flows.errors import FlowError
from flows.journey_models import Journey
from flows.journey_test_models import JourneyTests
from flows.knowledge import Answer
from flows.marked_yaml import MarkedYAML, Path
from flows.models import Flow, Library
from flows.steps import StepBase
from flows.test_models import TestConversations
from flows.wording_models import Letter, StepWording


class Sequenced(Protocol):
    """Whatever is written as a list of steps."""

    @property
    def steps(self) -> Sequence[StepBase]: ...


class Worded(Protocol):
    """The wording of one step."""

    @property
    def text(self) -> object: ...

    def texts(self) -> Iterator[str]: ...

    def compiled(self) -> Mapping[str, object]: ...


ModelT_co = TypeVar("ModelT_co", bound=Sequenced, covariant=True)
WordsT_co = TypeVar("WordsT_co", bound=Worded, covariant=True)


@dataclass(frozen=True)
class Wording(Generic[WordsT_co]):
    """One wording file."""

    marks: MarkedYAML
    entries: Mapping[str, WordsT_co]

    def fault(self, within: Path, rule: str, problem: str, remedy: str) -> FlowError:
        """Describe a fault on the line of `within`, whose first part is the step."""
        step = str(within[0]) if within else None
        return FlowError(self.marks.file, self.marks.line_of(within), step, rule, problem, remedy, within)


@dataclass(frozen=True)
class Folder(Generic[ModelT_co, WordsT_co]):
    """One flow or journey: its model and its wording by language."""

    name: str
    model: ModelT_co
    marks: MarkedYAML
    wording: Mapping[str, Wording[WordsT_co]]

    def fault(self, rule: str, problem: str, remedy: str, *within: str | int) -> FlowError:
        """Describe a fault of the whole, on the line of `within`."""
        return FlowError(self.marks.file, self.marks.line_of(within), None, rule, problem, remedy, within)

    def step_fault(self, index: int, rule: str, problem: str, remedy: str, *within: str | int) -> FlowError:
        """Describe a fault of the step at `index`, on the line of `within` that step."""
        path = ("steps", index, *within)
        line = self.marks.line_of(path)
        return FlowError(self.marks.file, line, self.model.steps[index].id, rule, problem, remedy, path)

    def index_of(self, step_id: str) -> int:
        return next(index for index, step in enumerate(self.model.steps) if step.id == step_id)


FlowFolder = Folder[Flow, StepWording]
JourneyFolder = Folder[Journey, Letter]


@dataclass(frozen=True)
class TestFile:
    """The test conversations of one flow."""

    __test__ = False

    marks: MarkedYAML
    conversations: TestConversations

    def fault(self, rule: str, problem: str, remedy: str, *within: str | int) -> FlowError:
        """Describe a fault on the line of `within`."""
        return FlowError(self.marks.file, self.marks.line_of(within), None, rule, problem, remedy, within)


@dataclass(frozen=True)
class JourneyTestFile:
    """The tests of one journey."""

    __test__ = False

    marks: MarkedYAML
    tests: JourneyTests

    def fault(self, rule: str, problem: str, remedy: str, *within: str | int) -> FlowError:
        """Describe a fault on the line of `within`."""
        return FlowError(self.marks.file, self.marks.line_of(within), None, rule, problem, remedy, within)


@dataclass(frozen=True)
class Outside:
    """What content may name although it stands elsewhere. None: that was not looked up, and nothing is refused.

    Attributes:
        kinds: the kinds of events, each with its properties.
        segments: names and ids of segments.
        connectors: names of connectors.
        scores: names of scores beside `total`.
    """

    kinds: Mapping[str, frozenset[str]] | None = None
    segments: frozenset[str] | None = None
    connectors: frozenset[str] | None = None
    scores: frozenset[str] | None = None


@dataclass(frozen=True)
class Content:
    """Everything that is said, and what could not be read of it.

    Attributes:
        unread: names of the flows and journeys that have a folder but could not be read, so that nobody is told
            they do not exist.
        intents: the training examples of each; None when they were not looked up. Those in flows are not among them.
        tests: the test conversations by flow.
        journey_tests: the tests by journey.
    """

    library: Library | None
    flows: Mapping[str, FlowFolder]
    journeys: Mapping[str, JourneyFolder]
    patterns: Mapping[str, Wording[StepWording]]
    answers: Sequence[Answer]
    library_marks: MarkedYAML = field(default_factory=lambda: MarkedYAML("library/library.yml", None, {}))
    unread: frozenset[str] = frozenset()
    intents: Mapping[str, Sequence[str]] | None = None
    tests: Mapping[str, TestFile] = field(default_factory=dict)
    journey_tests: Mapping[str, JourneyTestFile] = field(default_factory=dict)
    outside: Outside = field(default_factory=Outside)

    def library_fault(self, rule: str, problem: str, remedy: str, *within: str | int) -> FlowError:
        """Describe a fault of what holds for all flows, on the line of `within` in library.yml."""
        line = self.library_marks.line_of(within)
        return FlowError(self.library_marks.file, line, None, rule, problem, remedy, within)

    @property
    def default_language(self) -> str:
        return self.library.default_language if self.library else "en"
