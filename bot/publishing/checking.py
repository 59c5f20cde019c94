"""Content as texts to content that may run: read, checked and compiled, with every fault found at once."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.compiler import compile_flows, compile_journeys, load_content
from flows.content import Content
from flows.content_tree import ContentTree, write_tree


@dataclass(frozen=True)
class Checked:
    """Content without a fault, with what the bot and outreach run."""

    content: Content
    compiled: dict[str, Any]
    journeys: dict[str, dict[str, Any]]


def check_and_compile(tree: ContentTree) -> Checked:
    """Reads, checks and compiles.

    Raises:
        NotContent: part of the tree cannot be content.
        FlowsRefused: with every fault found, each with its file and line.
    """
    with tempfile.TemporaryDirectory(prefix="parley-content-") as folder:
        root = Path(folder)
        write_tree(tree, root)
        content = load_content(root, root / "knowledge", root / "intents")
    return Checked(content, compile_flows(content), compile_journeys(content))


async def check_tree_aside(tree: ContentTree) -> Checked:
    """The same in a thread, so that this process goes on answering."""
    return await asyncio.to_thread(check_and_compile, tree)
