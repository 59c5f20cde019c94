"""The endpoints of the sample workspace. A worker fills and removes it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.samples.shapes import SampleWorkspaceState
from admin.snapshot import snapshot
from base.database import transaction
from crm.contacts.models import Contact
from crm.samples.models import SampleWorkspace
from crm.samples.service import ask_to_add, ask_to_remove, count_people, find_workspace

_PATH = "/api/v1/sample-workspace"


@endpoint("GET", _PATH, permission="settings.read", summary="Whether there are sample people, and how far they are")
async def get_sample_workspace(call: Call) -> SampleWorkspaceState:
    async with snapshot(call.context.sessions) as session:
        return await _show(session, await find_workspace(session))


@endpoint(
    "POST",
    _PATH,
    permission="settings.write",
    summary="Fill the site with made-up people to look around with; nothing is ever sent to them",
    status=202,
    problems={409: "They are there already, or are being removed"},
)
async def add_sample_workspace(call: Call) -> SampleWorkspaceState:
    context = call.context
    async with transaction(context.sessions) as session:
        workspace = await ask_to_add(session, made_by=call.user.id, now=context.clock.now())
        await record(session, call, "add_sample_workspace", "sample_workspace", workspace.id)
        shown = await _show(session, workspace)
    await context.wake_samples()
    return shown


@endpoint(
    "DELETE",
    _PATH,
    permission="settings.write",
    summary="Remove the made-up people and all that is theirs; real people stay as they are",
    status=202,
    problems={404: "There are none"},
)
async def remove_sample_workspace(call: Call) -> SampleWorkspaceState:
    context = call.context
    async with transaction(context.sessions) as session:
        workspace = await ask_to_remove(session)
        people = await count_people(session)
        await record(session, call, "remove_sample_workspace", "sample_workspace", workspace.id, {"people": people})
        shown = await _show(session, workspace)
    await context.wake_samples()
    return shown


async def _show(session: AsyncSession, workspace: SampleWorkspace | None) -> SampleWorkspaceState:
    told = {"state": "none", "done": 0, "total": 0, "made_at": None}
    if workspace is not None:
        told = {name: getattr(workspace, name) for name in told}
    told["people"] = await count_people(session)
    told["site_is_empty"] = await session.scalar(select(Contact.id).limit(1)) is None
    return SampleWorkspaceState.model_validate(told)


ENDPOINTS = (get_sample_workspace, add_sample_workspace, remove_sample_workspace)
