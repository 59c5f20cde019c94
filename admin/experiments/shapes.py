"""The API's shapes of experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape


class Compared(AnswerShape):
    """By how much more one person of a way brings, with bounds that hold however often one looks."""

    difference: float
    low: float
    high: float
    p_value: float


class ExperimentWay(AnswerShape):
    """A way and its people. Of these, `counted` are those whose time to reach the goal is over.

    `mean` is what one of them brought: the share that reached the goal, or what that was worth. `compared` is with the
    first way; null for that one, and while there is too little to compare.
    """

    name: str
    share: float
    people: int
    counted: int
    goals: int
    total: float
    mean: float
    compared: Compared | None


class ExperimentRow(AnswerShape):
    """An experiment. `even` is false where people came to the ways so unevenly that nothing is to be believed.

    `error` is how often a difference is found where there is none. `decided_by` is `rule`, or the colleague.
    """

    id: UUID
    journey: str
    step: str
    goal: str
    error: float
    minimum: int
    automatic: bool
    begun_at: datetime
    ways: list[ExperimentWay]
    sample_ratio_p: float
    even: bool
    winner: str | None
    decided_by: str | None
    decided_at: datetime | None


class ExperimentList(AnswerShape):
    items: list[ExperimentRow]


class WinnerWish(RequestShape):
    """The way that whoever comes from now on goes."""

    variant: Annotated[PlainText, Field(min_length=1, max_length=100)]


class Group(AnswerShape):
    people: int
    goals: int
    total: float
    mean: float


class LiftAnswer(AnswerShape):
    """What people in a journey bring beside those who are held back, by the journey's goal.

    `since`: since when as many are held back as now; null when nobody is. `compared` is null while there is too little
    to compare.
    """

    journey: str
    holdout_percent: float
    since: datetime | None
    inside: Group
    held_back: Group
    compared: Compared | None
