"""The endpoints of single sign-on, and of what ways in there are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape, ShownOnce
from admin.sessions.endpoints import Session, welcome
from admin.sessions.sign_in import let_in
from admin.single_sign_on.provider import Provider
from admin.single_sign_on.service import find_or_make_user
from base.database import transaction
from base.errors import NotFound

_NONE = {404: "There is no identity provider", 503: "The identity provider cannot be asked"}


class SignInWays(AnswerShape):
    """`provider` is what the company's identity provider is called; null: there is none."""

    provider: str | None


class Departing(RequestShape):
    """Nothing needs to be said."""


class Departed(ShownOnce):
    """Send the browser to `address`; keep `ticket` until it is back."""

    address: str
    ticket: str


class Arrived(RequestShape):
    """What the provider added to the address it sent the browser back to, and the ticket."""

    code: Annotated[PlainText, Field(max_length=4_000)]
    state: Annotated[PlainText, Field(max_length=200)]
    ticket: Annotated[PlainText, Field(max_length=1_000)]


@endpoint("GET", "/api/v1/sign-in-ways", permission="public", summary="How people sign in beside by password")
async def get_sign_in_ways(call: Call) -> SignInWays:
    provider = call.context.provider
    return SignInWays(provider=None if provider is None else provider.name)


@endpoint(
    "POST",
    "/api/v1/single-sign-on/begin",
    permission="public",
    summary="Begin to sign in at the company's identity provider",
    problems=_NONE,
)
async def begin_single_sign_on(call: Call, body: Departing) -> Departed:  # noqa: ARG001  # takes JSON: nothing
    departure = await _provider_of(call).depart()
    return Departed(address=departure.address, ticket=departure.ticket)


@endpoint(
    "POST",
    "/api/v1/single-sign-on",
    permission="public",
    summary="Sign in as whom the identity provider has sent back",
    problems={**_NONE, 401: "The provider does not stand by it", 403: "No access here, or a foreign page"},
)
async def finish_single_sign_on(call: Call, body: Arrived) -> Session:
    context, provider, now = call.context, _provider_of(call), call.context.clock.now()
    arrival = await provider.arrive(code=body.code, state=body.state, ticket=body.ticket)
    async with transaction(context.sessions) as session:
        user = await find_or_make_user(session, arrival, provider.settings.role, now)
        token = await let_in(session, user.id, now, way="single_sign_on", browser=call.browser)
    return await welcome(call, token)


def _provider_of(call: Call) -> Provider:
    if call.context.provider is None:
        raise NotFound("This site has no identity provider: sign in by your password.")
    return call.context.provider


ENDPOINTS = (get_sign_in_ways, begin_single_sign_on, finish_single_sign_on)
