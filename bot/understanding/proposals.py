"""Proposals to mend what is not understood: made of messages by a person, and how they stand. Publishes nothing.

Nothing is learned from a visitor without a person's yes, and never words that tell who wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, transaction
from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from bot.publishing.contents import NOTHING, Published, find_live, tree_of
from bot.publishing.live import NothingPublished
from bot.understanding.changes import Change, Kind, make_ready
from bot.understanding.example_texts import MOST_TEXTS, check_impersonal, tidy
from bot.understanding.gaps import open_gaps_of_group
from bot.understanding.models import Gap, Proposal
from bot.understanding.ports import FactFinder
from bot.understanding.words import read_words

ProposalStatus = Literal["waiting", "measuring", "ready", "failed", "publishing", "accepted", "rejected"]

MOST_MESSAGES = 500
"""Of one proposal; the newest of a group that has more."""

_OPEN = ("waiting", "measuring", "ready", "failed")


class ContentChanged(Conflict):
    """Something else went live since this proposal was measured: measure it again, then decide."""

    code = "content_changed"


class NotMeasured(Conflict):
    """What this proposal would change is not known yet: wait until it is measured, or measure it again."""

    code = "not_measured"


class AlreadyDecided(Conflict):
    """This proposal has been decided, or is being published: load it again."""

    code = "already_decided"


@dataclass(frozen=True)
class Wish:
    """What somebody proposes.

    Attributes:
        texts: edited words; None takes those of the messages as they are.
        message_ids, group_id: which messages it would mend.
        title, body: of a new article, which needs no target.
    """

    kind: Kind
    target: str = ""
    language: str | None = None
    texts: Sequence[str] | None = None
    message_ids: Sequence[UUID] = ()
    group_id: UUID | None = None
    title: str | None = None
    body: str | None = None


async def propose(sessions: Sessions, facts: FactFinder, wish: Wish, *, author: str, now: datetime) -> Proposal:
    """Takes a proposal in; it is measured by a worker.

    Raises:
        InvalidInput: no messages and no texts, messages of several languages, or names that cannot be.
        TextsRefused: some texts cannot be taken, or tell who wrote them.
        NothingNew: all of it is there already.
        NotFound: the group, the messages or the article are not there.
        FlowsRefused, Conflict: the contents cannot take it.
        DialogueUnavailable, DialogueFailed: nobody could read the texts for personal data.
    """
    async with sessions() as session:
        live, tree = await _live_contents(session)
        message_ids = await _messages_of(session, wish)
        language = wish.language or await _language_of(session, message_ids)
        words = await read_words(session, message_ids)
    texts = tidy(words[one] for one in message_ids if one in words) if wish.texts is None else list(wish.texts)
    if wish.texts is None and wish.body is not None:
        texts = []  # a new article answers them; what it is also asked by is for its author to say
    if len(texts) > MOST_TEXTS:
        raise InvalidInput(f"These are {len(texts)} texts, more than {MOST_TEXTS}: choose the ones that say most.")
    change = make_ready(Change(wish.kind, wish.target, language, texts, wish.title, wish.body), tree)
    if change.texts:
        check_impersonal(await facts.personal_data(change.texts, change.language))
    proposal = Proposal(
        id=new_id(),
        kind=change.kind,
        target=change.target,
        language=change.language,
        title=change.title,
        body=change.body,
        texts=list(change.texts),
        message_ids=[str(one) for one in message_ids],
        status="waiting",
        attempts=0,
        based_on=live.seq,
        author=author,
        created_at=now,
    )
    async with transaction(sessions) as session:
        session.add(proposal)
    return proposal


def change_of(proposal: Proposal) -> Change:
    """What the proposal changes."""
    kind: Kind = "intent" if proposal.kind == "intent" else "article"
    return Change(kind, proposal.target, proposal.language, proposal.texts, proposal.title, proposal.body)


async def get_proposal(session: AsyncSession, proposal_id: UUID) -> Proposal:
    """One proposal.

    Raises:
        NotFound: there is none.
    """
    proposal = await session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound("There is no such proposal.")
    return proposal


async def list_proposals(
    session: AsyncSession, *, status: ProposalStatus | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Proposal]:
    """The latest first, those behind `after` only."""
    key = (Proposal.created_at, Proposal.id)
    statement = select(Proposal).order_by(*(column.desc() for column in key)).limit(limit)
    if status is not None:
        statement = statement.where(Proposal.status == status)
    if after is not None:
        statement = statement.where(tuple_(*key) < after)
    return list(await session.scalars(statement))


async def measure_again(session: AsyncSession, proposal_id: UUID) -> Proposal:
    """Has it measured against what is live now.

    Raises:
        NotFound: there is no such proposal.
        AlreadyDecided: it is decided or being published.
        Conflict: it is being measured.
    """
    proposal = await _take(session, proposal_id, *_OPEN)
    if proposal.status in ("waiting", "measuring"):
        raise Conflict("This proposal is being measured; wait for that to end.")
    return await _set(session, proposal, status="waiting", before=None, after=None, problem=None)


async def accept(session: AsyncSession, proposal_id: UUID, *, user: str, now: datetime) -> Proposal:
    """Has it published by a worker; what refuses that is shown with the proposal afterwards.

    Raises:
        NotFound: there is no such proposal.
        AlreadyDecided: it is decided or being published.
        NotMeasured: what it would change is not known.
        ContentChanged: what is live is not what it was measured against.
    """
    proposal = await _take(session, proposal_id, *_OPEN)
    if proposal.status != "ready":
        raise NotMeasured
    if (await find_live(session)).seq != proposal.based_on:
        raise ContentChanged
    return await _set(session, proposal, status="publishing", problem=None, decided_by=user, decided_at=now)


async def reject(session: AsyncSession, proposal_id: UUID, *, user: str, now: datetime) -> Proposal:
    """Turns it down; its messages stay on the list.

    Raises:
        NotFound: there is no such proposal.
        AlreadyDecided: it is decided or being published.
    """
    proposal = await _take(session, proposal_id, *_OPEN)
    return await _set(session, proposal, status="rejected", decided_by=user, decided_at=now)


async def find_measured(session: AsyncSession, mark: str) -> dict[str, Any] | None:
    """What was measured of the same contents before, as one side of another proposal."""
    is_known = or_(Proposal.before["of"].as_string() == mark, Proposal.after["of"].as_string() == mark)
    row = (
        await session.execute(
            select(Proposal.before, Proposal.after).where(is_known).order_by(Proposal.created_at.desc()).limit(1)
        )
    ).first()
    sides: list[dict[str, Any] | None] = list(row) if row is not None else []
    return next((side for side in sides if side is not None and side["of"] == mark), None)


async def _take(session: AsyncSession, proposal_id: UUID, *statuses: str) -> Proposal:
    proposal = await session.scalar(select(Proposal).where(Proposal.id == proposal_id).with_for_update())
    if proposal is None:
        raise NotFound("There is no such proposal.")
    if proposal.status not in statuses:
        raise AlreadyDecided
    return proposal


async def _set(session: AsyncSession, proposal: Proposal, **values: Any) -> Proposal:
    """Changes a proposal that is locked; whoever works on it has lost it."""
    for name, value in {**values, "claimed_until": None, "attempts": 0}.items():
        setattr(proposal, name, value)
    await session.flush()
    return proposal


async def _live_contents(session: AsyncSession) -> tuple[Published, Mapping[str, Mapping[str, str]]]:
    live = await find_live(session)
    if live == NOTHING:
        raise NothingPublished
    return live, await tree_of(session, live)


async def _messages_of(session: AsyncSession, wish: Wish) -> list[UUID]:
    """The messages, the newest first; those that are on the list, still open or not."""
    wanted = list(dict.fromkeys(wish.message_ids))
    if wish.group_id is not None and not wanted:
        wanted = (await open_gaps_of_group(session, wish.group_id))[:MOST_MESSAGES]
    if len(wanted) > MOST_MESSAGES:
        raise InvalidInput(f"These are {len(wanted)} messages, more than {MOST_MESSAGES}.")
    known = set(await session.scalars(select(Gap.message_id).where(Gap.message_id.in_(wanted))))
    if missing := [one for one in wanted if one not in known]:
        raise NotFound(f"{len(missing)} of these messages are not on the list of what was not understood.")
    if not wanted and wish.texts is None and wish.body is None:
        raise InvalidInput("Name a group, messages or texts to make the proposal of.")
    return wanted


async def _language_of(session: AsyncSession, message_ids: Sequence[UUID]) -> str:
    languages = await session.scalars(select(Gap.language).where(Gap.message_id.in_(message_ids)).distinct())
    match languages.all():
        case [language]:
            return language
        case []:
            raise InvalidInput(errors=[{"field": "language", "message": "Say in which language these texts are."}])
    raise InvalidInput("These messages are in several languages: make one proposal for each.")
