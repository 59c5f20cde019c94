"""What a page says of itself when its visitor opens the chat. Read generously; keeps nothing that may name a person."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from base.errors import Malformed

_LONGEST_PAGE = 2_000  # characters
_ZONE = re.compile(r"[A-Za-z0-9_+\-/]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Opening(BaseModel):
    """The body of a session request."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    page_url: str | None = None
    language: str = "en"
    time_zone: str | None = None
    token: str | None = Field(None, max_length=1_000)
    resume: str | None = None
    """The code of a talk that began elsewhere; whatever it is, it keeps nobody from chatting."""

    @property
    def page(self) -> str | None:
        """The page without query, fragment and user: those can carry personal data, the page itself is enough."""
        try:
            url = URL(self.page_url or "")
            if url.scheme not in ("http", "https") or not url.host:
                return None
            return str(url.with_user(None).with_query(None).with_fragment(None))[:_LONGEST_PAGE]
        except ValueError:
            return None

    @property
    def primary_language(self) -> str:
        """The two or three letters of the language; English when the page names none."""
        primary = self.language.split("-", maxsplit=1)[0].lower()
        return primary if _LANGUAGE.fullmatch(primary) else "en"

    @property
    def zone(self) -> str | None:
        """The time zone as the browser names it, if it has the form of a name. It may still be no zone."""
        return self.time_zone if self.time_zone and _ZONE.fullmatch(self.time_zone) else None


def read_opening(raw: bytes) -> Opening:
    """The session request in a body; raises Malformed."""
    try:
        return Opening.model_validate_json(raw)
    except ValidationError as error:
        raise Malformed("The session request could not be read.") from error
