"""What the endpoints of flows work with beside the database. Holds no logic of requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.publishing.draft_checks import DraftChecks
from bot.publishing.rehearsal import Turns
from bot.publishing.source import PublishedSource
from bot.understanding.ports import Wake


@dataclass(frozen=True)
class FlowDesk:
    """The collaborators of the flow editor.

    Attributes:
        turns: who answers talks with drafts, of whom `source` is asked for flows.
        wake: has a worker look at what is to be published.
        checks: what the checker says of the drafts, kept.
    """

    turns: Turns
    source: PublishedSource
    wake: Wake
    checks: DraftChecks = field(default_factory=DraftChecks)
