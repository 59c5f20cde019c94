"""The API's shapes of owners."""

from __future__ import annotations

from uuid import UUID

from admin.api.fields import AnswerShape, RequestShape


class OwnerChange(RequestShape):
    """The colleague who looks after the contact; null for nobody."""

    user_id: UUID | None


class Owner(AnswerShape):
    """A colleague. `name` is null where the user is no longer there."""

    user_id: UUID
    name: str | None


class ContactOwner(AnswerShape):
    contact_id: UUID
    owner: Owner | None
