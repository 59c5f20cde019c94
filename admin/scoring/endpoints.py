"""The endpoints of scores and of the tasks that follow from them. What a score means is crm's."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.scoring.shapes import (
    AccountScoreRow,
    AccountScores,
    ScoreEvent,
    ScoreOfContact,
    ScoreReasonNow,
    ScoreRules,
    ScoreRulesDraft,
    ScoreRulesEdit,
    ScoreRulesPreview,
    TaskList,
    TaskQuery,
    TaskRow,
)
from admin.snapshot import snapshot
from base.database import transaction
from crm.companies.service import get_company
from crm.contacts.service import get_contact
from crm.scoring.accounts import read_account_scores
from crm.scoring.books import LiveBook, read_book, save_book
from crm.scoring.models import ScoreEntry
from crm.scoring.preview import preview_book
from crm.scoring.reasons import reason_in_words
from crm.scoring.rules import DAY, band_of
from crm.scoring.service import NOT_SCORED, count_older, list_reasons
from crm.scoring.sums import amount_at, scores_at, total_of
from crm.tasks.service import close_task, list_open_tasks
from crm.timeline.models import TimelineEvent
from crm.timeline.service import summary_of

PREVIEW_SECONDS = 10.0
"""After so long a preview answers with what it has: a request may not take longer."""


@endpoint("GET", "/api/v1/leads/{id}/score", permission="contacts.read", summary="What a lead scores now, and why")
async def get_score(call: Call) -> ScoreOfContact:
    now = call.context.clock.now()
    async with snapshot(call.context.sessions) as session:
        await get_contact(session, call.ids["id"])
        entries = await list_reasons(session, call.ids["id"])
        book = (await read_book(session)).book
        events = await _events_of(session, entries, call.language)
    scores = scores_at(((entry, entry.cap_group) for entry in entries), book, now)
    judged = any(entry.rule != NOT_SCORED for entry in entries)
    return ScoreOfContact(
        scores=scores,
        band=band_of(total_of(scores), book.bands) if judged else None,
        reasons=[
            ScoreReasonNow(
                rule=entry.rule,
                score=entry.score,
                group=entry.cap_group,
                points=round(amount_at(entry, now), 2),
                given=entry.points if entry.amount is None else round(entry.amount, 2),
                half_life_days=None if entry.half_life is None else entry.half_life / DAY,
                reason=reason_in_words(entry.reason, call.language),
                message_id=entry.message_id,
                event=events.get(str(entry.event_id)),
                at=entry.created_at,
            )
            for entry in entries
        ],
    )


async def _events_of(session: AsyncSession, entries: Sequence[ScoreEntry], language: str) -> dict[str, ScoreEvent]:
    wanted = [entry.event_id for entry in entries if entry.event_id is not None]
    rows = await session.scalars(select(TimelineEvent).where(TimelineEvent.id.in_(wanted)))
    return {
        str(row.id): ScoreEvent(
            id=row.id, kind=row.kind, summary=summary_of(row.kind, row.data, language), at=row.occurred_at
        )
        for row in rows
    }


@endpoint(
    "GET", "/api/v1/companies/{id}/score", permission="contacts.read", summary="What a company's people score together"
)
async def get_account_score(call: Call) -> AccountScores:
    company_id = call.ids["id"]
    async with snapshot(call.context.sessions) as session:
        await get_company(session, company_id)
        scores = (await read_account_scores(session, [company_id])).get(company_id, {})
    return AccountScores(
        scores={name: AccountScoreRow(sum=one.sum, highest=one.highest) for name, one in scores.items()}
    )


@endpoint("GET", "/api/v1/score-rules", permission="scores.read", summary="The rules of scores that count now")
async def get_score_rules(call: Call) -> ScoreRules:
    async with snapshot(call.context.sessions) as session:
        return _show(await read_book(session), await count_older(session))


@endpoint(
    "PUT",
    "/api/v1/score-rules",
    permission="scores.write",
    summary="Change the rules of scores; everybody is counted anew by and by",
    problems={409: "Somebody else changed them since"},
)
async def change_score_rules(call: Call, body: ScoreRulesEdit) -> ScoreRules:
    made_by = f"user:{call.user.id}"
    async with transaction(call.context.sessions) as session:
        now = call.context.clock.now()
        before = (await read_book(session)).book
        saved = await save_book(session, body.book, based_on=body.based_on, made_by=made_by, now=now)
        await record(session, call, "change_score_rules", "score_rules", None, before, saved.book)
        shown = _show(saved, await count_older(session))
    await call.context.wake_scores()
    return shown


@endpoint(
    "POST",
    "/api/v1/score-rules/preview",
    permission="scores.read",
    summary="Who would move if these were the rules; nothing is changed. Of many people: call on until it is whole",
)
async def preview_score_rules(call: Call, body: ScoreRulesDraft) -> ScoreRulesPreview:
    begun, until = body.so_far, time.monotonic() + PREVIEW_SECONDS
    async with snapshot(call.context.sessions) as session:
        preview = await preview_book(
            session,
            call.context.keys,
            body.book,
            call.context.clock.now(),
            preview=None if begun is None else begun.preview(),
            goes_on=lambda: time.monotonic() < until,
        )
    return ScoreRulesPreview.of(preview)


@endpoint("GET", "/api/v1/tasks", permission="contacts.read", summary="What colleagues are to do, the oldest first")
async def list_tasks(call: Call, query: TaskQuery) -> TaskList:
    async with call.context.sessions() as session:
        rows = await list_open_tasks(session, contact_id=query.contact, limit=query.limit)
    return TaskList(items=[TaskRow.model_validate(row, from_attributes=True) for row in rows])


@endpoint("POST", "/api/v1/tasks/{id}/done", permission="contacts.write", summary="A task is done", status=204)
async def finish_task(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        await close_task(session, call.ids["id"], by=f"user:{call.user.id}", now=call.context.clock.now())
        await record(session, call, "finish_task", "task", call.ids["id"], {"done": False}, {"done": True})


def _show(live: LiveBook, left: int) -> ScoreRules:
    return ScoreRules(number=live.number, book=live.book, made_by=live.made_by, made_at=live.made_at, left=left)


ENDPOINTS = (
    get_score,
    get_account_score,
    get_score_rules,
    change_score_rules,
    preview_score_rules,
    list_tasks,
    finish_task,
)
