"""The endpoints of the audit log. Nothing can be changed by them."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.queries import read_names, read_page
from admin.audit.shapes import AuditNames, AuditPage, AuditQuery
from admin.snapshot import snapshot


@endpoint(
    "GET",
    "/api/v1/audit",
    permission="audit.read",
    summary="Who changed what, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_audit_entries(call: Call, query: AuditQuery) -> AuditPage:
    async with snapshot(call.context.sessions) as session:
        return await read_page(session, query)


@endpoint("GET", "/api/v1/audit/names", permission="audit.read", summary="What the audit log can be asked for")
async def list_audit_names(call: Call) -> AuditNames:
    async with snapshot(call.context.sessions) as session:
        return await read_names(session)


ENDPOINTS = (list_audit_entries, list_audit_names)
