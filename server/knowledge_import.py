"""Takes articles made of other files into the content folder or into a draft. Publishes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from base.database import transaction
from base.errors import ParleyError
from bot.knowledge.importing.files import Planned, plan_import
from bot.publishing.drafts import draft_tree, find_draft, save_draft
from flows.content_tree import KNOWLEDGE, check_files
from server.database_access import open_database
from server.publishing import shipped_tree
from server.settings import Settings

Agree = Callable[[list[Planned]], bool]
"""Shown what would be taken in; False when it is not to be."""


class NotWritten(ParleyError):
    """The content folder cannot be written."""

    code = "not_written"


def import_into_folder(settings: Settings, path: Path, language: str | None, *, agree: Agree) -> int:
    """Writes the articles into the content folder; returns how many are new or changed.

    Raises:
        FlowsRefused: with every fault of what was to be taken in; nothing is written.
        NotContent: there would be too many files, or too large ones.
        NotWritten: the folder cannot be written.
    """
    here = shipped_tree(settings).get(KNOWLEDGE, {})
    planned = plan_import(path, here, language=language)
    files = _files(planned)
    check_files(KNOWLEDGE, {**here, **files})
    if not agree(planned):
        return 0
    folder = settings.nlu_dir / KNOWLEDGE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise NotWritten(f"Cannot write {error.filename}: {error.strerror}.") from error
    return _count(planned)


async def import_as_draft(settings: Settings, path: Path, language: str | None, *, author: str, agree: Agree) -> int:
    """Keeps the articles, beside those there are, as a draft; returns how many are new or changed.

    Raises:
        FlowsRefused, NotContent: as for the folder; nothing is kept.
        Conflict: somebody else edited the draft meanwhile.
    """
    async with open_database(settings) as platform:
        async with platform.sessions() as session:
            here = (await draft_tree(session)).get(KNOWLEDGE, {})
            draft = await find_draft(session, KNOWLEDGE)
        planned = plan_import(path, here, language=language)
        together = {**here, **_files(planned)}
        check_files(KNOWLEDGE, together)
        if not agree(planned):
            return 0
        async with transaction(platform.sessions) as session:
            await save_draft(
                session,
                KNOWLEDGE,
                together,
                author=author,
                revision=draft.revision if draft else None,
                now=platform.clock.now(),
            )
    return _count(planned)


def _files(planned: list[Planned]) -> Mapping[str, str]:
    return {one.name: one.text for one in planned}


def _count(planned: list[Planned]) -> int:
    return sum(one.change != "same" for one in planned)
