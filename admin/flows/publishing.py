"""The endpoints of publishing drafts and going back. A worker does it; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.flows.people import names_of
from admin.flows.queries import as_problem
from admin.flows.shapes import (
    ImpactPlace,
    ImpactReport,
    ItemChanges,
    PublicationDetail,
    PublicationPage,
    PublicationQuery,
    PublicationRow,
    PublicationsQuery,
    PublishJob,
    PublishJobs,
    PublishReport,
    PublishWish,
    ReplayDifference,
    ReplayReport,
    RollbackWish,
    TestsReport,
)
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import InvalidInput
from bot.publishing.contents import Published, find_live, get_publication, get_report, list_publications
from bot.publishing.drafts import list_drafts
from bot.publishing.jobs import JobKind, ask_for_job, get_job, list_jobs
from bot.publishing.models import PublishJob as Row
from bot.publishing.replay import Ending
from bot.publishing.versions import get_files


@endpoint(
    "POST",
    "/api/v1/flows/publications",
    permission="flows.write",
    summary="Has a worker publish drafts: checked, tested, replayed, then live; or do all of it but going live",
    status=202,
    problems={404: "One of the items has no draft"},
)
async def publish_flows(call: Call, body: PublishWish) -> PublishJob:
    async with call.context.sessions() as session:
        await list_drafts(session, body.items)
    wish = body.model_dump(mode="json", exclude={"only_try"})
    return await _ask(call, "try" if body.only_try else "publish", wish)


@endpoint(
    "POST",
    "/api/v1/flows/rollbacks",
    permission="flows.write",
    summary="Has a worker make an earlier publication live again, or an earlier version of one item",
    status=202,
    problems={404: "There is no such publication or version"},
)
async def roll_back_flows(call: Call, body: RollbackWish) -> PublishJob:
    async with call.context.sessions() as session:
        if body.publication is not None and body.item is None and body.version is None:
            await get_publication(session, body.publication)
        elif body.item is not None and body.version is not None and body.publication is None:
            await get_files(session, body.item, body.version)
        else:
            raise InvalidInput("Name a publication, or an item and its version.")
    return await _ask(call, "rollback", body.model_dump(mode="json"))


@endpoint(
    "GET",
    "/api/v1/flows/jobs",
    permission="flows.read",
    summary="What was asked to be published, the latest first",
)
async def list_publish_jobs(call: Call) -> PublishJobs:
    async with snapshot(call.context.sessions) as session:
        rows = await list_jobs(session)
        names = await names_of(session, [row.author for row in rows])
    return PublishJobs(items=[_job(row, names, call.language) for row in rows])


@endpoint(
    "GET",
    "/api/v1/flows/jobs/{id}",
    permission="flows.read",
    summary="How far a publishing is, and what came of it",
    problems={404: "There is no such job"},
)
async def get_publish_job(call: Call) -> PublishJob:
    async with snapshot(call.context.sessions) as session:
        row = await get_job(session, call.ids["id"])
        return _job(row, await names_of(session, [row.author]), call.language)


@endpoint("GET", "/api/v1/flows/publications", permission="flows.read", summary="What was published, the latest first")
async def list_flow_publications(call: Call, query: PublicationsQuery) -> PublicationPage:
    async with snapshot(call.context.sessions) as session:
        found = await list_publications(session, before=query.before, limit=query.limit + 1)
        live = (await find_live(session)).seq
        names = await names_of(session, [one.author for one in found])
    shown = found[: query.limit]
    return PublicationPage(
        items=[_publication(one, live, names) for one in shown],
        next=shown[-1].seq if len(found) > query.limit else None,
    )


@endpoint(
    "GET",
    "/api/v1/flows/publications/detail",
    permission="flows.read",
    summary="One publication, with what its checks came to",
    problems={404: "There is no such publication"},
)
async def get_flow_publication(call: Call, query: PublicationQuery) -> PublicationDetail:
    async with snapshot(call.context.sessions) as session:
        published = await get_publication(session, query.publication)
        report = await get_report(session, query.publication)
        live = (await find_live(session)).seq
        names = await names_of(session, [published.author])
    return PublicationDetail(publication=_publication(published, live, names), report=_report(report))


async def _ask(call: Call, kind: JobKind, wish: dict[str, Any]) -> PublishJob:
    context, author = call.context, f"user:{call.user.id}"
    async with transaction(context.sessions) as session:
        row = await ask_for_job(session, kind, wish, author=author, now=context.clock.now())
        await record(session, call, f"ask_to_{kind}", "publication", row.id, after=wish)
        job = _job(row, await names_of(session, [author]), call.language)
    await context.flows.wake()
    return job


def _job(row: Row, names: Mapping[str | None, str], language: str) -> PublishJob:
    report = row.outcome.get("report")
    return PublishJob.model_validate(
        {
            "id": row.id,
            "kind": row.kind,
            "status": row.status,
            "lines": row.lines,
            "code": row.code,
            "problem": row.problem,
            "faults": [as_problem(fault, language) for fault in row.outcome.get("faults", [])],
            "stranded": row.outcome.get("stranded", []),
            "report": _report(report) if report else None,
            "publication": row.publication,
            "unchanged": row.outcome.get("unchanged", False),
            "by": names.get(row.author, ""),
            "asked_at": row.asked_at,
            "began_at": row.began_at,
            "ended_at": row.ended_at,
        }
    )


def _report(report: Mapping[str, Any]) -> PublishReport:
    """A report as it was kept; one of an older program may lack a part."""
    impact = report.get("impact") or {}
    return PublishReport(
        changes=[ItemChanges(item=item, words=words) for item, words in (report.get("changes") or {}).items()],
        tests=TestsReport.model_validate(report["tests"]) if report.get("tests") else None,
        replay=_replay(report["replay"]) if report.get("replay") else None,
        impact=ImpactReport(
            people=impact.get("people", 0),
            sampled=impact.get("sampled", 0),
            places=[ImpactPlace.model_validate(one) for one in impact.get("places", ())],
            unknown=impact.get("unknown"),
        ),
        trained=bool(report.get("trained")),
        seconds=report.get("seconds") or {},
    )


def _replay(replay: Mapping[str, Any]) -> ReplayReport:
    return ReplayReport(
        conversations=replay["conversations"],
        same_by_construction=replay["same_by_construction"],
        differences=[
            ReplayDifference(
                conversation_id=one["conversation_id"],
                before=_ending(one["before"]),
                after=_ending(one["after"]),
            )
            for one in replay["differences"]
        ],
    )


def _ending(kept: Mapping[str, Any]) -> str:
    pairs = {name: tuple(tuple(pair) for pair in kept[name]) for name in ("flows", "consents")}
    return Ending(**{**kept, **pairs, "journeys": tuple(kept["journeys"])}).in_words()


def _publication(one: Published, live: int, names: Mapping[str | None, str]) -> PublicationRow:
    return PublicationRow(
        publication=one.seq,
        by=names.get(one.author, ""),
        at=one.published_at,
        note=one.note,
        rollback_of=one.rollback_of,
        live=one.seq == live,
        items=dict(one.contents),
    )


ENDPOINTS = (
    publish_flows,
    roll_back_flows,
    list_publish_jobs,
    get_publish_job,
    list_flow_publications,
    get_flow_publication,
)
