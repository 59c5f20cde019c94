"""What the gate is asked about and what it answers. Plain data; asks and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from crm.places.numbers import Destination
from outreach.jurisdictions.pack import Kind
from outreach.rule_pack import MessageClass
from outreach.spending.rules import Spent

FrequencyClass = Literal["essential", "normal", "occasional"]
"""How the caps treat what a journey sends: `essential` is a service and they do not count it; `occasional` leaves the
last place to a `normal` message that waits."""
ConsentName = Literal["given", "refused", "withdrawn", "expired", "none"]

PROMOTION = "promotional"
ANSWERS = frozenset({"answer", "nudge", "notice"})
"""What is said in a talk: an answer to what the person wrote; a word into their silence; and what the carriers' rules
want said even to who stopped everything: the one confirmation of it, and the answer to HELP."""
RIGHTS = "rights"
"""What answers a request that somebody made about their own data (GDPR 12), also to who stopped everything else."""
SERVICE_PURPOSES = frozenset({"service", RIGHTS}) | ANSWERS
"""Purposes a person asked for themselves; every other purpose counts as promotion."""


def message_class_of(channel: str, purpose: str) -> MessageClass:
    """The class that says what happens when a send ends in doubt."""
    if channel == "web":
        return "web"
    return "requested" if purpose in SERVICE_PURPOSES else "promotional"


@dataclass(frozen=True, slots=True)
class Allow:
    """It may be sent now."""

    answer: ClassVar[str] = "allow"
    rule: str = "no_objection"
    reason: str = "Nothing speaks against sending it."


@dataclass(frozen=True, slots=True)
class Defer:
    """It may not be sent before `until`."""

    answer: ClassVar[str] = "defer"
    until: datetime
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """It may not be sent."""

    answer: ClassVar[str] = "deny"
    rule: str
    reason: str


Decision = Allow | Defer | Deny


@dataclass(frozen=True, slots=True)
class PastSend:
    """A promotional message that left, or may have left."""

    channel: str
    at: datetime
    topic: str = ""


@dataclass(frozen=True, slots=True)
class WaitingSend:
    """A promotional message to the same person that is planned and gives way to nobody."""

    channel: str
    due_at: datetime
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """How somebody came to agree to something, since when, and until when it counts."""

    kind: Kind
    since_at: datetime
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the gate's answer depends on, read at one moment. Holds no address.

    `consents` maps (purpose, channel) to its state; a pair that is absent was never asked for.
    `bases` maps the same to what the consent rests on, `confirming` to when the link that would confirm it is over.
    `suppressed` maps a channel, or `all`, to the reason.
    `countries`, `states` (of the US) and `zones` are all that the contact may be in (`crm.places`). `topic` is what the
    message is about: its journey, else its purpose. `clock_skew`: how far our clock and the database's are apart.
    `quarantined`: a back-up was restored, and nobody has said yet that messages may leave again.
    `made_up`: they are of the sample workspace. `missing_setting` says in words which of the channel's settings is not
    made. `in_talk`: the bot said it in a conversation, so that its purpose may be one of `ANSWERS`. `has_request`: they
    asked something about their own data that is not closed yet, so that its purpose may be `RIGHTS`. `waiting` is read
    for an `occasional` message only. `destination`: where the number leads it would go to, where it would go to one;
    `allowed_countries`: the only ones, if the operator names any; `challenged_at`: since when the number waits for work
    of the browser that left it; `from_web`: a chat on the site brought the message about. `cost` is what it would cost,
    `spent` what was spent before it if there is a ceiling.
    """

    contact_id: UUID
    channel: str
    purpose: str
    message_class: MessageClass
    due_at: datetime
    created_at: datetime
    contact_exists: bool = True
    made_up: bool = False
    stage: str = "visitor"
    has_address: bool = False
    consents: Mapping[tuple[str, str], ConsentName] = field(default_factory=dict)
    bases: Mapping[tuple[str, str], tuple[Basis, ...]] = field(default_factory=dict)
    confirming: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    suppressed: Mapping[str, str] = field(default_factory=dict)
    countries: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    default_zones: tuple[str, ...] = ()
    past_sends: tuple[PastSend, ...] = ()
    with_a_person: bool = False
    own_conversation: bool = False
    missing_setting: str | None = None
    in_talk: bool = False
    topic: str = ""
    clock_skew: timedelta = timedelta(0)
    quarantined: bool = False
    has_request: bool = False
    frequency_class: FrequencyClass = "normal"
    waiting: tuple[WaitingSend, ...] = ()
    destination: Destination | None = None
    allowed_countries: frozenset[str] | None = None
    challenged_at: datetime | None = None
    from_web: bool = False
    cost: float = 0.0
    spent: Spent | None = None

    @property
    def promotional(self) -> bool:
        return self.purpose not in SERVICE_PURPOSES or self.message_class == PROMOTION

    def as_inputs(self) -> dict[str, Any]:
        """The snapshot as it is stored with the decision."""
        return {
            "contact_id": str(self.contact_id),
            "channel": self.channel,
            "purpose": self.purpose,
            "message_class": self.message_class,
            "due_at": self.due_at.isoformat(),
            "created_at": self.created_at.isoformat(),
            "contact_exists": self.contact_exists,
            "made_up": self.made_up,
            "stage": self.stage,
            "has_address": self.has_address,
            "consents": {f"{purpose}/{channel}": name for (purpose, channel), name in sorted(self.consents.items())},
            "bases": {
                f"{purpose}/{channel}": [[basis.kind, basis.since_at.isoformat()] for basis in bases]
                for (purpose, channel), bases in sorted(self.bases.items())
            },
            "confirming": {
                f"{purpose}/{channel}": until.isoformat()
                for (purpose, channel), until in sorted(self.confirming.items())
            },
            "suppressed": dict(self.suppressed),
            "countries": list(self.countries),
            "states": list(self.states),
            "zones": list(self.zones),
            "default_zones": list(self.default_zones),
            "past_sends": [[send.channel, send.at.isoformat(), send.topic] for send in self.past_sends],
            "with_a_person": self.with_a_person,
            "own_conversation": self.own_conversation,
            "missing_setting": self.missing_setting,
            "in_talk": self.in_talk,
            "has_request": self.has_request,
            "topic": self.topic,
            "frequency_class": self.frequency_class,
            "waiting": [[one.channel, one.due_at.isoformat(), one.topic] for one in self.waiting],
            "clock_skew_seconds": self.clock_skew.total_seconds(),
            **({"quarantined": True} if self.quarantined else {}),
            **self._number_as_inputs(),
        }

    def _number_as_inputs(self) -> dict[str, Any]:
        if self.destination is None:
            return {}
        told: dict[str, Any] = {
            "destination": [self.destination.country, self.destination.kind],
            "allowed_countries": None if self.allowed_countries is None else sorted(self.allowed_countries),
            "challenged_at": None if self.challenged_at is None else self.challenged_at.isoformat(),
            **({"from_web": True} if self.from_web else {}),
            "cost": self.cost,
        }
        if self.spent is not None:
            told["spent"] = [self.spent.today, self.spent.this_month]
            told["ceiling"] = [self.spent.ceiling.a_day, self.spent.ceiling.a_month]
        return told
