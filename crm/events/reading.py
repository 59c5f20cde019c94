"""Events as others send them: their shape, and whether each fits its kind. Says everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from base.errors import InvalidInput
from crm.timeline.kinds import UNSTORABLE, Kind, Sender, explain, read_properties

MOST_AT_ONCE = 1_000
LONGEST_ID = 200
AHEAD = timedelta(minutes=5)
"""How far the clocks of others may be before ours."""
_SHOWN = 100
"""Problems that are told at once."""


def _check_plain(text: str) -> str:
    if UNSTORABLE.search(text):
        raise PydanticCustomError("not_text", "This holds characters that cannot be stored.")
    return text


Plain = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID), AfterValidator(_check_plain)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class External(_Part):
    """An id that another system knows somebody by."""

    source: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    id: Plain


class About(_Part):
    """Whom an event is about: one way to name them is enough, and the first that is known counts, in this order."""

    contact: UUID | None = None
    external: External | None = None
    email: Plain | None = None
    phone: Plain | None = None

    @model_validator(mode="after")
    def check_named(self) -> Self:
        """Refuse an event about nobody."""
        if self.contact is None and self.external is None and self.email is None and self.phone is None:
            raise PydanticCustomError("nobody", "Say whom it is about: contact, external, email or phone.")
        return self


class GivenEvent(_Part):
    """An event as it is sent. `id` is what its source calls it: sent again, it is not written again.

    Without `occurred_at` it happened when it came.
    """

    kind: Plain
    about: About
    id: Plain | None = None
    occurred_at: AwareDatetime | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


_list = TypeAdapter(list[GivenEvent])


def read_given(events: Sequence[Any], at: str = "events") -> list[GivenEvent]:
    """Events out of JSON that was read already; raises InvalidInput with all that is wrong."""
    try:
        return _list.validate_python(events)
    except ValidationError as error:
        raise InvalidInput(errors=[_under(at, problem) for problem in explain(error)][:_SHOWN]) from error


def check_events(
    events: Iterable[GivenEvent], kinds: Mapping[str, Kind], sender: Sender, now: datetime, at: str = "events"
) -> list[dict[str, Any]]:
    """The properties of each, cleaned.

    Raises:
        InvalidInput: with everything that is wrong with any of them.
    """
    cleaned, problems = [], []
    for number, event in enumerate(events):
        kind = kinds.get(event.kind)
        if kind is None or sender not in kind.senders:
            message = "There is no such kind of events." if kind is None else "Events of this kind cannot be sent here."
            problems.append({"field": f"{at}.{number}.kind", "message": message})
            continue
        if event.occurred_at is not None and event.occurred_at > now + AHEAD:
            problems.append({"field": f"{at}.{number}.occurred_at", "message": "This time has not come yet."})
        try:
            cleaned.append(read_properties(kind, event.properties))
        except ValidationError as error:
            problems += [_under(f"{at}.{number}.properties", problem) for problem in explain(error)]
    if problems:
        raise InvalidInput(errors=problems[:_SHOWN])
    return cleaned


def _under(at: str, problem: Mapping[str, str]) -> dict[str, str]:
    return {"field": f"{at}.{problem['field']}", "message": problem["message"]}
