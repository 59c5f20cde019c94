"""The endpoints of the weekly digest: whether one wants it, one at once, and off by the link of a mail."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from admin.api.endpoints import Call, endpoint
from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.digests.letter import Reader, write_digest
from admin.digests.links import off_link, read_off_token
from admin.digests.weeks import read_report, week_of
from admin.digests.wishes import Wish, read_wish, set_wish, turn_off
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import NotAllowed, ParleyError
from crm.meetings.labels import find_zone
from outreach.ports import Accepted

Language = Literal["en", "es", "fr", "de"]


class NoMailServer(ParleyError):
    """There is no mail server: set it up first, or look at the numbers here."""

    code = "no_mail_server"
    status = 409


class NotTaken(ParleyError):
    """The mail server did not take it: try again in a while."""

    code = "mail_not_taken"
    status = 503


def _check_zone(name: str) -> str:
    if find_zone(name) is None:
        raise ValueError("Give a time zone such as Europe/Berlin.")
    return name


Zone = Annotated[PlainText, Field(max_length=60), AfterValidator(_check_zone)]


class DigestSettings(AnswerShape):
    """`time_zone` is null where the company's holds."""

    wanted: bool
    language: Language
    time_zone: str | None
    company_time_zone: str
    email: str
    can_send: bool = Field(description="Whether there is a mail server")


class DigestWish(RequestShape):
    wanted: bool
    language: Language = "en"
    time_zone: Zone | None = None


class DigestSent(AnswerShape):
    email: str


class OffLink(RequestShape):
    token: Annotated[PlainText, Field(max_length=400)]


@endpoint("GET", "/api/v1/digest", permission="own", summary="Whether the week in numbers is mailed to you")
async def get_digest(call: Call) -> DigestSettings:
    return await _show(call)


@endpoint("PUT", "/api/v1/digest", permission="own", summary="Have the week in numbers mailed to you, or not")
async def set_digest(call: Call, body: DigestWish) -> DigestSettings:
    wish = Wish(body.wanted, body.language, body.time_zone)
    async with transaction(call.context.sessions) as session:
        await set_wish(session, call.user.id, wish, call.context.clock.now())
    return await _show(call)


@endpoint(
    "POST",
    "/api/v1/digest/send",
    permission="numbers.read",
    summary="Mail yourself the digest of last week now; that of Monday comes all the same",
    problems={409: "There is no mail server", 503: "The mail server did not take it"},
)
async def send_digest_now(call: Call) -> DigestSent:
    context, user = call.context, call.user
    mail = context.colleague_mail
    if mail is None or mail.configured() is not None:
        raise NoMailServer
    async with snapshot(context.sessions) as session:
        wish = await read_wish(session, user.id)
        zone = ZoneInfo(wish.time_zone or context.time_zone)
        report = await read_report(session, week_of(context.clock.now(), zone))
    off = off_link(context.keys, context.public_url, user.id)
    letter = write_digest(Reader(user.name, wish.language), report, context.public_url, off)
    if not isinstance(await mail.send(user.email, letter.subject, letter.text, letter.html), Accepted):
        raise NotTaken
    return DigestSent(email=user.email)


@endpoint(
    "POST",
    "/api/v1/digest/off",
    permission="public",
    summary="Turn a digest off by the link in it",
    status=204,
    problems={403: "The link is wrong, or a foreign page"},
)
async def turn_digest_off(call: Call, body: OffLink) -> None:
    user_id = read_off_token(call.context.keys, body.token)
    if user_id is None:
        raise NotAllowed("This link is not one of ours: turn the digest off in your account.")
    async with transaction(call.context.sessions) as session:
        await turn_off(session, user_id)


async def _show(call: Call) -> DigestSettings:
    context, mail = call.context, call.context.colleague_mail
    async with context.sessions() as session:
        wish = await read_wish(session, call.user.id)
    return DigestSettings(
        wanted=wish.wanted,
        language=wish.language,
        time_zone=wish.time_zone,
        company_time_zone=context.time_zone,
        email=call.user.email,
        can_send=mail is not None and mail.configured() is None,
    )


ENDPOINTS = (get_digest, set_digest, send_digest_now, turn_digest_off)
