"""Markdown to the plain texts that a chat or a search can use, block by block. Keeps no markup, renders nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_HTML = ("html_block", "html_inline")


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, item of a list, row of a table or piece of code, as plain text.

    Attributes:
        level: of a heading; 0 for all else.
        line: where it begins, from 1.
    """

    kind: Literal["heading", "paragraph", "item", "row", "code"]
    text: str
    line: int
    level: int = 0


def read_blocks(markdown: str) -> list[Block]:
    """Give the blocks in their order; those without text are left out."""
    return [block for block in _blocks(_MARKDOWN.parse(markdown)) if block.text]


def find_html(markdown: str) -> int | None:
    """Give the line, from 1, of the first HTML tag or comment."""
    for token in _MARKDOWN.parse(markdown):
        inside = token.children or ()
        if token.type in _HTML or any(child.type in _HTML for child in inside):
            return _line(token)
    return None


def join_blocks(blocks: Sequence[Block]) -> str:
    """Write blocks as one plain text: a line for each item or row, an empty line between all else."""
    text = ""
    for number, block in enumerate(blocks):
        if number:
            close = block.kind == blocks[number - 1].kind and block.kind in {"item", "row"}
            text += "\n" if close else "\n\n"
        text += f"• {block.text}" if block.kind == "item" else block.text
    return text


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    heads: list[str] = []
    cells: list[str] = []
    fresh_item = False
    for number, token in enumerate(tokens):
        match token.type:
            case "list_item_open":
                fresh_item = True
            case "thead_open":
                heads = []
            case "tr_open":
                cells = []
            case "tr_close" if not heads:
                heads = cells
            case "tr_close":
                yield Block("row", _row(heads, cells), _line(token))
            case "fence" | "code_block":
                yield Block("code", token.content.strip(), _line(token))
            case "inline" if tokens[number - 1].type in {"th_open", "td_open"}:
                cells.append(_plain(token))
            case "inline":
                yield _inline_block(tokens[number - 1], token, item=fresh_item)
                fresh_item = False
            case _:
                continue


def _inline_block(opens: Token, inline: Token, *, item: bool) -> Block:
    if opens.type == "heading_open":
        return Block("heading", _plain(inline), _line(inline), int(opens.tag[1]))
    return Block("item" if item else "paragraph", _plain(inline), _line(inline))


def _row(heads: Sequence[str], cells: Sequence[str]) -> str:
    named = zip(heads, cells, strict=False)  # the parser gives every row as many cells as the head has
    return "; ".join(f"{head}: {cell}" if head else cell for head, cell in named if cell)


def _plain(inline: Token) -> str:
    parts = []
    for child in inline.children or ():
        match child.type:
            case "text" | "code_inline" | "image":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case _:
                continue
    return " ".join("".join(parts).split())


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1
