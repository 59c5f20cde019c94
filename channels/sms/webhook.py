"""Twilio's webhooks: what people write, and what became of what we wrote. Verify, read, keep, answer at once.

Never answers in TwiML: what the bot says goes out by REST, through the outbox. Never answers 429: Twilio knows no such
thing, and what it brings is kept in order or refused for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import structlog
from aiohttp import web
from multidict import MultiDict
from twilio.twiml.messaging_response import MessagingResponse

from base.channel_contract import Reported
from base.clock import Clock
from base.database import Sessions, repeat_on_deadlock, transaction
from base.errors import Malformed, NotAllowed
from bot.intake.service import Intake
from channels.sms.payloads import read_form, read_report, read_said
from channels.sms.settings import SMSAccount, read_account
from channels.sms.signatures import HEADER, is_signed
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.reports import write_report

_log = structlog.get_logger(__name__)

INBOUND = "/hooks/sms/{account}/inbound"
STATUS = "/hooks/sms/{account}/status/{outbox}"
_FORM = "application/x-www-form-urlencoded"
_EMPTY_TWIML = str(MessagingResponse())
OVERRIDES = "#rc=3&rp=ct,rt,5xx"
"""Has Twilio try again, three times, what we could not take in: left alone it does so only when it cannot connect."""


def inbound_url(public_url: str, account_id: UUID) -> str:
    """Where Twilio brings what people write."""
    return public_url + INBOUND.format(account=account_id)


def status_url(public_url: str, account_id: UUID, outbox_id: UUID) -> str:
    """Where Twilio reports of one message of ours."""
    return public_url + STATUS.format(account=account_id, outbox=outbox_id)


@dataclass(frozen=True)
class SMSWebhooks:
    """The handlers and what they need. `public_url` is the site's address as Twilio was told it."""

    sessions: Sessions
    accounts: AccountBook
    intake: Intake
    clock: Clock
    public_url: str
    _known: dict[UUID, tuple[Account, SMSAccount]] = field(default_factory=dict, repr=False)

    async def handle_inbound(self, request: web.Request) -> web.Response:
        """Keeps what somebody wrote."""
        account_id, account, form = await self._verify(request)
        said = read_said(form, account)
        if said is None:
            _log.info("sms_from_no_phone", account_id=str(account_id))
        else:
            await self.intake.receive("sms", account_id, said)
        return web.Response(text=_EMPTY_TWIML, content_type="text/xml", charset="utf-8")

    async def handle_status(self, request: web.Request) -> web.Response:
        """Writes down what became of a message."""
        _, account, form = await self._verify(request)
        outbox_id = _read_id(request.match_info["outbox"])
        report = None if outbox_id is None else read_report(form, account, outbox_id)
        if report is not None:
            await repeat_on_deadlock(lambda: self._write(report))
        return web.Response(status=204)

    async def _write(self, report: Reported) -> None:
        async with transaction(self.sessions) as session:
            await write_report(session, "sms", report, self.clock.now())

    async def _verify(self, request: web.Request) -> tuple[UUID, SMSAccount, MultiDict[str]]:
        """The account a request is for and its form.

        Raises:
            NotAllowed: nothing proves that it comes from Twilio.
            Malformed: it does, but it is no form.
        """
        account_id = _read_id(request.match_info["account"])
        found = await self.accounts.get(account_id) if account_id is not None else None
        if found is None or found.channel != "sms" or account_id is None:
            raise NotAllowed("Nothing is taken in here.")
        account = self._typed(found)
        body = await request.read()
        is_form = request.content_type == _FORM
        form = read_form(body) if is_form else MultiDict[str]()
        content = form if is_form else body.decode("utf-8", "replace")
        # What Twilio was told, never what the request says of its host: anybody can write that.
        url = f"{self.public_url}{request.rel_url.raw_path}"
        if request.rel_url.raw_query_string:
            url = f"{url}?{request.rel_url.raw_query_string}"
        signature = request.headers.get(HEADER)
        if not any(is_signed(one, content, signature, account.tokens) for one in (url, url + OVERRIDES)):
            _log.warning("sms_webhook_refused", account_id=str(account_id))
            raise NotAllowed("This request is not signed by Twilio for this address.")
        if not is_form:
            raise Malformed("Twilio is to send forms here: leave the webhook's method at POST.")
        return account_id, account, form

    def _typed(self, account: Account) -> SMSAccount:
        """The account's settings, read once for as long as the book holds the same."""
        known = self._known.get(account.id)
        if known is None or known[0] is not account:
            known = self._known[account.id] = (account, read_account(account))
        return known[1]


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def routes(webhooks: SMSWebhooks) -> list[web.RouteDef]:
    """The routes of the channel."""
    return [web.post(INBOUND, webhooks.handle_inbound), web.post(STATUS, webhooks.handle_status)]
