"""Whether somebody who signs in gets mails about tasks: each decides for themselves."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, RequestShape
from admin.task_mails.service import is_wanted, set_wanted
from base.database import transaction


class TaskMailsWanted(AnswerShape):
    wanted: bool


class TaskMailsWish(RequestShape):
    wanted: bool


@endpoint("GET", "/api/v1/task-mails", permission="own", summary="Whether tasks are mailed to you")
async def get_task_mails(call: Call) -> TaskMailsWanted:
    async with call.context.sessions() as session:
        return TaskMailsWanted(wanted=await is_wanted(session, call.user.id))


@endpoint("PUT", "/api/v1/task-mails", permission="own", summary="Have tasks mailed to you, or not")
async def set_task_mails(call: Call, body: TaskMailsWish) -> TaskMailsWanted:
    async with transaction(call.context.sessions) as session:
        await set_wanted(session, call.user.id, wanted=body.wanted)
    return TaskMailsWanted(wanted=body.wanted)


ENDPOINTS = (get_task_mails, set_task_mails)
