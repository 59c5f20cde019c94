"""Where the next page begins: a moment and an id, packed. A cursor grants nothing, so it is not signed. Pure."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from base.errors import Malformed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PACKED = struct.Struct(">q16s")  # microseconds since 1970, id


class CursorInvalid(Malformed):
    """This cursor did not come from the last page: start again at the first."""

    code = "invalid_cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last item shown: the next page holds what sorts behind it."""

    at: datetime
    id: UUID

    def encode(self) -> str:
        """The cursor as 32 URL-safe characters."""
        moment = (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(_PACKED.pack(moment, self.id.bytes)).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """The cursor again.

        Raises:
            CursorInvalid: it is not one of ours.
        """
        try:
            moment, id_bytes = _PACKED.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
            return cls(_EPOCH + timedelta(microseconds=moment), UUID(bytes=id_bytes))
        except (ValueError, struct.error, OverflowError) as error:
            raise CursorInvalid from error
