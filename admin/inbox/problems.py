"""What can be wrong with a talk that a colleague wants to do something in."""

from __future__ import annotations

from base.errors import Conflict


class NobodyKnown(Conflict):
    """It is not known yet who this is: there is no contact to change."""

    code = "nobody_known"
