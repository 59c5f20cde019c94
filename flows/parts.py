"""The base and the small types every model of the flow language is made of. Knows no step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema

_DURATION = re.compile(r"^(?P<count>[1-9]\d{0,3}) (?P<unit>second|minute|hour|day|week)s?$")

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
ChoiceValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,59}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
Example = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\r\n/\[\]{}][^\r\n\[\]{}]*$"),
]
"""A sentence as somebody may write it. A slash would begin a command, brackets would mark a value."""
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
SegmentName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\r\n]*$")]
"""A segment by the name colleagues gave it, or by its id."""
Scalar = bool | int | float | str

Channel = Literal["web", "email", "sms", "telegram", "voice"]
Purpose = Literal["marketing", "service", "profiling", "special_category"]
ConsentKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^(marketing|service|profiling|special_category)/(web|email|sms|telegram|voice)$",
    ),
]
"""A consent by its purpose and channel."""
Sensitivity = Literal["plain", "personal", "sensitive", "special"]
"""How much harm a datum can do. `special`: GDPR Art. 9 (health, religion, union, origin, sex life …)."""
SlotType = Literal["text", "email", "phone", "number", "date", "file", "choice", "consent", "meeting", "flag"]
Stage = Literal["visitor", "lead", "mql", "sql", "customer", "disqualified"]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Written as `"09:30"`, in quotes: YAML would read some times as numbers."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https://[^\s{}]+$", max_length=2000)]

PURPOSES_NEEDING_CONSENT: frozenset[Purpose] = frozenset({"marketing"})
RESERVED_CHOICES = ("stay", "later", "none", "done")
"""Values that steps with choices of their own use; no `ask_choice` may."""
QUALIFICATIONS = ("hot", "warm", "cold")
OUTCOMES = {
    "completed": "everything was said and asked",
    "qualified": "a lead worth a colleague's time",
    "qualified_without_marketing": "such a lead, without consent to marketing",
    "not_qualified": "no lead for us",
    "declined": "the person did not want to",
    "not_now": "the person may want to later",
    "no_contact": "the person left no way to be reached",
    "no_reply": "the person stopped answering",
    "asked_for_person": "the person wanted to talk to somebody",
    "handed_off": "a colleague took over",
    "opted_out": "the person wants no more messages",
    "erasure_requested": "the person wants their data deleted",
    "wrong_person": "it is somebody else's address or number",
    "cancelled": "the person broke it off",
    "known_already": "all was known before",
    "answered": "the question was answered",
    "not_answered": "the question could not be answered",
    "booked": "a meeting was booked",
    "registered": "a place was taken",
    "bought": "an order was placed or finished",
    "moved_channel": "the talk goes on elsewhere",
    "failed": "a system that was needed did not answer",
}
"""The outcomes every flow may end with; journeys branch on them. A flow may declare more of its own."""


def parse_duration(text: object) -> timedelta:
    """Read a duration such as `10 minutes` or `2 days`.

    Raises:
        ValueError: if it is not written so.
    """
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a duration is written like 10 minutes, 1 hour or 2 days")
    return timedelta(**{f"{match['unit']}s": int(match["count"])})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda duration: int(duration.total_seconds()), return_type=int),
    WithJsonSchema(
        {"type": "string", "pattern": "^[1-9][0-9]{0,3} (second|minute|hour|day|week)s?$", "examples": ["10 minutes"]},
        mode="validation",
    ),
]
"""Written as `10 minutes`; compiled to seconds."""


class Part(BaseModel):
    """A piece of content: unknown fields are refused, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
