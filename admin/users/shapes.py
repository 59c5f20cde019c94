"""What is asked and answered about users, invitations and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from admin.api.fields import AnswerShape, EmailAddress, PlainText, RequestShape, ShownOnce
from admin.api.versions import Versioned
from admin.sessions.endpoints import check_length, check_name
from admin.sessions.passwords import MAX_LENGTH

Name = Annotated[PlainText, Field(max_length=200), AfterValidator(check_name)]
RoleName = Annotated[PlainText, Field(max_length=60)]
Token = Annotated[PlainText, Field(max_length=200)]
NewPassword = Annotated[PlainText, AfterValidator(check_length)]


class UserRow(Versioned):
    """Somebody who has, or had, access. `seen_at`: the last time that one of their open sessions was used."""

    id: UUID
    email: str
    name: str
    role: str
    is_active: bool
    has_second_step: bool
    seen_at: datetime | None
    created_at: datetime


class UserList(AnswerShape):
    items: list[UserRow]


class UserChange(RequestShape):
    role: RoleName | None = None
    is_active: bool | None = None


class Colleague(AnswerShape):
    id: UUID
    name: str


class ColleagueList(AnswerShape):
    items: list[Colleague]


class InvitationRow(AnswerShape):
    id: UUID
    email: str
    name: str
    role: str
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class InvitationList(AnswerShape):
    items: list[InvitationRow]


class NewInvitation(RequestShape):
    email: Annotated[EmailAddress, Field(max_length=320)]
    name: Name
    role: RoleName


class LinkMade(ShownOnce):
    """A one-time link. `link` is there where it could not be mailed: hand it over yourself."""

    mailed: bool
    link: str | None
    expires_at: datetime


class TokenShown(RequestShape):
    token: Token


class Invited(AnswerShape):
    """Who is invited, for the page that they choose their password on."""

    email: str
    name: str


class Acceptance(RequestShape):
    token: Token
    name: Name
    password: NewPassword


class ResetWish(RequestShape):
    email: Annotated[PlainText, Field(max_length=320)]


class ResetUse(RequestShape):
    token: Token
    password: NewPassword


class OpenSession(AnswerShape):
    """A browser that is signed in. `way` is what by; `is_this` is the one that asks."""

    id: UUID
    way: str
    browser: str
    created_at: datetime
    seen_at: datetime | None
    is_this: bool


class SessionList(AnswerShape):
    items: list[OpenSession]


class PasswordChange(RequestShape):
    password: Annotated[PlainText, Field(max_length=MAX_LENGTH)]
    new_password: NewPassword


class PasswordShown(RequestShape):
    password: Annotated[PlainText, Field(max_length=MAX_LENGTH)]


class CodeShown(RequestShape):
    code: Annotated[PlainText, Field(max_length=40)]


class CodeAppBegun(ShownOnce):
    """What is typed into an app of codes, or read from the QR code, an SVG as a data: address."""

    secret: str
    address: str
    qr: str


class RecoveryCodes(ShownOnce):
    codes: list[str]


class NameChange(RequestShape):
    name: Name


class LanguageChoice(RequestShape):
    language: Literal["en", "es", "fr", "de"]


class Account(AnswerShape):
    """The account of who asks."""

    id: UUID
    email: str
    name: str
    role: str
    has_password: bool
    has_code_app: bool
    recovery_codes: int
