"""What a publication came to, and why one is refused. Plain data for the terminal, the admin pages and the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from base.errors import Conflict, ParleyError
from bot.publishing.differences import ItemDifference
from bot.publishing.impact import Impact
from bot.publishing.ports import Report


@dataclass(frozen=True)
class PublicationReport:
    """What the checks found and what went live.

    Attributes:
        seq: the publication's number; None for a preview.
        unchanged: it is live already, so nothing was published; `seq` is the live one.
        changes: what differs from what was live.
        tests, replay: None where they were not run.
        replicas: by address why it has not taken the flows yet; None where it has.
        seconds: how long each part took.
    """

    seq: int | None
    flows_version: str
    model_id: str
    trained: bool = False
    unchanged: bool = False
    changes: Sequence[ItemDifference] = ()
    tests: Report | None = None
    replay: Report | None = None
    impact: Impact = field(default_factory=Impact)
    replicas: Mapping[str, str | None] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For keeping with the publication; the texts that changed stand in the versions."""
        return {
            "trained": self.trained,
            "changes": {change.item: change.words for change in self.changes},
            "tests": self.tests.as_json() if self.tests else None,
            "replay": self.replay.as_json() if self.replay else None,
            "impact": self.impact.as_json(),
            "replicas": dict(self.replicas),
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
        }


class PublishRefused(ParleyError):
    """The content was not published; what is live stays."""

    code = "publish_refused"
    status = 422

    def __init__(self, message: str, report: PublicationReport) -> None:
        self.report = report
        super().__init__(message)


class Outdated(Conflict):
    """Something else went live since these contents were begun; publishing them would undo it."""

    code = "outdated"

    def __init__(self, since: Sequence[str]) -> None:
        self.since = list(since)
        errors = [{"item": item, "problem": "went live meanwhile with other contents"} for item in self.since]
        super().__init__(
            f"Something else went live since these contents were begun: {', '.join(self.since)}. "
            "Load it again, or publish anyway to undo it.",
            errors=errors,
        )


class NoReplicaReady(ParleyError):
    """No dialogue process could take the new flows; what is live stays."""

    code = "no_replica_ready"
    status = 503

    def __init__(self, problems: Mapping[str, str | None]) -> None:
        told = "; ".join(f"{url}: {problem}" for url, problem in problems.items())
        super().__init__(f"No dialogue process could take the new flows ({told}); what is live stays.")
