"""The step that ends a journey, and may lead on to another."""

from __future__ import annotations

from outreach.entering import Entrant, enter
from outreach.saving import save
from outreach.steps.holding import hold_contacts
from outreach.walking import Group, Work


async def leave(work: Work, group: Group) -> None:
    """Ends the journey for everybody here; its rules decide who gets into the next one."""
    step = group.step
    if step.link_journey is None:
        for walker in group.walkers:
            walker.leave(step.outcome)
        return
    held = await hold_contacts(work, group.walkers)
    for walker in held:
        walker.leave(step.outcome)
    # Before they enter: the next journey may be this one again.
    await save(work, held)
    linked = (await work.library.live(work.session, [step.link_journey])).get(step.link_journey)
    if linked is not None and held:
        entrants = [Entrant(walker.contact_id, walker.conversation_id) for walker in held]
        await enter(work.session, work.library, linked, entrants, work.now)
