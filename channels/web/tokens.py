"""The visitor's token: says which conversation a browser may read and write. Signed, never stored, never in a URL."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadData

from base.encryption import KeyRing
from base.errors import ParleyError
from base.link_tokens import create_timed_serializer

_PURPOSE = "visitor-token"
MAX_AGE = 180 * 24 * 3600
"""Seconds a visitor may come back to the same conversation."""


class TokenInvalid(ParleyError):
    """This chat session is no longer valid: open the chat again."""

    code = "session_invalid"
    status = 401


class VisitorTokens:
    """Issues and reads tokens, each bound to one conversation and one page origin."""

    def __init__(self, keys: KeyRing) -> None:
        # Every root key verifies, the newest signs: rotation ends no session.
        self._serializer = create_timed_serializer(keys, _PURPOSE)

    def issue(self, conversation_id: UUID, origin: str) -> str:
        """A token for a browser on a page of `origin`."""
        return str(self._serializer.dumps([str(conversation_id), origin]))

    def read(self, token: str, origin: str | None) -> UUID:
        """The conversation of a token; `origin` None (a same-origin GET carries none) skips the comparison.

        Raises:
            TokenInvalid: forged, expired, or issued to a page of another origin.
        """
        try:
            conversation_id, bound = self._serializer.loads(token, max_age=MAX_AGE)
            if origin is not None and bound != origin:
                raise TokenInvalid
            return UUID(conversation_id)
        except (BadData, ValueError, TypeError) as error:
            raise TokenInvalid from error
