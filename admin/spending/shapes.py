"""What the endpoint of spending answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from admin.api.fields import AnswerShape


class Purse(AnswerShape):
    """What may be spent in a period, and what was."""

    period: Literal["day", "month"]
    spent: float
    most: float | None = Field(description="None: there is no ceiling.")
    state: Literal["open", "nearly_spent", "stopped"] = Field(
        description="`stopped`: the ceiling was reached, or something was refused because it would have been broken; "
        "but for the answers to STOP and HELP nothing that costs more than what is left goes out until the period ends."
    )
    told_at: datetime | None = Field(description="When this state began.")


class ChannelSpending(AnswerShape):
    """What a channel cost on a day."""

    day: date
    channel: str
    amount: float
    messages: int


class SpendingShown(AnswerShape):
    """What text messages and calls cost, by the price list."""

    currency: str
    prices: str = Field(description="Version of the price list.")
    purses: list[Purse]
    days: list[ChannelSpending] = Field(description="The last 31 days (UTC), those without any left out.")
