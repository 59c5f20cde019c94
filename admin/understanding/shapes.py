"""The API's shapes of gaps, their groups and proposals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from bot.understanding.example_texts import MOST_TEXTS
from bot.understanding.gaps import GapReason, GapStatus
from bot.understanding.proposals import MOST_MESSAGES, ProposalStatus

Limit = Annotated[int, Field(ge=1, le=200)]
PageCursor = Annotated[PlainText, Field(max_length=100)]
LanguageName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class GapGroupQuery(RequestShape):
    """Without a language: all of them."""

    limit: Limit = 50
    cursor: PageCursor | None = None
    language: LanguageName | None = None


class GapGroup(AnswerShape):
    """Messages of one meaning that were not understood, as many as are still open, by reason.

    `name` is proposed by words of theirs; `nearest_intent` is what they were taken for most likely.
    """

    id: UUID
    name: str
    language: str
    open: int
    missed: int
    clarified: int
    below_bar: int
    example: str | None
    nearest_intent: str | None
    created_at: datetime


class GroupingRun(AnswerShape):
    """One run of the grouping. `gaps` is how many messages it looked at, `problem` why it came to nothing."""

    status: Literal["waiting", "done", "failed"]
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    gaps: int | None
    problem: str | None


class GapGroupPage(AnswerShape):
    """The largest first. `grouping` is the run that waits, or else the last one; null before the first."""

    items: list[GapGroup]
    next_cursor: str | None
    grouping: GroupingRun | None
    open_gaps: int


class GapQuery(RequestShape):
    """Open ones, unless another status is asked for."""

    limit: Limit = 50
    cursor: PageCursor | None = None
    language: LanguageName | None = None
    reason: GapReason | None = None
    status: GapStatus = "open"


class GroupGapQuery(RequestShape):
    limit: Limit = 50
    cursor: PageCursor | None = None


class Gap(AnswerShape):
    """A message that was not understood. `intent` is the likeliest; `group_id` is null where it stands alone."""

    message_id: UUID
    conversation_id: UUID
    text: str
    language: str
    reason: GapReason
    intent: str | None
    confidence: float
    status: GapStatus
    group_id: UUID | None
    created_at: datetime
    closed_at: datetime | None


class GapPage(AnswerShape):
    """The latest first."""

    items: list[Gap]
    next_cursor: str | None


class GapsToDismiss(RequestShape):
    message_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_MESSAGES)]


class Dismissed(AnswerShape):
    """How many were still open."""

    dismissed: int


class ProposalWish(RequestShape):
    """Made of a group or of messages. Without `texts` their own words are proposed.

    An `intent` gets the texts as examples; an `article` gets them as questions that it answers. With `title` and
    `body` it is a new article, which needs no target.
    """

    kind: Literal["intent", "article"]
    target: Annotated[PlainText, Field(max_length=100)] = ""
    language: LanguageName | None = None
    texts: Annotated[list[Annotated[PlainText, Field(max_length=4_000)]], Field(max_length=MOST_TEXTS)] | None = None
    message_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_MESSAGES)] = ()
    group_id: UUID | None = None
    title: Annotated[PlainText, Field(max_length=200)] | None = None
    body: Annotated[PlainText, Field(min_length=1, max_length=50_000)] | None = None


class ProposalQuery(RequestShape):
    """Without a status: all of them."""

    limit: Limit = 50
    cursor: PageCursor | None = None
    status: ProposalStatus | None = None


class IntentFigures(AnswerShape):
    """A cross-validated report, and how many of the texts that nothing is trained on are understood."""

    examples: int
    accuracy: float | None
    macro_f1: float | None
    held_out_right: int | None
    held_out_of: int | None
    overlap: int


class IntentChange(AnswerShape):
    """An intent whose figures change; `f1` is null where it has no examples."""

    intent: str
    language: str
    examples_before: int
    examples_after: int
    f1_before: float | None
    f1_after: float | None


class HeldOutText(AnswerShape):
    """A text that nothing is trained on: what it means, and what it was, or would be, taken for instead."""

    text: str
    intent: str
    found: str


class IntentEffect(AnswerShape):
    """What more examples do. Intents that become worse come first."""

    kind: Literal["intent"]
    before: IntentFigures
    after: IntentFigures
    intents: list[IntentChange]
    newly_wrong: list[HeldOutText]
    newly_right: list[HeldOutText]


class Found(AnswerShape):
    """The likeliest article, and whether it is sure enough to be given as the answer."""

    article: str | None
    confidence: float
    answered: bool


class TriedText(AnswerShape):
    """A text with what is found for it. `message_id` is that of a visitor's own words; `text` is null once erased."""

    text: str | None
    message_id: UUID | None
    before: Found
    after: Found


class ArticleFigures(AnswerShape):
    """Questions of the evaluation: how often the right article is first, among three, and given as the answer."""

    questions: int
    recall_at_1: float
    recall_at_3: float
    mrr: float
    answered_rightly: float


class ArticleEffect(AnswerShape):
    """What another article, or more questions of one, do. `bar` is the confidence from which on answers are given."""

    kind: Literal["article"]
    bar: float
    texts: list[TriedText]
    evaluation_before: ArticleFigures | None
    evaluation_after: ArticleFigures | None


class ProposalRow(AnswerShape):
    """A proposal in the list. `author` and `decided_by` are `user:` and the user's id; `problem` is in words."""

    id: UUID
    kind: Literal["intent", "article"]
    target: str
    language: str
    title: str | None
    texts: list[str]
    status: ProposalStatus
    problem: str | None
    author: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    publication: int | None


class Proposal(ProposalRow):
    """One proposal with its effect, null until it is measured.

    `outdated` says that something else went live since it was measured, against publication `based_on`.
    """

    body: str | None
    message_ids: list[UUID]
    based_on: int
    outdated: bool
    effect: Annotated[IntentEffect | ArticleEffect, Field(discriminator="kind")] | None


class ProposalPage(AnswerShape):
    """The latest first."""

    items: list[ProposalRow]
    next_cursor: str | None


class KnownIntent(AnswerShape):
    """An intent, and how many examples it has by language."""

    name: str
    examples: dict[str, int]


class KnownArticle(AnswerShape):
    """An article. `text` is its short answer; without a `language` it is in the library's default one."""

    name: str
    title: str
    language: str | None
    intent: str | None
    link: str | None
    questions: list[str]
    text: str


class LiveKnowledge(AnswerShape):
    """What is live: intents by name, articles by title. `publication` is 0 before the first."""

    publication: int
    intents: list[KnownIntent]
    articles: list[KnownArticle]
