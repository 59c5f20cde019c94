"""Content as texts to content that may run: read, checked and compiled, with every fault found at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.checks import check_content
from flows.compiler import NOTHING_LOOKED_UP, compile_flows, compile_journeys, load_content
from flows.content import Content, Outside
from flows.content_tree import ContentTree, write_tree
from flows.errors import FlowError
from flows.reading import ContentReader


@dataclass(frozen=True)
class Checked:
    """Content without a fault, with what the bot and outreach run."""

    content: Content
    compiled: dict[str, Any]
    journeys: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class LookedAt:
    """Content as far as it can be read, with every fault of it: for whoever is still writing it."""

    content: Content
    faults: Sequence[FlowError]

    def compiled(self) -> dict[str, Any] | None:
        """The flows that can be read, for trying them out in spite of faults; None without a library."""
        return None if self.content.library is None else compile_flows(self.content)


def look_at(tree: ContentTree, outside: Outside = NOTHING_LOOKED_UP) -> LookedAt:
    """Reads and checks; refuses nothing but what is no content.

    Raises:
        NotContent: part of the tree cannot be content.
    """
    with tempfile.TemporaryDirectory(prefix="parley-content-") as folder:
        root = Path(folder)
        write_tree(tree, root)
        reader = ContentReader(root, root / "knowledge", root / "intents")
        content = replace(reader.read(), outside=outside)
        faults = dict.fromkeys([*reader.errors, *check_content(content)])
    return LookedAt(content, sorted(faults, key=lambda one: (one.file, one.line, one.rule, one.problem)))


def check_and_compile(tree: ContentTree, outside: Outside = NOTHING_LOOKED_UP) -> Checked:
    """Reads, checks and compiles.

    Args:
        tree: the contents.
        outside: what they may name although it stands elsewhere.

    Raises:
        NotContent: part of the tree cannot be content.
        FlowsRefused: with every fault found, each with its file and line.
    """
    with tempfile.TemporaryDirectory(prefix="parley-content-") as folder:
        root = Path(folder)
        write_tree(tree, root)
        content = load_content(root, root / "knowledge", root / "intents", outside)
    return Checked(content, compile_flows(content), compile_journeys(content))


async def check_tree_aside(tree: ContentTree, outside: Outside = NOTHING_LOOKED_UP) -> Checked:
    """The same in a thread, so that this process goes on answering."""
    return await asyncio.to_thread(check_and_compile, tree, outside)
