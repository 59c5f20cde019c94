"""The dated limits the gate judges by, read from data files. Holds no rule and reads nothing but those files."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_FOLDER = Path(__file__).resolve().parent
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MessageClass = Literal["promotional", "requested", "web"]


def _weekday(name: object) -> object:
    return _DAYS.index(name) if name in _DAYS else name


def _hours(count: object) -> object:
    return timedelta(hours=count) if isinstance(count, int | float) else count


Weekday = Annotated[int, BeforeValidator(_weekday), Field(ge=0, le=6)]
Hours = Annotated[timedelta, BeforeValidator(_hours), Field(gt=timedelta(0))]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Window(_Part):
    """The hours of a channel, by the contact's clock: from `opens` up to, not including, `closes`."""

    basis: Literal["law", "courtesy"]
    days: frozenset[Weekday] = Field(min_length=1)
    opens: time = Field(alias="from")
    closes: time = Field(alias="to")
    unknown_zone: Literal["default_zones", "deny"]

    @model_validator(mode="after")
    def check_order(self) -> Window:
        """Refuse a window over midnight: write it as two days' rows when one is ever needed."""
        if self.opens >= self.closes:
            raise ValueError("a window opens before it closes")
        return self


class Cap(_Part):
    """How many promotional messages a contact may get in any 24 hours."""

    all_channels: int = Field(ge=1)
    by_channel: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)


class Lateness(_Part):
    """From when on a message no longer makes sense."""

    after_due: Hours
    after_planned: Hours


class RulePack(_Part):
    """All limits of the gate; `version` is stored with every decision."""

    version: str
    windows: dict[str, Window]
    always: frozenset[str]
    cap: Cap
    too_late: dict[MessageClass, Lateness]


def read_rule_pack(folder: Path = _FOLDER) -> RulePack:
    """The pack made of `quiet_hours.yml` and `limits.yml` of a folder.

    Raises:
        pydantic.ValidationError: a file does not have the form it needs.
    """
    hours, limits = _read(folder / "quiet_hours.yml"), _read(folder / "limits.yml")
    return RulePack(
        version=f"quiet_hours {hours['version']}, limits {limits['version']}",
        windows=hours["channels"],
        always=hours["always"],
        cap=limits["promotional_per_24_hours"],
        too_late=limits["too_late"],
    )


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
