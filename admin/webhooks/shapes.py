"""What is asked and answered about outward webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from admin.api.fields import AnswerShape, PlainText, RequestShape, ShownOnce
from admin.api.versions import Versioned
from admin.sessions.endpoints import check_name
from crm.timeline.kinds import Name
from crm.webhooks.models import WebhookDelivery, WebhookEndpoint
from crm.webhooks.service import Health

State = Literal["waiting", "sending", "delivered", "failed", "void"]


class WebhookWish(RequestShape):
    """What a webhook is to be. `with_addresses` needs `contacts.export`, too, and sends people's addresses along."""

    name: Annotated[PlainText, Field(max_length=100), AfterValidator(check_name)]
    url: Annotated[PlainText, Field(min_length=1, max_length=2_000)]
    kinds: Annotated[list[Name], Field(min_length=1, max_length=200)]
    with_addresses: bool = False
    enabled: bool = True


class WebhookRow(Versioned):
    """A webhook. `disabled_why`: a colleague did it, it failed for days, or the receiver said that it is gone."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    with_addresses: bool
    enabled: bool
    disabled_why: Literal["colleague", "failures", "gone"] | None
    disabled_at: datetime | None
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookLine(WebhookRow):
    """A webhook in the list, with how it does. `last_at` is its last attempt, with what was answered or went wrong.

    `waiting` counts what is still to be sent.
    """

    last_at: datetime | None
    last_status: int | None
    last_problem: str | None
    waiting: int


class WebhookKind(AnswerShape):
    """A kind of event. `title` is what it is called where there are no words for it in the reader's language."""

    name: str
    title: str


class WebhookKinds(AnswerShape):
    items: list[WebhookKind]


class WebhookList(AnswerShape):
    items: list[WebhookLine]


class WebhookMade(ShownOnce):
    """The webhook with its secret, which is shown this once. Receivers verify by it (standardwebhooks.com)."""

    webhook: WebhookRow
    secret: str


class WebhookSecret(ShownOnce):
    """The new secret, shown this once. The old one signs, too, for a day."""

    secret: str


class DeliveryQuery(RequestShape):
    """All that is given must be so."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    state: State | None = None


class DeliveryRow(AnswerShape):
    """One event for one webhook. `status` is what the last attempt was answered, `problem` why there was no answer.

    `due_at` is when it is tried next, while it is `waiting`. `void`: the event was erased before it could be sent.
    """

    event_id: UUID
    message_id: str
    kind: str
    contact_id: UUID | None
    state: State
    attempts: int
    due_at: datetime | None
    status: int | None
    problem: str | None
    created_at: datetime
    ended_at: datetime | None


class DeliveryShown(DeliveryRow):
    """A delivery with the message as it is sent now; null where the event was erased.

    Addresses stand in it only for whoever may take them out (`contacts.export`).
    """

    body: str | None


class WebhookTried(AnswerShape):
    """What a test was answered. `problem` says why there was no answer. `answer` is how its text begins.

    The text is left out where webhooks may lead into the operator's own network.
    """

    message_id: str
    body: str
    status: int | None
    problem: str | None
    seconds: float
    answer: str | None


class DeliveryPage(AnswerShape):
    items: list[DeliveryRow]
    next_cursor: str | None


class ReplayWish(RequestShape):
    """A period: `since` is its first moment, `until` the first that is too late."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.since >= self.until:
            raise PydanticCustomError("period", "The period must begin before it ends.")
        return self


class Replayed(AnswerShape):
    """How many events are sent again."""

    events: int


def show_webhook(row: WebhookEndpoint) -> WebhookRow:
    """A webhook as it is answered."""
    return WebhookRow.model_validate(
        {name: getattr(row, name, None) for name in WebhookRow.model_fields} | {"enabled": row.disabled_at is None}
    )


def show_line(row: WebhookEndpoint, health: Health) -> WebhookLine:
    """A webhook as it stands in the list."""
    return WebhookLine.model_validate(
        show_webhook(row).model_dump()
        | {
            "last_at": health.last_at,
            "last_status": health.last_status,
            "last_problem": health.last_problem,
            "waiting": health.waiting,
        }
    )


def show_delivery(row: WebhookDelivery, message_id: str) -> DeliveryRow:
    """A delivery as it is answered."""
    plain = {name: getattr(row, name, None) for name in DeliveryRow.model_fields}
    return DeliveryRow.model_validate(
        plain | {"message_id": message_id, "due_at": row.due_at if row.state == "waiting" else None}
    )
