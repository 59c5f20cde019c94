"""Messages that were not understood: written down in their turn's transaction, closed when somebody has decided.

Copies no words: they stay in `messages` and are erased with them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeGuard
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from bot.claims import Claim
from bot.understanding.models import Gap, GapGroup
from bot.vectors import NotAVector, read_vector
from crm.profiling.service import find_refusals

log = structlog.get_logger(__name__)

GapReason = Literal["missed", "clarified", "below_bar"]
GapStatus = Literal["open", "used", "dismissed"]

OUT_OF_SCOPE = "out_of_scope"
"""What Rasa's side calls a text that no intent is meant for."""
PIECES = "pieces"
"""In a message's data: the messages that were read together with it as one text, itself among them."""

_REASONS = frozenset(("missed", "clarified", "below_bar"))
_RIGHTS = frozenset(("opt_out", "privacy_request"))
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class SeenGap:
    """That a text was not understood, as the dialogue process told it.

    Attributes:
        intent: the likeliest that is any.
        vector: what the text means, by `encoder`.
    """

    reason: GapReason
    intent: str | None
    confidence: float
    vector: list[float] | None = None
    encoder: str | None = None


def read_gap(understood: Mapping[str, Any]) -> SeenGap | None:
    """The gap in what a turn understood (protocols.md, 2), if there is one. Believes nothing that is malformed."""
    told = understood.get("gap")
    if not isinstance(told, dict) or told.get("reason") not in _REASONS:
        return None
    intent, confidence = _likeliest(understood.get("ranking"))
    encoder, vector = told.get("encoder"), told.get("vector")
    if not _is_name(encoder) or not isinstance(vector, str):
        return SeenGap(told["reason"], intent, confidence)
    try:
        return SeenGap(told["reason"], intent, confidence, read_vector(vector), encoder)
    except NotAVector as problem:
        log.warning("gap_vector_unusable", problem=str(problem))
        return SeenGap(told["reason"], intent, confidence)


def is_about_rights(effects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a turn carried out an opt-out or a privacy request: what was said then teaches nothing."""
    return any(str(effect.get("effect")) in _RIGHTS for effect in effects)


async def write_gap(session: AsyncSession, claim: Claim, gap: SeenGap, now: datetime) -> None:
    """Puts the message on the list. The same message twice is there once; whoever may not be learned from is not."""
    if claim.contact_id is not None and await find_refusals(session, None, [claim.contact_id], "training", now):
        return
    row = {
        "message_id": claim.message_id,
        "language": claim.language,
        "reason": gap.reason,
        "intent": gap.intent,
        "confidence": gap.confidence,
        "encoder": gap.encoder,
        "embedding": gap.vector,
        "created_at": now,
    }
    await session.execute(insert(Gap).values(row).on_conflict_do_nothing(index_elements=["message_id"]))


async def close_gaps(session: AsyncSession, message_ids: Sequence[UUID], status: GapStatus, now: datetime) -> int:
    """Takes open gaps off the list; returns how many were still open."""
    closed = (
        update(Gap)
        .where(Gap.message_id.in_(message_ids), Gap.status == "open")
        .values(status=status, closed_at=now)
        .returning(Gap.message_id)
        .execution_options(synchronize_session=False)
    )
    return len((await session.scalars(closed)).all())


async def open_gaps_of_group(session: AsyncSession, group_id: UUID) -> list[UUID]:
    """The messages of a group that are still open.

    Raises:
        NotFound: there is no such group any more.
    """
    if await session.get(GapGroup, group_id) is None:
        raise NotFound("There is no such group: messages were grouped anew. Load the list again.")
    rows = select(Gap.message_id).where(Gap.group_id == group_id, Gap.status == "open").order_by(Gap.created_at.desc())
    return list(await session.scalars(rows))


def _likeliest(ranking: object) -> tuple[str | None, float]:
    for one in ranking if isinstance(ranking, list) else ():
        match one:
            case [intent, int() | float() as confidence] if _is_name(intent) and math.isfinite(confidence):
                if intent != OUT_OF_SCOPE:
                    return intent, min(max(float(confidence), 0.0), 1.0)
    return None, 0.0


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()
