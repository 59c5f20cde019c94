"""Tables of questions and answers (CSV) to articles. Rows with the same title become one article."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bot.knowledge.importing.drafted import Drafted, one_line
from bot.knowledge.importing.pages import read_fragment
from flows.errors import FlowError

if TYPE_CHECKING:
    from _csv import Reader

NEEDED = ("question", "answer")
COLUMNS = (*NEEDED, "title", "link", "language")

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SEPARATORS = ",;\t|"


def read_table(text: str, source: str, errors: list[FlowError]) -> list[Drafted]:
    """Read a table; add every fault to `errors`, with the line it is on."""
    lines = csv.reader(io.StringIO(text), dialect=_dialect(text))
    try:
        names = {name.strip().casefold(): column for column, name in enumerate(next(lines, []))}
        read = list(_rows(lines, names))
    except csv.Error as error:
        errors.append(FlowError(source, lines.line_num, None, "table.format", str(error), "Mend the row"))
        return []
    if missing := [name for name in NEEDED if name not in names]:
        problem = f"the first line names no column {' or '.join(missing)}"
        errors.append(FlowError(source, 1, None, "table.columns", problem, f"Name the columns {', '.join(COLUMNS)}"))
        return []
    errors.extend(
        FlowError(source, line, None, "table.empty", f"the row has no {name}", "Fill it in")
        for line, cells in read
        for name in NEEDED
        if not cells[name]
    )
    return [] if errors else list(_articles(read, source))


def _rows(lines: Reader, names: Mapping[str, int]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that are not empty, with the line each begins on."""
    begins = lines.line_num + 1
    for row in lines:
        columns = ((name, names[name]) for name in COLUMNS if name in names)
        cells = {name: row[column].strip() if column < len(row) else "" for name, column in columns}
        if any(cells.values()):
            yield begins, cells
        begins = lines.line_num + 1


def _articles(rows: list[tuple[int, dict[str, str]]], source: str) -> Iterator[Drafted]:
    groups: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = {}
    for line, cells in rows:
        title = cells.get("title") or cells["question"]
        groups.setdefault((title, cells.get("language", "")), []).append((line, cells))
    for (title, language), group in groups.items():
        first_line, first = group[0]
        yield Drafted(
            source=source,
            line=first_line,
            title=title,
            body="\n\n".join(_section(cells, title) for _, cells in group),
            link=first.get("link") or None,
            language=language or None,
            questions=[cells["question"] for _, cells in group if one_line(cells["question"]) != one_line(title)],
        )


def _section(cells: dict[str, str], title: str) -> str:
    answer = cells["answer"]
    text = read_fragment(answer) if _TAG.search(answer) else answer
    return text if cells["question"] == title else f"## {one_line(cells['question'])}\n\n{text}"


def _dialect(text: str) -> type[csv.Dialect]:
    """What separates the columns: whatever the first line has most of."""
    head = text.partition("\n")[0]
    best = max(_SEPARATORS, key=head.count)

    class Found(csv.excel):
        delimiter = best
        strict = True

    return Found
