"""The part of `update` that takes consents back, where somebody's silence counts as no."""

from __future__ import annotations

from collections.abc import Sequence

from crm.consent.silence import take_back
from outreach.trail import Happened
from outreach.walking import Group, Walker, Work


async def take_back_consents(work: Work, group: Group, held: Sequence[Walker]) -> None:
    """Withdraws each consent the step names, of those in whose name it stands; who said no before stays as they are."""
    by_contact = {walker.contact_id: walker for walker in held}
    asked = {contact_id: walker.occurrence for contact_id, walker in by_contact.items()}
    for scope in group.step.withdraw:
        purpose, channel = scope.split("/")
        actor = f"journey:{group.definition.journey}"
        taken = await take_back(work.session, asked, purpose=purpose, channel=channel, actor=actor, now=work.now)
        work.events += [
            Happened(
                "consent_withdrawn",
                contact_id,
                by_contact[contact_id].conversation_id,
                {"purpose": purpose, "channel": channel, "journey": group.definition.journey},
            )
            for contact_id in sorted(taken)
        ]
