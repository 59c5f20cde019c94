"""Whether American carriers will take what we send: 10DLC campaign and brand, verification of toll-free numbers."""

from __future__ import annotations

from twilio.rest import Client

from base.channel_contract import Finding
from channels.sms.numbers import is_american
from channels.sms.places import Place
from channels.sms.settings import NON_US, TOLL_FREE_VERIFIED, SMSAccount

_HOW = "docs/howto/channels/sms.md says how to register; then add the account again with us_registration."


async def check_registration(client: Client, told: SMSAccount, place: Place) -> list[Finding]:
    """What Twilio says of the registration that the account claims."""
    if told.kind == "short code":
        return [Finding("ok", "Short codes are registered when they are leased.")]
    if told.kind == "toll-free":
        return [await _check_toll_free(client, told, place)]
    if told.kind == "long code" and not is_american(told.sender):
        return [Finding("ok", "A number outside the United States needs no registration there.")]
    if told.us_registration == NON_US:
        return [Finding("warning", "No campaign is told, so nothing is sent to American numbers.", _HOW)]
    if told.us_registration == TOLL_FREE_VERIFIED:
        return [Finding("ok", "Every number of the service is said to be toll-free and verified.")]
    return await _check_campaign(client, told, place)


async def _check_campaign(client: Client, told: SMSAccount, place: Place) -> list[Finding]:
    if place.service_sid is None:
        where = "Put the number into the messaging service of your campaign: Console, Messaging, Services, Sender pool."
        return [Finding("missing", "The number is in no messaging service, so it has no campaign.", where)]
    campaigns = await client.messaging.v1.services(place.service_sid).us_app_to_person.list_async(limit=10)
    campaign = next((one for one in campaigns if told.us_registration in (one.campaign_id, one.sid)), None)
    if campaign is None and campaigns and told.us_registration.startswith("CM"):
        # The Console's own id of a campaign, which its API does not give.
        campaign = campaigns[0]
    if campaign is None:
        return [Finding("missing", "The messaging service has no campaign with this id.", _HOW)]
    findings = [await _check_brand(client, campaign.brand_registration_sid)]
    if campaign.campaign_status == "VERIFIED":
        return [*findings, Finding("ok", "The 10DLC campaign is approved.")]
    remedy = "Carriers drop all texts until then (error 30034). The Console says what they object to, if anything."
    return [*findings, Finding("missing", f"The 10DLC campaign is {_plain(campaign.campaign_status)}.", remedy)]


async def _check_brand(client: Client, sid: str) -> Finding:
    brand = await client.messaging.v1.brand_registrations(sid).fetch_async()
    status = getattr(brand.status, "value", brand.status)
    if status == "APPROVED":
        return Finding("ok", "The 10DLC brand is approved.")
    return Finding("missing", f"The 10DLC brand is {_plain(status)}.", "Console, Messaging, Regulatory compliance.")


async def _check_toll_free(client: Client, told: SMSAccount, place: Place) -> Finding:
    if told.us_registration == NON_US:
        return Finding("warning", "The number is not verified, so nothing is sent to American numbers.", _HOW)
    found = await client.messaging.v1.tollfree_verifications.list_async(tollfree_phone_number_sid=place.sid, limit=1)
    status = getattr(found[0].status, "value", found[0].status) if found else None
    if status == "TWILIO_APPROVED":
        return Finding("ok", "The toll-free number is verified.")
    remedy = "Carriers drop all its texts until it is (error 30032): Console, Phone numbers, Toll-free verification."
    return Finding("missing", f"The toll-free number is {_plain(status or 'not verified')}.", remedy)


def _plain(status: str) -> str:
    return status.replace("TWILIO_", "").replace("_", " ").lower()
