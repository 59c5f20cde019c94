"""Serves the built admin UI below /admin/: files of the build, and index.html for every page of the app.

Holds no data and needs no session: what the pages show comes from the API.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

PREFIX = "/admin/"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
NONCE = "CSP_NONCE"
"""What stands in index.html for the nonce by which the app's own styles are known: each page has another."""
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ALWAYS_ASK = "no-cache"
_FOR_LONG = "public, max-age=31536000, immutable"
_HASHED = "assets"  # Vite puts a hash of the content into the names of files here

_TYPES: Mapping[str, str] = {
    # Named here: what a machine's own table calls them varies, and with nosniff a wrong name stops the app.
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley: the admin pages are not built</title>
<h1>The admin pages are not built yet</h1>
<p>Parley itself is running. Run <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> in
<code>admin/ui</code> with Node 20 or newer, and load this page again.</p>
</html>
"""


def create_ui_routes(build: Path) -> list[web.RouteDef]:
    """The routes of the UI, given the folder that `npm run build` writes."""
    return [
        web.get(PREFIX.rstrip("/"), _redirect),
        web.get(PREFIX + "{path:.*}", functools.partial(_serve, build.resolve())),
    ]


async def _redirect(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect(PREFIX)


async def _serve(build: Path, request: web.Request) -> web.StreamResponse:
    path = request.match_info["path"]
    file = find_file(build, path)
    if file is None:
        if path.startswith(f"{_HASHED}/"):
            raise web.HTTPNotFound  # a page instead of a script would only hide that a new version is out
        file = find_file(build, "index.html")
    if file is None:
        return web.Response(text=_NOT_BUILT, status=503, content_type="text/html", headers=_HEADERS)
    if file == build / "index.html":
        return _with_nonce(await asyncio.to_thread(file.read_text, "utf-8"))
    kept = _FOR_LONG if file.parent == build / _HASHED else _ALWAYS_ASK
    kind = _TYPES.get(file.suffix.lower(), "application/octet-stream")
    return web.FileResponse(file, headers={**_HEADERS, "Cache-Control": kept, "Content-Type": kind})


def _with_nonce(page: str) -> web.Response:
    """The page whose styles are known by a nonce of its own. It has no ETag: an older page would have another nonce."""
    nonce = secrets.token_urlsafe(16)
    policy = CONTENT_SECURITY_POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
    headers = {**_HEADERS, "Content-Security-Policy": policy, "Cache-Control": _ALWAYS_ASK}
    return web.Response(text=page.replace(NONCE, nonce), content_type="text/html", headers=headers)


def find_file(build: Path, path: str) -> Path | None:
    """The file that a path names in the resolved folder `build`; None for all else, above all what lies outside."""
    if "\0" in path or "\\" in path:
        return None
    try:
        file = (build / path).resolve()
        return file if file.is_relative_to(build) and file.is_file() else None
    except OSError:
        return None  # a name too long for the file system
