"""Who says they are under age: not profiled, not promoted to. The age comes from a dated file, by country.

What somebody says of themselves is believed; nobody's age is guessed. Runs in the caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import yaml
from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.rules import ALL
from crm.consent.withdrawal import withdraw_purpose
from crm.contacts.service import set_stage
from crm.privacy.limits import list_marks, set_mark
from crm.timeline.service import record

_FILE = Path(__file__).with_name("minors.yml")
AGE_FIELDS = ("age", "birth_year", "birth_date")
"""Contact fields that tell an age."""
_PURPOSES = ("marketing", "profiling")
_OLDEST = 120
"""Years; more is a mistake, and says nothing."""


class Ages(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    status: Literal["P", "S", "K", "check"]
    sources: list[str] = Field(min_length=1)
    default: int
    ages: dict[int, list[str]]

    def age_in(self, countries: Iterable[str]) -> int:
        """From which age on somebody counts as grown up: the highest of all countries they may be in."""
        by_country = {country: age for age, named in self.ages.items() for country in named}
        return max((by_country.get(country, self.default) for country in countries), default=self.default)


@lru_cache(maxsize=1)
def read_ages() -> Ages:
    """The shipped file."""
    return Ages.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def told_age(field: str, value: Any, today: date) -> int | None:
    """The age that a fact tells, in whole years, the lowest it may mean; None when it tells none.

    Args:
        field: `age`, `birth_year` or `birth_date` (ISO 8601).
    """
    text = str(value).strip()
    age: int | None = None
    if field == "age" and re.fullmatch(r"\d{1,3}(\.0)?", text):
        age = int(float(text))
    elif field == "birth_year" and re.fullmatch(r"\d{4}(\.0)?", text):
        # Their birthday may still be to come.
        age = today.year - int(float(text)) - 1
    elif field == "birth_date":
        try:
            age = relativedelta(today, date.fromisoformat(text)).years
        except ValueError:
            return None
    return age if age is not None and -1 <= age <= _OLDEST else None


async def note_age(
    session: AsyncSession,
    contact_id: UUID,
    *,
    field: str,
    value: Any,
    countries: Iterable[str],
    controller: str,
    language: str,
    message_id: UUID,
    conversation_id: UUID,
    now: datetime,
) -> bool:
    """Marks whoever tells an age below that of their countries; returns whether it did.

    A higher age told later takes nothing back: that is for a person to do, who asks.
    """
    age = told_age(field, value, now.date())
    if age is None or age >= read_ages().age_in(countries):
        return False
    if "minor" in (await list_marks(session, [contact_id]))[contact_id]:
        return True
    await set_mark(session, contact_id, "minor", source="told", now=now)
    for purpose in _PURPOSES:
        await withdraw_purpose(
            session,
            contact_id=contact_id,
            purpose=purpose,
            channel=ALL,
            method="under_age",
            evidence={"id": str(message_id), "conversation_id": str(conversation_id)},
            controller=controller,
            language=language,
            conversation_id=conversation_id,
            now=now,
        )
    # The gate sends no promotion to a disqualified contact, also if they agree to some later.
    await set_stage(session, contact_id, "disqualified", now)
    data = {"field": field}
    await record(
        session, kind="minor_marked", contact_id=contact_id, conversation_id=conversation_id, data=data, now=now
    )
    return True
