"""The shipped content of the sample workspace, as its files have it. Says nothing of how it is made."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm.contacts.rules import Qualification, Stage
from crm.privacy.rules import RequestKind
from crm.segments.tree import SegmentTree

FOLDER = Path(__file__).parent
IMPORTED = FOLDER / "imported.csv"
_Clock = Annotated[str, Field(pattern=r"^\d\d:\d\d$")]


DOES = (
    "talk", "event", "agree", "points", "qualified", "stage", "tags", "task", "order", "refund", "mail", "plan",
    "refused", "asleep", "opts_out", "request", "count",
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleCompany(_Part):
    """A company and where it is."""

    title: str
    country: str
    city: str
    zone: str
    employees: int
    industry: str


class Mail(_Part):
    """A follow-up by e-mail: of which step of which journey, and what became of it."""

    journey: str
    step: str
    subject: str
    state: Literal["delivered", "read", "undelivered"] = "delivered"
    clicked: bool = False


class Deed(_Part):
    """One thing of `DOES` that happened.

    `at` is a time of day, `day` days after they became known; `ago`: minutes before the workspace was made.
    """

    day: int = 0
    at: _Clock | None = None
    ago: int | None = None

    talk: str | None = None
    event: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    starts_in: int | None = None
    agree: tuple[Literal["email", "sms", "telegram"], ...] = ()
    points: dict[str, int] = Field(default_factory=dict)
    """Why a talk gave points, and how many."""
    qualified: Qualification | None = None
    stage: Stage | None = None
    tags: tuple[str, ...] = ()
    task: str | None = None
    due: int = 1
    order: bool = False
    refund: bool = False
    mail: Mail | None = None
    plan: Mail | None = None
    refused: Mail | None = None
    asleep: str | None = None
    opts_out: Literal["email", "sms"] | None = None
    request: RequestKind | None = None
    count: bool = False

    @property
    def does(self) -> str:
        """What of all this the step does."""
        return next(name for name in DOES if getattr(self, name))

    @model_validator(mode="after")
    def _is_one(self) -> Deed:
        if sum(bool(getattr(self, name)) for name in DOES) != 1:
            raise ValueError("a step does exactly one thing")
        if (self.at is None) == (self.ago is None):
            raise ValueError("a step has `at` or `ago`")
        return self


class SampleGap(_Part):
    """Why what was said was not understood."""

    reason: Literal["missed", "clarified", "below_bar"]
    confidence: float


class HandOff(_Part):
    """Whom the bot asked for a person, and why."""

    team: str
    reason: str


class Line(_Part):
    """A line of a talk, `wait` minutes after the one before."""

    them: str | None = None
    bot: str | None = None
    colleague: str | None = None
    note: str | None = None
    close: bool = False
    rating: int | None = None
    wait: int = 1
    path: tuple[str | None, ...] = ()
    gap: SampleGap | None = None
    hand_off: HandOff | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Line:
        if sum(bool(one) for one in (self.them, self.bot, self.colleague, self.note, self.close, self.rating)) != 1:
            raise ValueError("a line is of exactly one")
        return self


class Script(_Part):
    """What is said in a talk. `tells`: fields that the visitor told."""

    channel: Literal["web", "sms", "telegram", "email"]
    flow: str | None = None
    outcome: str | None = None
    page: str | None = None
    tells: tuple[str, ...] = ()
    lines: tuple[Line, ...]


class Character(_Part):
    """Somebody made up. `buys`: what their order is worth. `mine`: they are given to whoever made the workspace."""

    name: tuple[str, str]
    company: str
    title: str
    since: int
    story: str
    phone: str | None = None
    telegram: str | None = None
    email: str | None = None
    buys: tuple[int, str] | None = None
    mine: bool = False

    @property
    def address(self) -> str:
        """Their e-mail address, on their company's domain."""
        return f"{self.email or _plain('.'.join(self.name))}@{domain_of(self.company)}"


class SampleSegment(_Part):
    """A segment as the builder makes it."""

    title: str
    tree: SegmentTree


class Content(_Part):
    """All of it; what one file names in another is there."""

    companies: dict[str, SampleCompany]
    people: dict[str, Character]
    stories: dict[str, tuple[Deed, ...]]
    talks: dict[str, Script]
    segments: dict[str, SampleSegment]

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Content:
        for name, person in self.people.items():
            if person.company not in self.companies or person.story not in self.stories:
                raise ValueError(f"{name}: no such company or story")
            if any(deed.order for deed in self.stories[person.story]) and person.buys is None:
                raise ValueError(f"{name}: buys nothing, and their story says so")
        named = {deed.talk for story in self.stories.values() for deed in story if deed.talk}
        if missing := named - self.talks.keys():
            raise ValueError(f"no such talk: {', '.join(sorted(missing))}")
        return self


def domain_of(company: str) -> str:
    """The domain of a company, which is nobody's for good (RFC 2606)."""
    return f"{company.replace('_', '-')}.example"


@cache
def read_content() -> Content:
    """The shipped files.

    Raises:
        pydantic.ValidationError: they do not have the form they need.
    """
    files = {name: _read(name) for name in ("companies", "people", "stories", "talks", "segments")}
    return Content.model_validate({**files, "people": files["people"]["people"]})


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def _plain(name: str) -> str:
    split = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in split if letter.isascii())
