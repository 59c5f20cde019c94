"""Carries out opt-outs, HELP and START in the turn's transaction: the ledger, the queue, the list of doubtful ones."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.carrier_words import HELP_ON, START_ON, read_word
from bot.scene import Scene
from crm.consent.opt_out_reviews import Reading, ask_for_review
from crm.consent.opting_out import OptOutRequest, opt_out
from crm.consent.rules import ALL
from crm.consent.stop_scope import CHANNELS, StopScope
from crm.consent.suppression import find_suppressions, reopen_channel
from crm.contacts.service import speaks_for_contact
from crm.privacy.own_stops import HOW_SAID, SAID

_RULE_LIMIT = 200  # characters
OWN_REASONS = SAID | {f"{channel}_provider_stop" for channel in START_ON}
"""Suppressions that the person asked for, in a talk or at the provider (a blocked bot, a stop that only the carrier
knew). Only these does START lift: no bounce, no complaint."""


async def carry_out_opt_out(scene: Scene, effect: dict[str, Any]) -> None:
    """The effect `opt_out`. What of it cannot be read stops everything."""
    scope = StopScope.read(effect.get("scope"))
    contact_id = await scene.contact()
    how = effect.get("method")
    request = OptOutRequest(
        contact_id=contact_id,
        scope=scope,
        method=f"{scene.claim.channel}_{how if how in HOW_SAID else 'chat'}",
        evidence={
            "id": str(scene.claim.message_id),
            "conversation_id": str(scene.claim.conversation_id),
        },
        controller=scene.controller,
        language=scene.claim.language,
        conversation_id=scene.claim.conversation_id,
    )
    done = await opt_out(scene.session, request, scene.now)
    await scene.follow_ups.stop(
        scene.session,
        contact_id=contact_id,
        reason="opted_out",
        now=scene.now,
        channels=scope.channels,
        promotion_only=scope.purpose != ALL,
    )
    if effect.get("doubtful") is True:
        await ask_for_review(scene.session, request, done, _reading(scene, effect), scene.now)
        await scene.note("opt_out_doubted", rule=_reading(scene, effect).rule)


async def answer_help(scene: Scene, _effect: dict[str, Any]) -> None:
    """The effect `answer_help`: somebody asked who we are and how to stop. Makes no contact of them."""
    if read_word(scene.claim) != "help" or scene.claim.channel not in HELP_ON:
        raise TypeError("not asked for")
    await scene.note("help_asked", channel=scene.claim.channel)


async def reopen(scene: Scene, _effect: dict[str, Any]) -> None:
    """The effect `reopen_channel`: START lifts this channel's own block; what was withdrawn stays withdrawn."""
    channel = scene.claim.channel
    if read_word(scene.claim) != "start" or channel not in START_ON:
        raise TypeError("not asked for")
    if scene.contact_id is None or not await may_reopen(
        scene.session, scene.contact_id, scene.claim.conversation_id, channel
    ):
        raise TypeError("nothing to lift")
    others = [name for name in CHANNELS if name != channel]
    await reopen_channel(scene.session, scene.contact_id, channel, others=others, reasons=OWN_REASONS)
    await scene.note("suppression_lifted", channel=channel, reason="start")


async def may_reopen(session: AsyncSession, contact_id: UUID, conversation_id: UUID, channel: str) -> bool:
    """Whether START has something to lift here, and this conversation speaks for the person."""
    if not await speaks_for_contact(session, contact_id, conversation_id):
        return False
    held = await find_suppressions(session, contact_id)
    return any(name in (ALL, channel) and reason in OWN_REASONS for name, reason in held.values())


def _reading(scene: Scene, effect: dict[str, Any]) -> Reading:
    confidence = effect.get("confidence")
    return Reading(
        message_id=scene.claim.message_id,
        channel=scene.claim.channel,
        rule=str(effect.get("rule") or "unknown")[:_RULE_LIMIT],
        confidence=float(confidence) if isinstance(confidence, int | float) else 0.0,
    )
