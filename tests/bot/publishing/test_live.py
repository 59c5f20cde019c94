"""What is live is known in every process soon after it is published, and drafts only while they are rehearsed."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.ports import Live
from bot.publishing.live import NothingPublished, PublishedFlows
from bot.publishing.ports import TrainedModel
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from bot.signed_models import MARK, model_id_of
from tests.bot.publishing.small_site import PATTERNS, reworded, small_site
from tests.conftest import Database


@pytest.fixture
def live(database: Database) -> PublishedFlows:
    return PublishedFlows(database.sessions, database.url)


async def test_before_the_first_publication_nothing_is_live(live: PublishedFlows) -> None:
    with pytest.raises(NothingPublished):
        await live.refresh()
    with pytest.raises(NothingPublished):
        _ = live.current
    with pytest.raises(NothingPublished):
        live.wording("stopped", "en", "web")


async def test_the_live_publication_is_known_after_a_look(live: PublishedFlows, publisher: Publisher) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    assert await live.refresh() == Live(1, first.flows_version, first.model_id)
    second = await publisher.publish(reworded("What size?"), author="Ada")
    assert live.current.seq == 1
    assert (await live.refresh()).flows_version == second.flows_version
    assert live.current.seq == 2


async def test_a_listening_process_hears_of_publications_from_the_first_on(
    live: PublishedFlows, publisher: Publisher
) -> None:
    listening = asyncio.create_task(live.listen())
    try:
        for number, tree in enumerate((small_site(), reworded("What size?")), start=1):
            await publisher.publish(tree, author="Ada")
            await _known(live, number)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def test_the_platforms_own_words_come_from_the_live_flows_in_the_nearest_language(
    live: PublishedFlows, publisher: Publisher
) -> None:
    german = re.sub(r"(?m)^stopped:(\n +.*)*", "stopped: {text: Es ist Schluss.}", PATTERNS["wording.en.yml"])
    patterns = PATTERNS | {"wording.de.yml": german}
    await publisher.publish(small_site(library__patterns=patterns), author="Ada")
    await live.refresh()
    english = live.compiled["wording"]["en"]["patterns"]["stopped"]["text"]["default"]
    assert live.wording("stopped", "de-AT", "web") == "Es ist Schluss."
    assert live.wording("stopped", "en-GB", "web") == english
    assert live.wording("stopped", "fr", "web") == english
    for_the_ear = live.wording("stopped", "en", "voice")
    assert for_the_ear != english
    assert "here" not in for_the_ear, "the line is hung up on"
    assert live.wording("stopped", "de", "voice") == "Es ist Schluss.", "what has no text of its own is said as it is"


async def test_published_flows_and_models_can_be_had_from_the_database(
    publisher: Publisher, database: Database
) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    second = await publisher.publish(reworded("What size?"), author="Ada")
    source = PublishedSource(database.sessions)
    for report in (first, second, first):
        document = await source.flows_document(report.flows_version)
        assert document is not None
        assert document["version"] == report.flows_version
    data = await source.model_file(first.model_id)
    assert data is not None
    assert data.startswith(MARK)
    assert model_id_of(data) == first.model_id
    assert await source.flows_document("000000000000") is None
    assert await source.model_file("0" * 64) is None


async def test_a_draft_can_be_had_only_while_it_is_lent(database: Database) -> None:
    source = PublishedSource(database.sessions)
    compiled, model = {"version": "abc"}, TrainedModel("f00", "finger", b"data")
    with source.lending(compiled, model):
        with source.lending(compiled, model):
            assert await source.flows_document("abc") == compiled
        assert await source.flows_document("abc") == compiled
        assert await source.model_file("f00") == b"data"
    assert await source.flows_document("abc") is None
    assert await source.model_file("f00") is None


async def test_a_refused_draft_is_not_given_out_any_more(shop: Workshop, publisher: Publisher) -> None:
    report = await Publisher(replace(shop, tests=None)).preview(small_site())
    assert await shop.source.flows_document(report.flows_version) is None


async def _known(live: PublishedFlows, seq: int) -> None:
    async with asyncio.timeout(10):
        while True:
            with suppress(NothingPublished):
                if live.current.seq == seq:
                    return
            await asyncio.sleep(0.02)
