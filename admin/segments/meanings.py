"""Has the encoder say what the texts in a rule mean, once each, before the rule is asked."""

from __future__ import annotations

from admin.api.endpoints import Call
from admin.snapshot import snapshot
from base.database import transaction
from crm.segments.service import missing_vectors, save_vectors
from crm.segments.tree import SegmentTree


async def learn(call: Call, tree: SegmentTree) -> None:
    """Asks for the vectors of the texts that have none yet, and keeps them.

    Raises:
        DialogueUnavailable: no dialogue process could say what they mean.
    """
    async with snapshot(call.context.sessions) as session:
        missing = await missing_vectors(session, tree.texts())
    if not missing:
        return
    found = await call.context.meanings.vectors(missing)
    async with transaction(call.context.sessions) as session:
        await save_vectors(session, dict(zip(missing, found.rows, strict=True)), encoder=found.encoder)
