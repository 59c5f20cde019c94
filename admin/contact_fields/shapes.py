"""The API's shapes of fields."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from crm.fields.rules import FieldType, Sensitivity

Label = Annotated[PlainText, Field(min_length=1, max_length=100)]
Choices = Annotated[list[Label], Field(max_length=200)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class NewContactField(RequestShape):
    """`sensitive` is what needs special care (GDPR Art. 9); `keep_days` is how long values are meant to be kept."""

    name: Annotated[PlainText, Field(max_length=60)]
    label: Label
    type: FieldType
    choices: Choices = Field(default_factory=list)
    sensitivity: Sensitivity = "personal"
    keep_days: Days | None = None


class ContactFieldChange(RequestShape):
    """What is named is changed. Choices can be added, none taken away."""

    label: Label | None = None
    choices: Choices | None = None
    sensitivity: Sensitivity | None = None
    keep_days: Days | None = None


class ContactField(AnswerShape):
    """A field. Those that Parley knows by itself have no `id` and cannot be changed."""

    id: UUID | None
    name: str
    label: str
    type: FieldType
    choices: list[str]
    sensitivity: Sensitivity
    keep_days: int | None


class ContactFieldList(AnswerShape):
    items: list[ContactField]


class FieldValues(RequestShape):
    """Values by field; null forgets one. What is not named stays."""

    fields: Annotated[dict[Annotated[PlainText, Field(max_length=60)], Any], Field(min_length=1, max_length=200)]


class ContactFieldValues(AnswerShape):
    """All that is known of the contact, each value as its field stores it."""

    contact_id: UUID
    fields: dict[str, Any]
