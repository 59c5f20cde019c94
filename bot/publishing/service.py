"""Publishing: check, test, replay, impact, model, replicas, then live in one transaction; and back again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

import structlog

from base.database import transaction
from bot.publishing.contents import NOTHING, find_live, get_publication, tree_of
from bot.publishing.dialogue_models import find_model
from bot.publishing.drafts import draft_tree, drop_published, list_outdated
from bot.publishing.ports import Say
from bot.publishing.proposal import Checks, Proposal, Workshop, judge, prepare, read_live
from bot.publishing.publishing_lock import publishing_alone
from bot.publishing.reports import NoReplicaReady, Outdated, PublicationReport
from bot.publishing.storing import Entry, list_since, store_publication
from bot.publishing.versions import get_files
from flows.compiler import FORMAT
from flows.content_tree import ContentTree, changed_items, check_tree
from flows.intent_examples import training_files

log = structlog.get_logger(__name__)

PLATFORM = "Parley"
"""The author of what the platform itself publishes."""
_ONLY_COMPILED = Checks(tests=False)


def say_nothing(_line: str) -> None:
    """For callers who do not listen."""


class Publisher:
    """Publishes contents. What is live stays until everything that could refuse has agreed."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    async def publish(
        self,
        tree: ContentTree,
        *,
        author: str,
        note: str = "",
        replay: int = 0,
        strict_replay: bool = False,
        force: bool = False,
        based_on: int | None = None,
        say: Say = say_nothing,
    ) -> PublicationReport:
        """Makes these contents live.

        Args:
            replay: how many of the last real conversations are replayed.
            strict_replay: refuses when one of them would end otherwise.
            force: undoes what went live since the contents were begun.
            based_on: the publication the contents were begun from; what is live now, when not given.
            say: told what is being done, a line at a time.

        Raises:
            NotContent, FlowsRefused: the contents have faults.
            PublishRefused: a test or a strict replay did not come out as it should.
            Outdated: something else went live since.
            NoReplicaReady: no dialogue process could take the flows.
        """
        checks = Checks(replay=replay, strict_replay=strict_replay)
        return await self._publish(tree, Entry(author, note), checks, based_on=based_on, force=force, say=say)

    async def publish_drafts(
        self, *, author: str, note: str = "", replay: int = 0, strict_replay: bool = False, force: bool = False,
        items: Collection[str] | None = None, say: Say = say_nothing,
    ) -> PublicationReport:  # fmt: skip
        """Publishes drafts together, of these items or all. Raises what `publish` raises.

        Raises:
            NotFound: one of the items has no draft.
        """
        async with self._shop.sessions() as session:
            live, tree = await find_live(session), await draft_tree(session, items)
        return await self.publish(
            tree, author=author, note=note, replay=replay, strict_replay=strict_replay, force=force,
            based_on=live.seq, say=say,
        )  # fmt: skip

    async def preview(self, tree: ContentTree, *, replay: int = 0, say: Say = say_nothing) -> PublicationReport:
        """Does all that publishing does but going live. Raises what `publish` raises for contents."""
        check_tree(tree)
        proposal = await prepare(self._shop, tree, await read_live(self._shop.sessions), say)
        with self._shop.source.lending(proposal.checked.compiled, proposal.fresh_model):
            return await judge(self._shop, proposal, Checks(replay=replay), say)

    async def rollback(self, seq: int, *, author: str, note: str = "", say: Say = say_nothing) -> PublicationReport:
        """Makes the contents of an earlier publication live again, as a new one.

        They passed their tests then and are only checked and compiled anew; nothing is trained if their model is kept.

        Raises:
            NotFound: there is no such publication.
            FlowsRefused: today's checks find faults in them.
            Outdated: something else was published at the same time.
        """
        async with self._shop.sessions() as session:
            tree = await tree_of(session, await get_publication(session, seq))
        entry = Entry(author, note or f"back to publication {seq}", seq)
        return await self._publish(tree, entry, _ONLY_COMPILED, say=say)

    async def rollback_item(
        self, item: str, number: int, *, author: str, note: str = "", say: Say = say_nothing
    ) -> PublicationReport:
        """Makes an earlier version of one item live again, with everything else as it is; tested, for it is new.

        Raises:
            NotFound: there is no such version.
            FlowsRefused, PublishRefused, Outdated, NoReplicaReady: as for `publish`.
        """
        async with self._shop.sessions() as session:
            live = await find_live(session)
            tree = {**await tree_of(session, live), item: await get_files(session, item, number)}
        entry = Entry(author, note or f"{item} back to version {number}")
        return await self._publish(tree, entry, Checks(), based_on=live.seq, say=say)

    async def seed(self, tree: ContentTree, *, say: Say = say_nothing) -> PublicationReport | None:
        """The first publication, from the shipped contents; None when something was published already."""
        async with self._shop.sessions() as session:
            if await find_live(session) != NOTHING:
                return None
        async with publishing_alone(self._shop.engine, say):
            live = await read_live(self._shop.sessions)
            if live.published != NOTHING:
                return None
            proposal = await prepare(self._shop, tree, live, say)
            return await self._go_live(proposal, Entry(PLATFORM, "as shipped"), _ONLY_COMPILED, say)

    async def recompile(self, *, say: Say = say_nothing) -> PublicationReport | None:
        """Publishes what is live again when it was compiled, or its model made, by an older program; else None.

        Raises:
            FlowsRefused: today's checks find faults in it; it stays as it is.
        """
        async with publishing_alone(self._shop.engine, say):
            live = await read_live(self._shop.sessions)
            if live.published == NOTHING or not await self._is_old(live.compiled, live.tree, live.published.model_id):
                return None
            proposal = await prepare(self._shop, live.tree, live, say)
            return await self._go_live(proposal, Entry(PLATFORM, "compiled anew"), _ONLY_COMPILED, say)

    async def _publish(
        self, tree: ContentTree, entry: Entry, checks: Checks,
        *, based_on: int | None = None, force: bool = False, say: Say,
    ) -> PublicationReport:  # fmt: skip
        check_tree(tree)
        if based_on is None:
            # Looked up before waiting: whoever publishes in front of us publishes something we have not seen.
            async with self._shop.sessions() as session:
                based_on = (await find_live(session)).seq
        async with publishing_alone(self._shop.engine, say):
            live = await read_live(self._shop.sessions)
            if not force:
                await self._check_up_to_date(tree, live.tree, based_on, entry)
            proposal = await prepare(self._shop, tree, live, say)
            if proposal.is_live and proposal.fresh_model is None:
                return await self._leave_as_is(proposal, say)
            return await self._go_live(proposal, entry, checks, say)

    async def _check_up_to_date(
        self, tree: ContentTree, live: Mapping[str, dict[str, str]], based_on: int, entry: Entry
    ) -> None:
        undone = set(changed_items(live, tree))
        async with self._shop.sessions() as session:
            since = await list_since(session, based_on)
            # Contents that are older on purpose cannot be an outdated draft.
            drafts = [] if entry.rollback_of else await list_outdated(session, tree)
        if stale := sorted(undone.intersection([*since, *drafts])):
            raise Outdated(stale)

    async def _go_live(self, proposal: Proposal, entry: Entry, checks: Checks, say: Say) -> PublicationReport:
        shop = self._shop
        with shop.source.lending(proposal.checked.compiled, proposal.fresh_model):
            report = await judge(shop, proposal, checks, say)
            report = await self._preloaded(report, say)
            async with transaction(shop.sessions) as session:
                report = await store_publication(
                    session, proposal, report, entry, journeys=shop.journeys, now=shop.clock.now()
                )
        say(f"Publication {report.seq} is live.")
        log.info("published", publication=report.seq, flows=report.flows_version, rollback_of=entry.rollback_of)
        return report

    async def _preloaded(self, report: PublicationReport, say: Say) -> PublicationReport:
        if self._shop.replicas is None:
            return report
        problems = await self._shop.replicas.preload(report.flows_version, report.model_id)
        for url, problem in problems.items():
            if problem is not None:
                say(f"The dialogue process {url} will take the flows later: {problem}")
        if problems and all(problems.values()):
            raise NoReplicaReady(problems)
        return replace(report, replicas=problems)

    async def _leave_as_is(self, proposal: Proposal, say: Say) -> PublicationReport:
        say("This is live already; nothing to publish.")
        live = proposal.live.published
        async with transaction(self._shop.sessions) as session:
            await drop_published(session, proposal.tree)
        return PublicationReport(live.seq, live.flows_version, live.model_id, unchanged=True)

    async def _is_old(self, compiled: Mapping[str, object], tree: ContentTree, model_id: str) -> bool:
        if compiled.get("format") != FORMAT:
            return True
        fingerprint = await asyncio.to_thread(lambda: self._shop.trainer.fingerprint(training_files(tree)))
        async with self._shop.sessions() as session:
            kept = await find_model(session, fingerprint)
        return kept != model_id
