"""The API's shapes of channels and their accounts. A secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape

ChannelName = Literal["sms", "telegram", "voice", "email"]
Told = Annotated[PlainText, Field(max_length=5_000)]


class ChannelField(AnswerShape):
    """Something to be told of an account. `secret`: sealed, and never shown again."""

    name: str
    label: str
    help: str
    secret: bool
    required: bool
    default: str | None


class ChannelAccount(AnswerShape):
    """An account. `told` is what is no secret; `problem` is what the last check found wrong, in words."""

    id: UUID
    channel: str
    name: str
    address: str
    told: dict[str, str]
    enabled: bool
    checked_at: datetime | None
    problem: str | None


class Channel(AnswerShape):
    """A channel that has accounts: what one needs, and those there are, the one used first before others."""

    channel: str
    fields: list[ChannelField]
    accounts: list[ChannelAccount]


class ChannelList(AnswerShape):
    items: list[Channel]


class AccountWish(RequestShape):
    """An account to be brought in, or changed when there is one of this name. Secrets that are not told stay."""

    channel: ChannelName
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = "main"
    told: Annotated[dict[Annotated[PlainText, Field(max_length=60)], Told], Field(max_length=40)]


class CheckFinding(AnswerShape):
    """One thing that was found, with what to do about it."""

    level: Literal["ok", "warning", "missing"]
    text: str
    remedy: str | None


class AccountChecked(AnswerShape):
    """An account, and all that a look at it found."""

    account: ChannelAccount
    findings: list[CheckFinding]
