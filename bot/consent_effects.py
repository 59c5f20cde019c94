"""What a dialogue says about consent, checked against what was shown and tapped before the ledger believes it."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import select

from bot.conversations import to_stored
from bot.models import Message
from bot.rendering import render
from bot.scene import Scene, text, texts
from crm.consent.in_conversation import record_answer
from crm.consent.ledger import ConsentFact
from crm.consent.withdrawal import withdraw_consent

log = structlog.get_logger(__name__)

_MOST_CHANNELS = 20
"""Channels one withdrawal may name."""
_ANSWER_OF_TAP = {"yes": "given", "no": "refused"}


async def record_consent(scene: Scene, effect: dict[str, Any]) -> None:
    """The effect `record_consent`: one event of the ledger for each channel."""
    decision = effect["decision"]
    if decision == "withdrawn":
        await _withdraw_consent(scene, effect)
        return
    if decision not in ("given", "refused"):
        raise TypeError("decision")
    if scene.claim.kind not in ("choice", "text"):
        # Silence, a file or what another system says is nobody's yes or no.
        log.error("consent_not_said", conversation_id=str(scene.claim.conversation_id), kind=scene.claim.kind)
        return
    wanted = {"purpose": effect["purpose"], "channels": list(effect["channels"])}
    shown = await _consent_shown(scene)
    if shown is None or {key: shown.data["consent"].get(key) for key in wanted} != wanted:
        log.error("consent_not_shown", conversation_id=str(scene.claim.conversation_id))
        return
    if scene.claim.kind == "choice" and not _is_tap_of(scene.claim.data, shown, decision):
        log.error("consent_not_tapped", conversation_id=str(scene.claim.conversation_id))
        return
    contact_id = await scene.contact()
    for channel in wanted["channels"]:
        recorded = await record_answer(
            scene.session,
            ConsentFact(
                event=decision,
                principal_ref=contact_id,
                purpose=wanted["purpose"],
                channel=channel,
                controller=scene.controller,
                lawful_basis="consent",
                notice_text=_as_shown(shown, scene),
                language=scene.claim.language,
                method="chat_choice" if scene.claim.kind == "choice" else "chat_text",
                evidence={
                    "conversation_id": str(scene.claim.conversation_id),
                    "notice_message_id": str(shown.id),
                    "answer_message_id": str(scene.claim.message_id),
                    "step": str(effect.get("step", "")),
                    "channel": scene.claim.channel,
                },
                actor="subject",
                effective_at=scene.claim.received_at,
            ),
            conversation_id=scene.claim.conversation_id,
            now=scene.now,
            keys=scene.keys,
            zone=scene.claim.time_zone,
        )
        await scene.note(f"consent_{recorded}", purpose=wanted["purpose"], channel=channel)
    scene.score_changed = True


def _as_shown(shown: Message, scene: Scene) -> str:
    """The text as the person saw it: on channels without buttons it says how to answer, too."""
    if scene.claim.channel == "web":
        return shown.text
    return render(to_stored(shown), scene.claim.channel, scene.claim.language).said


async def _withdraw_consent(scene: Scene, effect: dict[str, Any]) -> None:
    """Taking back is as easy as giving: believed whatever was shown, and for these purposes and channels only."""
    purpose, channels = text(effect, "purpose"), texts(effect, "channels")
    if not 1 <= len(channels) <= _MOST_CHANNELS:
        raise TypeError("channels")
    contact_id = await scene.contact()
    for channel in channels:
        withdrawn = await withdraw_consent(
            scene.session,
            contact_id=contact_id,
            purpose=purpose,
            channel=channel,
            method=f"{scene.claim.channel}_preferences",
            evidence={
                "id": str(scene.claim.message_id),
                "conversation_id": str(scene.claim.conversation_id),
                "step": str(effect.get("step", "")),
            },
            controller=scene.controller,
            language=scene.claim.language,
            now=scene.now,
        )
        if withdrawn.created:
            await scene.note("consent_withdrawn", purpose=purpose, channel=channel)
    scene.score_changed = True


async def _consent_shown(scene: Scene) -> Message | None:
    """The last question that was on the person's screen when they answered, if it was a consent notice."""
    question = await scene.session.scalar(
        select(Message)
        .where(
            Message.conversation_id == scene.claim.conversation_id,
            Message.author == "bot",
            Message.data["input"].astext.is_not(None),
            # What came while they were writing was not read: an eager "yes" agrees to nothing shown after it.
            Message.seq < scene.claim.message_seq,
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return question if question is not None and question.data.get("consent") else None


def _is_tap_of(tapped: dict[str, Any], shown: Message, decision: str) -> bool:
    """Whether a tapped choice belongs to the notice and says what the dialogue took it for."""
    return tapped.get("step") == shown.data.get("step") and _ANSWER_OF_TAP.get(str(tapped.get("value"))) == decision
