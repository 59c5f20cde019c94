"""The endpoints of imports and exports. What they mean is crm's; the work is a worker's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.api.endpoints import Call, endpoint
from admin.api.files import Download, Upload
from admin.audit.service import record
from admin.imports.shapes import (
    ExportQuery,
    Import,
    ImportColumn,
    ImportOptions,
    ImportPage,
    ImportPreview,
    ImportQuery,
    PreviewRow,
    RowProblem,
    UploadedImport,
    UploadQuery,
)
from admin.leads.filters import in_band, matches_text
from admin.snapshot import snapshot
from base.database import transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.parquet import CONTENT_TYPE as PARQUET
from crm.contacts.models import Contact
from crm.fields.service import find_definitions
from crm.imports import jobs
from crm.imports.exporting import Export, export_csv, export_json, export_parquet
from crm.imports.files import Headings, read_headings
from crm.imports.mapping import guess_columns, own_fields, targets
from crm.imports.models import ContactImport, ImportState
from crm.imports.options import Options, check_options
from crm.imports.preview import preview_rows
from crm.imports.service import Plan, get_import, plan_file
from crm.imports.service import list_imports as read_page
from crm.imports.uploads import save_upload
from crm.scoring.books import read_book
from crm.scoring.rules import Bands

log = structlog.get_logger(__name__)

_EXPORTS: Mapping[str, tuple[str, Export]] = {
    "csv": ("text/csv", export_csv),
    "json": ("application/json", export_json),
    "parquet": (PARQUET, export_parquet),
}
_SUFFIXES = {
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


@endpoint(
    "GET",
    "/api/v1/imports",
    permission="imports.read",
    summary="Imports, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_imports(call: Call, query: ImportQuery) -> ImportPage:
    after = Cursor.decode(query.cursor) if query.cursor else None
    async with call.context.sessions() as session:
        found = await read_page(session, after=(after.at, after.id) if after else None, limit=query.limit + 1)
    shown = found[: query.limit]
    last = shown[-1] if len(found) > query.limit else None
    return ImportPage(
        items=[_show(one) for one in shown],
        next_cursor=Cursor(last.started_at, last.id).encode() if last else None,
    )


@endpoint("GET", "/api/v1/imports/{id}", permission="imports.read", summary="One import, and how far it is")
async def read_import(call: Call) -> Import:
    return _show(await _find(call))


@endpoint(
    "POST",
    "/api/v1/imports",
    permission="imports.write",
    summary="Send a file of contacts, CSV or XLSX; nothing is imported before it is started",
    status=201,
    problems={400: "The file ended early", 413: "Larger than 200 MB", 422: "Fields not valid, or no table"},
    takes=tuple(_SUFFIXES),
)
async def upload_import(call: Call, query: UploadQuery, upload: Upload) -> UploadedImport:
    context = call.context
    saved = await save_upload(context.imports_folder, upload.pieces, _SUFFIXES[upload.content_type], query.encoding)
    try:
        async with transaction(context.sessions) as session:
            one = await jobs.add_upload(
                session,
                saved,
                file_name=query.name,
                encoding=query.encoding,
                made_by=_user(call),
                now=context.clock.now(),
            )
    except BaseException:
        await asyncio.to_thread(saved.path.unlink)
        raise
    guessed = guess_columns(saved.headings.names)
    return UploadedImport(imported=_show(one), columns=_columns(saved.headings, guessed), targets=[*targets()])


@endpoint(
    "GET",
    "/api/v1/imports/{id}/columns",
    permission="imports.read",
    summary="The columns of the file, and what they are taken for by their headings",
    problems={409: "The file is no longer there"},
)
async def read_import_columns(call: Call) -> UploadedImport:
    one = await _find(call)
    encoding = jobs.with_its_encoding(one, Options()).encoding
    try:
        path = jobs.file_of(call.context.imports_folder, one)
        headings = await asyncio.to_thread(read_headings, path, encoding)
    except FileNotFoundError as error:
        raise jobs.NotNow("The file of this import is no longer there: send it again.") from error
    columns = _columns(headings, guess_columns(headings.names))
    return UploadedImport(imported=_show(one), columns=columns, targets=[*targets()])


@endpoint(
    "POST",
    "/api/v1/imports/{id}/preview",
    permission="imports.write",
    summary="What would become of the columns and the first rows; stores nothing",
    problems={409: "The file is no longer there"},
)
async def preview_import(call: Call, body: ImportOptions) -> ImportPreview:
    async with transaction(call.context.sessions) as session:
        one = await get_import(session, call.ids["id"])
        plan = await _plan(call, one, body)
        definitions = await find_definitions(session, own_fields(plan.mapping))
    rows = await asyncio.to_thread(preview_rows, plan, call.context.clock.now(), definitions)
    return ImportPreview(
        columns=_columns(plan.headings, plan.mapping),
        rows=[
            PreviewRow(
                row=row.number,
                values={**row.values},
                problems=[
                    RowProblem(column=problem.column, reason=problem.reason, refused=problem.refused)
                    for problem in row.problems
                ],
            )
            for row in rows
        ],
    )


@endpoint(
    "POST",
    "/api/v1/imports/{id}/start",
    permission="imports.write",
    summary="Have the file imported; once more changes nothing",
    status=202,
    problems={409: "It was started before and is over, or the file is no longer there"},
)
async def start_import(call: Call, body: ImportOptions) -> Import:
    async with transaction(call.context.sessions) as session:
        one = await get_import(session, call.ids["id"])
        plan = await _plan(call, one, body)
        await jobs.start(session, one, plan, call.context.clock.now())
        after = {"columns": plan.named_mapping, "purpose": body.purpose}
        await record(session, call, "start_import", "import", one.id, None, after)
    await call.context.wake_imports()
    return _show(one)


@endpoint(
    "POST",
    "/api/v1/imports/{id}/resume",
    permission="imports.write",
    summary="Go on with an import that failed, behind the last row that was stored",
    status=202,
    problems={409: "It did not fail, or the file is no longer there"},
)
async def resume_import(call: Call) -> Import:
    return await _change(call, lambda session: jobs.resume(session, call.ids["id"]))


@endpoint(
    "POST",
    "/api/v1/imports/{id}/cancel",
    permission="imports.write",
    summary="Stop an import; what is stored stays, and can be undone",
    problems={409: "It is over"},
)
async def cancel_import(call: Call) -> Import:
    stored_as: list[str] = []

    async def run(session: AsyncSession) -> ContactImport:
        one = await jobs.cancel(session, call.ids["id"], call.context.clock.now())
        if one.stored_as is not None:
            stored_as.append(one.stored_as)
            await jobs.let_go_of_file(session, one)
        return one

    shown = await _change(call, run)
    for name in stored_as:
        await asyncio.to_thread((call.context.imports_folder / name).unlink, missing_ok=True)
    return shown


@endpoint(
    "POST",
    "/api/v1/imports/{id}/undo",
    permission="imports.write",
    summary="Remove the contacts that an import made, but those to whom anything happened since",
    status=202,
    problems={409: "Nothing was imported yet, or it is going on: cancel it first"},
)
async def undo_import(call: Call) -> Import:
    return await _change(call, lambda session: jobs.ask_to_undo(session, call.ids["id"], _user(call)))


@endpoint(
    "GET",
    "/api/v1/imports/{id}/problems",
    permission="imports.read",
    summary="What was wrong with which row",
    gives=("text/csv",),
)
async def download_import_problems(call: Call) -> Download:
    await _find(call)

    async def lines() -> AsyncGenerator[str | bytes]:
        async with snapshot(call.context.sessions) as session:
            async for line in jobs.problem_lines(session, call.ids["id"]):
                yield line

    return Download("text/csv", "problems.csv", lines())


@endpoint(
    "GET",
    "/api/v1/contacts/export",
    permission="contacts.export",
    summary="Contacts as CSV, JSON or Parquet, all or some",
    gives=tuple(content_type for content_type, _ in _EXPORTS.values()),
)
async def export_contacts(call: Call, query: ExportQuery) -> Download:
    content_type, export = _EXPORTS[query.format]

    async def pieces() -> AsyncGenerator[str | bytes]:
        async with snapshot(call.context.sessions) as session:
            where = _conditions(call.context.keys, query, (await read_book(session)).book.bands)
            async for piece in export(session, call.context.keys, where):
                yield piece

    log.info("contacts_exported", user_id=str(call.user.id), format=query.format)
    return Download(content_type, f"contacts.{query.format}", pieces())


def _conditions(keys: KeyRing, query: ExportQuery, bands: Bands) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.q and query.q.strip():
        where.append(matches_text(keys, query.q.strip()))
    if query.band is not None:
        where.append(in_band(query.band, bands))
    if query.stage is not None:
        where.append(Contact.stage == query.stage)
    if query.tag is not None:
        where.append(Contact.tags.contains([query.tag]))
    return where


async def _plan(call: Call, one: ContactImport, body: ImportOptions) -> Plan:
    wanted = check_options(
        Options(
            columns=None if body.columns is None else tuple(body.columns),
            country=body.country,
            language=body.language,
            consent_channels=tuple(body.consent_channels),
            purpose=body.purpose,
            notice_text=body.consent_text,
        )
    )
    options, path = jobs.with_its_encoding(one, wanted), jobs.file_of(call.context.imports_folder, one)
    try:
        return await asyncio.to_thread(
            plan_file, path, options.map, options, made_by=_user(call), controller=call.context.company_name
        )
    except FileNotFoundError as error:
        raise jobs.NotNow("The file of this import is no longer there: send it again.") from error


async def _find(call: Call) -> ContactImport:
    async with call.context.sessions() as session:
        one = await session.get(ContactImport, call.ids["id"])
    if one is None:
        raise NotFound("There is no such import.")
    return one


async def _change(call: Call, run: Callable[[AsyncSession], Coroutine[Any, Any, ContactImport]]) -> Import:
    """One change in a transaction of its own, of which a worker is told."""
    async with transaction(call.context.sessions) as session:
        one = await run(session)
    await call.context.wake_imports()
    return _show(one)


def _columns(headings: Headings, mapping: Mapping[int, str]) -> list[ImportColumn]:
    return [ImportColumn(heading=name, target=mapping.get(at)) for at, name in enumerate(headings.names)]


def _show(one: ContactImport) -> Import:
    return Import(
        id=one.id,
        state=cast("ImportState", one.state),
        file_name=one.file_name,
        made_by=one.made_by,
        started_at=one.started_at,
        finished_at=one.finished_at,
        problem=one.problem,
        rows=one.rows,
        rows_expected=one.rows_expected,
        rows_a_second=one.rows_a_second,
        created=one.created,
        refused=one.refused,
        consents=one.consents,
        problems=one.problems,
        undone_by=one.undone_by,
        undone_at=one.undone_at,
        removed=one.removed,
    )


def _user(call: Call) -> str:
    return f"user:{call.user.id}"


ENDPOINTS = (
    list_imports,
    read_import,
    upload_import,
    read_import_columns,
    preview_import,
    start_import,
    resume_import,
    cancel_import,
    undo_import,
    download_import_problems,
    export_contacts,
)
