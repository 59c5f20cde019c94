"""The sample workspace as the API tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from admin.api.fields import AnswerShape


class SampleWorkspaceState(AnswerShape):
    """Whether made-up people are here to look around with, and how far a worker is with them.

    `done` of `total` steps are done; `total` is 0 until a worker has begun. `people` are counted in every list and
    figure. `failed`: it broke off each time it was tried; ask again, or have it removed. `site_is_empty`: there is
    nobody yet, real or made up.
    """

    state: Literal["none", "adding", "ready", "removing", "failed"]
    done: int
    total: int
    people: int
    made_at: datetime | None
    site_is_empty: bool
