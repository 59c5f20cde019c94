"""Steps that decide where people go on."""

from __future__ import annotations

from base.ids import new_id
from outreach.decisions import Deny
from outreach.snapshots import Question
from outreach.steps.ways import go_on
from outreach.walking import Group, Work


async def branch(work: Work, group: Group) -> None:
    """By conditions; those of a `score_branch` were compiled from its bands."""
    await go_on(work, group)


async def consent_gate(work: Work, group: Group) -> None:
    """Lets through whom the gate would not refuse on one of the channels at least. That it would wait is no refusal."""
    definition, step = group.definition, group.step
    asked = {new_id(): (walker, channel) for walker in group.walkers for channel in step.channels}  # one question each
    questions = [
        Question(
            id=question,
            contact_id=walker.contact_id,
            conversation_id=walker.conversation_id,
            journey=definition.journey,
            channel=channel,
            purpose=definition.purpose_of(step),
            message_class=definition.class_of(step, channel),
            frequency_class=definition.frequency_class,
            due_at=work.now,
            created_at=work.now,
        )
        for question, (walker, channel) in asked.items()
    ]
    verdicts = await work.gatekeeper.ask(work.session, questions, "plan", work.now)
    allowed = {
        asked[question][0].id for question, verdict in verdicts.items() if not isinstance(verdict.decision, Deny)
    }
    for walker in group.walkers:
        if walker.id not in allowed:
            walker.go(step.not_allowed)
    let_through = [walker for walker in group.walkers if walker.id in allowed]
    if let_through:
        await go_on(work, group.of(let_through))
