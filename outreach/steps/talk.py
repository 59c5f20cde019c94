"""Steps that speak to people. Whether, where and when they may is the gate's decision."""

from __future__ import annotations

from outreach.drafting import plan_sends
from outreach.steps.ways import go_on
from outreach.walking import Group, Work


async def send(work: Work, group: Group) -> None:
    """Puts a message for each into the outbox, and goes on whatever the gate said."""
    work.messages += await plan_sends(work, group)
    await go_on(work, group)
