"""The one transaction in which a publication goes live: versions, model, journeys and the number, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.knowledge.indexing import index_articles
from bot.publishing.contents import Published, find_live, get_publication
from bot.publishing.dialogue_models import drop_old_models, keep_model
from bot.publishing.drafts import drop_published
from bot.publishing.live import PUBLICATION_CHANNEL
from bot.publishing.models import Publication
from bot.publishing.ports import JourneyPublisher
from bot.publishing.proposal import Proposal
from bot.publishing.publishing_lock import hold_while_storing
from bot.publishing.reports import Outdated, PublicationReport
from bot.publishing.versions import store_versions
from flows.content_tree import KNOWLEDGE


@dataclass(frozen=True)
class Entry:
    """Who publishes, and why.

    Attributes:
        rollback_of: the publication whose contents these are.
    """

    author: str
    note: str = ""
    rollback_of: int | None = None


async def store_publication(
    session: AsyncSession,
    proposal: Proposal,
    report: PublicationReport,
    entry: Entry,
    *,
    journeys: JourneyPublisher,
    now: datetime,
) -> PublicationReport:
    """Makes the proposal live when the transaction commits.

    Returns:
        The report with the publication's number.

    Raises:
        Outdated: something else went live since the proposal was prepared.
    """
    await hold_while_storing(session)
    live = await find_live(session)
    if live.seq != proposal.live.published.seq:
        raise Outdated(items_between(proposal.live.published, live))
    numbers = await store_versions(session, proposal.tree, author=entry.author, note=entry.note, now=now)
    if proposal.fresh_model is not None:
        await keep_model(session, proposal.fresh_model, now)
    publication = Publication(
        flows_version=report.flows_version,
        compiled=proposal.checked.compiled,
        contents=numbers,
        model_id=report.model_id,
        author=entry.author,
        note=entry.note,
        report=report.as_json(),
        rollback_of=entry.rollback_of,
        published_at=now,
    )
    session.add(publication)
    await session.flush()
    await journeys(session, proposal.checked.journeys, now)
    language = str(proposal.checked.compiled["default_language"])
    await index_articles(session, proposal.tree.get(KNOWLEDGE, {}), default_language=language, now=now)
    await drop_published(session, proposal.tree)
    await drop_old_models(session)
    # Heard when, and only if, the transaction commits.
    await session.execute(select(func.pg_notify(PUBLICATION_CHANNEL, str(publication.seq))))
    return replace(report, seq=publication.seq)


async def list_since(session: AsyncSession, seq: int) -> list[str]:
    """The items that are live with other contents than in publication `seq` (0: before the first).

    Raises:
        NotFound: there is no such publication.
    """
    base = await get_publication(session, seq) if seq else Published()
    return items_between(base, await find_live(session))


def items_between(before: Published, after: Published) -> list[str]:
    """The items whose version is another, or that are in only one of the two."""
    items = {*before.contents, *after.contents}
    return sorted(item for item in items if before.contents.get(item) != after.contents.get(item))
