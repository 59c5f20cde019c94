"""The local Twilio's REST API: those of Twilio's resources that the channel and its checks use."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.voice.settings import E164
from channels.voice.simulator.state import Answer, Number, PhoneCall, State, new_sid

_OLD = "/2010-04-01/Accounts/{account}"
_MESSAGES = {
    10004: "Call concurrency limit exceeded",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too many requests",
    21205: "Url parameter is required.",
    21210: "'From' phone number not verified",
    21211: "Invalid 'To' Phone Number",
    21215: "Account not authorized to call this number",
}


@dataclass(frozen=True)
class RESTAPI:
    """The handlers. `begin` is told of each call that was taken."""

    state: State
    begin: Callable[[PhoneCall], None]

    def routes(self) -> list[web.RouteDef]:
        """All there is; every other path is answered as Twilio answers what it does not know."""
        return [
            web.get(f"{_OLD}.json", self.fetch_account),
            web.post(f"{_OLD}/Calls.json", self.create_call),
            web.post(f"{_OLD}/Calls/{{sid}}.json", self.update_call),
            web.post(f"{_OLD}/Calls/{{sid}}/Recordings/{{recording}}.json", self.update_recording),
            web.get(f"{_OLD}/IncomingPhoneNumbers.json", self.list_numbers),
            web.post(f"{_OLD}/IncomingPhoneNumbers/{{sid}}.json", self.update_number),
        ]

    @property
    def login(self) -> Middleware:
        """Middleware that lets nobody in without the account's credentials."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._may_enter(request):
                return _error(401, 20003)
            try:
                return await handler(request)
            except web.HTTPNotFound:
                return _error(404, 20404)

        return middleware

    def _may_enter(self, request: web.Request) -> bool:
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(told).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        own = {self.state.account_sid: self.state.tokens}
        known = {name: [secret] for name, secret in self.state.keys.items()} | own
        account = request.match_info.get("account", self.state.account_sid)
        return scheme == "Basic" and account == self.state.account_sid and password in known.get(name, [])

    async def fetch_account(self, _request: web.Request) -> web.Response:
        """The account itself."""
        sid = self.state.account_sid
        return web.json_response(
            {"sid": sid, "friendly_name": "Local", "status": self.state.account_status, "type": "Full"}
        )

    async def create_call(self, request: web.Request) -> web.StreamResponse:
        """Begins a call, or does what the script says."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (code := self._find_fault(form)) is not None:
            return _error(400, code)
        call = PhoneCall(
            sid=new_sid("CA"),
            sender=form["From"],
            to=form["To"],
            direction="outbound-api",
            status_callback=form.get("StatusCallback", ""),
            url=form["Url"],
            amd_callback=form.get("AsyncAmdStatusCallback", "") if form.get("AsyncAmd") == "true" else "",
            machine_detection=form.get("MachineDetection", ""),
        )
        return self._do_as_told(request, call, self.state.script(call.to))

    def _do_as_told(self, request: web.Request, call: PhoneCall, told: Answer) -> web.StreamResponse:
        if told.what in ("take", "take and break"):
            self.state.calls.append(call)
            self.begin(call)
        match told.what:
            case "refuse":
                return _error(told.status, told.code or 20001, retry_after=told.retry_after)
            case "nonsense":
                return web.Response(text="<html>Bad gateway</html>", content_type="text/html", status=201)
            case "break" | "take and break":
                assert request.transport is not None
                request.transport.abort()
        return web.json_response(self._shape(call), status=201)

    def _find_fault(self, form: dict[str, str]) -> int | None:
        number = self.state.find_number(form.get("From", ""))
        checks = (
            (E164.fullmatch(form.get("To", "")) is None, 21211),
            (number is None or not number.voice, 21210),
            (not form.get("Url"), 21205),
        )
        return next((code for holds, code in checks if holds), None)

    async def update_call(self, request: web.Request) -> web.Response:
        """Gives a call other TwiML, or ends it."""
        call = self.state.find_call(request.match_info["sid"])
        if call is None or call.ended.is_set():
            raise web.HTTPNotFound
        form = await request.post()
        call.replaced = "" if form.get("Status") == "completed" else str(form.get("Twiml", ""))
        call.cut.set()
        return web.json_response(self._shape(call))

    async def update_recording(self, request: web.Request) -> web.Response:
        """Stops the recording of a call."""
        call = self.state.find_call(request.match_info["sid"])
        if call is None or not call.recorded or request.match_info["recording"] != "Twilio.CURRENT":
            raise web.HTTPNotFound
        call.recorded = str((await request.post()).get("Status")) != "stopped"
        sid = self.state.account_sid
        return web.json_response({"account_sid": sid, "call_sid": call.sid, "sid": new_sid("RE"), "status": "stopped"})

    async def list_numbers(self, request: web.Request) -> web.Response:
        """The account's numbers, or the one asked for."""
        wanted = request.query.get("PhoneNumber")
        items = [self._number(one) for one in self.state.numbers if wanted in (None, one.number)]
        listed = {"incoming_phone_numbers": items, "end": max(len(items) - 1, 0), "start": 0, "page": 0,
                  "page_size": 50, "uri": request.path, "first_page_uri": request.path_qs, "next_page_uri": None,
                  "previous_page_uri": None}  # fmt: skip
        return web.json_response(listed)

    async def update_number(self, request: web.Request) -> web.Response:
        """Changes where a number's calls are brought."""
        number = self.state.find_number(request.match_info["sid"])
        if number is None:
            raise web.HTTPNotFound
        form = await request.post()
        number.voice_url = str(form.get("VoiceUrl", number.voice_url))
        number.voice_fallback_url = str(form.get("VoiceFallbackUrl", number.voice_fallback_url))
        number.status_callback = str(form.get("StatusCallback", number.status_callback))
        return web.json_response(self._number(number))

    def _shape(self, call: PhoneCall) -> dict[str, Any]:
        sid = self.state.account_sid
        return {
            "account_sid": sid,
            "answered_by": None,
            "api_version": "2010-04-01",
            "date_created": None,
            "date_updated": None,
            "direction": call.direction,
            "duration": None,
            "end_time": None,
            "from": call.sender,
            "phone_number_sid": new_sid("PN"),
            "price": None,
            "sid": call.sid,
            "start_time": None,
            "status": call.status,
            "to": call.to,
            "uri": f"/2010-04-01/Accounts/{sid}/Calls/{call.sid}.json",
        }

    def _number(self, one: Number) -> dict[str, Any]:
        sid = self.state.account_sid
        return {
            "account_sid": sid,
            "api_version": "2010-04-01",
            "capabilities": {"fax": False, "mms": True, "sms": True, "voice": one.voice},
            "friendly_name": one.number,
            "phone_number": one.number,
            "sid": one.sid,
            "status": "in-use",
            "status_callback": one.status_callback,
            "voice_url": one.voice_url,
            "voice_method": "POST",
            "voice_fallback_url": one.voice_fallback_url,
            "voice_application_sid": "",
            "uri": f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers/{one.sid}.json",
        }


def _error(status: int, code: int, *, retry_after: int | None = None) -> web.Response:
    body = {
        "code": code,
        "message": _MESSAGES.get(code, "The request could not be carried out."),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response(body, status=status, headers=headers)
