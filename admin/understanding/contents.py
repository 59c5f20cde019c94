"""What the bot understands and knows now: intents with their examples, and articles. Reads only what is published."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from admin.understanding.shapes import KnownArticle, KnownIntent, LiveKnowledge
from bot.publishing.contents import find_live, tree_of
from bot.understanding.added_examples import language_of
from flows.content_tree import KNOWLEDGE, Files
from flows.errors import FlowError
from flows.intent_examples import examples_by_intent, training_files
from flows.knowledge import parse_article

_Frozen = tuple[tuple[str, str], ...]


async def read_live(session: AsyncSession) -> LiveKnowledge:
    """The intents by name and the articles by title; nothing before the first publication."""
    live = await find_live(session)
    tree = await tree_of(session, live)
    # Reading hundreds of texts would hold up everybody else.
    intents, articles = await asyncio.to_thread(
        lambda: (_intents(_freeze(training_files(tree))), _articles(_freeze(tree.get(KNOWLEDGE, {}))))
    )
    return LiveKnowledge(publication=live.seq, intents=intents, articles=articles)


def _freeze(files: Files) -> _Frozen:
    return tuple(sorted(files.items()))


@lru_cache(maxsize=4)
def _intents(files: _Frozen) -> list[KnownIntent]:
    counts: Counter[tuple[str, str]] = Counter()
    for name, text in files:
        for intent, examples in examples_by_intent({name: text}).items():
            counts[intent, language_of(name)] += len(examples)
    names = sorted({intent for intent, _ in counts})
    return [
        KnownIntent(name=one, examples={language: n for (name, language), n in sorted(counts.items()) if name == one})
        for one in names
    ]


@lru_cache(maxsize=4)
def _articles(files: _Frozen) -> list[KnownArticle]:
    faults: list[FlowError] = []  # what is published has none
    read = [parse_article(text, f"{KNOWLEDGE}/{name}", faults) for name, text in files]
    shown = [
        KnownArticle(
            name=one.name,
            title=one.about.title,
            language=one.about.language,
            intent=one.about.intent,
            link=one.about.link,
            questions=list(one.about.questions),
            text=one.text,
        )
        for one in read
        if one is not None
    ]
    return sorted(shown, key=lambda one: one.title.casefold())
