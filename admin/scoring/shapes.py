"""The API's shapes of scores, reasons, rules and tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, RequestShape
from crm.scoring.preview import EXAMPLES, Moved, Preview
from crm.scoring.rules import ScoreBook


class ScoreOfContact(AnswerShape):
    """Each score by name, and their `total`, as they are at this moment: points that fade are counted to now."""

    scores: dict[str, int]
    band: str | None
    reasons: list[ScoreReasonNow]


class ScoreReasonNow(AnswerShape):
    """Points of one rule. `points` is what is left of them now; they came from a chat turn or an event."""

    rule: str
    score: str
    group: str | None
    points: float
    given: float
    half_life_days: float | None
    reason: str
    message_id: UUID | None
    event: ScoreEvent | None
    at: datetime


class ScoreEvent(AnswerShape):
    id: UUID
    kind: str
    summary: str
    at: datetime


class AccountScoreRow(AnswerShape):
    """What a company's people score together."""

    sum: int
    highest: int


class AccountScores(AnswerShape):
    """Each score by name, and their `total`; none of a company none of whose people was scored."""

    scores: dict[str, AccountScoreRow]


class ScoreRules(AnswerShape):
    """The rules that count now. Send an edit with their `number`. `left`: people not counted by them yet."""

    number: int
    book: ScoreBook
    made_by: str | None
    made_at: datetime | None
    left: int


class ScoreRulesEdit(RequestShape):
    """`based_on` is the number of the rules that were edited."""

    based_on: Annotated[int, Field(ge=1)]
    book: ScoreBook


class ScoreMove(AnswerShape):
    contact_id: UUID
    before: dict[str, int]
    after: dict[str, int]
    stage: str | None


class ScoreRulesPreview(AnswerShape):
    """Who would move: of `looked_at` out of `contacts`. `bands` and `stages` say how many would come into each.

    Of many people an answer may not be `whole`: send it back as `so_far` with the same rules, and it is gone on with.
    """

    contacts: int
    looked_at: int
    looked_to: UUID | None
    whole: bool
    up: int
    down: int
    bands: dict[str, int]
    stages: dict[str, int]
    examples: list[ScoreMove]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """As it is shown."""
        moves = [
            ScoreMove(contact_id=one.contact_id, before=dict(one.before), after=dict(one.after), stage=one.stage)
            for one in preview.examples
        ]
        return cls(
            contacts=preview.contacts,
            looked_at=preview.looked_at,
            looked_to=preview.looked_to,
            whole=preview.is_whole,
            up=preview.up,
            down=preview.down,
            bands=preview.bands,
            stages=preview.stages,
            examples=moves,
        )


class ScoreMoveSoFar(RequestShape):
    contact_id: UUID
    before: dict[str, int]
    after: dict[str, int]
    stage: str | None


class ScoreRulesPreviewSoFar(RequestShape):
    """A preview as it was answered."""

    contacts: int
    looked_at: int
    looked_to: UUID | None
    whole: bool
    up: int
    down: int
    bands: dict[str, int]
    stages: dict[str, int]
    examples: Annotated[list[ScoreMoveSoFar], Field(max_length=EXAMPLES)]

    def preview(self) -> Preview:
        """To be gone on with."""
        moves = [Moved(one.contact_id, one.before, one.after, one.stage) for one in self.examples]
        return Preview(
            self.contacts, self.looked_at, self.up, self.down, self.bands, self.stages, moves, self.looked_to
        )


class ScoreRulesDraft(RequestShape):
    """`so_far`: what was answered before, when it was not the whole."""

    book: ScoreBook
    so_far: ScoreRulesPreviewSoFar | None = None


class TaskQuery(RequestShape):
    contact: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class TaskRow(AnswerShape):
    """`owner_id` is null of tasks that are nobody's yet."""

    id: UUID
    contact_id: UUID
    owner_id: UUID | None
    kind: str
    title: str
    data: dict[str, Any]
    due_at: datetime | None
    made_at: datetime


class TaskList(AnswerShape):
    items: list[TaskRow]


ScoreReasonNow.model_rebuild()
ScoreOfContact.model_rebuild()
