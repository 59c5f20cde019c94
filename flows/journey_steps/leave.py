"""The step that ends a journey."""

from __future__ import annotations

from typing import ClassVar, Literal

from flows.parts import Identifier
from flows.steps.base import Closing


class Exit(Closing):
    """Ends the journey for the contact.

    Attributes:
        outcome: how it ended, as reports count it.
        link_journey: a journey the contact is put into then, if its rules let them in.
    """

    ends: ClassVar[bool] = True
    step: Literal["exit"]
    outcome: Identifier = "completed"
    link_journey: Identifier | None = None
