"""Carries out what a turn decided, inside the turn's transaction. Checks each effect again: Rasa is not trusted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from base.errors import Conflict, InvalidInput, NotFound
from base.ids import new_id
from bot.consent_effects import record_consent
from bot.conversations import append_message
from bot.handoff.hours import opens_at
from bot.handoff.routing import read_hours
from bot.handoff.service import ask_for_person, rate
from bot.handoff.words import words_of
from bot.opt_out_effects import answer_help, carry_out_opt_out, reopen
from bot.scene import Scene, text, texts
from crm.consent.double_opt_in import find_countries
from crm.consent.in_conversation import follow_address
from crm.contacts.addresses import AddressKind
from crm.contacts.number_challenges import challenge_number
from crm.contacts.rules import STAGES
from crm.contacts.service import (
    get_contact,
    resolve_captured_address,
    set_fields,
    set_qualification,
    set_stage,
    speaks_for_contact,
    tag_contact,
)
from crm.fields.rules import WrongValue
from crm.meetings.labels import find_zone, label_of
from crm.privacy.limits import list_marks
from crm.privacy.minors import AGE_FIELDS, note_age
from crm.privacy.requests import ask_for_decision, file_in_talk
from crm.privacy.rules import KINDS
from crm.scoring.service import add_points, rescore
from crm.timeline.service import find_event

log = structlog.get_logger(__name__)

FIELD_LIMIT = 2_000
"""Longest value kept in a contact's field, in characters."""
POINTS_LIMIT = 1_000
"""Most points one rule may give or take."""

_NAME_LIMIT = 200  # characters
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}")
_REFUSED = (KeyError, TypeError, ValueError, InvalidInput, NotFound, DataError, IntegrityError)
"""What a wrong effect raises. All else is our own trouble (a deadlock, a lost connection): the turn is done again."""

_ADDRESSES: dict[str, AddressKind] = {"email": "email", "phone": "phone"}


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
        if effect.get("effect") == "opt_out":
            # The person is told that it is done: then it must be, and the turn is done again.
            raise
        scene.contact_id, scene.status, scene.score_changed = before
        conversation_id = str(scene.claim.conversation_id)
        log.error("effect_refused", effect=name, error=type(error).__name__, conversation_id=conversation_id)


async def _capture_lead(scene: Scene, effect: dict[str, Any]) -> None:
    field, value = text(effect, "field"), effect["value"]
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
        keys=scene.keys,
        zone=scene.claim.time_zone,
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
    if kind == "phone" and scene.claim.channel == "web":
        # Anybody can type anybody's number: their browser pays for what we are to send there.
        scene.number_waits = await challenge_number(
            scene.session,
            scene.keys,
            resolved.contact_id,
            value,
            conversation_id=scene.claim.conversation_id,
            now=scene.now,
        )
    await set_stage(scene.session, resolved.contact_id, "lead", scene.now)
    await scene.note("address_added", address=kind, joined_existing=resolved.joined_existing)


async def _capture_fact(scene: Scene, contact_id: UUID, field: str, value: Any) -> None:
    speaks = await speaks_for_contact(scene.session, contact_id, scene.claim.conversation_id)
    if not speaks and field in (await get_contact(scene.session, contact_id)).fields:
        # Whoever only typed somebody's address may fill what is unknown, not change what is known.
        await scene.note("fact_kept", field=field)
        return
    try:
        await set_fields(scene.session, contact_id, {field: value}, scene.now)
    except WrongValue as error:
        # It was said and stays in the talk; in the field nobody could use it.
        await scene.note("fact_unfit", field=field, reason=error.message[:300])
        return
    await scene.note("lead_captured", field=field)
    if field in AGE_FIELDS and await _note_age(scene, contact_id, field, value):
        await scene.follow_ups.stop(
            scene.session, contact_id=contact_id, reason="minor", now=scene.now, promotion_only=True
        )


async def _note_age(scene: Scene, contact_id: UUID, field: str, value: Any) -> bool:
    return await note_age(
        scene.session,
        contact_id,
        field=field,
        value=value,
        countries=await find_countries(scene.session, contact_id, scene.keys),
        controller=scene.controller,
        language=scene.claim.language,
        message_id=scene.claim.message_id,
        conversation_id=scene.claim.conversation_id,
        now=scene.now,
    )


async def _add_points(scene: Scene, effect: dict[str, Any]) -> None:
    points = effect["points"]
    if type(points) is not int or abs(points) > POINTS_LIMIT:
        raise TypeError("points")
    await add_points(
        scene.session,
        await scene.contact(),
        rule=text(effect, "rule"),
        points=points,
        reason=text(effect, "reason")[:FIELD_LIMIT],
        message_id=scene.claim.message_id,
        now=scene.now,
    )
    scene.score_changed = True


async def _set_outcome(scene: Scene, effect: dict[str, Any]) -> None:
    value = effect["value"]
    if value not in ("hot", "warm", "cold"):
        raise TypeError("value")
    contact_id = await scene.contact()
    if "human_review" in (await list_marks(scene.session, [contact_id]))[contact_id]:
        talk = scene.claim.conversation_id
        await ask_for_decision(
            scene.session, scene.hands, contact_id, proposed=value, conversation_id=talk, now=scene.now
        )
        return
    await set_qualification(scene.session, contact_id, value, scene.now)
    if value in ("hot", "warm"):
        await set_stage(scene.session, contact_id, "mql", scene.now)
    await scene.note("qualified", outcome=value)
    scene.score_changed = True


async def _tag(scene: Scene, effect: dict[str, Any]) -> None:
    add, remove = texts(effect, "add"), texts(effect, "remove")
    contact_id, talk = await scene.contact(), scene.claim.conversation_id
    await tag_contact(scene.session, contact_id, add=add, remove=remove, conversation_id=talk, now=scene.now)


async def _set_stage(scene: Scene, effect: dict[str, Any]) -> None:
    if effect["stage"] not in STAGES:
        raise TypeError("stage")
    if await set_stage(scene.session, await scene.contact(), effect["stage"], scene.now):
        await scene.note("stage_changed", stage=effect["stage"])


async def _assign_variant(scene: Scene, effect: dict[str, Any]) -> None:
    step, variant, goal = text(effect, "step"), text(effect, "variant"), str(effect.get("goal") or "")[:_NAME_LIMIT]
    known = await find_event(
        scene.session, kind="variant_assigned", conversation_id=scene.claim.conversation_id, data={"step": step}
    )
    if known is None:
        await scene.note("variant_assigned", step=step, variant=variant, goal=goal)


async def _confirm_meeting(scene: Scene, effect: dict[str, Any]) -> None:
    if scene.confirm_meeting is None:
        raise TypeError("no calendars here")
    try:
        async with scene.session.begin_nested():
            await scene.confirm_meeting(
                scene.session,
                text(effect, "hold"),
                contact_id=await scene.contact(),
                conversation_id=scene.claim.conversation_id,
                now=scene.now,
            )
    except (Conflict, NotFound):
        # The person has been told of the meeting: a colleague must see that there is none.
        await scene.note("meeting_refused", calendar=str(effect.get("calendar", ""))[:_NAME_LIMIT])
        log.error("meeting_refused", conversation_id=str(scene.claim.conversation_id))


async def _enrol(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.follow_ups.enrol(
        scene.session,
        journey=text(effect, "journey"),
        contact_id=await scene.contact(),
        conversation_id=scene.claim.conversation_id,
        now=scene.now,
    )


async def _hand_off(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.contact()
    scene.status = "handed_off"
    told = {name: str(effect.get(name, ""))[:_NAME_LIMIT] for name in ("team", "reason")}
    if isinstance(effect.get("open"), bool):
        told["open"] = effect["open"]
    await ask_for_person(
        scene.session, scene.claim.conversation_id, team=told["team"], reason=told["reason"], now=scene.now
    )
    if effect.get("open") is False:
        await _tell_when_back(scene, told["team"])
    await scene.note("handed_off", **told)


async def _tell_when_back(scene: Scene, team: str) -> None:
    """The dialogue said that nobody is there; by the hours of the content it is told from when somebody is."""
    hours = (await read_hours(scene.session)).get(team, {})
    back_at = opens_at(hours, scene.now)
    zone = find_zone(scene.claim.time_zone) or find_zone(hours.get("zone"))
    if back_at is None or back_at <= scene.now or zone is None:
        return
    language = scene.claim.language
    text = words_of(language)["back_at"].format(when=label_of(back_at, language, zone, name_zone=True))
    said = await append_message(
        scene.session,
        conversation_id=scene.claim.conversation_id,
        author="bot",
        text=text,
        data={},
        client_id=new_id(),
        now=scene.now,
    )
    if said is not None:
        scene.said.append(said)


async def _rate(scene: Scene, _effect: dict[str, Any]) -> None:
    data = scene.claim.data
    # By what they tapped, whatever the effect says.
    await rate(scene.session, scene.claim.conversation_id, text(data, "step"), text(data, "value"), scene.now)


async def _privacy_request(scene: Scene, effect: dict[str, Any]) -> None:
    kind = effect["kind"]
    if kind not in KINDS or kind in ("rectify", "unrestrict"):
        # What is to be corrected is told to a person, and a restriction is lifted by one.
        raise TypeError("kind")
    contact_id = await scene.contact()
    talk = scene.claim.conversation_id
    await file_in_talk(
        scene.session, scene.hands, contact_id=contact_id, kind=kind, conversation_id=talk, now=scene.now
    )


async def _end_flow(scene: Scene, effect: dict[str, Any]) -> None:
    await scene.note("flow_ended", flow=text(effect, "flow"), outcome=text(effect, "outcome"))


_Handler = Callable[[Scene, dict[str, Any]], Awaitable[None]]
_HANDLERS: dict[str, _Handler] = {
    "capture_lead": _capture_lead,
    "record_consent": record_consent,
    "add_points": _add_points,
    "set_outcome": _set_outcome,
    "tag": _tag,
    "set_stage": _set_stage,
    "assign_variant": _assign_variant,
    "confirm_meeting": _confirm_meeting,
    "enrol_in_journey": _enrol,
    "hand_off": _hand_off,
    "opt_out": carry_out_opt_out,
    "answer_help": answer_help,
    "reopen_channel": reopen,
    "privacy_request": _privacy_request,
    "end_flow": _end_flow,
    "rate_handoff": _rate,
}
