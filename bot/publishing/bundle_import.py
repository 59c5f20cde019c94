"""Takes a bundle into contents: what is new comes in, what is there with other contents is a conflict or stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from bot.publishing.bundle import Bundle, BundleRefused
from bot.publishing.bundle_contents import read_articles
from bot.publishing.drafts import draft_tree, list_drafts, save_draft
from bot.publishing.team_texts import UnreadableLibrary, add_teams
from flows.content_tree import INTENTS, KNOWLEDGE, LIBRARY, PATTERNS, ContentTree, Files
from flows.intent_examples import examples_by_intent, write_examples
from flows.marked_yaml import UnreadableYAML


class BundleConflicts(Conflict):
    """Some of it is here already with other contents; overwrite it, or leave it."""

    code = "bundle_conflicts"

    def __init__(self, conflicts: list[str]) -> None:
        self.conflicts = conflicts
        errors = [{"item": item, "problem": "is here already with other contents"} for item in conflicts]
        super().__init__(f"Here already with other contents: {', '.join(conflicts)}.", errors=errors)


@dataclass
class ImportPlan:
    """What taking a bundle in would do.

    Attributes:
        changed: items as they would be.
        conflicts: flows, journeys and articles that are here with other contents; `changed` overwrites them.
        kept: what the bundle has otherwise and the site keeps as its own: wording of patterns, examples, teams.
    """

    changed: dict[str, dict[str, str]] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuse to overwrite anything.

        Raises:
            BundleConflicts: it would.
        """
        if self.conflicts:
            raise BundleConflicts(self.conflicts)


def plan_import(bundle: Bundle, tree: ContentTree) -> ImportPlan:
    """Finds what the bundle would change in these contents.

    Raises:
        BundleRefused: the contents it is to be taken into cannot be read.
    """
    plan = ImportPlan()
    for item, files in bundle.tree.items():
        if item == PATTERNS:
            _take_patterns(plan, files, tree.get(PATTERNS, {}))
        elif item == KNOWLEDGE:
            _take_articles(plan, files, tree.get(KNOWLEDGE, {}))
        elif item == INTENTS:
            _take_examples(plan, bundle.flow, files, tree.get(INTENTS, {}))
        elif tree.get(item) != files:
            plan.changed[item] = dict(files)
            plan.conflicts += [item] if item in tree else []
    _take_teams(plan, bundle, tree.get(LIBRARY, {}))
    return plan


async def import_as_drafts(
    session: AsyncSession, bundle: Bundle, *, author: str, overwrite: bool = False, now: datetime
) -> ImportPlan:
    """Takes a bundle in as drafts, over what is live and what others drafted.

    Raises:
        BundleConflicts: it would overwrite something.
        BundleRefused: the present contents cannot be read.
        Conflict: somebody saved one of the drafts at the same time.
    """
    # Before the contents: whoever saves a draft in between is noticed by its revision, and not overwritten.
    revisions = {draft.item: draft.revision for draft in await list_drafts(session)}
    plan = plan_import(bundle, await draft_tree(session))
    if not overwrite:
        plan.check()
    for item, files in plan.changed.items():
        await save_draft(session, item, files, author=author, revision=revisions.get(item), now=now)
    return plan


def _take_patterns(plan: ImportPlan, files: Files, here: Files) -> None:
    fresh = {name: text for name, text in files.items() if name not in here}
    if fresh:
        plan.changed[PATTERNS] = {**here, **fresh}
    plan.kept += [f"{PATTERNS}/{name}" for name, text in files.items() if here.get(name, text) != text]


def _take_articles(plan: ImportPlan, files: Files, here: Files) -> None:
    answered = {
        (answer.about.intent, answer.about.language): name
        for name, answer in read_articles(here).items()
        if answer.about.intent
    }
    taken: dict[str, str] = {}
    for name, answer in read_articles(files).items():
        intent = answer.about.intent
        other = answered.get((intent, answer.about.language), name) if intent else name
        if other != name:
            # Two articles for one intent may not be; this site has its own answer under another name.
            plan.kept.append(f"{KNOWLEDGE}/{other}")
        elif here.get(name) != files[name]:
            taken[name] = files[name]
            plan.conflicts += [f"{KNOWLEDGE}/{name}"] if name in here else []
    if taken:
        plan.changed[KNOWLEDGE] = {**here, **taken}


def _take_examples(plan: ImportPlan, flow: str, files: Files, here: Files) -> None:
    try:
        known, offered = examples_by_intent(here), examples_by_intent(files)
    except UnreadableYAML as error:
        raise BundleRefused(f"Examples of intents cannot be read: {error}.") from error
    fresh = {intent: texts for intent, texts in offered.items() if intent not in known}
    if fresh:
        plan.changed[INTENTS] = {**here, next(_free_names(flow, here)): write_examples(fresh)}
    plan.kept += [f"{INTENTS}: {name}" for name, texts in offered.items() if set(known.get(name, texts)) != set(texts)]


def _take_teams(plan: ImportPlan, bundle: Bundle, here: Files) -> None:
    try:
        text, kept = add_teams(here.get("library.yml", ""), bundle.teams)
    except UnreadableLibrary as error:
        raise BundleRefused(error.message) from error
    if text != here.get("library.yml", ""):
        plan.changed[LIBRARY] = {"library.yml": text}
    plan.kept += [f"{LIBRARY}: team {name}" for name in kept]


def _free_names(flow: str, here: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in (f"{flow}.yml", *(f"{flow}.{n}.yml" for n in range(2, 1000))) if name not in here)
