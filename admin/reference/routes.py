"""Serves the API's reference to everybody: it says what there is, and nothing of what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from admin.reference.page import STYLE, write_page

PAGE = "/api/v1/docs"
_STYLE_FILE = Path(__file__).with_name("docs.css")
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_reference_routes(describe: Callable[[], dict[str, Any]]) -> list[web.RouteDef]:
    """The page and its style. The page is written when it is first asked for."""

    @cache
    def page() -> str:
        return write_page(describe())

    async def serve_page(_request: web.Request) -> web.Response:
        return web.Response(text=page(), content_type="text/html", headers=_HEADERS)

    async def serve_style(_request: web.Request) -> web.Response:
        text = _STYLE_FILE.read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/css", headers=_HEADERS)

    return [web.get(PAGE, serve_page), web.get(STYLE, serve_style)]
