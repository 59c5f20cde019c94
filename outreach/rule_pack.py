"""The dated limits the gate judges by: the house's own, and the law of places. Read from data files; holds no rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from outreach.jurisdictions.pack import CapRule, Jurisdictions, Weekday, read_jurisdictions
from outreach.quiet_hours import Week

_FOLDER = Path(__file__).resolve().parent

MessageClass = Literal["promotional", "requested", "web"]


def _hours(count: object) -> object:
    return timedelta(hours=count) if isinstance(count, int | float) else count


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

    @property
    def week(self) -> Week:
        """The window, day by day."""
        return Week(tuple((self.opens, self.closes) if day in self.days else None for day in range(7)))


class Lateness(_Part):
    """From when on a message no longer makes sense."""

    after_due: Hours
    after_planned: Hours


@dataclass(frozen=True, slots=True)
class RulePack:
    """All limits of the gate; `version` is stored with every decision.

    `windows` count where the law of a place names no hours. `caps` are the house's; those of the law come on top.
    """

    version: str
    windows: Mapping[str, Window]
    always: frozenset[str]
    caps: tuple[CapRule, ...]
    too_late: Mapping[MessageClass, Lateness]
    law: Jurisdictions

    @property
    def remembered(self) -> timedelta:
        """How far back a past message can still matter to a cap."""
        laws = (rule.cap for parts in self.law.places.values() for part in parts for rule in part.rules)
        return timedelta(hours=max(cap.hours for cap in (*self.caps, *laws) if cap is not None))


class _House(_Part):
    windows: dict[str, Window]
    always: frozenset[str]
    caps: tuple[CapRule, ...] = Field(min_length=1)
    too_late: dict[MessageClass, Lateness]


def read_rule_pack(folder: Path = _FOLDER, *, own: Path | None = None) -> RulePack:
    """The pack made of `quiet_hours.yml` and `limits.yml` of a folder and the law of places.

    Args:
        own: a folder with an operator's jurisdiction files; one that is not there has none.

    Raises:
        pydantic.ValidationError: a file does not have the form it needs.
        InvalidJurisdictions: the same, of a jurisdiction file.
    """
    hours, limits = _read(folder / "quiet_hours.yml"), _read(folder / "limits.yml")
    law = read_jurisdictions(own)
    house = _House.model_validate(
        {"windows": hours["channels"], "always": hours["always"]}
        | {name: limits[name] for name in ("caps", "too_late")}
    )
    return RulePack(
        version=f"quiet_hours {hours['version']}, limits {limits['version']}, {law.version}",
        windows=house.windows,
        always=house.always,
        caps=house.caps,
        too_late=house.too_late,
        law=law,
    )


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
