"""Puts publishing together: database, dialogue processes, training, journeys. Holds no rule of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import RasaDialogue
from bot.publishing.checks_on_replicas import ReplicaReplays, ReplicaTests
from bot.publishing.contents import find_live, tree_of
from bot.publishing.jobs import Places, PublishWork
from bot.publishing.models import Publication
from bot.publishing.ports import Say
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from flows.compiler import FORMAT
from flows.content_tree import ContentTree, changed_items, read_tree
from flows.errors import FlowsRefused
from outreach.enrolment import publish_journeys
from outreach.removed_steps import Told, choose_places
from server.database_access import open_database
from server.dialogue_access import open_dialogue
from server.first_content import add_first_calendars
from server.settings import Settings
from server.training import ModelTrainer, current_model
from server.wiring import Platform


def create_workshop(
    platform: Platform, source: PublishedSource, dialogue: RasaDialogue | None, places: Sequence[Told] | None = None
) -> Workshop:
    """What publishing works with.

    Args:
        dialogue: None where none runs yet, at the very first publication: nothing is tested or replayed then.
        places: where people on steps go on that are removed; those of whom nothing is told refuse the publication.
            None: they land on the nearest step ahead.
    """
    return Workshop(
        platform.engine,
        platform.sessions,
        platform.clock,
        source,
        ModelTrainer(platform.settings),
        partial(_publish_journeys, places),
        dialogue,
        ReplicaTests(dialogue) if dialogue else None,
        ReplicaReplays(platform.sessions, dialogue) if dialogue else None,
        None if places is None else partial(choose_places, told=places),
    )


def create_publish_work(platform: Platform, source: PublishedSource, dialogue: RasaDialogue) -> PublishWork:
    """What a worker does for publishing that is asked for over the API."""

    def publisher(places: Places) -> Publisher:
        told = [Told(each["step"], each["to"], each.get("journey")) for each in places]
        return Publisher(create_workshop(platform, source, dialogue, told))

    return PublishWork(platform.sessions, publisher, platform.clock)


@asynccontextmanager
async def open_publisher(
    settings: Settings, places: Sequence[Told] | None = None
) -> AsyncIterator[tuple[Publisher, Platform]]:
    """For a command: a publisher with the dialogue processes that run, or one of its own.

    Trains nothing by itself: what is published may have other examples than the content folder.
    """
    async with open_database(settings) as platform:
        source, model = PublishedSource(platform.sessions), current_model(settings)
        async with open_dialogue(platform.settings, source, model if model.exists() else None) as dialogue:
            yield Publisher(create_workshop(platform, source, dialogue, places)), platform


async def ensure_published(platform: Platform, say: Say) -> None:
    """Publishes the shipped content when nothing is live, and compiles anew what an older program compiled.

    Says so when the content folder is not what is live: who edits files publishes them by a command of their own.
    """
    publisher = Publisher(create_workshop(platform, PublishedSource(platform.sessions), None))
    tree = await asyncio.to_thread(shipped_tree, platform.settings)
    if await publisher.seed(tree, say=say) is not None:
        await add_first_calendars(platform)
        return
    try:
        await publisher.recompile(say=say)
    except FlowsRefused as refused:
        if await _is_of_older_format(platform):
            raise
        # It was lawful to publish when it was published, and the processes can run it: say so and let it be.
        say(f"what is live has faults by today's checks; publish it mended:\n{refused}")
    async with platform.sessions() as session:
        changed = changed_items(await tree_of(session, await find_live(session)), tree)
    if changed:
        say(f"not live yet in the content folder: {', '.join(changed)} (see `parley flows diff`)")


async def _is_of_older_format(platform: Platform) -> bool:
    async with platform.sessions() as session:
        written = await session.scalar(
            select(Publication.compiled["format"].as_integer()).order_by(Publication.seq.desc()).limit(1)
        )
    return written != FORMAT


def shipped_tree(settings: Settings) -> ContentTree:
    """The content folder.

    Raises:
        NotContent: part of it cannot be content.
    """
    return read_tree(settings.content_dir, settings.nlu_dir)


async def _publish_journeys(
    told: Sequence[Told] | None, session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    # Asked again: people have moved on since.
    places = None if told is None else await choose_places(session, compiled, told)
    await publish_journeys(session, compiled, now, places=places)
