"""`parley knowledge …`: take articles in, give them vectors, try questions out, see how things stand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.flows_options import author_option, confirm
from server.settings import Settings, read_settings

if TYPE_CHECKING:
    from bot.knowledge.answering import Answered
    from bot.knowledge.filling import Progress
    from bot.knowledge.importing.files import Planned
    from server.wiring import Platform

_PATH = click.Path(exists=True, path_type=Path)


@click.group()
def knowledge() -> None:
    """Articles that free questions are answered from: import, index, search, status."""


@knowledge.command(name="import")
@click.argument("path", type=_PATH)
@click.option("--language", help="Language of what does not say its own, such as en or de-AT.")
@click.option("--draft", is_flag=True, help="Keep it as a draft in the database instead of in the content folder.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@author_option
def import_command(path: Path, *, language: str | None, draft: bool, yes: bool, author: str) -> None:
    """Make articles of PATH: Markdown, web pages (HTML), tables of questions and answers (CSV), or a folder of them.

    Nothing is answered from them before they are published (`parley flows publish`).
    """
    from server.knowledge_import import import_as_draft, import_into_folder

    def agree(planned: list[Planned]) -> bool:
        for one in planned:
            click.echo(
                f"{one.change:>8}  knowledge/{one.name}  {one.title}  ({one.source}, {len(one.text)} characters)"
            )
        if all(one.change == "same" for one in planned):
            click.echo("All of it is there already; nothing to take in.")
            return False
        confirm("Take this in?", yes=yes)
        return True

    settings = read_settings()
    if draft:
        taken = asyncio.run(import_as_draft(settings, path, language, author=author, agree=agree))
        where = "the draft of the articles; publish it with `parley flows publish --drafts`"
    else:
        taken = import_into_folder(settings, path, language, agree=agree)
        where = f"{settings.nlu_dir / 'knowledge'}; publish it with `parley flows publish`"
    if taken:
        click.echo(f"{taken} article{'' if taken == 1 else 's'} taken into {where}.")


@knowledge.command()
def index() -> None:
    """Give every live passage that lacks one a vector, now; a running worker does it within a minute."""
    from bot.knowledge.indexer import KnowledgeIndexer
    from server.knowledge_access import open_knowledge

    def show(progress: Progress) -> None:
        click.echo(f"{progress.done} of {progress.all} passages have a vector.")

    async def run() -> None:
        async with open_knowledge(read_settings()) as (platform, dialogue):
            made = await KnowledgeIndexer(platform.sessions, dialogue, platform.clock).index(show)
            click.echo(f"{made} vectors made.")

    asyncio.run(run())


@knowledge.command()
@click.argument("question")
@click.option("--language", default="en", show_default=True)
@click.option("--count", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option("--words-only", is_flag=True, help="Search by words alone, without a dialogue process.")
def search(question: str, *, language: str, count: int, words_only: bool) -> None:
    """Show what the published articles say to QUESTION, and how sure that is."""
    from bot.knowledge.answering import answer
    from bot.knowledge.search import Question
    from server.database_access import open_database
    from server.knowledge_access import open_knowledge

    async def look(platform: Platform, asked: Question) -> None:
        async with platform.sessions() as session:
            _show(await answer(session, asked, limit=count))

    async def run() -> None:
        if words_only:
            async with open_database(read_settings()) as platform:
                await look(platform, Question(question, language))
            return
        async with open_knowledge(read_settings()) as (platform, dialogue):
            meaning = await dialogue.vectors([question])
            await look(platform, Question(question, language, meaning.rows[0], meaning.encoder))

    asyncio.run(run())


@knowledge.command()
def status() -> None:
    """Show how many articles are live and how many of their passages have a vector."""
    from server.database_access import open_database
    from server.knowledge_access import read_status

    async def run(settings: Settings) -> None:
        async with open_database(settings) as platform, platform.sessions() as session:
            for line in await read_status(session):
                click.echo(line)

    asyncio.run(run(read_settings()))


def _show(answered: Answered) -> None:
    from bot.knowledge.quoting import quote

    for found, confidence in answered.passages:
        place = f"{found.title}{' › ' + found.heading if found.heading else ''}"
        near = "no vector" if found.cosine is None else f"meaning {found.cosine:.2f}"
        click.echo(f"{confidence:.2f}  {found.article} ({found.language}): {place}")
        click.echo(f"      {near}, words {found.coverage:.2f}{', ' + found.link if found.link else ''}")
        click.echo("      " + quote(found.text).replace("\n", "\n      "))
    click.echo("Sure enough to answer." if answered.sure else "Not sure enough: a person would be offered.")
