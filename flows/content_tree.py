"""Content as plain texts by item and file: what drafts, versions and bundles hold. Knows names and sizes, no meaning.

Items are `library` (its one file library.yml), `library/<flow>`, `library/patterns`, `journeys/<journey>`,
`knowledge` and `intents`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from base.errors import InvalidInput

Files = Mapping[str, str]
ContentTree = Mapping[str, Files]

LIBRARY, PATTERNS, KNOWLEDGE, INTENTS = "library", "library/patterns", "knowledge", "intents"
MAX_FILE = 1_000_000  # bytes
MAX_FILES = 500  # of one item
MAX_ITEMS = 1_000

_NAME = "[a-z][a-z0-9_]{0,59}"
_WORDING = r"wording\.[a-z]{2}(?:-[A-Z]{2})?\.yml"
# Which files an item may hold, the first kind that fits its name.
_KINDS = tuple(
    (re.compile(item), re.compile(file))
    for item, file in (
        (LIBRARY, r"library\.yml"),
        (PATTERNS, _WORDING),
        (f"library/{_NAME}", rf"flow\.yml|tests\.yml|{_WORDING}"),
        (f"journeys/{_NAME}", rf"journey\.yml|tests\.yml|{_WORDING}"),
        (KNOWLEDGE, r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.md"),
        (INTENTS, r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.yml"),
    )
)
_CONTENT_FILE = re.compile(r"^[^._].*\.(yml|yaml|md)$")


class NotContent(InvalidInput):
    """This is no content: a name, a size or a character is not allowed."""

    code = "not_content"


def check_item(item: str) -> None:
    """Refuse a name that is no item's.

    Raises:
        NotContent: it is not.
    """
    _files_allowed(item)


def check_files(item: str, files: Files) -> None:
    """Refuse files that the item cannot hold.

    Raises:
        NotContent: by name, size or number; the message names the file.
    """
    allowed = _files_allowed(item)
    if not files or len(files) > MAX_FILES:
        raise NotContent(f"{item} has {len(files)} files; it needs 1 to {MAX_FILES}.")
    for name, text in files.items():
        if not allowed.fullmatch(name):
            raise NotContent(f"{item} cannot have a file called {name[:80]!r}.")
        _check_text(f"{item}/{name}", text)


def check_tree(tree: ContentTree) -> None:
    """Refuse a tree of which any part cannot be content.

    Raises:
        NotContent: it cannot.
    """
    if len(tree) > MAX_ITEMS:
        raise NotContent(f"There are {len(tree)} items, more than {MAX_ITEMS}.")
    for item, files in tree.items():
        check_files(item, files)


def digest_of(files: Files) -> str:
    """Give the SHA-256 of an item's files: the same names and texts, the same digest."""
    text = json.dumps(dict(files), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_tree(content: Path, nlu: Path) -> dict[str, dict[str, str]]:
    """Read the folders authors keep: `library/` and `journeys/` of one, `knowledge/` and `intents/` of the other.

    Raises:
        NotContent: a YAML or Markdown file is not UTF-8, too large, or has a name nobody would read.
    """
    tree = {item: files for item, folder in _folders(content, nlu) if (files := _read_files(item, folder))}
    check_tree(tree)
    return tree


def write_tree(tree: ContentTree, content: Path, nlu: Path | None = None) -> None:
    """Write the tree into the folders authors keep; what else is in them stays.

    Args:
        content: gets `library/` and `journeys/`.
        nlu: gets `knowledge/` and `intents/`; `content`, when not given.

    Raises:
        NotContent: part of it cannot be content; nothing is written.
    """
    check_tree(tree)
    nlu = nlu or content
    for folder in (content / "library", content / "journeys", nlu / KNOWLEDGE, nlu / INTENTS):
        folder.mkdir(parents=True, exist_ok=True)
    for item, files in tree.items():
        folder = (nlu if item in {KNOWLEDGE, INTENTS} else content) / item
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")


def changed_items(before: ContentTree, after: ContentTree) -> list[str]:
    """List the items that are new, gone or have other files."""
    return sorted(item for item in {*before, *after} if before.get(item) != after.get(item))


def _folders(content: Path, nlu: Path) -> Iterator[tuple[str, Path]]:
    yield LIBRARY, content / "library"
    for part in ("library", "journeys"):
        for path in sorted((content / part).glob("*")):
            if path.is_dir() and not path.name.startswith((".", "_")):
                yield f"{part}/{path.name}", path
    yield KNOWLEDGE, nlu / "knowledge"
    yield INTENTS, nlu / "intents"


def _read_files(item: str, folder: Path) -> dict[str, str]:
    paths = (path for path in sorted(folder.glob("*")) if path.is_file() and _CONTENT_FILE.match(path.name))
    return {path.name: _read_text(f"{item}/{path.name}", path) for path in paths}


def _read_text(name: str, path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise NotContent(f"{name} is larger than {MAX_FILE} bytes.")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotContent(f"{name} is not UTF-8.") from error
    except OSError as error:
        raise NotContent(f"{name} cannot be read ({error.strerror}).") from error


def _files_allowed(item: str) -> re.Pattern[str]:
    for items, files in _KINDS:
        if items.fullmatch(item):
            return files
    raise NotContent(f"{item[:80]!r} is no item of content.")


def _check_text(name: str, text: str) -> None:
    if "\x00" in text:
        raise NotContent(f"{name} holds a zero byte.")  # which PostgreSQL cannot store
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise NotContent(f"{name} is not UTF-8.") from error
    if size > MAX_FILE:
        raise NotContent(f"{name} is larger than {MAX_FILE} bytes.")
