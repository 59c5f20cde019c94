"""Fixtures of the gaps list: a small site that is live, over a scripted dialogue process, and a worker's work on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.understanding.accepting import Acceptor
from bot.understanding.grouper import GapGrouper
from bot.understanding.material import Material, Question
from bot.understanding.measuring import Measurer
from bot.understanding.work import UnderstandingWork
from tests.bot.knowledge.word_vectors import WordVectors
from tests.bot.publishing.conftest import publisher, rasa, shop
from tests.bot.publishing.small_site import small_site
from tests.bot.understanding.missed_talk import HELD_OUT, AddressFinder, Programs

__all__ = ["publisher", "rasa", "shop"]


@pytest.fixture
def programs() -> Programs:
    return Programs()


@pytest.fixture
def facts() -> AddressFinder:
    return AddressFinder()


@pytest.fixture
def material() -> Material:
    questions = (
        Question(text="what does a euro cost", article="pricing"),
        Question(text="may I pay later", article="pricing"),
        Question(text="is it safe", article="security"),
    )
    return Material({"held_out.yml": HELD_OUT}, questions)


@pytest.fixture
async def work(
    shop: Workshop, publisher: Publisher, programs: Programs, material: Material
) -> AsyncIterator[UnderstandingWork]:
    await publisher.publish(small_site(), author="Ada")
    vectors = WordVectors()
    work = UnderstandingWork(
        shop.sessions,
        GapGrouper(shop.sessions, vectors, programs, shop.clock),
        Measurer(shop.engine, shop.sessions, shop.clock, programs, vectors, lambda: material),
        Acceptor(shop.sessions, publisher, shop.clock),
    )
    yield work
    await work.stop()
