"""What we send from, as Twilio has it: a number, a short code or a service, and where it brings what comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twilio.rest import Client

from channels.sms.settings import SMSAccount

_MOST_SERVICES = 100


class NotThere(Exception):
    """The account does not have what we are to send from. `remedy` says what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Place:
    """A number, short code or service of the account.

    Attributes:
        name: as an operator calls it.
        sid: Twilio's id of it.
        kind: which of the three.
        webhook: where it brings what comes in.
        service_sid: the messaging service it is, or is in.
        number: the number itself; None of a service.
    """

    name: str
    sid: str
    kind: str
    webhook: str
    service_sid: str | None = None
    number: str | None = None

    async def point_to(self, client: Client, url: str, *, fallback: str) -> None:
        """Has Twilio bring what comes in to an address; to the fallback what that did not take."""
        if self.service_sid is not None:
            service = client.messaging.v1.services(self.service_sid)
            await service.update_async(
                inbound_request_url=url, inbound_method="POST", fallback_url=fallback, fallback_method="POST",
                use_inbound_webhook_on_number=False,
            )  # fmt: skip
        elif self.kind == "short code":
            await client.short_codes(self.sid).update_async(
                sms_url=url, sms_method="POST", sms_fallback_url=fallback, sms_fallback_method="POST"
            )
        else:
            await client.incoming_phone_numbers(self.sid).update_async(
                sms_url=url, sms_method="POST", sms_fallback_url=fallback, sms_fallback_method="POST"
            )


async def find_place(client: Client, told: SMSAccount) -> Place:
    """What we send from.

    Raises:
        NotThere: it is not the account's, or cannot text.
    """
    match told.kind:
        case "messaging service":
            return await _find_service(client, told.sender)
        case "short code":
            return await _find_short_code(client, told.sender)
        case _:
            return await _find_number(client, told.sender)


async def _find_service(client: Client, sid: str) -> Place:
    found = next((one for one in await _services(client) if one.sid == sid), None)
    if found is None:
        raise NotThere("The account has no such messaging service.", "Console, Messaging, Services: copy its SID.")
    if not await client.messaging.v1.services(sid).phone_numbers.list_async(limit=1):
        raise NotThere("The messaging service has no number to send from.", "Add one to its sender pool.")
    webhook = "" if found.use_inbound_webhook_on_number else found.inbound_request_url or ""
    return Place("The messaging service", sid, "messaging service", webhook, sid)


async def _find_short_code(client: Client, code: str) -> Place:
    found = await client.short_codes.list_async(short_code=code, limit=1)
    if not found:
        raise NotThere(f"{code} is no short code of this account.", "Console, Phone numbers, Short codes.")
    return Place(f"Short code {code}", found[0].sid, "short code", found[0].sms_url or "", number=code)


async def _find_number(client: Client, number: str) -> Place:
    found = await client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
    if not found:
        raise NotThere(f"{number} is no number of this account.", "Buy one in the Console, or add the right account.")
    if not found[0].capabilities.get("sms"):
        raise NotThere(f"{number} cannot text.", "Buy a number with the capability SMS.")
    service = await _service_of(client, found[0].sid)
    webhook = found[0].sms_url or ""
    if service is not None and not service.use_inbound_webhook_on_number:
        webhook = service.inbound_request_url or ""
    return Place(number, found[0].sid, "number", webhook, service.sid if service else None, number)


async def _service_of(client: Client, number_sid: str) -> Any:
    """The messaging service that a number is in: it has the last word on webhooks, and holds the campaign."""
    for service in await _services(client):
        numbers = await client.messaging.v1.services(service.sid).phone_numbers.list_async()
        if any(one.sid == number_sid for one in numbers):
            return service
    return None


async def _services(client: Client) -> list[Any]:
    services: list[Any] = await client.messaging.v1.services.list_async(limit=_MOST_SERVICES)
    return services
