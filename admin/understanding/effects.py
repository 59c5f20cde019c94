"""Proposals with what they would change, as people read it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.understanding.shapes import (
    ArticleEffect,
    IntentEffect,
    IntentFigures,
    Proposal,
    ProposalPage,
    ProposalQuery,
    ProposalRow,
)
from bot.publishing.contents import find_live
from bot.understanding.intent_effect import compare_intents
from bot.understanding.models import Proposal as Row
from bot.understanding.proposals import list_proposals
from bot.understanding.words import read_words


async def read_proposals(session: AsyncSession, query: ProposalQuery) -> ProposalPage:
    """One page, the latest first.

    Raises:
        CursorInvalid: the cursor is not one of ours.
    """
    after = Cursor.decode(query.cursor) if query.cursor else None
    rows = await list_proposals(
        session, status=query.status, after=(after.at, after.id) if after else None, limit=query.limit + 1
    )
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    return ProposalPage(
        items=[ProposalRow.model_validate(row, from_attributes=True) for row in shown],
        next_cursor=Cursor(last.created_at, last.id).encode() if last else None,
    )


async def show_proposal(session: AsyncSession, row: Row) -> Proposal:
    """One proposal with its effect."""
    known = {name: getattr(row, name) for name in Proposal.model_fields.keys() - {"outdated", "effect"}}
    is_open = row.status not in ("accepted", "rejected")
    outdated = is_open and (await find_live(session)).seq != row.based_on
    return Proposal.model_validate({**known, "outdated": outdated, "effect": await _effect(session, row)})


async def _effect(session: AsyncSession, row: Row) -> IntentEffect | ArticleEffect | None:
    if row.before is None or row.after is None:
        return None
    if row.kind == "intent":
        sides = {"before": _figures(row.before), "after": _figures(row.after)}
        return IntentEffect.model_validate({"kind": "intent", **sides, **compare_intents(row.before, row.after)})
    return ArticleEffect.model_validate(
        {
            "kind": "article",
            "bar": row.after["bar"],
            "texts": await _texts(session, row.before, row.after),
            "evaluation_before": row.before["evaluation"],
            "evaluation_after": row.after["evaluation"],
        }
    )


def _figures(report: Mapping[str, Any]) -> IntentFigures:
    held_out = report["held_out"] or {}
    return IntentFigures(
        examples=report["examples"],
        accuracy=report["accuracy"],
        macro_f1=report["macro_f1"],
        held_out_right=held_out.get("right"),
        held_out_of=held_out.get("of"),
        overlap=report["overlap"],
    )


async def _texts(session: AsyncSession, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The texts tried; a visitor's own words are read where they are kept, and are not there once erased."""
    pairs = list(zip(before["texts"], after["texts"], strict=True))
    words = await read_words(session, [UUID(was["message_id"]) for was, _ in pairs if "message_id" in was])
    return [
        {
            "text": was["text"] if "text" in was else words.get(UUID(was["message_id"])),
            "message_id": was.get("message_id"),
            "before": was,
            "after": becomes,
        }
        for was, becomes in pairs
    ]
