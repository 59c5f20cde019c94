"""Takes in flows that another Parley exported, into the content folder or as drafts. Publishes nothing."""

from __future__ import annotations

from pathlib import Path

from base.database import transaction
from base.errors import ParleyError
from bot.publishing.bundle import read_bundle
from bot.publishing.bundle_import import ImportPlan, import_as_drafts, plan_import
from flows.content_tree import Files, check_tree
from server.database_access import open_database
from server.publishing import shipped_tree
from server.settings import Settings


class NotTakenIn(ParleyError):
    """The content folder could not be written."""

    code = "not_taken_in"
    status = 500


def import_into_folder(settings: Settings, data: bytes, *, overwrite: bool) -> ImportPlan:
    """Writes what the bundle brings into the content folder.

    Raises:
        BundleRefused: it is no bundle.
        BundleConflicts: it would overwrite something; nothing is written.
        NotTakenIn: the folder cannot be written.
    """
    here = shipped_tree(settings)
    plan = plan_import(read_bundle(data), here)
    if not overwrite:
        plan.check()
    check_tree(plan.changed)
    for item, files in plan.changed.items():
        try:
            _write_item(_folder_of(settings, item), files, gone=set(here.get(item, {})) - set(files))
        except OSError as error:
            raise NotTakenIn(f"Cannot write {error.filename}: {error.strerror}.") from error
    return plan


async def import_as_drafts_of(settings: Settings, data: bytes, *, author: str, overwrite: bool) -> ImportPlan:
    """Takes the bundle in as drafts. Raises what `import_into_folder` raises."""
    bundle = read_bundle(data)
    async with open_database(settings) as platform, transaction(platform.sessions) as session:
        return await import_as_drafts(session, bundle, author=author, overwrite=overwrite, now=platform.clock.now())


def _write_item(folder: Path, files: Files, *, gone: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    # Else tests or wording of a flow that was replaced would be left over from the one before.
    for name in gone:
        (folder / name).unlink()


def _folder_of(settings: Settings, item: str) -> Path:
    return (settings.nlu_dir if item in ("knowledge", "intents") else settings.content_dir) / item
