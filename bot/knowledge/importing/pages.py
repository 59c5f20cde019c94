"""Web pages to Markdown: the main text with its headings, lists and tables. Follows no link, runs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MAIN = "main, [role=main], article"
_NEVER = (
    "script, style, noscript, template, svg, iframe, object, form, button, select, nav, aside, footer, dialog,"
    " [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], [role=search],"
    " [role=complementary], [role=dialog]"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(_HEADINGS) | {
    "address", "article", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "header", "hgroup", "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_SPECIAL = re.compile(r"([\\`*_\[\]<>|&])")
_AT_START = re.compile(r"^(\s*)([#+=~-]|\d+(?=[.)]))")


@dataclass(frozen=True)
class Page:
    """What a page says.

    Attributes:
        link: its own address, where it names one.
    """

    title: str
    markdown: str
    link: str | None
    language: str | None


def read_page(html: str) -> Page:
    """Read a page; one without any text has an empty `markdown`."""
    tree = LexborHTMLParser(html)
    link, language = _address(tree), _language(tree)
    for node in tree.css(_NEVER):
        node.decompose()
    root = tree.css_first(_MAIN)
    if root is None:
        for node in tree.css("body > header, body > div > header"):
            node.decompose()
        root = tree.body
    heading = root.css_first("h1") if root is not None else None
    title = _text(heading) or _text(tree.css_first("title"))
    if heading is not None:
        heading.decompose()
    return Page(title, "\n\n".join(_blocks(root)) if root is not None else "", link, language)


def read_fragment(html: str) -> str:
    """Read a piece of HTML, such as an answer in a table."""
    return read_page(f"<body>{html}</body>").markdown


def escape(text: str) -> str:
    """Write a plain text so that Markdown takes none of it for markup."""
    flat = " ".join(text.split())
    escaped = _SPECIAL.sub(r"\\\1", flat)
    start = _AT_START.match(escaped)
    if start is None:
        return escaped
    mark = start[2]
    written = f"{mark}\\" if mark[0].isdigit() else f"\\{mark}"
    return start[1] + written + escaped[start.end() :]


def _blocks(node: LexborNode) -> Iterator[str]:
    """The blocks below a node; text between them is a paragraph of its own."""
    loose: list[str] = []
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag not in _BLOCKS and not _holds_blocks(child):
            loose.append("\n" if tag == "br" else _raw(child))
            continue
        yield from _paragraphs(loose)
        loose = []
        yield from _block(child, tag)
    yield from _paragraphs(loose)


def _block(node: LexborNode, tag: str) -> Iterator[str]:
    if tag in _HEADINGS or tag == "dt":
        text = escape(_text(node))
        heading = f"{'#' * max(2, _HEADINGS[tag])} {text}" if tag in _HEADINGS else f"**{text}**"
        yield from [heading] if text else []
    elif tag in {"pre", "ul", "ol", "table"}:
        write = {"pre": _code, "table": _rows}.get(tag, _items)
        lines = list(write(node))
        yield from ["\n".join(lines)] if lines else []
    else:
        yield from _blocks(node)


def _code(node: LexborNode) -> Iterator[str]:
    text = _raw(node).strip("\n")
    if text.strip():
        fence = "~" * (max((len(run) for run in re.findall("~+", text)), default=2) + 1)
        yield from (fence, text, fence)


def _items(node: LexborNode) -> Iterator[str]:
    for item in node.iter():
        if item.tag != "li":
            continue
        lines = [line for block in _blocks(item) for line in block.split("\n")]
        own = [line for line in lines if not line.startswith("- ")]
        inner = [line for line in lines if line.startswith("- ")]
        if own:
            yield f"- {' '.join(own)}"
        yield from inner  # lists within lists are one list: a chat has no indents


def _rows(table: LexborNode) -> Iterator[str]:
    rows = [[_text(cell) for cell in row.css("th, td")] for row in table.css("tr")]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(map(len, rows))
    heads, *rest = [row + [""] * (width - len(row)) for row in rows]
    if not rest:
        heads, rest = [""] * width, [heads]
    for row in (heads, ["---"] * width, *rest):
        yield "| " + " | ".join(cell if cell == "---" else _SPECIAL.sub(r"\\\1", cell) for cell in row) + " |"


def _paragraphs(loose: list[str]) -> Iterator[str]:
    if text := escape("".join(loose)):
        yield text


def _holds_blocks(node: LexborNode) -> bool:
    return any((child.tag or "") in _BLOCKS for child in node.traverse())


def _raw(node: LexborNode) -> str:
    return node.text(deep=True) or ""


def _text(node: LexborNode | None) -> str:
    return " ".join(_raw(node).split()) if node is not None else ""


def _address(tree: LexborHTMLParser) -> str | None:
    named = [node.attributes.get("href") for node in tree.css("link[rel=canonical]")]
    named += [node.attributes.get("content") for node in tree.css('meta[property="og:url"]')]
    return next((link.strip() for link in named if link and link.strip().startswith("https://")), None)


def _language(tree: LexborHTMLParser) -> str | None:
    root = tree.css_first("html")
    named = (root.attributes.get("lang") or "") if root is not None else ""
    match = re.match(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?$", named.strip())
    if match is None:
        return None
    return match[1].lower() + (f"-{match[2].upper()}" if match[2] else "")
