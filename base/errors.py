"""The root of every expected error. One middleware in `server` turns these into problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any, ClassVar


class ParleyError(Exception):
    """Something a caller did or asked for cannot be done.

    Subclasses set `code` and `status`; their docstring is the default message.
    The message is shown to people: it says what to do and holds no personal data.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str | None = None, *, errors: list[dict[str, str]] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "Something went wrong.").strip().splitlines()[0]
        self.errors = errors or []
        self.details: dict[str, Any] = {}
        """What else is told of it, as fields of the problem beside the usual ones; few errors have any."""
        super().__init__(self.message)


class NotFound(ParleyError):
    """There is no such thing, or you may not see it."""

    code = "not_found"
    status = 404


class InvalidInput(ParleyError):
    """What was sent does not have the form that is needed."""

    code = "invalid_input"
    status = 422


class Malformed(ParleyError):
    """What was sent could not be read."""

    code = "malformed"
    status = 400


class NotAllowed(ParleyError):
    """You may not do this."""

    code = "not_allowed"
    status = 403


class NotSignedIn(ParleyError):
    """Please sign in first."""

    code = "not_signed_in"
    status = 401


class Conflict(ParleyError):
    """Somebody else changed this at the same time; load it again."""

    code = "conflict"
    status = 409


class TooMany(ParleyError):
    """That was too much in too short a time; wait a little."""

    code = "too_fast"
    status = 429

    def __init__(self, message: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds."""
