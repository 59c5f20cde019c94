"""The endpoints by which it is demanded of everybody that they sign in by two steps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.api.fields import RequestShape
from admin.api.versions import Versioned
from admin.audit.service import record
from admin.passkeys.models import Passkey
from admin.second_step import service
from admin.second_step.models import SignInRules
from base.database import transaction
from base.errors import Conflict, ParleyError


class RulesChanged(ParleyError):
    """Somebody else has changed how people sign in: load it again, then change it."""

    code = "sign_in_rules_changed"
    status = 412


class OwnStepFirst(Conflict):
    """Set up your own second step first, so that you know what you ask of the others."""

    code = "own_step_first"


class SignInRulesShown(Versioned):
    """Whether everybody must sign in by two steps, and since when."""

    second_step_for_all: bool
    since: datetime | None


class SignInRulesChange(RequestShape):
    second_step_for_all: bool


@endpoint("GET", "/api/v1/sign-in-rules", permission="users.read", summary="What is demanded of whoever signs in")
async def get_sign_in_rules(call: Call) -> SignInRulesShown:
    async with call.context.sessions() as session:
        return _show((await session.scalars(select(SignInRules))).one())


@endpoint(
    "PUT",
    "/api/v1/sign-in-rules",
    permission="users.write",
    summary="Demand a second step of everybody, from their next sign-in on, or no longer; API tokens go on working",
    problems={409: "You have no second step yourself"},
    edits=True,
)
async def change_sign_in_rules(call: Call, body: SignInRulesChange) -> SignInRulesShown:
    now = call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        rules = (await session.scalars(select(SignInRules).with_for_update())).one()
        if rules.version != call.version:
            raise RulesChanged
        if body.second_step_for_all and not await service.has_code_app(session, call.user.id):
            own = select(Passkey.id).where(Passkey.user_id == call.user.id).limit(1)
            if await session.scalar(own) is None:
                raise OwnStepFirst
        before = _show(rules)
        if body.second_step_for_all != before.second_step_for_all:
            rules.second_step_since = now if body.second_step_for_all else None
        rules.version += 1
        await record(session, call, "change_sign_in_rules", "sign_in_rules", None, before, _show(rules))
        return _show(rules)


def _show(rules: SignInRules) -> SignInRulesShown:
    since = rules.second_step_since
    return SignInRulesShown(second_step_for_all=since is not None, since=since, version=rules.version)


ENDPOINTS = (get_sign_in_rules, change_sign_in_rules)
