"""Steps that change something or have it done."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.parts import ConsentKey, Duration, Identifier, Line, Prose, Scalar, Stage
from flows.steps import ConnectorCall, StepBase, Tag


class Update(StepBase):
    """Changes fields and tags of the contact, or takes back consents: where silence counts as no. It never gives one.

    Attributes:
        set: the new value of each field; null forgets it.
        add, remove: tags to put on and take off.
        withdraw: consents to take back, each as `marketing/email`.
    """

    step: Literal["update"]
    set: dict[Identifier, Scalar | None] = Field(default_factory=dict)
    add: tuple[Tag, ...] = ()
    remove: tuple[Tag, ...] = ()
    withdraw: tuple[ConsentKey, ...] = ()

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse an update of nothing."""
        if not (self.set or self.add or self.remove or self.withdraw):
            raise ValueError("it changes nothing: give set, add, remove or withdraw")
        return self


class AdjustScoreStage(StepBase):
    """Adds points to a score, with the reason a person reads beside them, or moves the contact to a stage.

    A stage only goes forward, save to `disqualified`.

    Attributes:
        score: the score that is changed.
        points: how many are added; taken off, with a minus.
        reason: why.
        stage: where the contact is moved to.
    """

    step: Literal["adjust_score_stage"]
    score: Identifier = "engagement"
    points: int = Field(default=0, ge=-100, le=100)
    reason: Line | None = None
    stage: Stage | None = None

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse points without a reason, and neither points nor a stage."""
        if not (self.points or self.stage):
            raise ValueError("it changes nothing: give points or stage")
        if bool(self.points) != (self.reason is not None):
            raise ValueError("points need a reason, and a reason belongs to points")
        return self


class WebhookConnector(ConnectorCall):
    """Calls a connector that the operator has allowed; a journey never names a host.

    Texts in `path`, `query` and `body` may name facts as `{{ fact }}`; in the path they are quoted. A repeated call
    carries the same idempotency key.

    Attributes:
        save: contact fields to fill from the JSON answer.
    """

    step: Literal["webhook_connector"]


class TaskOrNotify(StepBase):
    """Gives a colleague something to do, or only tells them.

    Attributes:
        to: `owner` is whoever looks after the contact, and the team when nobody does.
        team: one of the teams in library.yml.
        kind: a `task` stays open until it is done; a `notice` is only read.
        text: what they read; may name facts as `{{ fact }}`.
        due: how soon the task should be done.
    """

    step: Literal["task_or_notify"]
    to: Literal["owner", "team"] = "owner"
    team: Identifier
    kind: Literal["task", "notice"] = "task"
    text: Prose
    due: Duration | None = Field(default=None, serialization_alias="due_seconds")
