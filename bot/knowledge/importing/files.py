"""Reads files and folders into articles about to be taken in, and plans what that would change. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.knowledge.importing.drafted import Drafted, file_name
from bot.knowledge.importing.pages import read_page
from bot.knowledge.importing.tables import read_table
from flows.content_tree import MAX_FILE, Files
from flows.errors import FlowError, FlowsRefused
from flows.knowledge import parse_article
from flows.markdown_blocks import read_blocks

_FRONT_MATTER = re.compile(r"\A---\r?\n.*?^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_TITLE_LINE = re.compile(r"\A\s*#[ \t]+.*(\r?\n|\Z)|\A\s*[^\n]+\r?\n=+[ \t]*(\r?\n|\Z)")


@dataclass(frozen=True)
class Planned:
    """One file that the content would get.

    Attributes:
        change: `new`, `changed` or `same`, beside what the content has under this name.
    """

    name: str
    title: str
    text: str
    source: str
    change: str


def plan_import(path: Path, here: Files, *, language: str | None = None) -> list[Planned]:
    """Reads a file, or all that can be read below a folder.

    Args:
        here: the articles there are; one made of the same file name or title replaces its own.
        language: of articles that do not say theirs.

    Raises:
        FlowsRefused: with every fault found, each with its file and line; nothing is to be taken in then.
    """
    errors: list[FlowError] = []
    taken: dict[str, Planned] = {}
    for source in _sources(path):
        known = source.name if source == path else source.relative_to(path).as_posix()
        for name, title, text in _read(source, known, language, taken, errors):
            change = "new" if name not in here else "same" if here[name] == text else "changed"
            taken[name] = Planned(name, title, text, known, change)
    if not taken and not errors:
        remedy = f"Give files ending in {', '.join(_READERS)}"
        errors.append(FlowError(path.name, 1, None, "import.nothing", "there is nothing to take in", remedy))
    if errors:
        raise FlowsRefused(errors)
    return list(taken.values())


def _sources(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for one in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in one.relative_to(path).parts)
        if one.is_file() and one.suffix.casefold() in _READERS and not hidden:
            yield one


def _read(
    path: Path, known: str, language: str | None, taken: Mapping[str, Planned], errors: list[FlowError]
) -> Iterator[tuple[str, str, str]]:
    reader = _READERS.get(path.suffix.casefold())
    text = _text(path, known, errors) if reader else None
    if reader is None:
        remedy = f"Give a file ending in {', '.join(_READERS)}"
        errors.append(FlowError(known, 1, None, "import.kind", "files of this kind cannot be read", remedy))
    if reader is None or text is None:
        return
    if _is_article(path, text):
        # It is one already: taken as it stands, under its own name.
        article = parse_article(text, known, errors)
        if article is not None:
            yield file_name(path.stem, taken), article.about.title, text
        return
    names = {*taken}
    for drafted in reader(text, known, errors):
        whole = replace(drafted, language=drafted.language or language)
        errors.extend(whole.faults())
        name = file_name(whole.title, names)
        names.add(name)
        yield name, whole.title, whole.text()


def _is_article(path: Path, text: str) -> bool:
    return path.suffix.casefold() in {".md", ".markdown"} and _FRONT_MATTER.match(text) is not None


def _text(path: Path, known: str, errors: list[FlowError]) -> str | None:
    try:
        if path.stat().st_size > MAX_FILE:
            problem = f"the file is larger than {MAX_FILE} bytes"
            errors.append(FlowError(known, 1, None, "import.large", problem, "Take it in in parts"))
            return None
        return path.read_text(encoding="utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError:
        errors.append(FlowError(known, 1, None, "file.encoding", "the file is not UTF-8", "Save it as UTF-8"))
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror})"
        errors.append(FlowError(known, 1, None, "file.unreadable", problem, "Check what it is and its rights"))
    return None


def _read_markdown(text: str, source: str, _errors: list[FlowError]) -> Iterable[Drafted]:
    first = next(iter(read_blocks(text)), None)
    titled = first is not None and first.kind == "heading" and first.level == 1 and _TITLE_LINE.match(text)
    title = first.text if first is not None and titled else _words_of(source)
    body = _TITLE_LINE.sub("", text, count=1) if titled else text
    yield Drafted(source, 1, title, body)


def _read_html(text: str, source: str, errors: list[FlowError]) -> Iterable[Drafted]:
    page = read_page(text)
    if not page.markdown:
        errors.append(FlowError(source, 1, None, "import.empty", "the page has no main text", "Check the file"))
        return
    yield Drafted(source, 1, page.title or _words_of(source), page.markdown, page.link, page.language)


def _words_of(source: str) -> str:
    return Path(source).stem.replace("_", " ").replace("-", " ").strip().capitalize() or "Article"


_READERS: Mapping[str, Callable[[str, str, list[FlowError]], Iterable[Drafted]]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".csv": read_table,
    ".tsv": read_table,
}
