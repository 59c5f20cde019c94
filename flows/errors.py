"""What is wrong with a flow or journey, said so that its author can mend it. Holds no rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from base.errors import InvalidInput


@dataclass(frozen=True)
class FlowError:
    """One fault in the content.

    Attributes:
        file: path inside the content folder.
        line: line in that file, from 1.
        step: id of the step concerned, if one is.
        rule: stable name of the rule that was broken.
        problem: what is wrong, in one clause.
        remedy: what the author can do about it.
        path: where in the file's data that is, for editors that show no lines; empty when it is the whole.
    """

    file: str
    line: int
    step: str | None
    rule: str
    problem: str
    remedy: str
    path: tuple[str | int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        """Give the fault in the form editors and terminals link to."""
        where = f"{self.file}:{self.line}: "
        step = f"step {self.step}: " if self.step else ""
        return f"{where}{step}{self.problem}. {self.remedy}. [{self.rule}]"


class FlowsRefused(InvalidInput):
    """The content has faults and may not be published."""

    code = "flows_refused"

    def __init__(self, errors: Iterable[FlowError]) -> None:
        self.faults = tuple(sorted(errors, key=lambda error: (error.file, error.line, error.rule, error.problem)))
        super().__init__("\n".join(str(error) for error in self.faults))
