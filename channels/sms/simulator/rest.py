"""The local Twilio's REST API: those of Twilio's resources that the channel and its checks use."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.sms.numbers import E164
from channels.sms.simulator import shapes
from channels.sms.simulator.state import Answer, Number, Sent, Service, State, new_sid

_OLD = "/2010-04-01/Accounts/{account}"
_LONGEST = 1600  # characters
_LONGEST_WAIT = 36_000  # seconds


@dataclass(frozen=True)
class RESTAPI:
    """The handlers. `accepted` is told of each message that was taken."""

    state: State
    accepted: Callable[[Sent, Answer], Awaitable[None]]

    def routes(self) -> list[web.RouteDef]:
        """All there is; every other path is answered as Twilio answers what it does not know."""
        return [
            web.get(f"{_OLD}.json", self.fetch_account),
            web.post(f"{_OLD}/Messages.json", self.create_message),
            web.get(f"{_OLD}/Messages.json", self.list_messages),
            web.get(f"{_OLD}/Messages/{{sid}}.json", self.fetch_message),
            web.get(f"{_OLD}/Messages/{{sid}}/Media/{{media}}", self.fetch_media),
            web.get(f"{_OLD}/IncomingPhoneNumbers.json", self.list_numbers),
            web.post(f"{_OLD}/IncomingPhoneNumbers/{{sid}}.json", self.update_number),
            web.get(f"{_OLD}/SMS/ShortCodes.json", self.list_short_codes),
            web.post(f"{_OLD}/SMS/ShortCodes/{{sid}}.json", self.update_short_code),
            web.get("/v1/Services", self.list_services),
            web.get("/v1/Services/{sid}", self.fetch_service),
            web.post("/v1/Services/{sid}", self.update_service),
            web.get("/v1/Services/{sid}/PhoneNumbers", self.list_service_numbers),
            web.get("/v1/Services/{sid}/Compliance/Usa2p", self.list_campaigns),
            web.get("/v1/a2p/BrandRegistrations/{sid}", self.fetch_brand),
            web.get("/v1/Tollfree/Verifications", self.list_toll_free),
        ]

    @property
    def login(self) -> Middleware:
        """Middleware that lets nobody in without the account's credentials."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith("/store/"):
                return await handler(request)
            if not self._may_enter(request):
                return shapes.error(401, 20003)
            try:
                return await handler(request)
            except web.HTTPNotFound:
                return shapes.error(404, 20404)

        return middleware

    def _may_enter(self, request: web.Request) -> bool:
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(told).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = {name: [secret] for name, secret in self.state.keys.items()} | {
            self.state.account_sid: self.state.tokens
        }
        account = request.match_info.get("account", self.state.account_sid)
        return scheme == "Basic" and account == self.state.account_sid and password in known.get(name, [])

    async def fetch_account(self, _request: web.Request) -> web.Response:
        """The account itself."""
        sid = self.state.account_sid
        return web.json_response(
            {"sid": sid, "friendly_name": "Local", "status": self.state.account_status, "type": "Full",
             "owner_account_sid": sid}
        )  # fmt: skip

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """Takes a message, or does to it what the script says."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (code := self._find_fault(form)) is not None:
            return shapes.error(400, code)
        service = self.state.find_service(form.get("MessagingServiceSid"))
        sent = Sent(
            sid=new_sid("SM"),
            sender=form.get("From"),
            service_sid=service.sid if service else None,
            to=form["To"],
            body=form["Body"],
            status_callback=form.get("StatusCallback", ""),
            validity_period=int(form.get("ValidityPeriod", _LONGEST_WAIT)),
            status="accepted" if service else "queued",
        )
        return await self._do_as_told(request, sent)

    async def _do_as_told(self, request: web.Request, sent: Sent) -> web.StreamResponse:
        told = self.state.script(sent)
        if told.what in ("take", "take and break"):
            self.state.messages.append(sent)
            await self.accepted(sent, told)
        match told.what:
            case "refuse":
                return shapes.error(told.status, told.code or 20001, retry_after=told.retry_after)
            case "hang":
                await asyncio.sleep(3600)
            case "nonsense":
                return web.Response(text="<html>Bad gateway</html>", content_type="text/html", status=201)
            case "break" | "take and break":
                assert request.transport is not None
                request.transport.abort()
        return web.json_response(shapes.message(self.state, sent), status=201)

    def _find_fault(self, form: dict[str, str]) -> int | None:
        sender, service = form.get("From"), self.state.find_service(form.get("MessagingServiceSid"))
        number = self.state.find_number(sender) if sender else None
        to = form.get("To", "")
        checks = (
            (E164.fullmatch(to) is None, 21211),
            (not form.get("Body"), 21602),
            (len(form.get("Body", "")) > _LONGEST, 21617),
            ("MessagingServiceSid" in form and service is None, 21705),
            (sender is None and service is None, 21603),
            (sender is not None and (number is None or not number.sms), 21606),
            (not 1 <= int(form.get("ValidityPeriod", "1")) <= _LONGEST_WAIT, 20001),
        )
        fault = next((code for holds, code in checks if holds), None)
        if fault is not None:
            return fault
        key = (service.sid, to) if service else self.state.block_key(number, to) if number else ("", to)
        return 21610 if key in self.state.blocked else None

    async def fetch_message(self, request: web.Request) -> web.Response:
        """One message."""
        found = [one for one in self.state.messages if one.sid == request.match_info["sid"]]
        if not found:
            raise web.HTTPNotFound
        return web.json_response(shapes.message(self.state, found[0]))

    async def list_messages(self, request: web.Request) -> web.Response:
        """The messages to a number, the latest first."""
        wanted, since = request.query.get("To"), request.query.get("DateSent>")
        found = [
            one
            for one in reversed(self.state.messages)
            if wanted in (None, one.to) and (since is None or one.created_at >= datetime.fromisoformat(since))
        ]
        items = [shapes.message(self.state, one) for one in found]
        return web.json_response(shapes.old_list(request.path_qs, "messages", items))

    async def fetch_media(self, request: web.Request) -> web.Response:
        """Points to where the file lies, as Twilio does: nothing is served here."""
        name = request.match_info["media"]
        if name not in self.state.media:
            raise web.HTTPNotFound
        return web.Response(status=307, headers={"Location": f"/store/{name}"})

    async def list_numbers(self, request: web.Request) -> web.Response:
        """The account's numbers, or the one asked for."""
        wanted = request.query.get("PhoneNumber")
        every = [*self.state.numbers, *(one for service in self.state.services for one in service.numbers)]
        found = [one for one in every if not one.is_short and wanted in (None, one.number)]
        items = [shapes.number(self.state, one) for one in found]
        return web.json_response(shapes.old_list(request.path_qs, "incoming_phone_numbers", items))

    async def list_short_codes(self, request: web.Request) -> web.Response:
        """The account's short codes, or the one asked for."""
        wanted = request.query.get("ShortCode")
        found = [one for one in self.state.numbers if one.is_short and wanted in (None, one.number)]
        items = [shapes.short_code(self.state, one) for one in found]
        return web.json_response(shapes.old_list(request.path_qs, "short_codes", items))

    async def update_number(self, request: web.Request) -> web.Response:
        """Changes where a number's messages are brought."""
        number = await self._update(request)
        return web.json_response(shapes.number(self.state, number))

    async def update_short_code(self, request: web.Request) -> web.Response:
        """Changes where a short code's messages are brought."""
        number = await self._update(request)
        return web.json_response(shapes.short_code(self.state, number))

    async def _update(self, request: web.Request) -> Number:
        number = self.state.find_number(request.match_info["sid"])
        if number is None:
            raise web.HTTPNotFound
        form = await request.post()
        number.sms_url = str(form.get("SmsUrl", number.sms_url))
        number.sms_fallback_url = str(form.get("SmsFallbackUrl", number.sms_fallback_url))
        return number

    async def list_services(self, request: web.Request) -> web.Response:
        """The messaging services."""
        items = [shapes.service(self.state, one) for one in self.state.services]
        return web.json_response(shapes.new_list(str(request.url), "services", items))

    async def fetch_service(self, request: web.Request) -> web.Response:
        """One messaging service."""
        return web.json_response(shapes.service(self.state, self._service(request)))

    async def update_service(self, request: web.Request) -> web.Response:
        """Changes where a service's messages are brought."""
        service, form = self._service(request), await request.post()
        service.inbound_request_url = str(form.get("InboundRequestUrl", service.inbound_request_url))
        service.fallback_url = str(form.get("FallbackUrl", service.fallback_url))
        told = form.get("UseInboundWebhookOnNumber")
        if told is not None:
            service.use_inbound_webhook_on_number = str(told).lower() == "true"
        return web.json_response(shapes.service(self.state, service))

    async def list_service_numbers(self, request: web.Request) -> web.Response:
        """The numbers in a service."""
        service = self._service(request)
        whose = {"service_sid": service.sid, "account_sid": self.state.account_sid}
        items = [{**whose, "sid": one.sid, "phone_number": one.number} for one in service.numbers]
        return web.json_response(shapes.new_list(str(request.url), "phone_numbers", items))

    async def list_campaigns(self, request: web.Request) -> web.Response:
        """The service's 10DLC campaign."""
        service = self._service(request)
        items = [shapes.campaign(self.state, service)] if service.campaign_id else []
        return web.json_response(shapes.new_list(str(request.url), "compliance", items))

    async def fetch_brand(self, request: web.Request) -> web.Response:
        """One registered brand."""
        sid = request.match_info["sid"]
        service = next((one for one in self.state.services if one.brand_sid == sid), None)
        if service is None:
            raise web.HTTPNotFound
        return web.json_response({"sid": sid, "account_sid": self.state.account_sid, "status": service.brand_status})

    async def list_toll_free(self, request: web.Request) -> web.Response:
        """How far the verification of a toll-free number is."""
        number = self.state.find_number(request.query.get("TollfreePhoneNumberSid", ""))
        status = number.toll_free_status if number else None
        items = []
        if number is not None and status is not None:
            items = [{"sid": new_sid("HH"), "tollfree_phone_number_sid": number.sid, "status": status}]
        return web.json_response(shapes.new_list(str(request.url), "verifications", items))

    def _service(self, request: web.Request) -> Service:
        found = self.state.find_service(request.match_info["sid"])
        if found is None:
            raise web.HTTPNotFound
        return found
