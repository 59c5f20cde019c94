"""What can be wrong with a segment."""

from __future__ import annotations

from base.errors import Conflict, InvalidInput, ParleyError


class SegmentInUse(Conflict):
    """This segment is used elsewhere; take it out there first."""

    code = "segment_in_use"


class NameTaken(Conflict):
    """There is a segment of this name already; choose another."""

    code = "name_taken"


class InvalidSegment(InvalidInput):
    """This segment's rule cannot be used."""

    code = "invalid_segment"


class OutOfDate(ParleyError):
    """Somebody else changed this segment; load it again."""

    code = "out_of_date"
    status = 412
