"""The cookie that carries a session's token. Knows nothing of whose session it is."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from admin.sessions.service import LONGEST
from admin.sessions.tokens import TOKEN_LENGTH

NAME = "parley_session"


class SessionCookie:
    """What an answer does to the browser's cookie: nothing, unless told."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._token: str | None = None
        self._taken = False

    def give(self, token: str) -> None:
        """The browser shall send this token from now on; the server decides when it ends."""
        self._token, self._taken = token, False

    def take(self) -> None:
        """The browser shall forget its token."""
        self._token, self._taken = None, True

    def put_on(self, response: web.Response) -> None:
        """Writes the change, if there is one, on the response."""
        if self._token is None and not self._taken:
            return
        response.set_cookie(
            NAME,
            self._token or "",
            max_age=0 if self._taken else int(LONGEST.total_seconds()),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._secure,
        )


def read_session_cookie(cookies: Mapping[str, str]) -> str | None:
    """The token a browser sent; None when it sent none or something else."""
    token = cookies.get(NAME, "")
    return token if len(token) == TOKEN_LENGTH and token.isascii() else None
