"""Tables of experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Experiment(Table):
    """An experiment step of a journey, as long as what it compares stays the same, whatever the journey's version.

    `design` is what is compared (`outreach.experiments.design`), `fingerprint` a hash of it: another design is another
    experiment. Once `winner` is set, whoever comes goes that way; `decided_by` is `rule`, or the colleague.
    """

    __tablename__ = "experiments"
    __table_args__ = (
        UniqueConstraint("journey", "step", "fingerprint"),
        CheckConstraint("(winner is null) = (decided_at is null)", name="decided"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    journey: Mapped[str]
    step: Mapped[str]
    fingerprint: Mapped[str]
    design: Mapped[dict[str, Any]]
    winner: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    begun_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    """When it was last asked whether it is decided."""


class ExperimentPerson(Table):
    """Which way somebody goes in an experiment for good, and when they first did what it is for.

    Who came after it was decided is not in here: they went the winning way, and say nothing about the others.
    """

    __tablename__ = "experiment_people"
    __table_args__ = (Index("ix_experiment_people_contact_id", "contact_id"),)

    experiment_id: Mapped[UUID] = mapped_column(ForeignKey(Experiment.id, ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    variant: Mapped[str]
    assigned_at: Mapped[datetime]
    goal_at: Mapped[datetime | None]
    goal_value: Mapped[float | None]
