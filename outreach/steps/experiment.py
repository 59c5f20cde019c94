"""`experiment`: sends people different ways, to find out which works best."""

from __future__ import annotations

from outreach.experiments.design import HOLDOUT
from outreach.experiments.service import assign
from outreach.walking import Group, Work


async def experiment(work: Work, group: Group) -> None:
    """Sends each their way."""
    step = group.step
    ways = await assign(work.session, group.definition, group.name, group.contact_ids, work.now)
    targets = {variant.name: variant.to for variant in step.variants}
    if step.holdout is not None:
        targets[HOLDOUT] = step.holdout.to
    for walker in group.walkers:
        walker.go(targets[ways[walker.contact_id]])
