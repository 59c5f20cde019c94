"""Keeps trained models: found by what they were made from, given up when no recent publication needs them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.publishing.models import DialogueModel, Publication
from bot.publishing.ports import TrainedModel
from bot.signed_models import MARK

KEPT_PUBLICATIONS = 5
"""Publications one can go back to without training."""


async def find_model(session: AsyncSession, fingerprint: str) -> str | None:
    """The id of a kept model made from this; none that is not signed: no dialogue process would take it."""
    is_signed = func.substring(DialogueModel.data, 1, len(MARK)) == MARK
    newest = select(DialogueModel.id).where(DialogueModel.fingerprint == fingerprint, is_signed)
    return await session.scalar(newest.order_by(DialogueModel.created_at.desc()).limit(1))


async def keep_model(session: AsyncSession, model: TrainedModel, now: datetime) -> None:
    """Stores a model; the same again changes nothing but its signature."""
    row = {"id": model.id, "fingerprint": model.fingerprint, "data": model.data, "created_at": now}
    insertion = insert(DialogueModel).values(row)
    await session.execute(
        insertion.on_conflict_do_update(index_elements=["id"], set_={"data": insertion.excluded.data})
    )


async def drop_old_models(session: AsyncSession) -> None:
    """Deletes the models that none of the last publications names."""
    recent = select(Publication.model_id).order_by(Publication.seq.desc()).limit(KEPT_PUBLICATIONS).subquery()
    unneeded = delete(DialogueModel).where(DialogueModel.id.not_in(select(recent.c.model_id)))
    await session.execute(unneeded.execution_options(synchronize_session=False))
