"""The API's shapes of events, their kinds and their sources."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from crm.events.mapping import PayloadMapping
from crm.events.reading import MOST_AT_ONCE, GivenEvent
from crm.events.sources import Unknown, Way
from crm.timeline.kinds import MOST_PROPERTIES, Name, Type

Title = Annotated[PlainText, Field(min_length=1, max_length=100)]


class EventSet(RequestShape):
    """Up to 1,000 events. One that is wrong, and none is taken."""

    events: Annotated[list[GivenEvent], Field(min_length=1, max_length=MOST_AT_ONCE)]


class EventsTaken(AnswerShape):
    """`repeated` were there already. `contacts_made` were not known before."""

    written: int
    repeated: int
    contacts_made: int


class NewEventSource(RequestShape):
    """`unknown_people`: what becomes of an event about somebody who is not known. `mapping` is of webhooks."""

    name: Name
    way: Way
    unknown_people: Unknown = "refuse"
    mapping: PayloadMapping | None = None


class EventSourceMade(AnswerShape):
    """`secret` is shown this once: the token of an `api` source, what a `webhook` signs with. It sends to `path`."""

    id: UUID
    name: str
    secret: str | None
    path: str | None


class EventSourceRow(AnswerShape):
    id: UUID
    name: str
    way: Way
    unknown_people: Unknown
    made_by: str
    made_at: datetime
    revoked_at: datetime | None


class EventSourceList(AnswerShape):
    items: list[EventSourceRow]


class NewEventKind(RequestShape):
    name: Name
    title: Title
    properties: Annotated[dict[Name, Type], Field(default_factory=dict, max_length=MOST_PROPERTIES)]
    required: Annotated[list[Name], Field(default_factory=list)]


class EventKindName(RequestShape):
    name: Name


class EventKindRow(AnswerShape):
    """`senders`: `outside` may send it by API, webhook, import or MQTT, `web` by the tag; nobody: Parley writes it."""

    name: str
    title: str
    senders: list[Literal["outside", "web"]]
    properties: dict[str, Type]
    required: list[str]
    shipped: bool


class EventKindList(AnswerShape):
    items: list[EventKindRow]
