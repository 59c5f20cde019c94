"""The API's shapes of companies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape

Name = Annotated[PlainText, Field(min_length=1, max_length=200)]
Domains = Annotated[list[Annotated[PlainText, Field(min_length=1, max_length=253)]], Field(max_length=50)]
Fields = Annotated[
    dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")],
        Annotated[PlainText, Field(max_length=2_000)] | bool | Annotated[float, Field(allow_inf_nan=False)],
    ],
    Field(max_length=200),
]


class CompanyQuery(RequestShape):
    """`q` is part of a name, or a whole domain."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None
    q: Annotated[PlainText, Field(min_length=1, max_length=253)] | None = None


class NewCompany(RequestShape):
    """Whoever has an e-mail address on one of the domains and no company yet is linked to it."""

    name: Name
    domains: Domains = Field(default_factory=list)
    fields: Fields = Field(default_factory=dict)


class CompanyChange(RequestShape):
    """What is named is changed: `domains` and `fields` as a whole."""

    name: Name | None = None
    domains: Domains | None = None
    fields: Fields | None = None


class Company(AnswerShape):
    """`stage` is the furthest of its people who are not disqualified; `score` is the sum of theirs."""

    id: UUID
    name: str
    domains: list[str]
    fields: dict[str, str | bool | float]
    people: int
    stage: str | None
    score: int
    highest_score: int
    created_at: datetime
    updated_at: datetime


class CompanyPage(AnswerShape):
    items: list[Company]
    next_cursor: str | None


class CompanyPerson(AnswerShape):
    id: UUID
    name: str | None
    stage: str
    score: int
    source: str


class CompanyPeople(AnswerShape):
    """The people with the highest scores first, at most 200."""

    items: list[CompanyPerson]


class ContactCompanyChange(RequestShape):
    """Where the contact works; null for none we know. No domain changes that any more."""

    company_id: UUID | None


class CompanySuggestion(AnswerShape):
    """What a company could be made of: a domain that is nobody's yet, and what the contact calls it."""

    name: str | None
    domain: str | None


class ContactCompany(AnswerShape):
    """`source` says whether a domain or a person linked them. There is a suggestion only where nothing was said yet."""

    contact_id: UUID
    company: Company | None
    source: str | None
    suggestion: CompanySuggestion | None
