"""Steps a journey begins with: whoever stands on one was let in and goes on at once."""

from __future__ import annotations

from outreach.steps.ways import go_on
from outreach.walking import Group, Work


async def come_in(work: Work, group: Group) -> None:
    """Goes on."""
    await go_on(work, group)
