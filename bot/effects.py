"""Carries out what a turn decided, inside the turn's transaction. Checks each effect again: Rasa is not trusted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from bot.claims import Claim
from bot.models import Conversation, Message
from bot.ports import FollowUps
from crm.consent.in_conversation import follow_address, record_answer
from crm.consent.ledger import ConsentFact
from crm.consent.withdrawal import withdraw
from crm.contacts.addresses import AddressKind
from crm.contacts.service import (
    create_contact,
    get_contact,
    resolve_captured_address,
    set_fields,
    set_qualification,
    set_stage,
    speaks_for_contact,
)
from crm.scoring.service import add_points, rescore
from crm.timeline.service import record

log = structlog.get_logger(__name__)

FIELD_LIMIT = 2_000
"""Longest value kept in a contact's field, in characters."""
POINTS_LIMIT = 1_000
"""Most points one rule may give or take."""

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}")
_ANSWER_OF_TAP = {"yes": "given", "no": "refused"}
_REFUSED = (KeyError, TypeError, ValueError, InvalidInput, NotFound, DataError, IntegrityError)
"""What a wrong effect raises. All else is our own trouble (a deadlock, a lost connection): the turn is done again."""

_ADDRESSES: dict[str, AddressKind] = {"email": "email", "phone": "phone"}


@dataclass(slots=True)
class Scene:
    """The turn in which effects happen. `contact_id` is filled when the first effect needs a contact."""

    session: AsyncSession
    keys: KeyRing
    follow_ups: FollowUps
    controller: str
    claim: Claim
    now: datetime
    contact_id: UUID | None
    status: str
    score_changed: bool = False

    async def contact(self) -> UUID:
        """The conversation's contact, made now if there is none."""
        if self.contact_id is None:
            self.contact_id = await create_contact(
                self.session, language=self.claim.language, time_zone=self.claim.time_zone, now=self.now
            )
            await self._point_conversation()
        return self.contact_id

    async def join(self, contact_id: UUID) -> None:
        """From here on the conversation adds to this contact."""
        if contact_id != self.contact_id:
            self.contact_id = contact_id
            await self._point_conversation()

    async def note(self, kind: str, **data: Any) -> None:
        """An event on the contact's timeline."""
        await record(
            self.session,
            kind=kind,
            contact_id=self.contact_id,
            conversation_id=self.claim.conversation_id,
            data=data,
            now=self.now,
        )

    async def _point_conversation(self) -> None:
        await self.session.execute(
            update(Conversation).where(Conversation.id == self.claim.conversation_id).values(contact_id=self.contact_id)
        )


async def carry_out(scene: Scene, effects: list[dict[str, Any]]) -> None:
    """All effects of a turn, in order; one that is malformed or unknown is logged and changes nothing."""
    for effect in effects:
        name = str(effect.get("effect"))
        handler = _HANDLERS.get(name)
        if handler is None:
            log.error("effect_unknown", effect=name[:60], conversation_id=str(scene.claim.conversation_id))
        else:
            await _try(scene, name, handler, effect)
    if scene.score_changed and scene.contact_id is not None:
        await rescore(scene.session, scene.keys, scene.contact_id, message_id=scene.claim.message_id, now=scene.now)


async def _try(scene: Scene, name: str, handler: _Handler, effect: dict[str, Any]) -> None:
    """One effect, whole or not at all: a value the database refuses must not take the turn with it."""
    before = (scene.contact_id, scene.status, scene.score_changed)
    try:
        async with scene.session.begin_nested():
            await handler(scene, effect)
    except _REFUSED as error:
        scene.contact_id, scene.status, scene.score_changed = before
        conversation_id = str(scene.claim.conversation_id)
        log.error("effect_refused", effect=name, error=type(error).__name__, conversation_id=conversation_id)


async def _capture_lead(scene: Scene, effect: dict[str, Any]) -> None:
    field, value = _text(effect, "field"), effect["value"]
    # What stands under `consent_…` among the facts is the ledger's to say.
    if not _FIELD.fullmatch(field) or field.startswith("consent_") or not isinstance(value, str | int | float):
        raise TypeError("field or value")
    contact_id = await scene.contact()
    if field in _ADDRESSES:
        await _capture_address(scene, contact_id, _ADDRESSES[field], str(value))
    else:
        await _capture_fact(scene, contact_id, field, value[:FIELD_LIMIT] if isinstance(value, str) else value)
    scene.score_changed = True


async def _capture_address(scene: Scene, contact_id: UUID, kind: AddressKind, value: str) -> None:
    resolved = await resolve_captured_address(
        scene.session,
        scene.keys,
        contact_id,
        kind=kind,
        value=value,
        conversation_id=scene.claim.conversation_id,
        now=scene.now,
    )
    await scene.join(resolved.contact_id)
    moved = await follow_address(
        scene.session,
        conversation_id=scene.claim.conversation_id,
        before=contact_id,
        after=resolved.contact_id,
        kind=kind,
        message_id=scene.claim.message_id,
        now=scene.now,
    )
    for purpose, channel in moved:
        await scene.note("consent_moved", purpose=purpose, channel=channel)
    if resolved.joined_existing:
        # What this visitor said before leaving the address belongs to the person they turned out to be.
        visitor = await get_contact(scene.session, contact_id)
        for field, known in visitor.fields.items():
            await _capture_fact(scene, resolved.contact_id, field, known)
    if not resolved.stored and not resolved.joined_existing:
        # Another person's address, and this visitor has one already: a colleague must look at it.
        await scene.note("address_refused", address=kind)
        return
    await set_stage(scene.session, resolved.contact_id, "lead", scene.now)
    await scene.note("address_added", address=kind, joined_existing=resolved.joined_existing)


async def _capture_fact(scene: Scene, contact_id: UUID, field: str, value: Any) -> None:
    speaks = await speaks_for_contact(scene.session, contact_id, scene.claim.conversation_id)
    if not speaks and field in (await get_contact(scene.session, contact_id)).fields:
        # Whoever only typed somebody's address may fill what is unknown, not change what is known.
        await scene.note("fact_kept", field=field)
        return
    await set_fields(scene.session, contact_id, {field: value}, scene.now)
    await scene.note("lead_captured", field=field)


async def _record_consent(scene: Scene, effect: dict[str, Any]) -> None:
    decision = effect["decision"]
    if decision not in ("given", "refused"):
        raise TypeError("decision")
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
                notice_text=shown.text,
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
        )
        await scene.note(f"consent_{recorded}", purpose=wanted["purpose"], channel=channel)
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


async def _add_points(scene: Scene, effect: dict[str, Any]) -> None:
    points = effect["points"]
    if type(points) is not int or abs(points) > POINTS_LIMIT:
        raise TypeError("points")
    await add_points(
        scene.session,
        await scene.contact(),
        rule=_text(effect, "rule"),
        points=points,
        reason=_text(effect, "reason")[:FIELD_LIMIT],
        message_id=scene.claim.message_id,
        now=scene.now,
    )
    scene.score_changed = True


async def _set_outcome(scene: Scene, effect: dict[str, Any]) -> None:
    value = effect["value"]
    if value not in ("hot", "warm", "cold"):
        raise TypeError("value")
    contact_id = await scene.contact()
    await set_qualification(scene.session, contact_id, value, scene.now)
    if value in ("hot", "warm"):
        await set_stage(scene.session, contact_id, "mql", scene.now)
    await scene.note("qualified", outcome=value)
    scene.score_changed = True


async def _enrol(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.follow_ups.enrol(
        scene.session,
        journey=_text(effect, "journey"),
        contact_id=await scene.contact(),
        conversation_id=scene.claim.conversation_id,
        now=scene.now,
    )


async def _hand_off(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.contact()
    scene.status = "handed_off"
    await scene.note("handed_off", team=str(effect.get("team", "")), reason=str(effect.get("reason", "")))


async def _opt_out(scene: Scene, effect: dict[str, Any]) -> None:
    contact_id = await scene.contact()
    await withdraw(
        scene.session,
        contact_id=contact_id,
        channel="all",
        purpose="all",
        method=f"{scene.claim.channel}_{effect.get('method', 'chat')}",
        evidence={
            "id": str(scene.claim.message_id),
            "conversation_id": str(scene.claim.conversation_id),
        },
        conversation_id=scene.claim.conversation_id,
        actor="subject",
        controller=scene.controller,
        language=scene.claim.language,
        now=scene.now,
    )
    await scene.follow_ups.stop(scene.session, contact_id=contact_id, reason="opted_out", now=scene.now)


async def _privacy_request(scene: Scene, effect: dict[str, Any]) -> None:
    if effect["kind"] not in ("erase", "access", "why_contacted"):
        raise TypeError("kind")
    await scene.contact()
    await scene.note("privacy_requested", request=effect["kind"])


async def _end_flow(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.note("flow_ended", flow=_text(effect, "flow"), outcome=_text(effect, "outcome"))


def _text(effect: dict[str, Any], name: str) -> str:
    value = effect[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


_Handler = Callable[[Scene, dict[str, Any]], Awaitable[None]]
_HANDLERS: dict[str, _Handler] = {
    "capture_lead": _capture_lead,
    "record_consent": _record_consent,
    "add_points": _add_points,
    "set_outcome": _set_outcome,
    "enrol_in_journey": _enrol,
    "hand_off": _hand_off,
    "opt_out": _opt_out,
    "privacy_request": _privacy_request,
    "end_flow": _end_flow,
}
