"""ETags: a thing that can be edited is answered with its version, and edited only at the version that was read."""

from __future__ import annotations

import re

from aiohttp import web

from admin.api.fields import AnswerShape
from base.errors import ParleyError

_TAG = re.compile(r'"(\d{1,18})"')


class Versioned(AnswerShape):
    """Base of answers whose ETag is their version."""

    version: int

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


class VersionNeeded(ParleyError):
    """Send If-Match with the ETag that you were given, so that you overwrite nobody else's change."""

    code = "version_needed"
    status = 428


def read_if_match(request: web.Request) -> int:
    """The version an edit was made at.

    Raises:
        VersionNeeded: the header is missing or is not one of our ETags.
    """
    found = _TAG.fullmatch(request.headers.get("If-Match", "").strip())
    if found is None:
        raise VersionNeeded
    return int(found[1])
