"""Twilio's JSON: resources, lists in both its styles, errors. Only shapes, no decisions."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from channels.sms.simulator.state import Number, Sent, Service, State

MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too many requests",
    21211: "The 'To' number is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' number or a MessagingServiceSid is required.",
    21606: "The 'From' number is not a valid message-capable number for your account.",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21705: "The Messaging Service Sid is invalid.",
    30610: "Message couldn't be delivered",
}


def error(status: int, code: int, *, retry_after: int | None = None) -> web.Response:
    """An error as the API says it."""
    body = {
        "code": code,
        "message": MESSAGES.get(code, "The request could not be carried out."),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response(body, status=status, headers=headers)


def message(state: State, sent: Sent) -> dict[str, Any]:
    """The message resource."""
    uri = f"/2010-04-01/Accounts/{state.account_sid}/Messages/{sent.sid}"
    return {
        "account_sid": state.account_sid,
        "api_version": "2010-04-01",
        "body": sent.body,
        "date_created": _date(sent.created_at),
        "date_sent": None,
        "date_updated": _date(sent.created_at),
        "direction": "outbound-api",
        "error_code": sent.error_code,
        "error_message": None,
        "from": sent.sender,
        "messaging_service_sid": sent.service_sid,
        "num_media": "0",
        # Of a service Twilio knows the parts only when it has chosen the number.
        "num_segments": "0" if sent.sender is None else str(sent.segments),
        "price": None,
        "price_unit": "USD",
        "sid": sent.sid,
        "status": sent.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": sent.to,
        "uri": f"{uri}.json",
    }


def number(state: State, one: Number) -> dict[str, Any]:
    """The incoming phone number resource."""
    return {
        "account_sid": state.account_sid,
        "api_version": "2010-04-01",
        "capabilities": {"fax": False, "mms": one.mms, "sms": one.sms, "voice": True},
        "friendly_name": one.number,
        "phone_number": one.number,
        "sid": one.sid,
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": one.sms_fallback_url or None,
        "sms_method": "POST",
        "sms_url": one.sms_url or None,
        "status": "in-use",
        "uri": f"/2010-04-01/Accounts/{state.account_sid}/IncomingPhoneNumbers/{one.sid}.json",
    }


def short_code(state: State, one: Number) -> dict[str, Any]:
    """The short code resource."""
    return {
        "account_sid": state.account_sid,
        "api_version": "2010-04-01",
        "friendly_name": one.number,
        "short_code": one.number,
        "sid": one.sid,
        "sms_fallback_method": "POST",
        "sms_fallback_url": one.sms_fallback_url or None,
        "sms_method": "POST",
        "sms_url": one.sms_url or None,
        "uri": f"/2010-04-01/Accounts/{state.account_sid}/SMS/ShortCodes/{one.sid}.json",
    }


def service(state: State, one: Service) -> dict[str, Any]:
    """The messaging service resource."""
    return {
        "account_sid": state.account_sid,
        "sid": one.sid,
        "friendly_name": "Texts",
        "inbound_request_url": one.inbound_request_url or None,
        "inbound_method": "POST",
        "fallback_url": one.fallback_url or None,
        "fallback_method": "POST",
        "use_inbound_webhook_on_number": one.use_inbound_webhook_on_number,
        "us_app_to_person_registered": one.campaign_id is not None,
    }


def campaign(state: State, one: Service) -> dict[str, Any]:
    """The 10DLC campaign of a service."""
    return {
        "sid": "QE" + one.sid[2:],
        "account_sid": state.account_sid,
        "brand_registration_sid": one.brand_sid,
        "messaging_service_sid": one.sid,
        "campaign_status": one.campaign_status,
        "campaign_id": one.campaign_id,
        "us_app_to_person_usecase": "MARKETING",
        "errors": [],
    }


def old_list(path: str, key: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list as the API of 2010 gives it: one page."""
    return {
        key: items,
        "end": max(len(items) - 1, 0),
        "first_page_uri": path,
        "next_page_uri": None,
        "page": 0,
        "page_size": 50,
        "previous_page_uri": None,
        "start": 0,
        "uri": path,
    }


def new_list(url: str, key: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list as the later APIs give it: one page."""
    meta = {
        "page": 0,
        "page_size": 50,
        "first_page_url": url,
        "previous_page_url": None,
        "next_page_url": None,
        "key": key,
        "url": url,
    }
    return {"meta": meta, key: items}


def _date(moment: datetime) -> str:
    return format_datetime(moment)
